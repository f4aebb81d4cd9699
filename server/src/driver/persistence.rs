//! How a session's changes get into the store, and what may happen once they are there.

use std::mem::replace;
use std::sync::Arc;
use std::task::{Context, Poll};

use undrop_proto::Millis;

use super::retry::write;
use super::state::{Batch, Driver, Persisting, Phase, Waiting};
use crate::amount::Amount;
use crate::store::{Change, Numbered};

impl Driver {
    /// Persists what is unpersisted, one change after another.
    pub(super) fn persist(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        let mut progress = false;
        loop {
            if self.persisting.is_none() && !self.begin_to_persist(now) {
                return progress;
            }
            let Some(persisting) = &mut self.persisting else { return progress };
            let Poll::Ready(result) = persisting.work.as_mut().poll(context) else { return progress };
            progress = true;
            match result {
                Ok(()) => {
                    let Some(persisting) = self.persisting.take() else { return progress };
                    self.persisted(now, persisting);
                }
                Err(_) => self.fenced(),
            }
        }
    }

    pub(super) fn is_persisted(&self) -> bool {
        self.persisting.is_none() && !self.unpersisted.is_urgent()
    }

    /// When the store is to be written at the latest, so that it keeps the session.
    pub(super) fn refresh_at(&self) -> Option<Millis> {
        let keeps = matches!(self.phase, Phase::Running | Phase::Closing { .. } | Phase::Parting);
        self.refresh.filter(|_| keeps && self.persisting.is_none())
    }

    fn begin_to_persist(&mut self, now: Millis) -> bool {
        if matches!(self.phase, Phase::Removing { .. } | Phase::Over { .. }) {
            return false;
        }
        let is_stale = self.refresh_at().is_some_and(|at| at <= now);
        if !self.unpersisted.is_urgent() && !is_stale && self.unpersisted.change.acknowledged <= self.trimmed {
            return false;
        }
        // A session without a connection expires in this task, and needs no refresh.
        self.refresh = self.is_attached().then(|| now + self.time_to_live / 2);
        let Change { taken, committed, sent, acknowledged } = &self.unpersisted.change;
        let next = Change {
            taken: Numbered { after: taken.last(), messages: Vec::new() },
            committed: *committed,
            sent: Numbered { after: sent.last(), messages: Vec::new() },
            acknowledged: *acknowledged,
        };
        let Batch { change, waiting } = replace(&mut self.unpersisted, Batch { change: next, ..Batch::default() });
        let change = Arc::new(change);
        let work = Box::pin(write(self.shared.clone(), self.id, self.fence, change.clone()));
        self.persisting = Some(Persisting { change, waiting, work });
        true
    }

    fn persisted(&mut self, now: Millis, persisting: Persisting) {
        let Persisting { change, waiting: Waiting { deliveries, commits, resumes }, .. } = persisting;
        let Change { taken, committed, sent, acknowledged } = &*change;
        self.trimmed = *acknowledged;
        if !taken.messages.is_empty() {
            self.core.take(now, taken.last());
        }
        for (message, delivery) in sent.messages.iter().zip(deliveries) {
            let amount = Amount::of(message);
            self.unpersisted_amount -= amount;
            match (self.core.send(now, message.clone(), amount.bytes, None), delivery) {
                (Ok(ticket), Some(delivery)) => self.deliveries.push_back((ticket, delivery)),
                (Ok(_), None) => {}
                // The session ended while the store wrote.
                (Err(_), _) => self.undelivered.push(message.clone()),
            }
        }
        while self.committed < *committed
            && let Some(bytes) = self.uncommitted.pop_front()
        {
            self.committed += 1;
            self.uncommitted_bytes -= u64::from(bytes);
        }
        for done in commits {
            let _ = done.send(Ok(()));
            self.handler_is_due = true;
        }
        for resume in resumes {
            self.complete_resume(now, resume);
        }
    }
}

impl Batch {
    /// Whether something waits for this to be persisted.
    fn is_urgent(&self) -> bool {
        let Change { taken, sent, .. } = &self.change;
        let Waiting { commits, resumes, .. } = &self.waiting;
        !taken.messages.is_empty() || !sent.messages.is_empty() || !commits.is_empty() || !resumes.is_empty()
    }
}
