//! How much one client may ask for: a bucket that holds a burst and fills again over time. Who has used it up is not refused,
//! which would lose what had waited for a line to come back, but read later.

use std::time::{Duration, Instant};

/// As much may come at once.
const BURST: u32 = 200;
/// How long it takes until there is room for one more.
const REFILL: Duration = Duration::from_millis(20);

/// What a client may still ask for.
#[derive(Debug)]
pub struct Allowance {
    /// The moment at which the bucket will be full again.
    full_at: Instant,
}

impl Allowance {
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes out what a message has cost, also what is no longer there.
    pub fn spend(&mut self, now: Instant, cost: u32) {
        self.full_at = self.full_at.max(now) + REFILL * cost;
    }

    /// From when on the client may be read: now, unless it has overdrawn.
    pub fn ready_at(&self, now: Instant) -> Instant {
        now + self.full_at.saturating_duration_since(now).saturating_sub(REFILL * BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_read_at_once_and_then_one_message_for_each_refill() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        for _ in 0..BURST {
            assert_eq!(allowance.ready_at(start), start);
            allowance.spend(start, 1);
        }
        allowance.spend(start, 1);
        assert_eq!(allowance.ready_at(start), start + REFILL);
        allowance.spend(start + REFILL, 1);
        assert_eq!(allowance.ready_at(start + REFILL), start + REFILL * 2);
    }

    #[test]
    fn a_long_silence_earns_no_more_than_a_burst() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        let later = start + Duration::from_secs(3600);
        allowance.spend(later, BURST + 1);
        assert_eq!(allowance.ready_at(later), later + REFILL);
    }
}
