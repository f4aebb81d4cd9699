//! A TCP proxy on loopback that breaks the connections through it on order, for the tests of what reconnects.
//!
//! What it forwards is always the beginning of what was sent: bytes are lost only when a connection is cut, and
//! never added, altered or reordered. A black hole keeps what is sent meanwhile and forwards it when it ends, as TCP does
//! on a network that comes back.
//!
//! [`Proxy`] is all of it; the program of this crate takes the same orders as lines of text, see [`order`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod chaos;
mod connection;
mod connections;
mod handle;
pub mod order;
mod pipe;
mod proxy;
mod settings;

pub use connections::Connections;
pub use handle::Traffic;
pub use proxy::Proxy;
pub use settings::{Both, ByteLimit, Change, Cut, Direction, DirectionSettings, Directions, Scope, Settings};
