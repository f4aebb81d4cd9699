//! The rate limit of one client: a token bucket. A client that has used it up is not refused, which would lose the messages
//! that it queued while it had no connection; its next message is read later.

use std::time::{Duration, Instant};

/// The size of the bucket: so many units are free at once.
const BURST: u32 = 200;
/// The time in which one unit is refilled.
const REFILL: Duration = Duration::from_millis(20);

/// What is left of a client's bucket.
#[derive(Debug)]
pub struct RateLimit {
    /// The moment at which the bucket will be full again.
    full_at: Instant,
}

impl RateLimit {
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes the cost of a message out of the bucket. The bucket can be overdrawn.
    pub fn spend(&mut self, now: Instant, cost: u32) {
        self.full_at = self.full_at.max(now) + REFILL * cost;
    }

    /// Returns the time from which the client is read: now, unless its bucket is overdrawn.
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
        let mut limit = RateLimit::full(start);
        for _ in 0..BURST {
            assert_eq!(limit.ready_at(start), start);
            limit.spend(start, 1);
        }
        limit.spend(start, 1);
        assert_eq!(limit.ready_at(start), start + REFILL);
        limit.spend(start + REFILL, 1);
        assert_eq!(limit.ready_at(start + REFILL), start + REFILL * 2);
    }

    #[test]
    fn a_long_silence_earns_no_more_than_a_burst() {
        let start = Instant::now();
        let mut limit = RateLimit::full(start);
        let later = start + Duration::from_secs(3600);
        limit.spend(later, BURST + 1);
        assert_eq!(limit.ready_at(later), later + REFILL);
    }
}
