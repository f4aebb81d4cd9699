//! The session of a connection that keeps one: it begins anew or goes on with each line, and is ended before the last.

use super::Connection;
use super::closing::CLOSE_TIMEOUT;
use super::mail::{Deed, Mail};
use super::phase::{Ending, Phase};
use crate::core::outbox::{Bounds, Ticket};
use crate::core::session::{Guest, Heard, Session, Violation};
use crate::core::wire::{Control, Malformed};
use crate::core::{Cause, Config, Epoch, Event, Millis, Output, Refusal};

/// What is said to a server that answers the handshake, and not with the protocol.
const STRANGER: &str = "the server does not speak undrop.1";

impl<M: Clone> Connection<M> {
    /// One that keeps a session. [`Config::queue`] does not matter: what is sent is bounded by this.
    pub fn with_session(config: Config, bounds: Bounds, now: Millis, seed: u64) -> Self {
        Self::with_mail(Mail::Session { session: Session::<M, Guest>::new(bounds), asked: 0 }, config, now, seed)
    }

    /// [`send`](Self::send) over the session, which gives the message a name. With a time to live, in milliseconds, it
    /// comes back if it has not left by then.
    pub fn post(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        bytes: u64,
        time_to_live: Option<u32>,
    ) -> Result<Ticket, Refusal> {
        if matches!(self.phase, Phase::Closing { .. } | Phase::Leaving { .. } | Phase::Closed) {
            return Err(Refusal::Closed);
        }
        let Some(session) = self.session() else { return Err(Refusal::NotOpen) };
        let ticket = session.send_by(now, message, bytes, time_to_live)?;
        self.handle_sent(bytes);
        Ok(ticket)
    }

    /// Has a message come back that has not left yet. Says whether it does.
    pub fn recall(&mut self, ticket: Ticket) -> bool {
        self.session().is_some_and(|session| session.withdraw(ticket))
    }

    /// A message arrived. True if it is the user's: then it is taken, and never arrives again.
    pub fn handle_arrival(&mut self, now: impl FnOnce() -> Millis, epoch: Epoch, bytes: u64) -> bool {
        if epoch != self.epoch {
            return false;
        }
        match self.session().map(|session| session.handle_message(epoch, bytes)) {
            Some(Err(violation)) => self.reject(now(), violation.reason()),
            Some(Ok(None)) => {}
            Some(Ok(Some(number))) => {
                if let Some(session) = self.session() {
                    session.take_by(now, number);
                }
                self.handle_message(epoch, bytes);
                return true;
            }
            None => {
                self.handle_message(epoch, bytes);
                return self.is_hearing();
            }
        }
        false
    }

    /// A frame of the protocol's own arrived.
    pub fn handle_control(&mut self, now: Millis, epoch: Epoch, control: Result<Control, Malformed>) {
        if epoch != self.epoch {
            return;
        }
        let Some(session) = self.session() else { return };
        if session.line() != Some(epoch) {
            return;
        }
        let before = session.acknowledged();
        let heard = control.map_err(Violation::from).and_then(|control| session.handle_control(now, epoch, control));
        let delivered = session.acknowledged().saturating_sub(before);
        if let Phase::Open { pulse: Some(pulse), .. } = &mut self.phase {
            pulse.hear();
        }
        if delivered > 0 {
            self.agenda.push(Output::Session(Deed::Delivered(delivered)));
        }
        match heard {
            Ok(Heard::Nothing | Heard::Acknowledged) => {}
            Ok(Heard::Opened) => {
                // The story of the session that is dead ends before that of the next begins.
                self.return_all();
                self.stand(now, Event::Open);
            }
            Ok(Heard::Resumed) => self.stand(now, Event::Resume),
            Ok(Heard::Pong(number)) => {
                // The answer to an earlier question shows that the line lives, but not how fast it is.
                if matches!(self.mail, Mail::Session { asked, .. } if asked == number) {
                    self.handle_reply(now, epoch);
                }
            }
            Ok(Heard::Ended) if matches!(self.phase, Phase::Closing { .. }) => self.part(now, Deed::Part),
            // It closes the line, too.
            Ok(Heard::Ended) => self.enter(Phase::Closing { deadline: Some(now + CLOSE_TIMEOUT) }),
            Err(violation) => self.reject(now, violation.reason()),
        }
    }

    /// The handshake of this dial succeeded, but the server chose no subprotocol that has sessions.
    pub fn handle_stranger(&mut self, now: Millis, epoch: Epoch) {
        if epoch == self.epoch && matches!(self.phase, Phase::Dialing { .. }) {
            self.reject(now, STRANGER);
        }
    }

    /// How many messages were sent and are not known to have arrived.
    pub fn unacknowledged(&self) -> usize {
        match &self.mail {
            Mail::Queue(_) => 0,
            Mail::Session { session, .. } => session.unacknowledged(),
        }
    }

    pub(super) fn session(&mut self) -> Option<&mut Session<M, Guest>> {
        match &mut self.mail {
            Mail::Queue(_) => None,
            Mail::Session { session, .. } => Some(session),
        }
    }

    /// The other end broke the protocol: nothing that it says can be believed, and neither can what it would say on
    /// another line.
    fn reject(&mut self, now: Millis, reason: &'static str) {
        if let Some(session) = self.session() {
            session.break_off();
        }
        self.agenda.push(Output::Session(Deed::Reject(reason)));
        match self.phase {
            Phase::Closing { .. } => self.finish(Ending::Broken),
            _ => self.lose(now, Cause::Close, Violation::CODE, Ending::Broken),
        }
    }
}
