//! A TCP proxy on loopback that injures the lines that go through it, for the tests of what mends them.
//!
//! What it lets through is always the beginning of what was sent: it loses bytes with a line that is cut,
//! and never adds, alters or reorders any. A black hole keeps what falls into it and gives it back at its
//! end, as TCP does on a network that comes back.
//!
//! [`Proxy`] is the whole of it; the program of this crate takes the same orders as lines of text, see
//! [`order`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod chaos;
mod line;
mod lines;
pub mod order;
mod pipe;
mod proxy;
mod terms;

pub use lines::{Glance, Lines};
pub use proxy::Proxy;
pub use terms::{Both, Change, Cut, Fuse, Passage, Scope, Terms, Way, Ways};
