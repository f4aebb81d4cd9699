//! The client: a bare session end with the simplest owner.

use undrop_proto::outbox::Bounds;
use undrop_proto::server::codes;
use undrop_proto::session::{self, Heard, Output, Session};
use undrop_proto::wire::Control;
use undrop_proto::{Attempt, close};

use super::world::{Event, Shared};
use crate::law::{Law, Verdict};
use crate::message::{Frame, Message};
use crate::network::{Alarm, Way};

/// How long a connection may take to be live. With the short one, the next is often made before the last is answered.
const CONNECT_TIMEOUTS: [u32; 2] = [300, 10_000];
/// How long the server may take to agree to the end.
const AGREEMENT: u32 = 1_000;

pub struct Client {
    end: Session<Message, session::Client>,
    pub attempt: Option<Attempt>,
    /// How many sessions it has had.
    sessions: u32,
    alarm: Alarm,
    /// The number of its last ping.
    pinged: u64,
    renews: bool,
}

impl Client {
    pub fn new(bounds: Bounds) -> Self {
        let end = Session::<Message, session::Client>::new(bounds);
        Self { end, attempt: None, sessions: 0, alarm: Alarm::default(), pinged: 0, renews: false }
    }

    /// The session that it is in.
    pub fn session(&self) -> Option<usize> {
        self.end.token().filter(|_| !self.end.is_ending()).map(|token| token.0 as usize)
    }

    // What its owner does.

    pub fn connect(&mut self, shared: &mut Shared, node: usize, is_up: bool) -> Verdict {
        if self.end.is_ending() || self.attempt.is_some() {
            return Ok(());
        }
        if !is_up {
            shared.net.after(300, Event::Connect);
            return Ok(());
        }
        let attempt = shared.record.connects(node);
        shared.connect(attempt, shared.setup.latency);
        self.attempt = Some(attempt);
        let handshake = 1 + shared.net.random.below(100);
        let timeout = shared.net.random.pick(&CONNECT_TIMEOUTS);
        shared.net.after(handshake, Event::Opened(attempt));
        shared.net.after(timeout, Event::TimedOut(attempt));
        Ok(())
    }

    pub fn send(&mut self, shared: &mut Shared, count: u32) -> Verdict {
        for _ in 0..count {
            let message = shared.record.next_up(shared.net.random.below(shared.setup.largest));
            if let Ok(id) = self.end.send(shared.net.millis(), message, u64::from(message.bytes), None) {
                shared.record.sent_up(id);
            }
        }
        let (bounds, messages) = (shared.setup.bounds, self.end.unacknowledged());
        Law::I7
            .holds(messages <= bounds.messages as usize && self.end.unacknowledged_bytes() <= bounds.bytes, || {
                format!("the client holds {messages} messages")
            })?;
        self.drain(shared)
    }

    pub fn ping(&mut self, shared: &mut Shared) -> Verdict {
        if let Some(attempt) = self.attempt.filter(|_| self.end.is_live()) {
            self.pinged = shared.net.now;
            shared.give(attempt, Way::Up, Frame::Control(Control::Ping(self.pinged)));
        }
        Ok(())
    }

    pub fn reconnect(&mut self, shared: &mut Shared) -> Verdict {
        match self.attempt {
            Some(attempt) => self.lose(shared, attempt),
            None => Ok(()),
        }
    }

    pub fn end(&mut self, shared: &mut Shared) -> Verdict {
        if self.end.is_ending() {
            return Ok(());
        }
        self.end.end();
        self.drain(shared)?;
        if let Some(attempt) = self.attempt {
            shared.net.after(AGREEMENT, Event::Unanswered(attempt));
        }
        Ok(())
    }

    /// It begins again after the end.
    pub fn renew(&mut self, shared: &mut Shared) -> Verdict {
        self.renews = false;
        self.end.renew();
        shared.net.after(1, Event::Connect);
        self.drain(shared)
    }

    // What happens.

    pub fn opened(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        if self.attempt != Some(attempt) {
            return Ok(());
        }
        self.end.handle_opened(attempt);
        self.drain(shared)
    }

    pub fn arrives(&mut self, shared: &mut Shared, attempt: Attempt, frame: Frame) -> Verdict {
        if self.attempt != Some(attempt) {
            return Ok(());
        }
        match frame {
            Frame::Message(message) => self.receive(shared, attempt, message),
            Frame::Control(control) => self.hear(shared, attempt, control),
            Frame::Close(code) => {
                let is_broken = code == close::PROTOCOL_ERROR;
                Law::Protocol.holds(!is_broken, || "the client is told that it broke the protocol".to_owned())?;
                if let Some(session) = self.session().filter(|_| code == codes::REVOKED) {
                    shared.record.told_that_it_is_revoked(session, attempt)?;
                }
                self.lose(shared, attempt)
            }
            Frame::Gone => self.lose(shared, attempt),
        }
    }

    pub fn timed_out(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        if self.end.is_live() || self.end.is_ending() { Ok(()) } else { self.lose(shared, attempt) }
    }

    pub fn timer(&mut self, shared: &mut Shared) -> Verdict {
        self.alarm.rings();
        self.end.handle_timeout(shared.net.millis());
        self.drain(shared)
    }

    pub fn took(&mut self, shared: &mut Shared, sessions: u32, number: u64) -> Verdict {
        if sessions == self.sessions {
            self.end.take(shared.net.millis(), number);
        }
        self.drain(shared)
    }

    /// Leaves its connection, for whatever reason, and makes another if there is anything to do on it.
    pub fn lose(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        if self.attempt != Some(attempt) {
            return Ok(());
        }
        self.attempt = None;
        shared.leave(attempt, Way::Up);
        self.end.handle_lost(attempt);
        self.drain(shared)?;
        let delay = shared.net.random.pick(&[1, 300, 2_000]);
        shared.net.after(delay, Event::Connect);
        Ok(())
    }

    /// Whether it is where it wants to be, with nothing left to do.
    pub fn close(&self) -> Verdict {
        let is_done = self.end.is_live() && self.end.unacknowledged() == 0 && self.end.arrived() == self.end.taken();
        Law::I4.holds(self.end.is_over() && !self.renews || is_done, || format!("the client is stuck: {:?}", self.end))
    }

    // How it is done.

    fn receive(&mut self, shared: &mut Shared, attempt: Attempt, message: Message) -> Verdict {
        match self.end.handle_message(attempt, u64::from(message.bytes)) {
            Err(violation) => return Law::Protocol.broken(format!("the client says: {violation}")),
            Ok(None) => {}
            Ok(Some(count)) => {
                shared.census.down += 1;
                if let Some(session) = self.session() {
                    shared.record.arrived_down(session, count, message)?;
                }
                match shared.net.random.below(shared.setup.taking + 1) {
                    0 => self.end.take(shared.net.millis(), count),
                    taking => shared.net.after(taking, Event::ClientTook(self.sessions, count)),
                }
            }
        }
        self.drain(shared)
    }

    fn hear(&mut self, shared: &mut Shared, attempt: Attempt, control: Control) -> Verdict {
        let before = self.session();
        let heard = match self.end.handle_control(shared.net.millis(), attempt, control) {
            Ok(heard) => heard,
            Err(violation) => return Law::Protocol.broken(format!("the client says: {violation}: {control:?}")),
        };
        match heard {
            Heard::Opened(_) => {
                self.sessions += 1;
                shared.census.sessions += 1;
                if let Some(session) = before {
                    shared.census.resets += 1;
                    shared.record.reset(session)?;
                }
            }
            // The node and the store know what the client knows before they answer.
            Heard::Lost => return Law::I5.broken("the client finds that the server has lost a part"),
            Heard::Resumed | Heard::Acknowledged => {
                if let Some(session) = self.end.token().map(|token| token.0 as usize) {
                    shared.record.acknowledged_up(session, self.end.acknowledged());
                    if heard == Heard::Resumed {
                        shared.census.resumes += 1;
                        shared.record.resumed(attempt)?;
                    }
                }
            }
            Heard::Ended if self.end.is_over() => {
                self.drain(shared)?;
                return self.lose(shared, attempt);
            }
            Heard::Ended => shared.net.after(AGREEMENT, Event::Unanswered(attempt)),
            Heard::Pong(number) => {
                Law::Protocol.holds(number <= self.pinged, || format!("{number} is not what the client asked"))?;
            }
            Heard::Nothing => {}
        }
        self.drain(shared)
    }

    fn drain(&mut self, shared: &mut Shared) -> Verdict {
        while let Some(output) = self.end.poll() {
            match output {
                Output::Transmit(attempt, message) => {
                    if let Some(token) = self.end.token() {
                        shared.record.left_up(token.0 as usize, message)?;
                    }
                    shared.give(attempt, Way::Up, Frame::Message(message));
                }
                Output::Control(attempt, control) => shared.give(attempt, Way::Up, Frame::Control(control)),
                Output::Settle(settled) => {
                    shared.census.settled(settled.outcome);
                    shared.record.settled_up(&settled)?;
                }
            }
        }
        if self.end.is_over() && !self.renews && !shared.is_calm() && shared.net.random.one_in(2) {
            self.renews = true;
            let delay = shared.net.random.pick(&[1, 1_000]);
            shared.net.after(delay, Event::Renew);
        }
        self.alarm.set(&mut shared.net, self.end.poll_timeout(), shared.setup.lateness, Event::ClientTimer);
        Ok(())
    }
}
