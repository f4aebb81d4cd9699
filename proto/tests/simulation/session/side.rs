//! One end's side of the record: what it sent and has not settled, what it acknowledged, and when it wants to be
//! called.

use undrop_proto::session::Output;
use undrop_proto::wire::Control;
use undrop_proto::wire::Known;
use undrop_proto::{Attempt, MessageId, Millis, SendError, Settled};

use super::acknowledgements::Acknowledgements;
use super::record::Pending;
use super::world::{Event, Shared};
use crate::law::{Law, Verdict};
use crate::message::{Frame, Message};
use crate::network::{Alarm, Way};

pub struct Side {
    /// Where what it sends goes.
    way: Way,
    pub pending: Pending,
    pub acknowledgements: Acknowledgements,
    pub alarm: Alarm,
}

impl Side {
    pub fn new(way: Way) -> Self {
        Self {
            way,
            pending: Pending::default(),
            acknowledgements: Acknowledgements::default(),
            alarm: Alarm::default(),
        }
    }

    // What its app does.

    /// A message that it could send, and its time to live if it has one.
    pub fn next(&self, shared: &mut Shared) -> (Message, Option<u32>) {
        let bytes = shared.net.random.below(shared.setup.largest);
        let time_to_live = shared.net.random.one_in(4).then(|| shared.net.random.below(4_000));
        (shared.record.of(self.way).next(bytes), time_to_live)
    }

    /// It has accepted the message, as one of this session.
    pub fn accepts(
        &mut self,
        shared: &mut Shared,
        session: usize,
        id: MessageId,
        message: Message,
        time_to_live: Option<u32>,
    ) -> Verdict {
        let expires = time_to_live.map(|span| shared.net.now + u64::from(span));
        shared.record.of_mut(self.way).sent(session, message, expires);
        self.pending.sent(id, message)
    }

    /// It has accepted the message, or has refused it for a reason that there is.
    pub fn refused(&self, shared: &mut Shared, sent: Result<MessageId, SendError>, message: Message) -> Verdict {
        match sent {
            Err(SendError::Full) => self.pending.refused(shared.setup.bounds, message.bytes),
            Err(SendError::TooLarge { .. }) => {
                shared.census.refused_as_too_large += 1;
                let is_too_large = message.bytes > shared.setup.accepts;
                Law::I7.holds(is_too_large, || format!("{message:?} was refused as too large"))
            }
            _ => Ok(()),
        }
    }

    /// It was to withdraw the message of this number, and has given it back or not.
    pub fn withdraws(&mut self, shared: &mut Shared, id: MessageId, message: Option<Message>) -> Verdict {
        let Shared { net, record, census, .. } = shared;
        record.of_mut(self.way).withdrawn(net.now, &mut self.pending, id, message, census)
    }

    // What it wants done.

    pub fn carry_out(&mut self, shared: &mut Shared, output: &Output<Message>, escapes: bool) -> Verdict {
        match output {
            Output::Transmit(attempt, message) => self.transmits(shared, *attempt, *message, escapes),
            Output::Control(attempt, control) => self.says(shared, *attempt, *control),
            Output::Settle(settled) => self.settles(shared, settled),
        }
    }

    pub fn transmits(&mut self, shared: &mut Shared, attempt: Attempt, message: Message, escapes: bool) -> Verdict {
        shared.record.of_mut(self.way).transmitted(message.number)?;
        shared.give(attempt, self.way, message.to_frame(escapes)?);
        Ok(())
    }

    pub fn says(&mut self, shared: &mut Shared, attempt: Attempt, control: Control) -> Verdict {
        match control {
            Control::Ack { received } => self.acknowledgements.acknowledges(received)?,
            Control::Resume { known: Known { received, .. }, .. } | Control::Resumed { received, .. } => {
                self.acknowledgements.greets(received)?
            }
            _ => {}
        }
        shared.give(attempt, self.way, Frame::of(control)?);
        Ok(())
    }

    pub fn settles(&mut self, shared: &mut Shared, settled: &Settled<Message>) -> Verdict {
        let Shared { net, record, census, setup, .. } = shared;
        record.of_mut(self.way).settled(net.now, &mut self.pending, settled, setup.accepts, census)
    }

    /// To be called when nothing is left to be done: this is to happen at its deadline.
    pub fn rests(&mut self, shared: &mut Shared, is_live: bool, deadline: Option<Millis>, timer: Event) -> Verdict {
        self.alarm.set(&mut shared.net, deadline, shared.setup.lateness, timer);
        self.acknowledgements.check(shared.net.now, is_live, shared.setup.lateness)
    }
}
