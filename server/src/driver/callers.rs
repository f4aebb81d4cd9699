//! Lines that ask for the session, until they have it or are sent away.

use undrop::core::Millis;

use super::{Driver, Phase};
use crate::codes;
use crate::config::millis;
use crate::line::Loss;
use crate::metrics::Refusal;
use crate::visit::Arrival;

/// A line that asks for the session, which may have been on another node since it was last heard of here: only the store
/// knows, and is asked first.
pub(super) struct Caller {
    pub(super) arrival: Arrival,
    /// So long it waits for the store.
    pub(super) until: Millis,
}

impl Driver {
    pub(super) fn arrive(&mut self, now: Millis, arrival: Arrival) {
        if self.takes_lines() {
            let until = now + millis(self.house.config.greeting);
            self.news.waiting.callers.push(Caller { arrival, until });
            return;
        }
        // Whoever opens another line has given up the one that was to hear of the end.
        if matches!(self.phase, Phase::Closing { .. }) && self.core.is_ending() {
            self.core.break_off();
            self.settle();
        }
        self.late.push(arrival);
    }

    /// The session is still this node's.
    pub(super) fn let_in(&mut self, now: Millis, caller: Caller) {
        let Caller { arrival, .. } = caller;
        if self.takes_lines() {
            self.attach(now, arrival.visit.line, arrival.received);
        } else {
            self.late.push(arrival);
        }
    }

    fn takes_lines(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Closing { .. }) && !self.core.is_ending()
    }

    /// Those that have waited for the store for too long.
    pub(super) fn turn_away(&mut self, now: Millis) -> bool {
        let storing = self.storing.as_mut().map(|storing| &mut storing.waiting);
        let mut gone = Vec::new();
        for waiting in storing.into_iter().chain([&mut self.news.waiting]) {
            gone.extend(waiting.callers.extract_if(.., |caller| caller.until <= now));
        }
        let moved = !gone.is_empty();
        for caller in gone {
            self.house.metrics.refuse(Refusal::Store);
            self.part(caller.arrival.visit.line, Loss::close(codes::TRY_LATER, "the store does not answer"));
        }
        moved
    }

    /// When the first of them has waited for long enough.
    pub(super) fn callers_wait_until(&self) -> Option<Millis> {
        let storing = self.storing.as_ref().map(|storing| &storing.waiting);
        let callers = storing.into_iter().chain([&self.news.waiting]).flat_map(|waiting| &waiting.callers);
        callers.map(|caller| caller.until).min()
    }
}
