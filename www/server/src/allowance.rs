//! How much one client may say: a bucket that holds a burst and fills again over time.

use std::time::{Duration, Instant};

/// As many messages as may come at once.
const BURST: u32 = 20;
/// How long it takes until one more may come.
const REFILL: Duration = Duration::from_millis(200);

/// The messages that a client may still send.
#[derive(Debug)]
pub struct Allowance {
    /// The moment at which the bucket will be full again.
    full_at: Instant,
}

impl Allowance {
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes one message out of it. `false` when it is used up; what is refused costs nothing.
    pub fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + REFILL;
        let within = full_at - now <= REFILL * BURST;
        if within {
            self.full_at = full_at;
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_one_message_for_each_refill() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        assert_eq!((0..100).filter(|_| allowance.take(start)).count(), 20);
        assert!(!allowance.take(start + REFILL - Duration::from_millis(1)));
        assert!(allowance.take(start + REFILL));
        assert!(!allowance.take(start + REFILL));
    }

    #[test]
    fn a_long_silence_earns_no_more_than_a_burst() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        let later = start + Duration::from_secs(3600);
        assert_eq!((0..100).filter(|_| allowance.take(later)).count(), 20);
    }
}
