//! Where sessions are kept, so that they outlive a handler, or with a store beyond this process a whole node.
//!
//! A store keeps what the two ends of a session would otherwise have to ask each other for: what the client sent and the app
//! has not committed yet, what the app sent and the client has not acknowledged yet, and how many of each there have been.
//! All of it changes in one atomic step, [`Store::write`]. What the app forwards to a session by its id waits in the store as well,
//! until the session's node has it among what the app sent.

mod interface;
mod memory;
mod observed;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod unavailable;
mod wake;

pub(crate) use interface::AnyStore;
pub use interface::{Failure, NotForwarded, Store};
pub use memory::MemoryStore;
pub(crate) use observed::ObservedStore;
pub use record::{Change, Claim, Claimant, Fence, Forward, Forwarded, Fresh, Kept, Known, Numbered, Rest, Written};
#[cfg(all(feature = "redis", target_arch = "wasm32"))]
pub(crate) use redis::RedisClient;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use unavailable::{Unavailable, UnavailableCause};
pub use wake::Wake;
pub(crate) use wake::Woken;
