//! What counts and measures, and how Prometheus reads it.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::{self, Write as _};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::facade;
use super::labels::{Label, Unlabelled};
use super::series::Series;

/// The name of a metric, and what it is.
#[derive(Clone, Copy)]
pub(crate) struct Description {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
}

/// One number, or one distribution.
pub(crate) trait Instrument: Sized {
    const KIND: &'static str;

    fn new(series: &Series<'_>) -> Self;
    fn write(&self, samples: &mut Samples<'_>);
}

/// A metric: an instrument for each value of its labels.
pub(crate) struct By<L, I> {
    description: Description,
    instruments: Vec<I>,
    label: PhantomData<fn(L)>,
}

/// A metric as it is rendered.
pub(crate) trait Family {
    fn description(&self) -> Description;
    fn kind(&self) -> &'static str;
    /// Writes its samples, which have these labels besides.
    fn write(&self, common: &[(&'static str, &str)], text: &mut String);
}

impl<L: Label, I: Instrument> By<L, I> {
    pub(crate) fn new(description: Description, common: &[(&'static str, &str)]) -> Self {
        let Description { name, help } = description;
        let instrument = |value: &L| {
            let labels = with_labels(common, *value);
            I::new(&Series { name, help, labels })
        };
        Self { description, instruments: L::ALL.iter().map(instrument).collect(), label: PhantomData }
    }

    pub(crate) fn of(&self, value: L) -> &I {
        &self.instruments[value.index()]
    }
}

/// The common labels, and those of one time series.
fn with_labels<'a>(common: &[(&'static str, &'a str)], value: impl Label) -> Vec<(&'static str, &'a str)> {
    let mut labels = common.to_vec();
    for pair in value.pairs() {
        labels.push(pair);
    }
    labels
}

impl<I: Instrument> Deref for By<Unlabelled, I> {
    type Target = I;

    fn deref(&self) -> &I {
        self.of(Unlabelled)
    }
}

impl<L: Label, I: Instrument> Family for By<L, I> {
    fn description(&self) -> Description {
        self.description
    }

    fn kind(&self) -> &'static str {
        I::KIND
    }

    fn write(&self, common: &[(&'static str, &str)], text: &mut String) {
        for (value, instrument) in L::ALL.iter().zip(&self.instruments) {
            let labels = with_labels(common, *value);
            instrument.write(&mut Samples { name: self.description.name, labels, text });
        }
    }
}

impl<L, I> fmt::Debug for By<L, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.description.name)
    }
}

/// Writes the samples of one time series.
pub(crate) struct Samples<'a> {
    name: &'static str,
    labels: Vec<(&'static str, &'a str)>,
    text: &'a mut String,
}

impl Samples<'_> {
    fn write(&mut self, suffix: &str, bound: Option<&str>, value: impl fmt::Display) {
        let Self { name, labels, text } = self;
        let _ = write!(text, "{name}{suffix}");
        let mut opening = '{';
        for (label, value) in labels.iter().copied().chain(bound.map(|bound| ("le", bound))) {
            let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let _ = write!(text, "{opening}{label}=\"{value}\"");
            opening = ',';
        }
        let _ = writeln!(text, "{} {value}", if opening == ',' { "}" } else { "" });
    }
}

/// How often something has happened.
pub(crate) struct Counter {
    value: AtomicU64,
    facade: facade::Counter,
}

impl Counter {
    pub(crate) fn add(&self, amount: usize) {
        self.value.fetch_add(amount as u64, Ordering::Relaxed);
        self.facade.add(amount as u64);
    }

    /// One more.
    pub(crate) fn count(&self) {
        self.add(1);
    }
}

impl Instrument for Counter {
    const KIND: &'static str = "counter";

    fn new(series: &Series<'_>) -> Self {
        Self { value: AtomicU64::new(0), facade: facade::Counter::new(series) }
    }

    fn write(&self, samples: &mut Samples<'_>) {
        samples.write("", None, self.value.load(Ordering::Relaxed));
    }
}

/// How much there is of something at the moment. A clone is the same gauge.
#[derive(Clone)]
pub(crate) struct Gauge(Arc<Level>);

struct Level {
    value: AtomicU64,
    emptied: Notify,
    facade: facade::Gauge,
}

impl Gauge {
    fn told_to(facade: facade::Gauge) -> Self {
        Self(Arc::new(Level { value: AtomicU64::new(0), emptied: Notify::new(), facade }))
    }

    /// So much more. Returns how much there is then.
    pub(crate) fn add(&self, amount: u64) -> u64 {
        self.0.facade.add(amount);
        self.0.value.fetch_add(amount, Ordering::AcqRel) + amount
    }

    /// So much less.
    pub(crate) fn subtract(&self, amount: u64) {
        self.0.facade.subtract(amount);
        if self.0.value.fetch_sub(amount, Ordering::AcqRel) == amount {
            self.0.emptied.notify_waiters();
        }
    }

    /// One more, for as long as this lives.
    pub(crate) fn count(&self) -> Count {
        self.add(1);
        Count(self.clone())
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.value.load(Ordering::Acquire)
    }

    /// Waits until there are none.
    pub(crate) async fn none(&self) {
        loop {
            let changed = self.0.emptied.notified();
            if self.get() == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// One that is not among the metrics.
impl Default for Gauge {
    fn default() -> Self {
        Self::told_to(facade::Gauge::none())
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(formatter)
    }
}

impl Instrument for Gauge {
    const KIND: &'static str = "gauge";

    fn new(series: &Series<'_>) -> Self {
        Self::told_to(facade::Gauge::new(series))
    }

    fn write(&self, samples: &mut Samples<'_>) {
        samples.write("", None, self.get());
    }
}

/// One of the things that a gauge counts, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Count(Gauge);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.subtract(1);
    }
}

/// Between which times a histogram tells differences.
pub(crate) trait Buckets {
    /// The bounds, in seconds as Prometheus reads them, and in microseconds.
    const BOUNDS: &'static [(&'static str, u64)];
}

/// What a machine takes: a half millisecond to ten seconds.
pub(crate) struct Latency;

impl Buckets for Latency {
    const BOUNDS: &'static [(&'static str, u64)] = &[
        ("0.0005", 500),
        ("0.001", 1_000),
        ("0.0025", 2_500),
        ("0.005", 5_000),
        ("0.01", 10_000),
        ("0.025", 25_000),
        ("0.05", 50_000),
        ("0.1", 100_000),
        ("0.25", 250_000),
        ("0.5", 500_000),
        ("1.0", 1_000_000),
        ("2.5", 2_500_000),
        ("5.0", 5_000_000),
        ("10.0", 10_000_000),
    ];
}

/// What a network takes, or the owner of a closed laptop: a tenth of a second to an hour.
pub(crate) struct Absence;

impl Buckets for Absence {
    const BOUNDS: &'static [(&'static str, u64)] = &[
        ("0.1", 100_000),
        ("0.25", 250_000),
        ("0.5", 500_000),
        ("1.0", 1_000_000),
        ("2.5", 2_500_000),
        ("5.0", 5_000_000),
        ("10.0", 10_000_000),
        ("30.0", 30_000_000),
        ("60.0", 60_000_000),
        ("120.0", 120_000_000),
        ("600.0", 600_000_000),
        ("3600.0", 3_600_000_000),
    ];
}

/// How long something takes.
pub(crate) struct Histogram<B> {
    /// How many took no longer than each bound and longer than the one before; the last is for those beyond all.
    counts: Vec<AtomicU64>,
    micros: AtomicU64,
    facade: facade::Histogram,
    buckets: PhantomData<fn(B)>,
}

impl<B: Buckets> Histogram<B> {
    pub(crate) fn observe(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = B::BOUNDS.partition_point(|(_, bound)| *bound < micros);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.facade.record(time.as_secs_f64());
    }
}

impl<B: Buckets> Instrument for Histogram<B> {
    const KIND: &'static str = "histogram";

    fn new(series: &Series<'_>) -> Self {
        let counts = (0..=B::BOUNDS.len()).map(|_| AtomicU64::new(0)).collect();
        let facade = facade::Histogram::new(series);
        Self { counts, micros: AtomicU64::new(0), facade, buckets: PhantomData }
    }

    fn write(&self, samples: &mut Samples<'_>) {
        let bounds = B::BOUNDS.iter().map(|(bound, _)| *bound).chain(["+Inf"]);
        let mut sum = 0;
        for (bound, count) in bounds.zip(&self.counts) {
            sum += count.load(Ordering::Relaxed);
            samples.write("_bucket", Some(bound), sum);
        }
        samples.write("_sum", None, self.micros.load(Ordering::Relaxed) as f64 / 1e6);
        samples.write("_count", None, sum);
    }
}
