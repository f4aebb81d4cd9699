//! What a session wants done.

use std::mem::take;
use std::time::Duration;

use tracing::{debug, info, warn};
use undrop_proto::Millis;
use undrop_proto::server::{Action, Disconnect, Report, Serve};

use super::{Attached, Driver, Tokio};
use crate::budget::cost;
use crate::ending::Ending;
use crate::metrics::{Loss, Refusal, Resume};
use crate::runtime::spawn;
use crate::{codes, log};

impl<S: Serve<Tokio> + Send + Unpin + 'static> Driver<S> {
    pub(super) fn act(&mut self, now: Millis) {
        while let Some(action) = self.session.poll() {
            self.carry_out(now, action);
        }
        let unacknowledged = self.session.unacknowledged();
        if self.unacknowledged.replace(unacknowledged) != Some(unacknowledged) {
            self.slot.channel().set_unacknowledged(unacknowledged);
        }
        let uncommitted = cost(self.session.uncommitted());
        if uncommitted != self.inbox.used() {
            self.inbox.set(uncommitted);
        }
        let detached_since = self.session.detached_since();
        if detached_since != self.detached_since {
            self.detached_since = detached_since;
            self.slot.set_detached(detached_since);
        }
    }

    fn carry_out(&mut self, now: Millis, action: Action<Tokio>) {
        match action {
            Action::Ask(request) => self.ask(request),
            Action::Receive(number, message) => {
                self.shared.metrics.received(message.len());
                self.slot.channel().deliver(number, message);
                self.handler_turn.begin();
                self.handler_is_due = true;
            }
            Action::Attach(attempt, request) => {
                let away = self.detached_since.map(|since| Duration::from_millis(now.0.saturating_sub(since.0)));
                if let Some(away) = away {
                    self.shared.metrics.away.observe(away);
                }
                log::resumes(self.shared.config.log_sessions, &request.incoming.handshake, away);
                self.connection = Some(Attached::new(attempt, request.incoming.connection));
            }
            Action::Disconnect(disconnect) => {
                if let Some(Attached { attempt, connection, .. }) = self.connection.take() {
                    debug!(connection = attempt.0, ?disconnect, "connection ends");
                    let closed = self.slot.channel().disconnect();
                    let closing = connection.exchange_close(disconnect, self.shared.config.close_timeout);
                    // The session may have no handler any more that wants to know.
                    spawn(async { drop(closed.send(closing.await)) });
                }
            }
            Action::Refuse(request, disconnect) => {
                let (resume, disconnect) = match disconnect {
                    Disconnect::Close(codes::TRY_LATER, _) => {
                        let reason = self.shared.store.cause().reason();
                        (Resume::Store, Disconnect::close(codes::TRY_LATER, reason))
                    }
                    Disconnect::Close(codes::TAKEN_OVER, _) => (Resume::Late, disconnect),
                    _ => (Resume::Past, disconnect),
                };
                self.shared.metrics.resumes.of(resume).count();
                spawn(request.incoming.connection.close(disconnect, self.shared.config.close_timeout));
            }
            Action::Renew(request) => self.slot.renew(request),
            Action::Readmit(request) => self.slot.readmit(request),
            Action::Committed(commit, answer) => {
                if answer.is_ok() {
                    self.shared.metrics.committing.observe(commit.asked.elapsed());
                }
                commit.answer(answer);
                self.handler_is_due = true;
            }
            // Whoever waits for the other is told that the session is over.
            Action::Delivered(delivered, true) => {
                let _ = delivered.send(());
                self.handler_is_due = true;
            }
            Action::Delivered(_, false) => self.handler_is_due = true,
            Action::End(cause, undelivered) => {
                log::ends(self.shared.config.log_sessions, cause);
                self.shared.metrics.ended.of(cause).count();
                self.slot.channel().end(Ending { cause, undelivered });
                self.handler_is_due = true;
            }
            Action::Release => {
                for request in self.slot.release() {
                    self.slot.readmit(request);
                }
            }
            Action::StopHandler => {
                warn!("the handler did not finish in time");
                self.handler = None;
            }
            Action::Report(report) => self.report(now, report),
        }
    }

    fn report(&mut self, now: Millis, report: Report) {
        let metrics = &self.shared.metrics;
        match report {
            Report::Resumed => {
                let resume = if take(&mut self.is_restored) { Resume::Restored } else { Resume::Here };
                metrics.resumes.of(resume).count();
            }
            Report::TakenOver => metrics.losses.of(Loss::TakenOver).count(),
            Report::Violation(violation) => {
                warn!(%violation, "the client breaks the protocol");
                metrics.violations.count();
            }
            Report::Unreadable => metrics.violations.count(),
            // Its connection is counted when it is closed.
            Report::Silent => {}
            Report::Fenced => {
                info!("the session is not this node's any more");
                metrics.fenced.count();
            }
            Report::Repaired => {
                warn!("the store has lost what this node wrote, and is told again");
                metrics.repaired.count();
            }
            Report::StoreTimeout => metrics.refused.of(Refusal::Store).count(),
            Report::Panicked { progressed } => {
                metrics.panics.count();
                self.slot.note_failure(now, progressed);
            }
        }
    }
}
