//! The recorder of the crate `metrics` gets what is rendered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

use crate::support::server::config;
use crate::support::{Client, Server, echo};

/// A recorder as an app may have one: each time series, and its number. Of a histogram it is how often something was recorded.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    series: BTreeMap<String, Arc<Number>>,
    described: BTreeMap<String, (Option<Unit>, String)>,
}

#[derive(Default)]
struct Number(AtomicU64);

impl CounterFn for Number {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::SeqCst);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }
}

impl GaugeFn for Number {
    fn increment(&self, value: f64) {
        self.0.fetch_add(value as u64, Ordering::SeqCst);
    }

    fn decrement(&self, value: f64) {
        self.0.fetch_sub(value as u64, Ordering::SeqCst);
    }

    fn set(&self, value: f64) {
        self.0.store(value as u64, Ordering::SeqCst);
    }
}

impl HistogramFn for Number {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Recorded {
    fn describe(&self, name: &KeyName, unit: Option<Unit>, help: &SharedString) {
        self.0.lock().unwrap().described.insert(name.as_str().to_owned(), (unit, help.to_string()));
    }

    fn number(&self, key: &Key, suffix: &str) -> Arc<Number> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}=\"{}\"", label.key(), label.value())).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.lock().unwrap().series.entry(format!("{}{suffix}{labels}", key.name())).or_default().clone()
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&name, unit, &help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&name, unit, &help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&name, unit, &help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key, ""))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key, ""))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.number(key, "_count"))
    }
}

#[tokio::test]
async fn the_recorder_of_the_app_has_the_same_numbers_under_the_same_names() {
    let recorded = Recorded::default();
    let guard = metrics::set_default_local_recorder(&recorded);
    let server = Server::new(config(), echo).await;
    drop(guard);
    let mut client = Client::open(server.address, "").await;
    client.send("hello").await;
    client.text().await;
    client.cut();
    server.metric_becomes("undrop_sessions{state=\"waiting\"}", 1).await;
    client.connect().await;
    client.end().await;
    server.metric_becomes("undrop_connections", 0).await;
    let text = server.sessions.metrics().render();
    let state = recorded.0.lock().unwrap();
    let mut compared = 0;
    for line in text.lines().filter(|line| !line.starts_with('#') && line.contains("sessions=")) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        // A recorder makes the buckets and the sum of a histogram by itself.
        if name.ends_with("_bucket") || name.ends_with("_sum") {
            continue;
        }
        let recorded = state.series.get(series).unwrap_or_else(|| panic!("{series} is not recorded"));
        assert_eq!(recorded.0.load(Ordering::SeqCst).to_string(), value, "{series}");
        compared += 1;
    }
    assert_eq!(compared, state.series.iter().filter(|(series, _)| series.contains("sessions=")).count());
    let described = |name: &str| state.described[name].clone();
    assert_eq!(described("undrop_commit_seconds").0, Some(Unit::Seconds));
    assert_eq!(described("undrop_sent_bytes_total").0, Some(Unit::Bytes));
    assert_eq!(described("undrop_sessions_opened_total"), (Some(Unit::Count), "New sessions.".to_owned()));
}
