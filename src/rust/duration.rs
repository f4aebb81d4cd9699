//! Durations, and the milliseconds that the protocol counts in.

use std::time::Duration;

/// In milliseconds, as many as 32 bits hold.
pub(super) fn to_millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// The same for a duration that can't be nothing: at least one.
pub(super) fn to_some_millis(duration: Duration) -> u32 {
    to_millis(duration).max(1)
}

pub(super) fn from_millis(millis: u32) -> Duration {
    Duration::from_millis(millis.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_that_is_too_long_is_as_long_as_can_be() {
        assert_eq!(to_millis(Duration::MAX), u32::MAX);
        assert_eq!(to_millis(Duration::from_secs(25)), 25_000);
    }

    #[test]
    fn a_duration_below_a_millisecond_is_not_nothing_where_it_must_not_be() {
        assert_eq!(to_millis(Duration::from_nanos(1)), 0);
        assert_eq!(to_some_millis(Duration::ZERO), 1);
    }
}
