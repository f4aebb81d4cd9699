//! The counters, by which a test shows that nothing was opened twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// All counters of the server, in total and for each `id`.
#[derive(Debug, Clone, Default)]
pub struct Stats(Arc<Mutex<AllCounters>>);

#[derive(Debug, Default)]
struct AllCounters {
    total: Counters,
    by_id: HashMap<String, Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    accepted: u64,
    handshakes: u64,
    open: u64,
    max_open: u64,
    messages_in: u64,
    messages_out: u64,
    closes: Vec<Option<(u16, String)>>,
}

impl Stats {
    /// Counts a request for a WebSocket, whatever becomes of it.
    pub fn accepted(&self, id: Option<String>) -> ConnectionStats {
        let stats = ConnectionStats { stats: self.clone(), id, open: false, close: None };
        stats.count(|counters| counters.accepted += 1);
        stats
    }

    /// The counters of one `id`, or those of all connections together.
    pub fn report(&self, id: Option<&str>) -> Value {
        let all = self.lock();
        let nothing = Counters::default();
        let counters = id.map_or(&all.total, |id| all.by_id.get(id).unwrap_or(&nothing));
        let closes = counters.closes.iter().map(|close| {
            close.as_ref().map_or(Value::Null, |(code, reason)| json!({ "code": code, "reason": reason }))
        });
        json!({
            "accepted": counters.accepted,
            "handshakes": counters.handshakes,
            "open": counters.open,
            "max_open": counters.max_open,
            "messages_in": counters.messages_in,
            "messages_out": counters.messages_out,
            "closes": closes.collect::<Vec<_>>(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, AllCounters> {
        // The counters are valid at any moment, also when a thread has panicked with the lock held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts for one connection. When it is dropped, the connection is over.
#[derive(Debug)]
pub struct ConnectionStats {
    stats: Stats,
    id: Option<String>,
    open: bool,
    close: Option<(u16, String)>,
}

impl ConnectionStats {
    pub fn opened(&mut self) {
        self.open = true;
        self.count(|counters| {
            counters.handshakes += 1;
            counters.open += 1;
            counters.max_open = counters.max_open.max(counters.open);
        });
    }

    pub fn received(&self) {
        self.count(|counters| counters.messages_in += 1);
    }

    pub fn sent(&self) {
        self.count(|counters| counters.messages_out += 1);
    }

    /// The client sent a Close frame; without a code it is 1005, as in the browser.
    pub fn closed(&mut self, code: u16, reason: &str) {
        self.close = Some((code, reason.into()));
    }

    fn count(&self, change: impl Fn(&mut Counters)) {
        let mut all = self.stats.lock();
        change(&mut all.total);
        if let Some(id) = &self.id {
            change(all.by_id.entry(id.clone()).or_default());
        }
    }
}

impl Drop for ConnectionStats {
    fn drop(&mut self) {
        if self.open {
            let close = self.close.take();
            self.count(|counters| {
                counters.open -= 1;
                counters.closes.push(close.clone());
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_open_from_its_handshake_to_its_end() {
        let stats = Stats::default();
        let mut first = stats.accepted(Some("a".into()));
        let failed = stats.accepted(Some("a".into()));
        first.opened();
        drop(failed);
        let during = stats.report(Some("a"));
        assert_eq!((&during["accepted"], &during["open"]), (&json!(2), &json!(1)));

        first.closed(1000, "bye");
        drop(first);
        let after = stats.report(Some("a"));
        assert_eq!((&after["open"], &after["max_open"]), (&json!(0), &json!(1)));
        assert_eq!(after["closes"], json!([{ "code": 1000, "reason": "bye" }]));
    }

    #[test]
    fn each_id_is_counted_apart_and_all_together() {
        let stats = Stats::default();
        stats.accepted(Some("a".into())).opened();
        stats.accepted(None).opened();
        assert_eq!(stats.report(Some("a"))["handshakes"], 1);
        assert_eq!(stats.report(Some("b"))["handshakes"], 0);
        assert_eq!(stats.report(None)["handshakes"], 2);
        assert_eq!(stats.report(None)["closes"], json!([null, null]));
    }
}
