//! What is asked of the store, one request at a time, until it answers.

use alloc::sync::Arc;
use core::mem::replace;

use super::Host;
use super::action::Action;
use super::record::Change;
use super::slot::{Batch, Slot, Waiting};
use crate::Millis;

/// How long to wait before a store that did not answer is asked again: at first, in milliseconds, ...
const RETRY: u32 = 50;
/// ... and at most.
const MAX_RETRY: u32 = 1_000;

/// A request to the store.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StoreRequest<M> {
    /// Its number. An answer to an older request changes nothing.
    pub number: u64,
    /// What to do.
    pub work: Work<M>,
}

/// What the store is to do.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Work<M> {
    /// Write this change, as a whole or not at all.
    Write(Arc<Change<M>>),
    /// Remove the session.
    Remove,
}

/// Why the store has not done what it was asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StoreError {
    /// The session is not this node's.
    Fenced,
    /// The session is this node's, and the store has lost what it was told before.
    Behind,
    /// The app has ended all sessions of this user, and this one is removed.
    Revoked,
    /// It is not known whether it was done.
    Unavailable,
}

/// What the store is doing.
pub(super) enum Asking<H: Host> {
    Nothing,
    Write(Writing<H>),
    Remove { again: Option<Millis> },
}

/// A change that the store is writing.
pub(super) struct Writing<H: Host> {
    pub(super) change: Arc<Change<H::Message>>,
    pub(super) waiting: Waiting<H>,
    /// When the store is asked again, if it did not answer.
    again: Option<Millis>,
    /// How long to wait before that.
    wait: u32,
}

impl<H: Host> Slot<H> {
    pub(super) fn write(&mut self, batch: Batch<H>) {
        let Batch { change, waiting } = batch;
        let change = Arc::new(change);
        self.asking = Asking::Write(Writing { change: change.clone(), waiting, again: None, wait: RETRY });
        self.request(Work::Write(change));
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
            Asking::Nothing => None,
        }
    }

    pub(super) fn ask_again(&mut self, now: Millis) {
        if self.asks_again_at().is_none_or(|at| now < at) {
            return;
        }
        let work = match &mut self.asking {
            Asking::Nothing => return,
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

    fn request(&mut self, work: Work<H::Message>) {
        self.asked += 1;
        self.actions.push_back(Action::Ask(StoreRequest { number: self.asked, work }));
    }
}
