//! What a slot waits for.

use super::DriverTypes;
use super::action::{Action, Disconnect, Report};
use super::cause::Cause;
use super::slot::{Asking, Attachment, Handler, PendingResume, Phase, Removal, Slot};
use crate::{Millis, close};

impl<D: DriverTypes> Slot<D> {
    pub(super) fn handle_deadlines(&mut self, now: Millis) {
        self.check(now);
        self.session.handle_timeout(now);
        if self.close_times_out_at().is_some_and(|at| at <= now) {
            self.session.break_off();
            self.finish(now);
        }
        if self.expires_at().is_some_and(|at| at <= now) {
            self.end(now, Cause::Expired, Disconnect::Gone);
        }
        self.refuse_overdue_resumes(now);
        self.ask_again(now);
        self.write_if_needed(now);
        self.finish_in_time(now);
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        let ending = match &self.phase {
            Phase::Leaving { until, .. } => Some(*until + self.config.close_timeout),
            Phase::Removing(Removal { until, .. }) => Some(*until),
            _ => None,
        };
        let handler = match self.handler {
            Handler::Until(until) => Some(until),
            Handler::Runs | Handler::Done => None,
        };
        let deadlines = [
            self.session.poll_timeout(),
            self.probe_at(),
            self.close_times_out_at(),
            self.expires_at(),
            self.refresh_at(),
            self.asks_again_at(),
            self.reads_forwarded_at(),
            self.resumes_wait_until(),
            handler,
            ending,
        ];
        deadlines.into_iter().flatten().min()
    }

    /// When the session has been without a connection for too long. A client that came back in time may wait for the store.
    fn expires_at(&self) -> Option<Millis> {
        if self.resumes_wait_until().is_some() {
            return None;
        }
        match self.attachment {
            Attachment::Detached { since } if self.is_running() => Some(since + self.time_to_live),
            _ => None,
        }
    }

    /// When the client has taken too long to answer the server's `end`.
    fn close_times_out_at(&self) -> Option<Millis> {
        match (&self.phase, &self.attachment) {
            (Phase::Closing { since, .. }, Attachment::Attached { heard, .. }) if self.session.is_ending() => {
                Some((*heard).max(*since) + self.config.close_timeout)
            }
            _ => None,
        }
    }

    /// When the first pending resume is overdue.
    fn resumes_wait_until(&self) -> Option<Millis> {
        let writing = match &self.asking {
            Asking::Write(writing) => Some(&writing.waiting),
            _ => None,
        };
        let waiting = writing.into_iter().chain([&self.unpersisted.waiting]);
        waiting.flat_map(|waiting| &waiting.resumes).map(|resume| resume.until).min()
    }

    /// Closes the connections that have waited for the store for too long.
    fn refuse_overdue_resumes(&mut self, now: Millis) {
        let writing = match &mut self.asking {
            Asking::Write(writing) => Some(&mut writing.waiting),
            _ => None,
        };
        for waiting in writing.into_iter().chain([&mut self.unpersisted.waiting]) {
            for PendingResume { request, .. } in waiting.resumes.extract_if(.., |resume| resume.until <= now) {
                self.actions.push_back(Action::Report(Report::StoreTimeout));
                let disconnect = Disconnect::close(close::TRY_AGAIN_LATER, "the store does not answer");
                self.actions.push_back(Action::Refuse(request, disconnect));
            }
        }
    }
}
