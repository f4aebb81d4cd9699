//! What the store is told of a session, and what may happen once it knows.

use std::mem::replace;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tracing::warn;
use undrop::core::Millis;

use super::{Batch, Driver, Phase, Storing, Waiting};
use crate::SessionId;
use crate::house::House;
use crate::mailbox::Held;
use crate::metrics::add;
use crate::store::{Change, Failure, Fence, Numbered, Unavailable};

/// How long to wait before a store that did not answer is asked again: at first, ...
const RETRY: Duration = Duration::from_millis(50);
/// ... and at most.
const MAX_RETRY: Duration = Duration::from_secs(1);

impl Driver {
    /// Tells the store what it does not know, one change after another.
    pub(super) fn store(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        let mut moved = false;
        loop {
            if self.storing.is_none() && !self.begin_to_store(now) {
                return moved;
            }
            let Some(storing) = &mut self.storing else { return moved };
            let Poll::Ready(result) = storing.work.as_mut().poll(context) else { return moved };
            let Some(storing) = self.storing.take() else { return moved };
            moved = true;
            if let Ok(()) = result {
                self.stored(now, storing);
                continue;
            }
            self.storing = Some(storing);
            self.move_out();
        }
    }

    /// Whether the store knows all there is.
    pub(super) fn is_stored(&self) -> bool {
        self.storing.is_none() && !self.news.is_urgent()
    }

    /// When the store is to be told at the latest that the session is still there.
    pub(super) fn refresh_at(&self) -> Option<Millis> {
        let keeps = matches!(self.phase, Phase::Running | Phase::Closing { .. } | Phase::Parting);
        self.refresh.filter(|_| keeps && self.storing.is_none())
    }

    fn begin_to_store(&mut self, now: Millis) -> bool {
        if matches!(self.phase, Phase::Removing { .. } | Phase::Over { .. }) {
            return false;
        }
        let is_stale = self.refresh_at().is_some_and(|at| at <= now);
        if !self.news.is_urgent() && !is_stale && self.news.change.acknowledged <= self.trimmed {
            return false;
        }
        // Without a line it is this task that sees to its end.
        self.refresh = self.is_up().then(|| now + self.time_to_live / 2);
        let Change { taken, committed, sent, acknowledged } = &self.news.change;
        let next = Change {
            taken: Numbered { after: taken.last(), messages: Vec::new() },
            committed: *committed,
            sent: Numbered { after: sent.last(), messages: Vec::new() },
            acknowledged: *acknowledged,
        };
        let Batch { change, waiting } = replace(&mut self.news, Batch { change: next, ..Batch::default() });
        let change = Arc::new(change);
        let work = Box::pin(persist(self.house.clone(), self.id, self.fence, change.clone()));
        self.storing = Some(Storing { change, waiting, work });
        true
    }

    fn stored(&mut self, now: Millis, storing: Storing) {
        let Storing { change, waiting: Waiting { deliveries, commits, callers }, .. } = storing;
        let Change { taken, committed, sent, acknowledged } = &*change;
        self.trimmed = *acknowledged;
        if !taken.messages.is_empty() {
            self.core.take(now, taken.last());
        }
        for (message, delivery) in sent.messages.iter().zip(deliveries) {
            let held = Held::of(message);
            self.unstored -= held;
            match (self.core.send(now, message.clone(), held.bytes, None), delivery) {
                (Ok(ticket), Some(delivery)) => self.deliveries.push_back((ticket, delivery)),
                (Ok(_), None) => {}
                // It ended while the store was told.
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
        for caller in callers {
            self.let_in(now, caller);
        }
    }

    /// What is not acknowledged counts, wherever it is.
    pub(super) fn tell_what_is_held(&self) {
        self.seat.mailbox().hold(Held {
            messages: self.core.unacknowledged() + self.unstored.messages,
            bytes: self.core.unacknowledged_bytes() + self.unstored.bytes,
        });
    }
}

impl Batch {
    fn is_urgent(&self) -> bool {
        let Change { taken, sent, .. } = &self.change;
        let Waiting { commits, callers, .. } = &self.waiting;
        !taken.messages.is_empty() || !sent.messages.is_empty() || !commits.is_empty() || !callers.is_empty()
    }
}

/// The session is not this node's any more.
pub(super) struct NotOurs;

/// Tells the store until it has understood.
async fn persist(house: Arc<House>, id: SessionId, fence: Fence, change: Arc<Change>) -> Result<(), NotOurs> {
    let mut wait = RETRY;
    loop {
        match house.store.write(id, fence, &change).await {
            Ok(()) => return Ok(()),
            Err(Failure::NotOurs) => return Err(NotOurs),
            Err(Failure::Unavailable(error)) => report(&house, &error),
        }
        sleep(wait).await;
        wait = MAX_RETRY.min(wait * 2);
    }
}

/// Has the store forget the session. If it does not answer, the session is gone when its time is up.
pub(super) async fn remove(house: Arc<House>, id: SessionId, fence: Fence) -> Result<(), NotOurs> {
    let removed = timeout(house.config.farewell, async {
        let mut asked_before = false;
        loop {
            match house.store.remove(id, fence).await {
                Ok(()) => return Ok(()),
                // What was asked before may have been done, though it was not answered.
                Err(Failure::NotOurs) => return if asked_before { Ok(()) } else { Err(NotOurs) },
                Err(Failure::Unavailable(error)) => report(&house, &error),
            }
            asked_before = true;
            sleep(RETRY).await;
        }
    });
    removed.await.unwrap_or(Ok(()))
}

fn report(house: &House, error: &Unavailable) {
    add(&house.metrics.store_failures, 1);
    warn!(%error, "the store is asked again");
}
