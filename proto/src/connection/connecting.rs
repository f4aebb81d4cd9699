//! From an attempt to an open connection.

use super::phase::{Ending, Phase, Plan};
use super::{Connection, Delivery};
use crate::close::ABNORMAL;
use crate::deadline::Deadline;
use crate::heartbeat::Monitor;
use crate::{Attempt, Cause, Dropped, Event, Millis, Output};

impl<M: Clone, D: Delivery<M>> Connection<M, D> {
    /// Connects now, whatever the state, also when closed. An attempt that is under way goes on.
    pub fn reconnect(&mut self, now: Millis) {
        self.backoff.reset();
        self.tries = 1;
        match self.phase {
            Phase::Connecting { .. } | Phase::Authenticating { .. } => return,
            // The user is notified of the drop that was to be decided about as of any other.
            Phase::Waiting { plan: Plan::Undecided(dropped) | Plan::Asked(dropped), .. } => {
                self.notify(Event::Drop(Dropped { attempt: 1, delay: 0, last: false, ..dropped }))
            }
            Phase::Waiting { .. } | Phase::ClosingWithoutSocket { .. } | Phase::Closed => {}
            Phase::Closing { .. } => self.actions.push(Output::Abandon(self.attempt)),
            Phase::Open { .. } => {
                self.count(Cause::Reconnect);
                self.actions.push(Output::Abandon(self.attempt));
                self.notify(Event::Drop(Dropped {
                    cause: Cause::Reconnect,
                    code: ABNORMAL,
                    attempt: self.tries,
                    delay: 0,
                    last: false,
                }));
            }
        }
        self.connect(now);
    }

    /// The handshake of this attempt succeeded. With a session the connection is open once the server has answered the
    /// first frame. [`handle_handshake`](Connection::handle_handshake) checks the subprotocol, too.
    pub fn handle_opened(&mut self, now: Millis, attempt: Attempt) {
        if !self.awaits_url(attempt) || self.delivery.greets(attempt) {
            return;
        }
        if self.config.authenticates {
            self.actions.push(Output::Authenticate(attempt));
            self.enter(Phase::Authenticating { deadline: Deadline::at(now + self.config.connect_timeout) });
        } else {
            self.open(now, Event::Open);
        }
    }

    /// The user has authenticated on the native socket of this attempt.
    pub fn handle_authenticated(&mut self, now: Millis, attempt: Attempt) {
        if self.is_authenticating(attempt) {
            self.open(now, Event::Open);
        }
    }

    /// The user could not authenticate on the native socket of this attempt. What is queued stays.
    pub fn handle_unauthenticated(&mut self, now: Millis, attempt: Attempt) {
        if self.is_authenticating(attempt) {
            self.drop_connection(now, Cause::Authenticate, ABNORMAL, Ending::Broken);
        }
    }

    /// Whether the user authenticates on the native socket of this attempt.
    pub fn is_authenticating(&self, attempt: Attempt) -> bool {
        attempt == self.attempt && matches!(self.phase, Phase::Authenticating { .. })
    }

    pub(super) fn open(&mut self, now: Millis, event: Event) {
        self.stats.opens += 1;
        let monitor = self.config.heartbeat.map(|heartbeat| Monitor::new(heartbeat, now));
        self.enter(Phase::Open { since: now, monitor, ending: false });
        self.delivery.expire(now);
        self.settle_all();
        self.notify(event);
    }

    /// The URL, or the subprotocols, of this attempt could not be had.
    pub fn handle_no_url(&mut self, now: Millis, attempt: Attempt) {
        if self.awaits_url(attempt) {
            self.drop_connection(now, Cause::Url, ABNORMAL, Ending::Broken);
        }
    }

    /// Whether the handshake of this attempt has not succeeded yet, so that it may still need its URL.
    pub fn awaits_url(&self, attempt: Attempt) -> bool {
        attempt == self.attempt && matches!(self.phase, Phase::Connecting { .. })
    }

    pub(super) fn connect(&mut self, now: Millis) {
        self.detach();
        self.delivery.begin();
        self.attempt = Attempt(self.attempt.0.wrapping_add(1));
        self.stats.attempts += 1;
        self.attempted = now;
        self.error_notified = false;
        self.last_cause = None;
        let deadline = self.has_timeouts().then(|| Deadline::at(now + self.config.connect_timeout));
        self.enter(Phase::Connecting { deadline });
        self.actions.push(Output::Connect(self.attempt));
    }
}
