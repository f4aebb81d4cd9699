//! What all sessions of a server share.

use crate::config::Config;
use crate::metrics::Metrics;
use crate::store::AnyStore;

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    pub(crate) store: Box<dyn AnyStore>,
}
