//! The connections that ask for the session, until they have it or are sent away.

use tracing::warn;
use undrop_proto::session::{NotResumed, Violation};
use undrop_proto::{Attempt, Millis};

use super::state::{Driver, PendingResume, Phase};
use crate::codes;
use crate::config::millis;
use crate::connection::{Connection, Disconnect};
use crate::incoming::ResumeRequest;
use crate::metrics::{Refusal, add};

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
        if !self.takes_connections() {
            return self.late.push(request);
        }
        let number = Attempt(self.number.0 + 1);
        match self.core.handle_resume(now, number, request.known, self.shared.terms()) {
            Ok(_) => self.attach(now, number, request.incoming.connection),
            Err(NotResumed::Late) => self.refuse_late(request.incoming.connection),
            Err(NotResumed::Lost) => self.slot.readmit(ResumeRequest { lost: true, ..request }),
            Err(NotResumed::Over) => self.late.push(request),
        }
    }

    /// Closes a connection that its client has left.
    pub(super) fn refuse_late(&self, connection: Connection) {
        let violation = Violation::ResumeOfThePast;
        warn!(%violation, "a connection can't resume the session");
        add(&self.shared.metrics.violations, 1);
        self.close_connection(connection, violation.into());
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
