//! What is sent while the connection is not open.

use std::time::Duration;

use undrop_proto::{Limits, Overflow};

use super::duration::to_some_millis;

/// How much may be queued while the connection is not open, and for how long.
///
/// ```
/// use std::time::Duration;
/// use undrop::{Options, Overflow, Queue};
///
/// // Positions of a cursor: only the latest is of use.
/// let queue = Queue::default().messages(1).overflow(Overflow::DropOldest).time_to_live(Duration::from_secs(1));
/// let options = Options::default().queue(queue);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Queue {
    pub(super) limits: Limits,
}

impl Queue {
    /// How many messages. Default: 65,536.
    pub fn messages(mut self, messages: u32) -> Self {
        self.limits.messages = messages;
        self
    }

    /// How many bytes. Default: 16 MiB.
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// How long each message may wait. Default: as long as it takes.
    pub fn time_to_live(mut self, duration: Duration) -> Self {
        self.limits.time_to_live = Some(to_some_millis(duration));
        self
    }

    /// What happens to a message that is too many. Default: it is refused, with
    /// [`Error::Full`](crate::Error::Full).
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.limits.overflow = overflow;
        self
    }
}
