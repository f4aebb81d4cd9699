//! A client that is a whole connection, which keeps a session over any number of native sockets.
//!
//! The simulation of a connection with a queue knows every move of a connection. Here little is known of its moves;
//! what counts is what becomes of the messages.

use undrop_proto::outbox::Bounds;
use undrop_proto::session::Reset;
use undrop_proto::wire::Control;
use undrop_proto::{
    Attempt, Cause, Config, Connection, Decision, Event as Told, Millis, Output, QueueOrSession, SessionAction, State,
};

use super::acknowledgements::Acknowledgements;
use super::pace::Pace;
use super::record::Record;
use super::scenario::Act;
use super::side::Side;
use super::twins::Defect;
use super::world::{Client, Event, Shared};
use crate::law::{Law, Verdict};
use crate::message::{Frame, Message};
use crate::network::Way;

pub struct WholeClient {
    connection: Connection<Message, QueueOrSession<Message>>,
    /// The native socket that its driver holds.
    socket: Option<Attempt>,
    side: Side,
    pace: Pace,
    /// What its user is to be told with the next session, if there was one before.
    reset: Reset,
    /// The session that it is in, and how many of its messages have arrived.
    token: Option<usize>,
    arrived: u64,
    /// How many of its own were acknowledged.
    acknowledged: u64,
    /// How deep the user is in events from within which the user acts.
    depth: u32,
}

impl WholeClient {
    pub fn new(config: Config, bounds: Bounds, now: Millis, seed: u64) -> Self {
        Self {
            connection: Connection::with_session(config, Some(bounds), now, seed),
            socket: None,
            side: Side::new(Way::Up),
            pace: Pace::new(&config),
            reset: Reset::Unknown,
            token: None,
            arrived: 0,
            acknowledged: 0,
            depth: 0,
        }
    }

    fn send(&mut self, shared: &mut Shared) -> Verdict {
        let (message, time_to_live) = self.side.next(shared);
        let now = shared.net.millis();
        let sent = self.connection.deliver(|| now, message, u64::from(message.bytes), time_to_live);
        if let Ok(id) = sent {
            self.side.accepts(shared, 0, id, message, time_to_live)?;
        }
        self.side.refused(shared, sent, message)?;
        self.drain(shared)?;
        // Within an event there may be outcomes that the user is still to be told of.
        if self.depth == 0 { self.side.pending.check(shared.setup.bounds) } else { Ok(()) }
    }

    fn end(&mut self, shared: &mut Shared) -> Verdict {
        match self.socket {
            Some(_) => self.connection.close(shared.net.millis()),
            None => self.connection.close_unanswered(shared.net.millis()),
        }
        self.drain(shared)
    }

    fn reconnect(&mut self, shared: &mut Shared) -> Verdict {
        self.connection.reconnect(shared.net.millis());
        self.drain(shared)
    }

    fn control(&mut self, shared: &mut Shared, attempt: Attempt, control: Control) -> Verdict {
        let is_heard = self.socket == Some(attempt);
        let asks = is_heard && self.connection.state() == State::Connecting;
        if let Control::Welcome(welcome) = control
            && asks
        {
            shared.census.sessions += 1;
            shared.census.resets += u64::from(self.token.is_some());
            shared.census.store_lost += u64::from(welcome.lost || self.reset == Reset::StoreLost);
            if welcome.lost {
                self.reset = Reset::StoreLost;
            }
            self.token = Some(welcome.token.0 as usize);
            self.arrived = 0;
            self.acknowledged = 0;
            self.side.acknowledgements = Acknowledgements::default();
        }
        self.connection.handle_control(shared.net.millis(), attempt, Ok(control));
        let waits = matches!(self.connection.state(), State::Waiting | State::Offline);
        if let Control::Resumed { received, .. } | Control::Ack { received } = control
            && is_heard
            && self.connection.state() == State::Open
            && received > self.acknowledged
        {
            self.acknowledged = received;
            self.pace.moves();
        }
        if asks && self.connection.state() == State::Open {
            self.pace.opens(shared.net.now, matches!(control, Control::Resumed { .. }));
        }
        if asks && waits && matches!(control, Control::Resumed { .. }) {
            shared.census.left += 1;
            self.reset = Reset::StoreLost;
        }
        self.drain(shared)
    }

    fn closed(&mut self, shared: &mut Shared, attempt: Attempt, code: u16) -> Verdict {
        if self.socket == Some(attempt) {
            self.hang_up(shared);
            self.connection.handle_closed(shared.net.millis(), attempt, code, code != 1006);
        }
        self.drain(shared)
    }

    fn hang_up(&mut self, shared: &mut Shared) {
        if let Some(attempt) = self.socket.take() {
            shared.leave(attempt, Way::Up);
        }
    }

    fn drain(&mut self, shared: &mut Shared) -> Verdict {
        while let Some(output) = self.connection.poll() {
            shared.say(|| format!("    {output:?}"));
            let output = self.twist(shared, output);
            self.pace.hears(&output, shared)?;
            self.depth += 1;
            self.carry_out(shared, output)?;
            self.depth -= 1;
        }
        Law::I4.holds(self.connection.is_drained(), || "it is drained, and is not".to_owned())?;
        let is_open = self.connection.state() == State::Open;
        self.side.rests(shared, is_open, self.connection.poll_timeout(), Event::ClientTimer)
    }

    /// What its defect makes of an output.
    fn twist(&self, shared: &Shared, output: Output<Message>) -> Output<Message> {
        match output {
            Output::Notify(Told::Drop(mut dropped)) if shared.twin.has(Defect::CountsNoSuccess) => {
                dropped.attempt += u32::from(!self.pace.has_lasted());
                Output::Notify(Told::Drop(dropped))
            }
            output => output,
        }
    }

    fn carry_out(&mut self, shared: &mut Shared, output: Output<Message>) -> Verdict {
        match output {
            Output::Connect(attempt) => {
                Law::I1.holds(self.socket.is_none(), || "a second native socket".to_owned())?;
                self.socket = Some(attempt);
                self.make_socket(shared, attempt);
                Ok(())
            }
            Output::Abandon(attempt) => {
                let known = self.socket.is_none_or(|socket| socket == attempt);
                Law::I1.holds(known, || format!("{attempt:?} was abandoned while {:?} lives", self.socket))?;
                self.hang_up(shared);
                Ok(())
            }
            Output::Transmit(message) => match self.socket {
                Some(attempt) => self.side.transmits(shared, attempt, message, true),
                None => Law::I1.broken("a message for a native socket that there is not"),
            },
            Output::Session(SessionAction::Send(control)) => match self.socket {
                Some(attempt) => self.side.says(shared, attempt, control),
                None => Law::I1.broken("a frame for a native socket that there is not"),
            },
            Output::Session(SessionAction::Close) => {
                shared.census.close_frames += 1;
                if let Some(attempt) = self.socket {
                    let delay = 2 * u64::from(shared.net.latency(attempt));
                    let answer = Event::Arrives(attempt, Way::Down, Frame::Close(1000));
                    shared.net.send(attempt, Way::Down, delay, answer);
                    shared.leave(attempt, Way::Up);
                }
                Ok(())
            }
            Output::Session(SessionAction::Fail(_)) => {
                shared.census.violations += 1;
                self.hang_up(shared);
                Ok(())
            }
            Output::Ping | Output::Authenticate(_) => Law::Protocol.broken("a heartbeat that is not the session's"),
            Output::Decide(attempt, _) => {
                let decision = match shared.net.random.below(8) {
                    0 if !shared.is_calm() => Decision::GiveUp,
                    1 => Decision::Retry,
                    _ => Decision::Default,
                };
                self.connection.handle_decision(shared.net.millis(), attempt, decision);
                Ok(())
            }
            Output::Notify(told) => self.told(shared, told),
            Output::Settle(settled) => {
                self.side.settles(shared, &settled)?;
                self.act_in_event(shared)
            }
        }
    }

    fn make_socket(&mut self, shared: &mut Shared, attempt: Attempt) {
        shared.connect(attempt, shared.setup.latency);
        let handshake = 1 + shared.net.random.below(100);
        let is_rough = !shared.is_calm();
        if !shared.record.is_server_up(shared.net.now) || is_rough && shared.net.random.one_in(12) {
            // It is refused.
            shared.net.after(handshake, Event::Arrives(attempt, Way::Down, Frame::Gone));
            return;
        }
        if is_rough && shared.net.random.one_in(12) {
            // It opens, and nothing gets through.
            shared.net.cut(attempt, true);
        }
        shared.net.after(handshake, Event::Opened(attempt));
    }

    fn told(&mut self, shared: &mut Shared, told: Told) -> Verdict {
        match told {
            Told::Open => shared.record.of_mut(Way::Up).begins(&self.side.pending)?,
            Told::Reset(reason) => {
                let expected = std::mem::replace(&mut self.reset, Reset::Unknown);
                Law::Events
                    .holds(reason == expected, || format!("the user is told {reason:?}, and it was {expected:?}"))?;
            }
            Told::Resume => shared.census.resumes += 1,
            Told::Drop(_) => shared.census.drops += 1,
            Told::Close(_) => {
                shared.census.closes += 1;
                self.reset = Reset::Unknown;
                // Unless the user, told of something else, has asked for a new connection.
                if self.connection.state() == State::Closed {
                    Law::I6.holds(self.side.pending.is_empty(), || "it is closed, and holds a message".to_owned())?;
                    self.hang_up(shared);
                    if !shared.is_calm() && shared.net.random.one_in(2) {
                        let delay = shared.net.random.below(1_000);
                        shared.net.after(delay, Event::Connect);
                    }
                }
            }
            Told::Error | Told::State | Told::Unanswered => {}
        }
        self.act_in_event(shared)
    }

    /// The user acts from within an event.
    fn act_in_event(&mut self, shared: &mut Shared) -> Verdict {
        if shared.is_calm() || self.depth > 3 || !shared.net.random.one_in(12) {
            return Ok(());
        }
        match shared.net.random.below(8) {
            0 => self.end(shared),
            1 => self.reconnect(shared),
            _ => self.send(shared),
        }
    }
}

impl Client for WholeClient {
    fn attempt(&self) -> Option<Attempt> {
        self.socket
    }

    fn connect(&mut self, shared: &mut Shared) -> Verdict {
        if self.connection.state() == State::Closed {
            shared.census.revivals += 1;
            self.connection.reconnect(shared.net.millis());
        }
        self.drain(shared)
    }

    fn opened(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        if self.socket == Some(attempt) {
            self.connection.handle_handshake(shared.net.millis(), attempt, "undrop.1");
        }
        self.drain(shared)
    }

    fn arrives(&mut self, shared: &mut Shared, attempt: Attempt, frame: Frame) -> Verdict {
        let Message { number, bytes } = match frame {
            Frame::Message(message) => message,
            Frame::Control(control) => return self.control(shared, attempt, control),
            Frame::Close(code) => return self.closed(shared, attempt, code),
            Frame::Gone => {
                let code = shared.net.random.pick(&[1006, 1006, 1001, 1012, 4000]);
                return self.closed(shared, attempt, code);
            }
        };
        let now = shared.net.millis();
        if self.connection.handle_arrival(|| now, attempt, u64::from(bytes)) {
            let token = self.token.unwrap_or(usize::MAX);
            shared.record.of_mut(Way::Down).arrived(token, token, number)?;
            shared.census.down += 1;
            self.arrived += 1;
            self.pace.moves();
            self.side.acknowledgements.arrived(bytes);
            self.side.acknowledgements.took(self.arrived);
        }
        self.drain(shared)
    }

    fn timer(&mut self, shared: &mut Shared) -> Verdict {
        self.side.alarm.rings();
        let (state, before) = (self.connection.state(), self.connection.stats().drops);
        self.connection.handle_timeout(shared.net.millis());
        let drops = |cause: Cause| u64::from(self.connection.stats().drops[cause as usize] - before[cause as usize]);
        shared.census.timeouts += drops(Cause::Timeout);
        shared.census.heartbeats += drops(Cause::Heartbeat);
        let gave_up = state == State::Closing && self.connection.state() == State::Closed;
        shared.census.close_timeouts += u64::from(gave_up && self.socket.is_some());
        self.drain(shared)
    }

    fn act(&mut self, shared: &mut Shared, act: Act) -> Verdict {
        match act {
            Act::ClientSends(count) => (0..count).try_for_each(|_| self.send(shared)),
            Act::ClientWithdraws => {
                let id = self.side.pending.last();
                let message = self.connection.withdraw(id);
                self.side.withdraws(shared, id, message)?;
                self.drain(shared)
            }
            Act::Reconnect => {
                shared.census.reconnects += 1;
                self.reconnect(shared)
            }
            Act::ClientEnds => {
                shared.census.client_ends += 1;
                self.end(shared)
            }
            Act::Signal(signal) => {
                self.connection.handle_signal(shared.net.millis(), signal);
                self.drain(shared)
            }
            _ => Ok(()),
        }
    }

    fn close(&self, record: &Record) -> Verdict {
        if let Some(token) = self.token.filter(|_| self.connection.state() == State::Open) {
            record.keeps(token)?;
        }
        let (state, held) = (self.connection.state(), self.connection.unacknowledged());
        Law::I4.holds(matches!(state, State::Open | State::Closed) && held == 0, || {
            format!("nothing has gone wrong for long, and it is {state:?} with {held} messages unacknowledged")
        })
    }
}
