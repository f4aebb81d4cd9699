//! The messages that the app forwards to a session by its id, on whichever node: they wait in the store until the session's node
//! sends them as messages of its own.
//!
//! That they are among the messages that were sent, and that they do not wait any more, is one change. So a node that dies between
//! the two leaves them to the next one, and they arrive once, in an order with all others.

use alloc::vec::Vec;

use super::DriverTypes;
use super::record::{Forwarded, Rest};
use super::request::StoreError;
use super::slot::{Asking, Forwarding, PendingForwarded, Phase, Slot};
use crate::Millis;

/// How many forwarded messages one change has at most.
const MOST_FORWARDED: usize = 1_024;
/// How long to wait before forwarded messages for which there was no room are read again, unless the client acknowledges
/// something, or those that the store did not give, in milliseconds.
const WAIT: u32 = 1_000;

impl<D: DriverTypes> Slot<D> {
    /// Whether forwarded messages are to be read now. Those that were read before have to be on their way to the store.
    pub(super) fn reads_forwarded(&self, now: Millis) -> bool {
        self.takes_forwarded()
            && match self.forwarding {
                Forwarding::Nothing => false,
                Forwarding::Due => true,
                Forwarding::Later(at) => at <= now,
            }
    }

    /// When forwarded messages are read that could not be read before.
    pub(super) fn reads_forwarded_at(&self) -> Option<Millis> {
        match self.forwarding {
            Forwarding::Later(at) if self.takes_forwarded() && matches!(self.asking, Asking::Nothing) => Some(at),
            _ => None,
        }
    }

    pub(super) fn read_forwarded_later(&mut self, now: Millis) {
        self.forwarding = Forwarding::Later(now + WAIT);
    }

    /// The client has acknowledged something, so the outbox may have room.
    pub(super) fn outbox_shrinks(&mut self) {
        if let Forwarding::Later(_) = self.forwarding {
            self.forwarding = Forwarding::Due;
        }
    }

    pub(super) fn forwarded_read(
        &mut self,
        now: Millis,
        number: u64,
        answer: Result<Forwarded<D::Message>, StoreError>,
    ) {
        match answer {
            Ok(forwarded) => {
                if number == self.asked && matches!(self.asking, Asking::ReadForwarded) {
                    self.answered(now, number, Ok(()));
                    self.send_forwarded(now, forwarded);
                }
            }
            Err(error) => self.answered(now, number, Err(error)),
        }
    }

    /// A session that ends here leaves what was forwarded to the next node, if there is one.
    fn takes_forwarded(&self) -> bool {
        matches!(self.phase, Phase::Running) && self.unpersisted.waiting.forwarded.is_none()
    }

    fn send_forwarded(&mut self, now: Millis, forwarded: Forwarded<D::Message>) {
        if !self.takes_forwarded() {
            return;
        }
        let Forwarded { messages, rest } = forwarded;
        // A store that came back with an older state has again what was sent before.
        let sent_before = usize::try_from(self.unpersisted.change.forwarded.saturating_sub(messages.after));
        let new: Vec<_> = messages.messages.into_iter().skip(sent_before.unwrap_or(usize::MAX)).collect();
        let after = self.unpersisted.change.forwarded.max(messages.after);
        let fitting = new.len().min(MOST_FORWARDED);
        self.forwarding = match rest {
            _ if fitting < new.len() => Forwarding::Due,
            // It may have been woken meanwhile.
            Rest::Nothing => self.forwarding,
            Rest::More => Forwarding::Due,
            Rest::NoRoom => Forwarding::Later(now + WAIT),
        };
        if fitting == 0 {
            return;
        }
        let first = self.unpersisted.change.sent.messages.len();
        for message in new.into_iter().take(fitting) {
            self.send_one(message, None);
        }
        let messages = (first, self.unpersisted.change.sent.messages.len());
        self.unpersisted.waiting.forwarded = Some(PendingForwarded { number: after + fitting as u64, messages });
    }
}
