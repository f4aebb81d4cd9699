//! A client that is a bare session end, with the simplest owner.

use undrop_proto::Attempt;
use undrop_proto::outbox::Bounds;
use undrop_proto::session::{self, Heard, Reset, Session};
use undrop_proto::wire::Control;

use super::acknowledgements::Acknowledgements;
use super::record::Record;
use super::scenario::Act;
use super::side::Side;
use super::twins::{Defect, End};
use super::world::{Client, Event, Shared};
use crate::law::{Law, Verdict};
use crate::message::{Frame, Message};
use crate::network::Way;
use crate::twins::Twin;

/// How long a connection may take to be live. With the short one, the next is often made before the last is answered.
const CONNECT_TIMEOUTS: [u32; 2] = [300, 10_000];
/// How long the server may take to agree to the end.
const AGREEMENT: u32 = 1_000;

pub struct BareClient {
    end: End<session::Client>,
    attempt: Option<Attempt>,
    attempts: u32,
    side: Side,
    /// How many sessions it has had.
    sessions: u32,
    /// The number of its last ping.
    pinged: u64,
    /// It has left a connection since the server had lost a part of the session.
    was_lost: bool,
}

impl BareClient {
    pub fn new(bounds: Bounds, twin: Twin<Defect>) -> Self {
        Self {
            end: End::new(Session::<Message, session::Client>::new(bounds), twin),
            attempt: None,
            attempts: 0,
            side: Side::new(Way::Up),
            sessions: 0,
            pinged: 0,
            was_lost: false,
        }
    }

    /// Leaves its connection, for whatever reason, and makes another if there is anything to do on it.
    fn lose(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        if self.attempt != Some(attempt) {
            return Ok(());
        }
        self.attempt = None;
        shared.leave(attempt, Way::Up);
        self.end.session.handle_lost(attempt);
        self.drain(shared)?;
        let delay = shared.net.random.pick(&[1, 300, 2_000]);
        shared.net.after(delay, Event::Connect);
        Ok(())
    }

    fn send(&mut self, shared: &mut Shared) -> Verdict {
        let (message, time_to_live) = self.side.next(shared);
        let sent = self.end.send(shared.net.millis(), message, time_to_live);
        if let Ok(id) = sent {
            self.side.accepts(shared, 0, id, message, time_to_live)?;
        }
        self.drain(shared)?;
        self.side.refused(shared, sent, message)?;
        self.side.pending.check(shared.setup.bounds)
    }

    fn control(&mut self, shared: &mut Shared, attempt: Attempt, control: Control) -> Verdict {
        match self.end.handle_control(shared.net.millis(), attempt, control) {
            Err(violation) => return Law::Protocol.broken(format!("the client says: {violation}: {control:?}")),
            Ok(Heard::Opened(reset)) => {
                let was_lost =
                    std::mem::take(&mut self.was_lost) || matches!(control, Control::Welcome(welcome) if welcome.lost);
                let expected = if was_lost { Reset::StoreLost } else { Reset::Unknown };
                let expected = (self.sessions > 0).then_some(expected);
                Law::Events
                    .holds(reset == expected, || format!("the app is told {reset:?}, and it was {expected:?}"))?;
                shared.census.store_lost += u64::from(was_lost);
                self.sessions += 1;
                shared.census.sessions += 1;
                self.side.acknowledgements = Acknowledgements::default();
            }
            Ok(Heard::Lost) => {
                self.was_lost = true;
                shared.census.left += 1;
                return self.lose(shared, attempt);
            }
            Ok(heard @ (Heard::Resumed | Heard::Acknowledged)) => {
                self.drain(shared)?;
                shared.census.resumes += u64::from(heard == Heard::Resumed);
                self.side.pending.agrees(self.end.session.delivered())?;
            }
            Ok(Heard::Ended) if self.end.session.is_over() => {
                self.drain(shared)?;
                return self.lose(shared, attempt);
            }
            Ok(Heard::Ended) => shared.net.after(AGREEMENT, Event::Unanswered(attempt)),
            Ok(Heard::Pong(number)) => {
                Law::Protocol.holds(number <= self.pinged, || format!("{number} is not what the client asked"))?;
                shared.census.client_pongs += 1;
            }
            Ok(Heard::Nothing) => {}
        }
        self.drain(shared)
    }

    /// The session that it is in.
    fn token(&self) -> usize {
        self.end.session.token().map_or(usize::MAX, |token| token.0 as usize)
    }

    fn took(&mut self, shared: &Shared, sessions: u32, number: u64) {
        if sessions == self.sessions {
            self.side.acknowledgements.took(number);
            self.end.session.take(shared.net.millis(), number);
        }
    }

    fn drain(&mut self, shared: &mut Shared) -> Verdict {
        while let Some(output) = self.end.poll() {
            self.side.carry_out(shared, &output, self.end.escapes())?;
        }
        let session = &self.end.session;
        self.side.rests(shared, session.is_live(), session.poll_timeout(), Event::ClientTimer)
    }
}

impl Client for BareClient {
    fn attempt(&self) -> Option<Attempt> {
        self.attempt
    }

    fn connect(&mut self, shared: &mut Shared) -> Verdict {
        if self.end.session.is_ending() || self.attempt.is_some() {
            return Ok(());
        }
        if !shared.record.is_server_up(shared.net.now) {
            shared.net.after(700, Event::Connect);
            return Ok(());
        }
        self.attempts += 1;
        let attempt = Attempt(self.attempts);
        self.attempt = Some(attempt);
        shared.connect(attempt, shared.setup.latency);
        let handshake = 1 + shared.net.random.below(100);
        let timeout = shared.net.random.pick(&CONNECT_TIMEOUTS);
        shared.net.after(handshake, Event::Opened(attempt));
        shared.net.after(timeout, Event::TimedOut(attempt));
        Ok(())
    }

    fn opened(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        if self.attempt != Some(attempt) {
            return Ok(());
        }
        self.end.handle_opened(attempt);
        self.drain(shared)
    }

    fn arrives(&mut self, shared: &mut Shared, attempt: Attempt, frame: Frame) -> Verdict {
        let Message { number, bytes } = match frame {
            Frame::Message(message) => message,
            Frame::Control(control) => return self.control(shared, attempt, control),
            Frame::Close(_) | Frame::Gone => return self.lose(shared, attempt),
        };
        match self.end.handle_message(attempt, u64::from(bytes)) {
            Err(violation) => return Law::Protocol.broken(format!("the client says: {violation}")),
            Ok(None) => {}
            Ok(Some(count)) => {
                let token = self.token();
                self.side.acknowledgements.arrived(bytes);
                shared.record.of_mut(Way::Down).arrived(token, token, number)?;
                shared.census.down += 1;
                match shared.net.random.below(shared.setup.taking + 1) {
                    0 => self.took(shared, self.sessions, count),
                    taking => shared.net.after(taking, Event::ClientTook(self.sessions, count)),
                }
            }
        }
        self.drain(shared)
    }

    fn timer(&mut self, shared: &mut Shared) -> Verdict {
        self.side.alarm.rings();
        self.end.handle_timeout(shared.net.millis());
        self.drain(shared)
    }

    fn special(&mut self, shared: &mut Shared, event: Event) -> Verdict {
        let session = &self.end.session;
        match event {
            Event::TimedOut(attempt) if !session.is_live() && !session.is_ending() => self.lose(shared, attempt),
            Event::Unanswered(attempt) => self.lose(shared, attempt),
            Event::ClientTook(sessions, count) => {
                self.took(shared, sessions, count);
                self.drain(shared)
            }
            _ => Ok(()),
        }
    }

    fn act(&mut self, shared: &mut Shared, act: Act) -> Verdict {
        match act {
            Act::ClientSends(count) => (0..count).try_for_each(|_| self.send(shared))?,
            Act::ClientWithdraws => {
                let id = self.side.pending.last();
                let message = self.end.withdraw(id);
                self.side.withdraws(shared, id, message)?;
            }
            Act::ClientPings => {
                if let Some(attempt) = self.attempt.filter(|_| self.end.session.is_live()) {
                    self.pinged = shared.net.now;
                    shared.give(attempt, Way::Up, Frame::of(Control::Ping(self.pinged))?);
                }
            }
            Act::Reconnect => {
                if let Some(attempt) = self.attempt {
                    shared.census.reconnects += 1;
                    self.lose(shared, attempt)?;
                }
            }
            Act::ClientEnds => {
                shared.census.client_ends += 1;
                self.end.session.end();
                self.drain(shared)?;
                if let Some(attempt) = self.attempt {
                    shared.net.after(AGREEMENT, Event::Unanswered(attempt));
                }
            }
            _ => {}
        }
        self.drain(shared)
    }

    fn close(&self, record: &Record) -> Verdict {
        let session = &self.end.session;
        if session.is_live() {
            record.keeps(self.token())?;
        }
        Law::I4.holds(session.is_over() || session.is_live() && session.unacknowledged() == 0, || {
            format!("the client is stuck: {session:?}")
        })
    }
}
