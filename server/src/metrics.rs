//! What the server counts, as text that Prometheus reads.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use undrop_proto::server::Cause;

use crate::budget::Budget;

/// What the server counts.
///
/// The counters change independently of each other: those of one text need not be of the same moment.
#[derive(Debug, Default)]
pub struct Metrics {
    pub(crate) sessions: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) outboxes: Arc<Budget>,
    pub(crate) inboxes: Arc<Budget>,
    pub(crate) opened: AtomicU64,
    pub(crate) resumed: AtomicU64,
    pub(crate) restored: AtomicU64,
    pub(crate) taken_over: AtomicU64,
    pub(crate) unknown: AtomicU64,
    pub(crate) foreign: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) ended: [AtomicU64; Cause::ALL.len()],
    pub(crate) refused: [AtomicU64; Refusal::ALL.len()],
    pub(crate) violations: AtomicU64,
    pub(crate) silent: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) received_bytes: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) sent_bytes: AtomicU64,
    pub(crate) store_failures: AtomicU64,
    pub(crate) fenced: AtomicU64,
    pub(crate) repaired: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) unknown_addresses: AtomicU64,
}

/// Why a handshake or a connection was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    Origin,
    Rate,
    Subprotocol,
    Unauthorized,
    Greeting,
    Sessions,
    Store,
    Failing,
    Connections,
    Uri,
}

impl Refusal {
    const ALL: [Self; 10] = [
        Self::Origin,
        Self::Rate,
        Self::Subprotocol,
        Self::Unauthorized,
        Self::Greeting,
        Self::Sessions,
        Self::Store,
        Self::Failing,
        Self::Connections,
        Self::Uri,
    ];

    /// Its name in `undrop_refused_total`.
    const fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Rate => "rate",
            Self::Subprotocol => "subprotocol",
            Self::Unauthorized => "unauthorized",
            Self::Greeting => "greeting",
            Self::Sessions => "sessions",
            Self::Store => "store",
            Self::Failing => "failing",
            Self::Connections => "connections",
            Self::Uri => "uri",
        }
    }
}

impl Metrics {
    pub(crate) fn refuse(&self, refusal: Refusal) {
        add(&self.refused[refusal as usize], 1);
    }

    pub(crate) fn end(&self, cause: Cause) {
        add(&self.ended[cause as usize], 1);
    }

    pub(crate) fn received(&self, bytes: usize) {
        add(&self.received, 1);
        add(&self.received_bytes, bytes);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        add(&self.sent, 1);
        add(&self.sent_bytes, bytes);
    }

    /// All metrics in Prometheus' text format, for a route of the app.
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/>
    pub fn render(&self) -> String {
        let mut text = String::new();
        let mut one = |kind, name, help, value| {
            let _ = writeln!(text, "# HELP undrop_{name} {help}\n# TYPE undrop_{name} {kind}\nundrop_{name} {value}");
        };
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        one("gauge", "sessions", "Sessions on this node, with and without a connection.", self.sessions.get());
        one("gauge", "connections", "Connections that are open.", self.connections.get());
        one("gauge", "outbox_bytes", "Bytes that no client has acknowledged yet.", self.outboxes.used());
        one("gauge", "inbox_bytes", "Bytes that have come and are not committed yet.", self.inboxes.used());
        for (name, help, counter) in [
            ("sessions_opened_total", "Fresh sessions.", &self.opened),
            ("sessions_resumed_total", "Connections that resumed a session.", &self.resumed),
            ("sessions_restored_total", "Sessions taken from the store.", &self.restored),
            (
                "connections_taken_over_total",
                "Connections whose session another connection took over.",
                &self.taken_over,
            ),
            ("tokens_unknown_total", "Connections that asked for an unknown session.", &self.unknown),
            ("tokens_foreign_total", "Connections that asked for the session of another principal.", &self.foreign),
            ("sessions_lost_total", "Sessions of which the store has lost a part.", &self.lost),
            ("violations_total", "Connections that broke the protocol.", &self.violations),
            ("connections_silent_total", "Connections that did not answer a probe.", &self.silent),
            ("messages_received_total", "Messages that clients sent.", &self.received),
            ("bytes_received_total", "Bytes of those.", &self.received_bytes),
            ("messages_sent_total", "Messages written to connections, each time that one is.", &self.sent),
            ("bytes_sent_total", "Bytes of those.", &self.sent_bytes),
            ("store_failures_total", "Times that the store did not answer.", &self.store_failures),
            ("sessions_fenced_total", "Sessions that were another node's when this one wrote.", &self.fenced),
            (
                "sessions_repaired_total",
                "Times that the store had lost what it was told, and was told again.",
                &self.repaired,
            ),
            (
                "addresses_unknown_total",
                "Handshakes whose client's address the app did not tell.",
                &self.unknown_addresses,
            ),
            ("handler_panics_total", "Handlers that panicked.", &self.panics),
        ] {
            one("counter", name, help, get(counter));
        }
        labelled(
            &mut text,
            "sessions_ended_total",
            "Sessions that ended on this node.",
            "by",
            &Cause::ALL.map(Cause::name),
            &self.ended,
        );
        labelled(
            &mut text,
            "refused_total",
            "Handshakes and connections refused.",
            "for",
            &Refusal::ALL.map(Refusal::name),
            &self.refused,
        );
        text
    }
}

fn labelled(text: &mut String, name: &str, help: &str, label: &str, values: &[&str], counters: &[AtomicU64]) {
    let _ = writeln!(text, "# HELP undrop_{name} {help}\n# TYPE undrop_{name} counter");
    for (value, counter) in values.iter().zip(counters) {
        let _ = writeln!(text, "undrop_{name}{{{label}=\"{value}\"}} {}", counter.load(Ordering::Relaxed));
    }
}

pub(crate) fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}

/// How many there are of something at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Arc<(AtomicU64, Notify)>);

impl Gauge {
    /// One more, for as long as this lives.
    pub(crate) fn count(&self) -> Count {
        self.0.0.fetch_add(1, Ordering::AcqRel);
        Count(self.clone())
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.0.load(Ordering::Acquire)
    }

    /// Waits until there are none.
    pub(crate) async fn none(&self) {
        loop {
            let changed = self.0.1.notified();
            if self.get() == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// One of the things that a gauge counts, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Count(Gauge);

impl Drop for Count {
    fn drop(&mut self) {
        let Gauge(shared) = &self.0;
        if shared.0.fetch_sub(1, Ordering::AcqRel) == 1 {
            shared.1.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_is_in_the_guide() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/servers.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        let text = Metrics::default().render();
        let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE undrop_")?.split(' ').next());
        for name in names.chain(Cause::ALL.map(Cause::name)).chain(Refusal::ALL.map(Refusal::name)) {
            let (plain, labelled) = (format!("`{name}`"), format!("`{name}{{"));
            assert!(guide.contains(&plain) || guide.contains(&labelled), "docs/servers.md does not say what {name} is");
        }
    }

    #[test]
    fn each_count_has_its_own_name() {
        let metrics = Metrics::default();
        for cause in Cause::ALL {
            metrics.end(cause);
            assert!(metrics.render().contains(&format!("by=\"{}\"}} 1\n", cause.name())));
        }
        for refusal in Refusal::ALL {
            metrics.refuse(refusal);
            assert!(metrics.render().contains(&format!("for=\"{}\"}} 1\n", refusal.name())));
        }
    }

    #[test]
    fn each_metric_says_what_it_is() {
        let metrics = Metrics::default();
        metrics.refuse(Refusal::Rate);
        let text = metrics.render();
        assert!(text.contains("# TYPE undrop_sessions gauge\nundrop_sessions 0\n"));
        assert!(text.contains("undrop_refused_total{for=\"rate\"} 1\n"));
        assert_eq!(text.matches("# HELP").count(), text.matches("# TYPE").count());
    }
}
