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

impl Decision {
    pub(super) fn to_proto(self) -> undrop_proto::Decision {
        match self {
            Self::Default => undrop_proto::Decision::Default,
            Self::Retry => undrop_proto::Decision::Retry,
            Self::After(delay) => undrop_proto::Decision::After(to_millis(delay)),
            Self::GiveUp => undrop_proto::Decision::GiveUp,
        }
    }
}
