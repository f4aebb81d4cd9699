//! What the app and the session manager want of a session, and the handler's turn.

use std::mem::take;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tracing::{info, warn};
use undrop_proto::Millis;

use super::state::{Commit, Driver, Phase};
use crate::amount::Amount;
use crate::channel::Command;
use crate::config::millis;
use crate::connection::Disconnect;
use crate::ending::{Cause, NotCommitted};
use crate::metrics::add;
use crate::{Message, codes};

impl Driver {
    pub(super) fn collect(&mut self, now: Millis) -> bool {
        let commands = self.collect_commands(now);
        let requests = self.collect_requests(now);
        commands || requests
    }

    fn collect_commands(&mut self, now: Millis) -> bool {
        let collected = self.slot.channel().collect();
        if collected.is_empty() {
            return false;
        }
        for command in collected.commands {
            match command {
                Command::Send { message, delivered } => self.send(message, delivered),
                Command::Commit { number, replies, done } => self.commit(number, replies, done),
                Command::Close { code, reason } => self.close(now, code, reason),
            }
        }
        self.handler_is_due |= collected.handler;
        true
    }

    fn collect_requests(&mut self, now: Millis) -> bool {
        let collected = self.slot.requests().collect();
        if collected.is_empty() {
            return false;
        }
        for request in collected.resumes {
            self.request_resume(now, request);
        }
        if collected.evict {
            info!("evicted");
            self.end(Cause::Evicted, Disconnect::close(codes::EVICTED, "evicted"));
        }
        if collected.shutdown {
            self.handler_deadline = Some(now + millis(self.shared.config.grace));
            self.leave(now, Cause::Shutdown, Disconnect::close(codes::RESTART, "restart"));
        }
        true
    }

    fn send(&mut self, message: Message, delivered: Option<oneshot::Sender<()>>) {
        if self.takes_messages() {
            self.unpersisted_amount += Amount::of(&message);
            self.unpersisted.change.sent.messages.push(message);
            self.unpersisted.waiting.deliveries.push(delivered);
        } else {
            // The app did not know yet that the session has ended.
            self.undelivered.push(message);
            self.report_unacknowledged();
        }
    }

    fn commit(&mut self, number: u64, replies: Vec<Message>, done: Commit) {
        let answer = match &mut self.phase {
            Phase::Over { cause } => cause.answer_to_commit(!replies.is_empty()),
            Phase::Removing { cause, commits, .. } => {
                commits.push((done, cause.answer_to_commit(!replies.is_empty())));
                self.report_unacknowledged();
                return;
            }
            Phase::Closing { .. } | Phase::Parting if !replies.is_empty() => Err(NotCommitted::Over),
            _ => {
                for reply in replies {
                    self.send(reply, None);
                }
                self.unpersisted.change.committed = self.unpersisted.change.committed.max(number);
                self.unpersisted.waiting.commits.push(done);
                return;
            }
        };
        let _ = done.send(answer);
        self.handler_is_due = true;
        self.report_unacknowledged();
    }

    fn close(&mut self, now: Millis, code: u16, reason: String) {
        if matches!(self.phase, Phase::Running) {
            self.phase = Phase::Closing { code: codes::of_app(code), reason, since: now };
        }
    }

    pub(super) fn poll_handler(&mut self, now: Millis) -> bool {
        if !take(&mut self.handler_is_due) {
            return false;
        }
        let Some(handler) = &mut self.handler else { return false };
        let waker = Waker::from(self.slot.channel().clone());
        let Poll::Ready(result) = handler.poll_unpin(&mut Context::from_waker(&waker)) else { return false };
        self.handler = None;
        if result.is_ok() {
            // Its last commands come before its end.
            self.collect(now);
            self.close(now, codes::NORMAL, String::new());
        } else {
            warn!("the handler panicked");
            add(&self.shared.metrics.panics, 1);
            self.collect(now);
            self.leave(now, Cause::Failed, Disconnect::close(codes::FAILED, "handler failed"));
        }
        true
    }
}
