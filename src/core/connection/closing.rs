//! From the wish to leave, or the loss that is the last, to the end.

use super::Connection;
use super::mail::{Deed, Goodbye};
use super::phase::{Ending, Phase};
use crate::core::{Epoch, Event, Millis, Output};

/// How long the other end may take to answer a close. A user who wants to leave is not kept waiting by a dead line.
pub(super) const CLOSE_TIMEOUT: u32 = 1_000;

impl<M: Clone> Connection<M> {
    /// It shall end. A socket that may still answer has been told; it has a moment to do so. With a session it has not:
    /// [`poll`](Self::poll) says when it is to be.
    pub fn close(&mut self, now: Millis) {
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } => match self.mail.end() {
                Goodbye::Said => {
                    let deadline = self.policy().map(|_| now + CLOSE_TIMEOUT);
                    self.enter(Phase::Closing { deadline });
                }
                Goodbye::Awaited => self.enter(Phase::Closing { deadline: Some(now + CLOSE_TIMEOUT) }),
                Goodbye::Due(deed) => self.part(now, deed),
            },
            _ => self.close_unanswered(now),
        }
    }

    /// The same when there is no socket yet, and so nobody to wait for.
    pub fn close_unanswered(&mut self, now: Millis) {
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } => self.agenda.push(Output::HangUp(self.epoch)),
            Phase::Waiting { .. } => {}
            Phase::Closing { .. } | Phase::Leaving { .. } | Phase::Closed => return,
        }
        self.enter(Phase::Leaving { at: now });
    }

    /// The socket of this dial failed; that it closed is still to come.
    pub fn handle_error(&mut self, epoch: Epoch) {
        if epoch != self.epoch {
            return;
        }
        // Whether the user is concerned shows when it has closed, unless nothing can come between.
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } if self.policy().is_none() => self.tell_error(),
            Phase::Closing { .. } => self.tell_error(),
            _ => {}
        }
    }

    /// There is nothing more to wait for before the socket is closed, and a moment for it to answer.
    pub(super) fn part(&mut self, now: Millis, deed: Deed) {
        // Of what it wants done, this is the last.
        while let Some(output) = self.flush() {
            self.agenda.push(output);
        }
        self.agenda.push(Output::Session(deed));
        self.enter(Phase::Closing { deadline: Some(now + CLOSE_TIMEOUT) });
    }

    pub(super) fn finish(&mut self, ending: Ending) {
        while let Some((message, fate)) = self.mail.empty() {
            self.agenda.push(Output::Return(message, fate));
        }
        self.enter(Phase::Closed);
        if ending == Ending::Broken {
            self.tell_error();
        }
        self.notify(Event::Close);
    }

    pub(super) fn tell_error(&mut self) {
        if !self.error_told {
            self.error_told = true;
            self.notify(Event::Error);
        }
    }
}
