//! The crate `metrics`, behind the feature of that name: the app's recorder gets each number when it changes.
//!
//! Each type stands for one time series of the recorder. Without the feature, and for a number that no recorder is told of, it does
//! nothing.

#[cfg(feature = "metrics")]
mod recorded;
#[cfg(not(feature = "metrics"))]
mod unrecorded;

#[cfg(feature = "metrics")]
pub(crate) use recorded::{Counter, Gauge, Histogram};
#[cfg(not(feature = "metrics"))]
pub(crate) use unrecorded::{Counter, Gauge, Histogram};
