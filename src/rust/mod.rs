//! The face for Rust: a socket with one listener, which is told everything.

mod authenticate;
mod connect;
mod decision;
mod delivery;
mod duration;
mod error;
mod event;
mod flushed;
mod for_attempt;
mod heartbeat;
mod inbox;
mod inner;
mod message;
mod options;
mod queue;
mod readable;
mod resume;
mod retry;
mod socket;
mod source;
mod stats;
#[cfg(feature = "serde")]
mod typed;
mod user;
mod writable;

pub use self::authenticate::Connection;
pub use self::decision::Decision;
pub use self::delivery::Delivery;
pub use self::error::Error;
pub use self::event::{Closed, Dropped, Event, Fault, Reason};
pub use self::flushed::Flushed;
pub use self::heartbeat::{Heartbeat, Rhythm};
pub use self::message::Message;
pub use self::options::Options;
pub use self::queue::Queue;
pub use self::readable::Readable;
pub use self::resume::Resume;
pub use self::retry::Retry;
pub use self::socket::Socket;
pub use self::source::Endpoint;
pub use self::stats::{RoundTrip, Stats};
#[cfg(feature = "serde")]
pub use self::typed::{Messages, Request, Subscription};
pub use self::writable::Writable;
#[cfg(feature = "serde")]
pub use undrop_proto::envelope::Envelope;
