//! What a store keeps of a session, and is asked for.

use std::time::Duration;

use undrop_proto::server;
pub use undrop_proto::server::{Fence, Known, Rest};

use crate::{Message, Principal};

/// A session that begins.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Fresh {
    /// Whose it is.
    pub principal: Principal,
    /// How long it outlives a connection.
    pub time_to_live: Duration,
}

impl Fresh {
    /// A session of this principal that outlives a connection for so long.
    pub fn new(principal: Principal, time_to_live: Duration) -> Self {
        Self { principal, time_to_live }
    }
}

/// Who claims a session.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Claimant {
    /// Whose session it has to be.
    pub principal: Principal,
    /// The fence that the session has from then on.
    pub fence: Fence,
    /// What the client knows of the session.
    pub known: Known,
}

impl Claimant {
    /// A claimant with this fence, for a client of this principal that knows this of the session.
    pub fn new(principal: Principal, fence: Fence, known: Known) -> Self {
        Self { principal, fence, known }
    }
}

/// The outcome of a claim.
pub type Claim = server::Claim<Message>;

/// What a store has kept of a session.
pub type Kept = server::Kept<Message>;

/// Messages that follow on each other.
pub type Numbered = server::Numbered<Message>;

/// A message that the app sends to a session by its id.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Forward {
    /// A random number. A node that does not know whether a message was taken forwards it again under the same number.
    pub key: u128,
    /// The message.
    pub message: Message,
}

impl Forward {
    /// A message under this random number.
    pub fn new(key: u128, message: impl Into<Message>) -> Self {
        Self { key, message: message.into() }
    }
}

/// The first messages that were forwarded to a session and are not sent yet.
pub type Forwarded = server::Forwarded<Message>;

/// A change was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// Whether messages that were forwarded to the session wait.
    pub has_forwarded: bool,
}

impl Written {
    /// A change was written, and messages that were forwarded to the session wait, or none do.
    pub fn new(has_forwarded: bool) -> Self {
        Self { has_forwarded }
    }
}

/// What happened in a session since the last write.
pub type Change = server::Change<Message>;
