//! What the recorder of the app is told.

use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit, with_recorder};

use crate::metrics::series::Series;

/// The recorder keeps what it is told of by the app under this target.
static METADATA: Metadata<'static> = Metadata::new("undrop_server", Level::INFO, None);

impl Series<'_> {
    fn key(&self) -> Key {
        let labels = self.labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned()));
        Key::from_parts(self.name, labels.collect::<Vec<_>>())
    }

    fn register<T>(
        &self,
        describe: fn(&dyn Recorder, KeyName, Option<Unit>, SharedString),
        register: fn(&dyn Recorder, &Key, &Metadata<'_>) -> T,
    ) -> T {
        let name = self.name.trim_end_matches("_total");
        let unit = match name.rsplit('_').next() {
            Some("seconds") => Unit::Seconds,
            Some("bytes") => Unit::Bytes,
            _ => Unit::Count,
        };
        with_recorder(|recorder| {
            describe(recorder, self.name.into(), Some(unit), self.help.into());
            register(recorder, &self.key(), &METADATA)
        })
    }
}

pub(crate) struct Counter(metrics::Counter);

impl Counter {
    pub(crate) fn new(series: &Series<'_>) -> Self {
        Self(series.register(
            |recorder, name, unit, help| recorder.describe_counter(name, unit, help),
            |recorder, key, metadata| recorder.register_counter(key, metadata),
        ))
    }

    pub(crate) fn add(&self, amount: u64) {
        self.0.increment(amount);
    }
}

pub(crate) struct Gauge(metrics::Gauge);

impl Gauge {
    pub(crate) fn new(series: &Series<'_>) -> Self {
        Self(series.register(
            |recorder, name, unit, help| recorder.describe_gauge(name, unit, help),
            |recorder, key, metadata| recorder.register_gauge(key, metadata),
        ))
    }

    /// One that no recorder is told of.
    pub(crate) fn none() -> Self {
        Self(metrics::Gauge::noop())
    }

    pub(crate) fn add(&self, amount: u64) {
        self.0.increment(amount as f64);
    }

    pub(crate) fn subtract(&self, amount: u64) {
        self.0.decrement(amount as f64);
    }
}

pub(crate) struct Histogram(metrics::Histogram);

impl Histogram {
    pub(crate) fn new(series: &Series<'_>) -> Self {
        Self(series.register(
            |recorder, name, unit, help| recorder.describe_histogram(name, unit, help),
            |recorder, key, metadata| recorder.register_histogram(key, metadata),
        ))
    }

    pub(crate) fn record(&self, seconds: f64) {
        self.0.record(seconds);
    }
}
