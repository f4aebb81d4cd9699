//! What a session wants done.

use tracing::{debug, info, warn};
use undrop_proto::Millis;
use undrop_proto::server::{Action, Disconnect, Report, Serve};

use super::{Attached, Driver, Tokio};
use crate::budget::cost;
use crate::connection::Connection;
use crate::ending::Ending;
use crate::metrics::{Refusal, add};
use crate::runtime::spawn;

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
                debug!(connection = attempt.0, "resumed");
                self.connection = Some(Attached::new(attempt, request.incoming.connection));
            }
            Action::Disconnect(disconnect) => {
                if let Some(Attached { attempt, connection, .. }) = self.connection.take() {
                    debug!(connection = attempt.0, ?disconnect, "connection ends");
                    self.close(connection, disconnect);
                }
            }
            Action::Refuse(request, disconnect) => self.close(request.incoming.connection, disconnect),
            Action::Renew(request) => self.slot.renew(request),
            Action::Readmit(request) => self.slot.readmit(request),
            Action::Committed(done, answer) => {
                let _ = done.send(answer);
                self.handler_is_due = true;
            }
            // Whoever waits for the other is told that the session is over.
            Action::Delivered(delivered, true) => {
                let _ = delivered.send(());
                self.handler_is_due = true;
            }
            Action::Delivered(_, false) => self.handler_is_due = true,
            Action::End(cause, undelivered) => {
                debug!(?cause, "ended");
                self.shared.metrics.end(cause);
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

    fn report(&self, now: Millis, report: Report) {
        let metrics = &self.shared.metrics;
        match report {
            Report::Resumed => add(&metrics.resumed, 1),
            Report::TakenOver => add(&metrics.taken_over, 1),
            Report::Violation(violation) => {
                warn!(%violation, "the client breaks the protocol");
                add(&metrics.violations, 1);
            }
            Report::Unreadable => add(&metrics.violations, 1),
            Report::Silent => add(&metrics.silent, 1),
            Report::Fenced => {
                info!("the session is not this node's any more");
                add(&metrics.fenced, 1);
            }
            Report::Repaired => {
                warn!("the store has lost what this node wrote, and is told again");
                add(&metrics.repaired, 1);
            }
            Report::StoreTimeout => metrics.refuse(Refusal::Store),
            Report::Panicked { progressed } => {
                warn!("the handler panicked");
                add(&metrics.panics, 1);
                self.slot.note_failure(now, progressed);
            }
        }
    }

    fn close(&self, connection: Connection, disconnect: Disconnect) {
        spawn(connection.close(disconnect, self.shared.config.close_timeout));
    }
}
