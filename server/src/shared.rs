//! What all sessions of a server share.

use std::sync::Arc;
use std::time::Duration;

use undrop_proto::wire::Terms;
use undrop_proto::{Millis, server};

use crate::budget::Budget;
use crate::config::Config;
use crate::metrics::{Gauge, Metrics};
use crate::runtime::Instant;
use crate::store::{AnyStore, ObservedStore};

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) store: ObservedStore,
    /// The sessions that there are.
    pub(crate) sessions: Gauge,
    pub(crate) clock: Clock,
    /// What was sent and not acknowledged.
    pub(crate) outboxes: Arc<Budget>,
    /// What has come and is not committed, whole messages and parts of them.
    pub(crate) inboxes: Arc<Budget>,
}

/// The server's clock: milliseconds since it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Shared {
    pub(crate) fn new(config: Config, store: Box<dyn AnyStore>, name: Arc<str>) -> Self {
        let (limits, metrics) = (&config.limits, Arc::new(Metrics::new(name)));
        metrics.sessions_limit.add(limits.sessions as u64);
        metrics.connections_limit.add(limits.connections as u64);
        metrics.outbox_limit_bytes.add(limits.outboxes as u64);
        metrics.inbox_limit_bytes.add(limits.inboxes as u64);
        let outboxes = Budget::new(limits.outboxes, limits.outboxes_per_owner, metrics.outbox_bytes.clone());
        let inboxes = Budget::new(limits.inboxes, limits.inboxes_per_owner, metrics.inbox_bytes.clone());
        let store = ObservedStore::new(store, metrics.clone());
        let (sessions, clock) = (Gauge::default(), Clock(Instant::now()));
        Self { config, metrics, store, sessions, clock, outboxes, inboxes }
    }

    /// What clients are asked now.
    pub(crate) fn terms(&self) -> Terms {
        let sessions = usize::try_from(self.sessions.get()).unwrap_or(usize::MAX);
        let largest = u32::try_from(self.config.limits.message_bytes).unwrap_or(u32::MAX);
        Terms { spread: self.config.spread.among(sessions), largest }
    }

    /// How the sessions are served.
    pub(crate) fn slot_config(&self) -> server::Config {
        let Config { idle, probe, greeting, close_timeout, grace, limits, .. } = &self.config;
        server::Config {
            idle: server::millis(*idle),
            probe: server::millis(*probe),
            greeting: server::millis(*greeting),
            close_timeout: server::millis(*close_timeout),
            grace: server::millis(*grace),
            inbox: limits.inbox,
        }
    }
}

impl Clock {
    pub(crate) fn now(self) -> Millis {
        self.shows(Instant::now())
    }

    /// What the clock shows at an instant.
    pub(crate) fn shows(self, instant: Instant) -> Millis {
        Millis((instant - self.0).as_millis() as u64)
    }

    /// When the clock shows this.
    pub(crate) fn at(self, millis: Millis) -> Instant {
        self.0 + Duration::from_millis(millis.0)
    }
}
