//! What a session waits for, and what becomes of it when it has waited for too long.

use std::future::Future as _;
use std::task::{Context, Poll};

use undrop::core::Millis;

use super::{Driver, Link, Phase};
use crate::config::millis;
use crate::line::Loss;
use crate::session::Cause;

impl Driver {
    pub(super) fn tick(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        let mut moved = self.probe(context, now);
        if self.core.poll_timeout().is_some_and(|at| at <= now) {
            self.core.handle_timeout(now);
            moved = true;
        }
        if self.farewell_ends().is_some_and(|at| at <= now) {
            self.core.break_off();
            moved |= self.settle();
        }
        if self.life_ends().is_some_and(|at| at <= now) {
            self.end(Cause::Expired, Loss::Gone);
            moved = true;
        }
        moved |= self.turn_away(now);
        moved
    }

    /// When it has been without a line for too long. Who came back in time may wait for the store.
    fn life_ends(&self) -> Option<Millis> {
        if self.callers_wait_until().is_some() {
            return None;
        }
        match (&self.phase, &self.link) {
            (Phase::Running | Phase::Closing { .. } | Phase::Parting, Link::Down { since }) => {
                Some(*since + self.time_to_live)
            }
            _ => None,
        }
    }

    /// When the client has taken too long to agree that it is over.
    fn farewell_ends(&self) -> Option<Millis> {
        match (&self.phase, &self.link) {
            (Phase::Closing { since, .. }, Link::Up(up)) if self.core.is_ending() => {
                Some(up.heard.max(*since) + millis(self.house.config.farewell))
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Millis> {
        let leaving = match self.phase {
            Phase::Leaving { until, .. } => Some(until + millis(self.house.config.farewell)),
            _ => None,
        };
        let patience = self.patience.filter(|_| self.handler.is_some());
        let deadlines = [
            self.core.poll_timeout(),
            self.silence_ends(),
            self.farewell_ends(),
            self.life_ends(),
            self.refresh_at(),
            self.callers_wait_until(),
            patience,
            leaving,
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Waits for the next deadline. One that was put off is noticed when the alarm rings.
    pub(super) fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline() else { return Poll::Pending };
        if self.armed.is_none_or(|armed| deadline < armed) {
            self.armed = Some(deadline);
            self.alarm.as_mut().reset(self.clock.at(deadline));
        }
        let rang = self.alarm.as_mut().poll(context);
        if rang.is_ready() {
            self.armed = None;
        }
        rang
    }
}
