//! What acts: carries out in the browser what the core decides.

mod driver;
mod lent;
mod native;
#[cfg(feature = "socket")]
mod socket;

#[cfg(feature = "npm")]
pub(crate) use driver::{Driver, Face, now};
#[cfg(feature = "serde")]
pub use socket::{Envelope, Fields, Messages, Request, Subscription};
#[cfg(feature = "socket")]
pub use socket::{Error, Event, Heartbeat, Message, Options, Reason, Socket, Writable};
