//! From the user's close, or the drop that is the last, to the end.

use super::delivery::Close;
use super::phase::{Ending, Phase};
use super::{Connection, Delivery};
use crate::{Attempt, Event, MessageId, Millis, Outcome, Output, Settled};

impl<M: Clone, D: Delivery<M>> Connection<M, D> {
    /// The user closes. Without a session the driver has closed the native socket already, and the peer has
    /// [`Config::close_timeout`](crate::Config::close_timeout) to answer. With a session the driver has not: it closes the
    /// native socket when [`poll`](Self::poll) gives [`SessionAction::Close`](crate::SessionAction::Close).
    pub fn close(&mut self, now: Millis) {
        match self.phase {
            // A peer that does not answer a ping would not answer a close.
            Phase::Open { monitor: Some(monitor), .. } if monitor.is_suspicious(now) && self.has_timeouts() => {
                self.close_unanswered(now);
            }
            Phase::Connecting { .. } | Phase::Authenticating { .. } | Phase::Open { .. } => match self.delivery.end() {
                Close::Begun => {
                    let deadline = self.has_timeouts().then(|| now + self.config.close_timeout);
                    self.enter(Phase::Closing { deadline });
                }
                Close::AwaitsPeer => self.enter(Phase::Closing { deadline: Some(now + self.config.close_timeout) }),
                Close::Socket(close) => self.close_socket(now, close),
            },
            _ => self.close_unanswered(now),
        }
    }

    /// The user closes, and there is no peer to wait for: the native socket is abandoned, if there is one.
    pub fn close_unanswered(&mut self, now: Millis) {
        match self.phase {
            Phase::Connecting { .. } | Phase::Authenticating { .. } | Phase::Open { .. } => {
                // Otherwise a session would go on with a native socket that is abandoned.
                self.detach();
                self.actions.push(Output::Abandon(self.attempt));
            }
            Phase::Waiting { .. } => self.last_cause = None,
            Phase::Closing { .. } | Phase::ClosingWithoutSocket { .. } | Phase::Closed => return,
        }
        self.enter(Phase::ClosingWithoutSocket { at: now });
    }

    /// The native socket of this attempt failed. [`handle_closed`](Self::handle_closed) follows.
    pub fn handle_error(&mut self, attempt: Attempt) {
        if attempt != self.attempt {
            return;
        }
        // Of an attempt that may be followed by another, the user is notified only if it was the last.
        match self.phase {
            Phase::Connecting { .. } | Phase::Authenticating { .. } | Phase::Open { .. } if self.retry().is_none() => {
                self.notify_error();
            }
            Phase::Closing { .. } => self.notify_error(),
            _ => {}
        }
    }

    /// Closes the native socket, once the session has sent what it has to send, and waits for the peer.
    pub(super) fn close_socket(&mut self, now: Millis, close: D::Action) {
        while let Some(output) = self.flush() {
            self.actions.push(output);
        }
        self.actions.push(Output::Session(close));
        self.enter(Phase::Closing { deadline: Some(now + self.config.close_timeout) });
    }

    pub(super) fn finish(&mut self, ending: Ending) {
        self.delivery.close();
        self.settle_all();
        self.enter(Phase::Closed);
        if ending == Ending::Broken {
            self.notify_error();
        }
        let cause = self.last_cause.take();
        self.notify(Event::Close(cause));
    }

    pub(super) fn notify_error(&mut self) {
        if !self.error_notified {
            self.error_notified = true;
            self.notify(Event::Error);
        }
    }

    /// Reports that a message was handed to the native socket. Without a session that is its outcome.
    pub(super) fn settle_sent(&mut self, id: MessageId, message: M) {
        self.settle(Settled { id, message, outcome: Outcome::Sent });
    }
}
