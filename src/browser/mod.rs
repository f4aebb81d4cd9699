//! What acts: carries out in the browser what the core decides.

mod driver;
mod lent;
mod native;
#[cfg(feature = "socket")]
mod socket;

#[cfg(feature = "npm")]
pub(crate) use driver::{Driver, Face, now};
#[cfg(feature = "socket")]
pub use socket::{Delivery, Error, Event, Fault, Heartbeat, Message, Options, Reason, Resume, Socket, Writable};
#[cfg(feature = "serde")]
pub use socket::{Envelope, Fields, Messages, Request, Subscription};
