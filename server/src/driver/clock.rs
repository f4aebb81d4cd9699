//! A session's clock: milliseconds since its task began on this node.

use std::time::Duration;

use tokio::time::Instant;
use undrop_proto::Millis;

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> Millis {
        Millis(self.0.elapsed().as_millis() as u64)
    }

    /// When the clock shows this.
    pub(super) fn at(self, millis: Millis) -> Instant {
        self.0 + Duration::from_millis(millis.0)
    }
}
