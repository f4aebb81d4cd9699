//! A WebSocket for the browser that reconnects, and loses nothing where the server takes part.
#![cfg_attr(feature = "serde", doc = include_str!("lib.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(unnameable_types, unreachable_pub)]

#[cfg(any(feature = "js", feature = "rust"))]
mod socket;

#[cfg(feature = "js")]
mod js;

#[cfg(feature = "rust")]
mod rust;

#[cfg(feature = "rust")]
pub use rust::*;
#[cfg(feature = "rust")]
pub use undrop_proto::close::CloseError;
#[cfg(feature = "rust")]
pub use undrop_proto::session::Reset;
#[cfg(feature = "rust")]
pub use undrop_proto::{Cause, Outcome, Overflow, State};

/// The example of the README is compiled with the tests.
#[cfg(all(doctest, feature = "rust"))]
#[doc = include_str!("README.md")]
struct Readme;
