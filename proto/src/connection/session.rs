//! The session of a connection that keeps one: it begins or goes on with each attempt, and ends before the last native
//! socket is closed.

use super::delivery::QueueOrSession;
use super::phase::{Ending, Phase};
use super::{Connection, Queue};
use crate::close;
use crate::outbox::Bounds;
use crate::session::{Client, Heard, Reset, Session, Violation};
use crate::wire::{self, Control, Malformed};
use crate::{Attempt, Cause, Config, Event, MessageId, Millis, Output, SendError, SessionAction};

/// The reason of a violation: the server accepted the handshake, but no subprotocol that has sessions.
const UNSUPPORTED: &str = "the server does not speak undrop.1";

impl<M: Clone> Connection<M, QueueOrSession<M>> {
    /// A connection that keeps a session, with an outbox within these bounds. Without bounds it has no session, and behaves
    /// like one that [`new`](Connection::new) makes.
    pub fn with_session(config: Config, bounds: Option<Bounds>, now: Millis, seed: u64) -> Self {
        let delivery = bounds.map_or_else(|| QueueOrSession::Queue(Queue::new(config.queue)), QueueOrSession::session);
        Self::with_delivery(delivery, config, now, seed)
    }

    /// Sends a message over the session. With a time to live, in milliseconds, it expires if it was not sent by then. `now`
    /// is only called for a message that may expire, or when the outbox is full.
    pub fn deliver(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        bytes: u64,
        time_to_live: Option<u32>,
    ) -> Result<MessageId, SendError> {
        if self.is_closing() {
            return Err(SendError::Closed);
        }
        let session = self.session().ok_or(SendError::NotOpen)?;
        let id = session.send_by(now, message, bytes, time_to_live)?;
        self.handle_sent(bytes);
        Ok(id)
    }

    /// [`deliver`](Self::deliver) where a text has so many UTF-16 code units, and anything else so many bytes. `count`
    /// counts the bytes of a message, which the server compares with the largest that it accepts; it is not called for one
    /// that can't be too large.
    pub fn deliver_counted(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        units: u64,
        time_to_live: Option<u32>,
        count: impl FnOnce(&M) -> u64,
    ) -> Result<MessageId, SendError> {
        if self.is_closing() {
            return Err(SendError::Closed);
        }
        let session = self.session().ok_or(SendError::NotOpen)?;
        let id = session.send_counted_by(now, message, units, time_to_live, count)?;
        self.handle_sent(units);
        Ok(id)
    }

    /// The handshake of this attempt succeeded, and the server chose this subprotocol. One that does not ask for a session
    /// is a violation if the connection keeps one.
    pub fn handle_handshake(&mut self, now: Millis, attempt: Attempt, protocol: &str) {
        let is_supported = self.session().is_none() || wire::app_protocol(protocol).is_some();
        if is_supported {
            self.handle_opened(now, attempt);
        } else if self.awaits_url(attempt) {
            self.fail(now, UNSUPPORTED);
        }
    }

    /// A message arrived. Returns whether it is the user's: then it counts as received, and never arrives again.
    pub fn handle_arrival(&mut self, now: impl FnOnce() -> Millis, attempt: Attempt, bytes: u64) -> bool {
        if attempt != self.attempt {
            return false;
        }
        match self.session().map(|session| session.handle_message(attempt, bytes)) {
            Some(Err(violation)) => self.violated(now(), violation),
            Some(Ok(None)) => {}
            Some(Ok(Some(number))) => {
                if let Some(session) = self.session() {
                    session.take_by(now, number);
                }
                self.handle_message(attempt, bytes);
                return true;
            }
            None => {
                self.handle_message(attempt, bytes);
                return self.is_receiving();
            }
        }
        false
    }

    /// A control frame arrived.
    pub fn handle_control(&mut self, now: Millis, attempt: Attempt, control: Result<Control, Malformed>) {
        if attempt != self.attempt {
            return;
        }
        let Some(session) = self.session() else { return };
        if session.attempt() != Some(attempt) {
            return;
        }
        let heard = control.map_err(Violation::from).and_then(|control| session.handle_control(now, attempt, control));
        if let Phase::Open { monitor: Some(monitor), .. } = &mut self.phase {
            monitor.hear();
        }
        // The messages that came to their end with the frame are reported before the session that begins with it.
        self.settle_all();
        match heard {
            Ok(Heard::Nothing | Heard::Acknowledged) => {}
            Ok(Heard::Opened(Some(reason))) if self.ends_with_session() => self.end_with_session(reason),
            Ok(Heard::Lost) if self.ends_with_session() => self.end_with_session(Reset::StoreLost),
            Ok(Heard::Opened(reset)) => {
                if let Some(reason) = reset {
                    self.notify(Event::Reset(reason));
                }
                self.open(now, Event::Open);
            }
            Ok(Heard::Lost) => {
                self.actions.push(Output::Abandon(attempt));
                self.drop_connection(now, Cause::Close, close::ABNORMAL, Ending::Broken);
            }
            Ok(Heard::Resumed) => self.open(now, Event::Resume),
            Ok(Heard::Pong(number)) => {
                // The round trip is that of the last ping.
                if matches!(self.delivery, QueueOrSession::Session { pings, .. } if pings == number) {
                    self.handle_pong(now, attempt);
                }
            }
            Ok(Heard::Ended) if matches!(self.phase, Phase::Closing { .. }) => {
                self.close_socket(now, SessionAction::Close);
            }
            // The server closes the native socket.
            Ok(Heard::Ended) => self.enter(Phase::Closing { deadline: Some(now + self.config.close_timeout) }),
            Err(violation) => self.violated(now, violation),
        }
    }

    /// Whether it keeps a session.
    pub fn keeps_session(&self) -> bool {
        matches!(self.delivery, QueueOrSession::Session { .. })
    }

    /// How many messages are not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        match &self.delivery {
            QueueOrSession::Queue(_) => 0,
            QueueOrSession::Session { session, .. } => session.unacknowledged(),
        }
    }

    fn session(&mut self) -> Option<&mut Session<M, Client>> {
        match &mut self.delivery {
            QueueOrSession::Queue(_) => None,
            QueueOrSession::Session { session, .. } => Some(session),
        }
    }

    /// The session that the connection lived for is over. The server need not keep the one that it has begun instead.
    fn end_with_session(&mut self, reason: Reset) {
        if let Some(session) = self.session() {
            session.end();
        }
        while let Some(output) = self.flush() {
            self.actions.push(output);
        }
        self.notify(Event::Reset(reason));
        self.actions.push(Output::Abandon(self.attempt));
        self.last_cause = Some(Cause::Close);
        self.finish(Ending::Broken);
    }

    /// The server broke the protocol; one that has never answered in it has chosen it as it would any that is offered.
    fn violated(&mut self, now: Millis, violation: Violation) {
        let has_answered = self.session().is_some_and(|session| session.terms().is_some());
        let is_first = matches!(self.phase, Phase::Connecting { .. }) && !has_answered;
        self.fail(now, if is_first { wire::NOT_SPOKEN } else { violation.reason() });
    }

    /// The session is over, and so is the connection: the server would do the same on the next one.
    fn fail(&mut self, now: Millis, reason: &'static str) {
        if let Some(session) = self.session() {
            session.break_off();
        }
        self.actions.push(Output::Session(SessionAction::Fail(reason)));
        match self.phase {
            Phase::Closing { .. } => self.finish(Ending::Broken),
            _ => self.drop_connection(now, Cause::Close, close::PROTOCOL_ERROR, Ending::Broken),
        }
    }
}
