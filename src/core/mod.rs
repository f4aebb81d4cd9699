//! What decides: a connection without any I/O.
//!
//! Nothing in here knows of a browser, a socket or a clock. A [`Connection`] is told what happened, and says
//! what is to be done. It is made to be driven by a browser, a server or a simulation alike.

mod connection;

pub use connection::{Connection, Epoch, Event, Output, ReadyState};
