//! The one implementation of a socket, under both faces: the native sockets, the timer, what the page says of itself, the
//! queue and the session. It does what `undrop-proto` decides; its own decisions are about the browser alone.

mod clock;
mod driver;
mod message;
mod native;
mod page;
mod report;
mod user;

#[cfg(feature = "js")]
pub(crate) use driver::find;
pub(crate) use driver::{Driver, Settings, Size, Target, handle};
pub(crate) use message::{Message, Waiter};
#[cfg(feature = "serde")]
pub(crate) use native::try_send;
pub(crate) use report::Report;
pub(crate) use user::{Notice, User};
