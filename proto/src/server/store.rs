//! What is asked of the store, one request at a time, until it answers.

use alloc::sync::Arc;
use core::mem::replace;

use super::DriverTypes;
use super::action::Action;
use super::request::{StoreError, StoreRequest, Work};
use super::slot::{Asking, Batch, Forwarding, Slot, Writing};
use crate::Millis;

/// How long to wait at first before a store that did not answer is asked again, in milliseconds.
const RETRY: u32 = 50;
/// The longest wait before a store that did not answer is asked again, in milliseconds.
const MAX_RETRY: u32 = 1_000;

impl<D: DriverTypes> Slot<D> {
    pub(super) fn write(&mut self, batch: Batch<D>) {
        let Batch { change, waiting } = batch;
        let change = Arc::new(change);
        self.asking = Asking::Write(Writing { change: change.clone(), waiting, again: None, wait: RETRY });
        self.request(Work::Write(change));
    }

    pub(super) fn read_forwarded(&mut self) {
        self.forwarding = Forwarding::Nothing;
        self.asking = Asking::ReadForwarded;
        self.request(Work::ReadForwarded);
    }

    pub(super) fn remove(&mut self) {
        self.asking = Asking::Remove { again: None };
        self.request(Work::Remove);
    }

    pub(super) fn answered(&mut self, now: Millis, number: u64, answer: Result<(), StoreError>) {
        if number != self.asked {
            return;
        }
        // The answer may come twice.
        self.asked += 1;
        match replace(&mut self.asking, Asking::Nothing) {
            Asking::Nothing => {}
            Asking::Write(writing) => match answer {
                Ok(()) => self.persisted(now, writing),
                Err(StoreError::Behind) => self.repair(writing),
                Err(StoreError::Revoked) => {
                    self.asking = Asking::Write(writing);
                    self.revoked(now);
                }
                Err(StoreError::Fenced) => {
                    self.asking = Asking::Write(writing);
                    self.fenced();
                }
                Err(StoreError::Unavailable) => {
                    let (again, wait) = (Some(now + writing.wait), MAX_RETRY.min(writing.wait * 2));
                    self.asking = Asking::Write(Writing { again, wait, ..writing });
                }
            },
            Asking::ReadForwarded => match answer {
                // A read is not behind anything.
                Ok(()) | Err(StoreError::Behind) => {}
                Err(StoreError::Revoked) => self.revoked(now),
                Err(StoreError::Fenced) => self.fenced(),
                Err(StoreError::Unavailable) => self.read_forwarded_later(now),
            },
            Asking::Remove { .. } if answer == Err(StoreError::Unavailable) => {
                self.removed_perhaps();
                self.asking = Asking::Remove { again: Some(now + RETRY) };
            }
            Asking::Remove { .. } => self.removed(matches!(answer, Ok(()) | Err(StoreError::Revoked))),
        }
    }

    /// When the store is asked again.
    pub(super) fn asks_again_at(&self) -> Option<Millis> {
        match &self.asking {
            Asking::Write(Writing { again, .. }) | Asking::Remove { again } => *again,
            Asking::Nothing | Asking::ReadForwarded => None,
        }
    }

    pub(super) fn ask_again(&mut self, now: Millis) {
        if self.asks_again_at().is_none_or(|at| now < at) {
            return;
        }
        let work = match &mut self.asking {
            Asking::Nothing | Asking::ReadForwarded => return,
            Asking::Write(writing) => {
                writing.again = None;
                Work::Write(writing.change.clone())
            }
            Asking::Remove { again } => {
                *again = None;
                Work::Remove
            }
        };
        self.request(work);
    }

    fn request(&mut self, work: Work<D::Message>) {
        self.asked += 1;
        self.actions.push_back(Action::Ask(StoreRequest { number: self.asked, work }));
    }
}
