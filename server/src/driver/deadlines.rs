//! The deadlines of a session.

use std::future::Future as _;
use std::task::{Context, Poll};

use undrop_proto::Millis;

use super::state::{Attachment, Driver, Phase};
use crate::config::millis;
use crate::connection::Disconnect;
use crate::ending::Cause;

impl Driver {
    pub(super) fn handle_deadlines(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        let mut progress = self.probe(context, now);
        if self.core.poll_timeout().is_some_and(|at| at <= now) {
            self.core.handle_timeout(now);
            progress = true;
        }
        if self.close_times_out_at().is_some_and(|at| at <= now) {
            self.core.break_off();
            progress |= self.finish();
        }
        if self.expires_at().is_some_and(|at| at <= now) {
            self.end(Cause::Expired, Disconnect::Gone);
            progress = true;
        }
        progress |= self.refuse_overdue_resumes(now);
        progress
    }

    /// When the session has been without a connection for too long. A client that came back in time may wait for the store.
    fn expires_at(&self) -> Option<Millis> {
        if self.resumes_wait_until().is_some() {
            return None;
        }
        match (&self.phase, &self.attachment) {
            (Phase::Running | Phase::Closing { .. } | Phase::Parting, Attachment::Detached { since }) => {
                Some(*since + self.time_to_live)
            }
            _ => None,
        }
    }

    /// When the client has taken too long to answer the server's `end`.
    fn close_times_out_at(&self) -> Option<Millis> {
        match (&self.phase, &self.attachment) {
            (Phase::Closing { since, .. }, Attachment::Attached(attached)) if self.core.is_ending() => {
                Some(attached.heard.max(*since) + millis(self.shared.config.close_timeout))
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Millis> {
        let leaving = match self.phase {
            Phase::Leaving { until, .. } => Some(until + millis(self.shared.config.close_timeout)),
            _ => None,
        };
        let handler = self.handler_deadline.filter(|_| self.handler.is_some());
        let deadlines = [
            self.core.poll_timeout(),
            self.probe_at(),
            self.close_times_out_at(),
            self.expires_at(),
            self.refresh_at(),
            self.resumes_wait_until(),
            handler,
            leaving,
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Waits for the next deadline. The alarm is not put off with its deadline: one that rings early is set again.
    pub(super) fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline() else { return Poll::Pending };
        if self.armed.is_none_or(|armed| deadline < armed) {
            self.armed = Some(deadline);
            self.alarm.as_mut().reset(self.clock.at(deadline));
        }
        let rang = self.alarm.as_mut().poll(context);
        if rang.is_ready() {
            self.armed = None;
        }
        rang
    }
}
