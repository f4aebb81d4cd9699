//! The user's decision about a connection that dropped, and the wait for the next attempt.

use super::phase::{Phase, Plan};
use super::{Connection, Delivery};
use crate::{Attempt, Decision, Dropped, Event, Millis, Output};

/// The shortest time from the beginning of one attempt to that of the next if a signal brings it forward, in milliseconds.
/// Signals come in bursts, and may be untrue.
const MIN_INTERVAL: u32 = 1_000;

impl<M: Clone, D: Delivery<M>> Connection<M, D> {
    /// The user's decision about the connection of this attempt, which dropped. Of no effect unless the connection still
    /// waits for it.
    pub fn handle_decision(&mut self, now: Millis, attempt: Attempt, decision: Decision) {
        // No decision goes beyond the limit.
        let is_spent = self.retry().is_none_or(|retry| self.backoff.is_spent(retry));
        let Phase::Waiting { until, plan, .. } = &mut self.phase else {
            return;
        };
        let Plan::Asked(dropped) = *plan else {
            return;
        };
        if attempt != self.attempt {
            return;
        }
        let (next, delay) = match decision {
            Decision::GiveUp => return self.give_up(),
            Decision::Default if dropped.last => return self.give_up(),
            Decision::Retry | Decision::After(_) if is_spent => return self.give_up(),
            Decision::Default | Decision::Retry => (Plan::Backoff, dropped.delay),
            Decision::After(delay) => (Plan::Fixed, delay),
        };
        *plan = next;
        *until = now + delay;
        self.notify_state();
        self.wait(Dropped { delay, last: false, ..dropped });
    }

    /// The user is told that another attempt follows.
    pub(super) fn wait(&mut self, dropped: Dropped) {
        self.tries = dropped.attempt;
        self.notify(Event::Drop(dropped));
    }

    /// Closes instead of reconnecting. Of no effect unless the connection waits for the next attempt.
    pub fn give_up(&mut self) {
        if let Phase::Waiting { ending, .. } = self.phase {
            self.finish(ending);
        }
    }

    /// Connects now, unless that would be too soon, or the user has decided when.
    pub(super) fn hasten(&mut self, now: Millis) {
        let Phase::Waiting { until, plan: Plan::Backoff, .. } = &mut self.phase else {
            return;
        };
        *until = (*until).min(now.max(self.attempted + MIN_INTERVAL));
        if *until <= now {
            self.connect(now);
        }
    }

    /// Asks the user only when all else is done: the user may have reconnected or closed since the drop.
    pub(super) fn ask_for_decision(&mut self) -> Option<Output<M, D::Action>> {
        let Phase::Waiting { plan, .. } = &mut self.phase else {
            return None;
        };
        let Plan::Undecided(dropped) = *plan else {
            return None;
        };
        *plan = Plan::Asked(dropped);
        Some(Output::Decide(self.attempt, dropped))
    }
}
