//! What the app wants of its session.

use alloc::vec::Vec;

use super::DriverTypes;
use super::action::Action;
use super::amount::Amount;
use super::cause::NotCommitted;
use super::slot::{PendingCommit, Phase, Slot};

impl<D: DriverTypes> Slot<D> {
    pub(super) fn send_one(&mut self, message: D::Message, mut delivery: Option<D::Delivery>) {
        if matches!(self.phase, Phase::Leaving { .. }) {
            // No connection of this node will carry the acknowledgement.
            self.actions.extend(delivery.take().map(|delivery| Action::Delivered(delivery, false)));
        }
        if self.takes_messages() {
            self.unpersisted_amount += Amount::one(D::bytes(&message));
            self.unpersisted.change.sent.messages.push(message);
            self.unpersisted.waiting.deliveries.push(delivery);
        } else {
            // The app did not know yet that the session has ended.
            self.too_late.push(message);
            self.actions.extend(delivery.map(|delivery| Action::Delivered(delivery, false)));
        }
    }

    pub(super) fn commit_up_to(&mut self, number: u64, replies: Vec<D::Message>, commit: D::Commit) {
        let has_replies = !replies.is_empty();
        let answer = match &mut self.phase {
            Phase::Over { is_certain: false, .. } => Err(NotCommitted::Unknown),
            Phase::Over { cause, .. } => cause.answer_to_commit(has_replies),
            Phase::Removing(removal) => {
                let answer = removal.cause.answer_to_commit(has_replies);
                removal.commits.push((commit, answer));
                return;
            }
            Phase::Closing { .. } | Phase::Parting if has_replies => {
                self.refused.push(commit);
                return;
            }
            _ => {
                let first = self.unpersisted.change.sent.messages.len();
                for reply in replies {
                    self.send_one(reply, None);
                }
                let replies = (first, self.unpersisted.change.sent.messages.len());
                // The app can only be done with what it was given.
                let number = number.min(self.committed + self.uncommitted.len() as u64);
                self.unpersisted.waiting.commits.push(PendingCommit { commit, number, replies });
                return;
            }
        };
        self.actions.push_back(Action::Committed(commit, answer));
    }
}
