//! What the server counts, as text that Prometheus reads, and for the recorder of the crate `metrics`.
//!
//! Each metric stands once, in the tables below: its name, what it is, and the labels that tell its time series apart.

mod facade;
mod instruments;
mod labels;
mod series;

use std::fmt::{self, Write as _};
#[cfg(feature = "axum")]
use std::io;
use std::sync::{Arc, LazyLock};

use undrop_proto::server::Cause;

use self::instruments::{Absence, By, Counter, Description, Family, Histogram, Latency};
pub(crate) use self::instruments::{Count, Gauge};
use self::labels::{AcceptError, Build, Unlabelled};
pub(crate) use self::labels::{Close, Closer, Loss, Refusal, Resume, SessionState, StoreRequest};
use crate::store::UnavailableCause;

/// A metric without labels of its own.
type One<I> = By<Unlabelled, I>;

/// Declares a struct of metrics. All of them have the label `sessions`, if there is a name for it, beside their own.
macro_rules! metrics {
    ($(#[$meta:meta])* $visibility:vis $name:ident { $($field:ident: $type:ty = $metric:literal, $help:literal;)* }) => {
        $(#[$meta])*
        $visibility struct $name {
            /// The value of the label `sessions`.
            name: Arc<str>,
            $(pub(crate) $field: $type),*
        }

        impl $name {
            fn register(name: Arc<str>) -> Self {
                let common = common(&name);
                Self {
                    $($field: By::new(Description { name: concat!("undrop_", $metric), help: $help }, &common),)*
                    name,
                }
            }

            fn families(&self) -> Vec<&dyn Family> {
                vec![$(&self.$field),*]
            }
        }
    };
}

/// The labels that all metrics have which are counted under this name.
fn common(name: &str) -> Vec<(&'static str, &str)> {
    if name.is_empty() { Vec::new() } else { vec![("sessions", name)] }
}

metrics! {
    /// What the server counts.
    ///
    /// The numbers change independently of each other: those of one text need not be of the same moment.
    ///
    /// With the feature `metrics` the recorder that the app has installed for the crate
    /// [`metrics`](https://docs.rs/metrics) gets the same numbers under the same names. It has to be installed before the
    /// [`Sessions`](crate::Sessions) are made.
    pub Metrics {
        sessions: By<SessionState, Gauge> = "sessions", "Sessions on this node.";
        sessions_limit: One<Gauge> = "sessions_limit", "How many sessions there may be on this node.";
        connections: One<Gauge> = "connections", "Connections that are open.";
        connections_limit: One<Gauge> = "connections_limit", "How many connections there may be.";
        outbox_bytes: One<Gauge> = "outbox_bytes", "Bytes that no client has acknowledged yet.";
        outbox_limit_bytes: One<Gauge> = "outbox_limit_bytes", "How many of those all sessions together may have.";
        inbox_bytes: One<Gauge> = "inbox_bytes", "Bytes that have come and are not committed yet.";
        inbox_limit_bytes: One<Gauge> = "inbox_limit_bytes", "How many of those all sessions together may have.";
        opened: One<Counter> = "sessions_opened_total", "New sessions.";
        resumes: By<Resume, Counter> = "resumes_total", "Connections that asked for a session.";
        away: One<Histogram<Absence>> = "session_away_seconds", "How long sessions had no connection that resumed on this node.";
        ended: By<Cause, Counter> = "sessions_ended_total", "Sessions that ended on this node.";
        fenced: One<Counter> = "sessions_fenced_total", "Sessions that were another node's when this one wrote.";
        repaired: One<Counter> = "sessions_repaired_total", "Times that the store had lost what it was told, and was told again.";
        refused: By<Refusal, Counter> = "connections_refused_total", "Handshakes and connections refused.";
        losses: By<Loss, Counter> = "connections_lost_total", "Connections that ended without a close frame, or were of no use any more.";
        closes: By<Close, Counter> = "connections_closed_total", "Connections that a close frame ended.";
        violations: One<Counter> = "violations_total", "Connections that broke the protocol.";
        unknown_addresses: One<Counter> = "addresses_unknown_total", "Handshakes whose client's address the app did not tell.";
        messages_received: One<Counter> = "messages_received_total", "Messages that clients sent.";
        bytes_received: One<Counter> = "received_bytes_total", "Bytes of those.";
        messages_sent: One<Counter> = "messages_sent_total", "Messages written to connections, each time that one is.";
        bytes_sent: One<Counter> = "sent_bytes_total", "Bytes of those.";
        handling: One<Histogram<Latency>> = "handler_seconds", "From when a handler has a message until it asks to commit it.";
        committing: One<Histogram<Latency>> = "commit_seconds", "From when a handler asks to commit until the store has it.";
        panics: One<Counter> = "handler_panics_total", "Handlers that panicked.";
        store_up: One<Gauge> = "store_up", "Whether the store answers.";
        store_failures: By<UnavailableCause, Counter> = "store_failures_total", "Requests that the store did not answer.";
        store_requests: By<StoreRequest, Histogram<Latency>> = "store_request_seconds", "How long the store took to answer.";
    }
}

metrics! {
    /// What the process counts, whichever `Sessions` it has.
    Process {
        build_info: By<Build, Gauge> = "build_info", "The version of undrop-server.";
        accept_errors: By<AcceptError, Counter> = "accept_errors_total", "Times that `serve` could not accept a connection.";
    }
}

static PROCESS: LazyLock<Process> = LazyLock::new(|| {
    let process = Process::register("".into());
    process.build_info.of(Build::This).add(1);
    process
});

impl Metrics {
    pub(crate) fn new(name: Arc<str>) -> Self {
        let metrics = Self::register(name);
        metrics.store_up.add(1);
        metrics
    }

    /// The value of the label `sessions`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.messages_received.count();
        self.bytes_received.add(bytes);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.messages_sent.count();
        self.bytes_sent.add(bytes);
    }

    /// All metrics in Prometheus' text format, for a route of the app.
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/>
    pub fn render(&self) -> String {
        Self::render_all([self])
    }

    /// The metrics of several `Sessions` as one text. They are told apart by the label `sessions`, which is their
    /// [`name`](crate::Builder::name). If two have the same, the second one's gets `-2`.
    ///
    /// ```
    /// # use undrop_server::{Config, Metrics, Sessions};
    /// let chat = Sessions::builder(Config::default()).name("chat").build();
    /// let games = Sessions::builder(Config::default()).name("games").build();
    /// let text = Metrics::render_all([chat.metrics(), games.metrics()]);
    /// assert!(text.contains("undrop_connections{sessions=\"games\"} 0\n"));
    /// ```
    pub fn render_all<'a>(all: impl IntoIterator<Item = &'a Metrics>) -> String {
        let mut text = String::new();
        for family in PROCESS.families() {
            describe(family, &mut text);
            family.write(&common(&PROCESS.name), &mut text);
        }
        let all: Vec<_> = all.into_iter().collect();
        let name = |(at, metrics): (usize, &&Metrics)| {
            let same = all[..at].iter().filter(|other| other.name == metrics.name).count();
            if same == 0 { metrics.name.to_string() } else { format!("{}-{}", metrics.name, same + 1) }
        };
        let sets: Vec<_> = all.iter().enumerate().map(|set| (name(set), set.1.families())).collect();
        let Some((_, first)) = sets.first() else { return text };
        for (at, family) in first.iter().enumerate() {
            describe(*family, &mut text);
            for (name, families) in &sets {
                families[at].write(&common(name), &mut text);
            }
        }
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").field("sessions", &self.name).finish_non_exhaustive()
    }
}

fn describe(family: &dyn Family, text: &mut String) {
    let (Description { name, help }, kind) = (family.description(), family.kind());
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// A listener could not accept a connection.
#[cfg(feature = "axum")]
pub(crate) fn count_accept_error(error: &io::Error) {
    // https://www.man7.org/linux/man-pages/man2/accept.2.html
    #[cfg(unix)]
    const TOO_MANY_FILES: [i32; 2] = [24, 23];
    #[cfg(not(unix))]
    const TOO_MANY_FILES: [i32; 1] = [10024];
    let is_of_files = error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code));
    let cause = if is_of_files { AcceptError::Files } else { AcceptError::Other };
    PROCESS.accept_errors.of(cause).count();
}

#[cfg(test)]
mod tests;
