//! How a session ends on this node: for good, for now, or because another node has it.

use std::mem::{replace, take};
use std::task::{Context, Poll};

use tracing::{debug, info, warn};
use undrop_proto::session::Output;
use undrop_proto::{Millis, Outcome, Settled};

use super::retry::{Fenced, remove};
use super::state::{Attachment, Commit, Driver, Phase, Waiting};
use crate::amount::Amount;
use crate::config::millis;
use crate::connection::Disconnect;
use crate::ending::{Cause, Ending, NotCommitted};
use crate::metrics::add;
use crate::{Message, codes};

impl Driver {
    /// The protocol's state is over. The phase says why, and what that means for the connection.
    pub(super) fn finish(&mut self) -> bool {
        match &mut self.phase {
            Phase::Closing { code, reason, .. } => {
                let disconnect = Disconnect::Close(*code, take(reason));
                self.end(Cause::App, disconnect);
            }
            // The client has asked for the end, and closes the connection.
            Phase::Parting => self.end(Cause::Client, Disconnect::Gone),
            Phase::Running => self.end(Cause::Violation, Disconnect::Gone),
            Phase::Removing { .. } | Phase::Leaving { .. } | Phase::Over { .. } => return false,
        }
        true
    }

    /// Ends the session for good, if it is this node's.
    pub(super) fn end(&mut self, cause: Cause, disconnect: Disconnect) {
        if matches!(self.phase, Phase::Removing { .. } | Phase::Over { .. }) {
            return;
        }
        debug!(?cause, "ended");
        let work = Box::pin(remove(self.shared.clone(), self.id, self.fence));
        let commits = self.clear(disconnect).into_iter().map(|done| (done, Ok(()))).collect();
        self.phase = Phase::Removing { cause, work, commits };
    }

    /// The store has removed the session.
    fn ended(&mut self, cause: Cause) {
        let commits = self.go_over(cause);
        let undelivered = take(&mut self.undelivered);
        self.record_ending(cause, undelivered);
        for (done, answer) in commits {
            let _ = done.send(answer);
        }
        self.release_slot();
    }

    /// Returns the commits that waited for the store to forget the session.
    fn go_over(&mut self, cause: Cause) -> Vec<(Commit, Result<(), NotCommitted>)> {
        match replace(&mut self.phase, Phase::Over { cause }) {
            Phase::Removing { commits, .. } => commits,
            _ => Vec::new(),
        }
    }

    /// The session goes on, but not with this handler.
    pub(super) fn leave(&mut self, now: Millis, cause: Cause, disconnect: Disconnect) {
        if self.core.is_ending() {
            self.core.break_off();
            self.finish();
        }
        if !matches!(self.phase, Phase::Running | Phase::Closing { .. } | Phase::Parting) {
            return;
        }
        self.phase = Phase::Leaving { cause, until: now + millis(self.shared.config.grace) };
        self.disconnect(now, disconnect);
        self.record_ending(cause, Vec::new());
    }

    /// The store says that the session is not this node's: it goes on elsewhere.
    pub(super) fn fenced(&mut self) {
        info!("the session is not this node's any more");
        add(&self.shared.metrics.fenced, 1);
        let pending = self.clear(Disconnect::close(codes::TAKEN_OVER, "taken over"));
        let waited = self.go_over(Cause::Moved).into_iter().map(|(done, _)| done);
        self.undelivered.clear();
        self.record_ending(Cause::Moved, Vec::new());
        for done in pending.into_iter().chain(waited) {
            let _ = done.send(Err(NotCommitted::Moved));
        }
        self.release_slot();
    }

    /// Remembers a message that was not delivered, for whoever asks how the session ended.
    pub(super) fn settle(&mut self, settled: Settled<Message>) {
        if settled.outcome != Outcome::Delivered {
            self.undelivered.push(settled.message);
        }
    }

    /// Drops what the session holds, and returns the commits, which are answered when it is known whose the session is.
    #[must_use]
    fn clear(&mut self, disconnect: Disconnect) -> Vec<Commit> {
        self.core.break_off();
        while let Some(output) = self.core.poll() {
            if let Output::Settle(settled) = output {
                self.settle(settled);
            }
        }
        if let Attachment::Attached(attached) = replace(&mut self.attachment, Attachment::Detached { since: Millis(0) })
        {
            self.close_connection(attached.connection, disconnect);
        }
        let unpersisted = take(&mut self.unpersisted);
        let mut waiting = Waiting::default();
        if let Some(persisting) = self.persisting.take() {
            self.undelivered.extend(persisting.change.sent.messages.iter().cloned());
            waiting = persisting.waiting;
        }
        self.undelivered.extend(unpersisted.change.sent.messages);
        let resumes = waiting.resumes.into_iter().chain(unpersisted.waiting.resumes);
        self.late.extend(resumes.map(|resume| resume.request));
        self.deliveries.clear();
        self.unpersisted_amount = Amount::default();
        self.report_unacknowledged();
        waiting.commits.into_iter().chain(unpersisted.waiting.commits).collect()
    }

    fn record_ending(&mut self, cause: Cause, undelivered: Vec<Message>) {
        add(&self.shared.metrics.ended[cause as usize], 1);
        self.slot.channel().end(Ending { cause, undelivered });
        self.handler_is_due = true;
    }

    /// Frees the slot. Connections that asked for the session are readmitted, and find it in the store.
    pub(super) fn release_slot(&mut self) {
        let persisting = self.persisting.take().map(|persisting| persisting.waiting.resumes).unwrap_or_default();
        let resumes = persisting.into_iter().chain(take(&mut self.unpersisted.waiting.resumes));
        let resumes = resumes.map(|resume| resume.request);
        let uncollected = self.slot.release();
        for late in take(&mut self.late).into_iter().chain(resumes).chain(uncollected) {
            self.slot.readmit(late);
        }
    }

    pub(super) fn poll_end(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        if self.handler_deadline.is_some_and(|until| until <= now) && self.handler.take().is_some() {
            warn!("the handler did not finish in time");
            return true;
        }
        match &mut self.phase {
            Phase::Removing { cause, work, .. } => {
                let cause = *cause;
                match work.as_mut().poll(context) {
                    Poll::Pending => return false,
                    Poll::Ready(Ok(())) => self.ended(cause),
                    Poll::Ready(Err(Fenced)) => self.fenced(),
                }
                return true;
            }
            Phase::Leaving { cause, until } => {
                let cause = *cause;
                // A store that does not answer is not waited for any longer than a handler.
                let until = *until + millis(self.shared.config.close_timeout);
                if now < until && !(self.handler.is_none() && self.is_persisted()) {
                    return false;
                }
                self.phase = Phase::Over { cause };
            }
            _ => return false,
        }
        self.release_slot();
        true
    }
}
