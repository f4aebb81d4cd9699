//! Each owner's sessions have the same part of the processor's time, however many they are and whatever they do with it.
//!
//! tokio's tasks take turns, so an owner with a thousand sessions would have a thousand times what one with a single session has.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::thread::available_parallelism;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::runtime::{Instant, spawn, turn, yield_now};

/// How long the sessions of an owner work before those of the others do.
const TURN: Duration = Duration::from_micros(100);

/// The turns of one owner's sessions.
pub(crate) struct Turns {
    /// A session that works has a permit, and there is one for each processor.
    permits: Arc<Semaphore>,
    /// For how many nanoseconds they have worked in this turn.
    worked: AtomicU64,
    /// In which turn of the runtime, as far as that counts them.
    runtime_turn: AtomicU64,
    /// The permits of those that worked last in a turn. The next turn gives them out again.
    withheld: Mutex<Vec<OwnedSemaphorePermit>>,
}

/// One session's place among those of its owner.
pub(crate) struct Place {
    turns: Arc<Turns>,
    waiting: Option<Waiting>,
}

type Waiting = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// A session works for as long as this lives.
pub(crate) struct Working {
    turns: Arc<Turns>,
    permit: Option<OwnedSemaphorePermit>,
    /// When it began.
    pub(crate) since: Instant,
}

impl Default for Turns {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let (worked, runtime_turn, withheld) = Default::default();
        Self { permits: Arc::new(Semaphore::new(processors)), worked, runtime_turn, withheld }
    }
}

impl Turns {
    fn worked(&self) -> Duration {
        Duration::from_nanos(self.worked.load(Relaxed))
    }

    /// A session begins to work. The runtime may have had a turn since the one before did.
    fn begin(&self) {
        let turn = turn();
        if self.runtime_turn.load(Relaxed) != turn {
            self.runtime_turn.store(turn, Relaxed);
            self.worked.store(0, Relaxed);
        }
    }

    /// The next turn comes when all tasks that are ready have run, and those have been found that are ready since.
    fn end(self: Arc<Self>, permit: OwnedSemaphorePermit) {
        let mut withheld = self.withheld.lock();
        withheld.push(permit);
        if withheld.len() > 1 {
            return;
        }
        drop(withheld);
        spawn(async move {
            yield_now().await;
            self.worked.store(0, Relaxed);
            self.withheld.lock().clear();
        });
    }
}

impl Place {
    pub(crate) fn new(turns: Arc<Turns>) -> Self {
        Self { turns, waiting: None }
    }

    /// Waits until the session may work.
    pub(crate) fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<Working> {
        let permit = match &mut self.waiting {
            Some(waiting) => ready!(waiting.as_mut().poll(context)),
            None => match self.turns.permits.clone().try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => {
                    let permits = self.turns.permits.clone();
                    let waiting = self.waiting.insert(Box::pin(async { permits.acquire_owned().await.ok() }));
                    ready!(waiting.as_mut().poll(context))
                }
            },
        };
        self.waiting = None;
        self.turns.begin();
        Poll::Ready(Working { turns: self.turns.clone(), permit, since: Instant::now() })
    }
}

impl Working {
    /// Whether others are to have their turn now.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.turns.worked() + (now - self.since) >= TURN
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let worked = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let before = self.turns.worked.fetch_add(worked, Relaxed);
        let is_over = Duration::from_nanos(before + worked) >= TURN;
        if let Some(permit) = self.permit.take_if(|_| is_over) {
            self.turns.clone().end(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter::repeat_with;
    use std::task::Waker;

    use super::*;

    fn try_work(place: &mut Place) -> Option<Working> {
        match place.poll_work(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(working) => Some(working),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn sessions_of_an_owner_that_has_had_its_turn_wait_and_those_of_others_do_not() {
        let (owner, other) = (Arc::<Turns>::default(), Arc::<Turns>::default());
        let permits = owner.permits.available_permits();
        let place = || Place::new(owner.clone());
        let working: Vec<_> = repeat_with(place).take(permits).filter_map(|mut place| try_work(&mut place)).collect();
        assert_eq!(working.len(), permits);
        owner.worked.fetch_add(TURN.as_nanos() as u64, Relaxed);
        assert!(working.iter().all(|working| working.is_over(working.since)));
        drop(working);

        let mut late = place();
        assert!(try_work(&mut late).is_none());
        assert!(try_work(&mut Place::new(other)).is_some_and(|working| !working.is_over(working.since)));
        std::future::poll_fn(|context| late.poll_work(context)).await;
        assert_eq!(owner.permits.available_permits(), permits);
    }

    #[tokio::test]
    async fn a_session_that_ends_while_it_waits_leaves_its_place_to_the_next() {
        let turns = Arc::<Turns>::default();
        let held: Vec<_> =
            repeat_with(|| turns.permits.clone().try_acquire_owned().ok()).map_while(|held| held).collect();
        let (mut first, mut second) = (Place::new(turns.clone()), Place::new(turns.clone()));
        assert!(try_work(&mut first).is_none() && try_work(&mut second).is_none());
        drop(first);
        drop(held);
        assert!(try_work(&mut second).is_some());
    }
}
