//! A time series.

/// A time series: the name of its metric, what that is, and the labels with their values.
#[cfg_attr(not(feature = "metrics"), allow(dead_code))]
pub(crate) struct Series<'a> {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) labels: Vec<(&'static str, &'a str)>,
}
