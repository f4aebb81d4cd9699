//! What all sessions of a server share.

use undrop_proto::wire::Terms;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::store::AnyStore;

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    pub(crate) store: Box<dyn AnyStore>,
}

impl Shared {
    /// What clients are asked now.
    pub(crate) fn terms(&self) -> Terms {
        let sessions = usize::try_from(self.metrics.sessions.get()).unwrap_or(usize::MAX);
        let largest = u32::try_from(self.config.limits.message_bytes).unwrap_or(u32::MAX);
        Terms { spread: self.config.spread.among(sessions), largest }
    }
}
