//! Where sessions are kept, so that they outlive a handler, or with a store beyond this process a whole node.
//!
//! A store keeps what the two ends of a session would otherwise have to ask each other for: what the client sent and the app
//! has not committed yet, what the app sent and the client has not acknowledged yet, and how many of each there have been.
//! All of it changes in one atomic step, [`Store::write`].

mod interface;
mod memory;
mod record;
#[cfg(feature = "redis")]
mod redis;

pub(crate) use interface::AnyStore;
pub use interface::{Failure, Store, Unavailable};
pub use memory::MemoryStore;
pub use record::{Change, Claim, Claimant, Fence, Fresh, Kept, Known, Numbered};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
