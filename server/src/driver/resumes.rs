//! The connections that ask for the session, until they have it or are sent away.

use undrop_proto::Millis;

use super::state::{Driver, PendingResume, Phase};
use crate::codes;
use crate::config::millis;
use crate::connection::Disconnect;
use crate::incoming::ResumeRequest;
use crate::metrics::Refusal;

impl Driver {
    pub(super) fn request_resume(&mut self, now: Millis, request: ResumeRequest) {
        if self.takes_connections() {
            let until = now + millis(self.shared.config.greeting);
            self.unpersisted.waiting.resumes.push(PendingResume { request, until });
            return;
        }
        // A client that opens another connection has given up the one on which the server would have heard its `end`.
        if matches!(self.phase, Phase::Closing { .. }) && self.core.is_ending() {
            self.core.break_off();
            self.finish();
        }
        self.late.push(request);
    }

    /// The store has confirmed that the session is this node's.
    pub(super) fn complete_resume(&mut self, now: Millis, resume: PendingResume) {
        let PendingResume { request, .. } = resume;
        if self.takes_connections() {
            self.attach(now, request.incoming.connection, request.received);
        } else {
            self.late.push(request);
        }
    }

    /// Closes the connections that have waited for the store for too long.
    pub(super) fn refuse_overdue_resumes(&mut self, now: Millis) -> bool {
        let persisting = self.persisting.as_mut().map(|persisting| &mut persisting.waiting);
        let mut overdue = Vec::new();
        for waiting in persisting.into_iter().chain([&mut self.unpersisted.waiting]) {
            overdue.extend(waiting.resumes.extract_if(.., |resume| resume.until <= now));
        }
        let progress = !overdue.is_empty();
        for PendingResume { request, .. } in overdue {
            self.shared.metrics.refuse(Refusal::Store);
            let disconnect = Disconnect::close(codes::TRY_LATER, "the store does not answer");
            self.close_connection(request.incoming.connection, disconnect);
        }
        progress
    }

    /// When the first pending resume is overdue.
    pub(super) fn resumes_wait_until(&self) -> Option<Millis> {
        let persisting = self.persisting.as_ref().map(|persisting| &persisting.waiting);
        let resumes = persisting.into_iter().chain([&self.unpersisted.waiting]).flat_map(|waiting| &waiting.resumes);
        resumes.map(|resume| resume.until).min()
    }
}
