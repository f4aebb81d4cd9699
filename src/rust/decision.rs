//! What the app decides about a connection that dropped.

use std::time::Duration;

use super::duration::to_millis;

/// What the app decides about a connection that dropped: see [`Retry::decide`](crate::Retry::decide).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Decision {
    /// As without a decision.
    Default,
    /// Reconnect after the delay of the backoff, whatever the close code. [`Retry::limit`](crate::Retry::limit) still
    /// holds.
    Retry,
    /// The same, after this delay.
    After(Duration),
    /// Close.
    GiveUp,
}

impl From<Decision> for undrop_proto::Decision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Default => Self::Default,
            Decision::Retry => Self::Retry,
            Decision::After(delay) => Self::After(to_millis(delay)),
            Decision::GiveUp => Self::GiveUp,
        }
    }
}
