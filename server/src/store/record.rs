//! What a store keeps of a session, and is asked for.

use std::time::Duration;

use undrop_proto::server;
pub use undrop_proto::server::{Fence, Known, Rest};

use crate::{Message, Principal};

/// A session that begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fresh {
    /// Whose it is.
    pub principal: Principal,
    /// How long it outlives a connection.
    pub time_to_live: Duration,
}

/// Who claims a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claimant {
    /// Whose session it has to be.
    pub principal: Principal,
    /// The fence that the session has from then on.
    pub fence: Fence,
    /// What the client knows of the session.
    pub known: Known,
}

/// The outcome of a claim.
pub type Claim = server::Claim<Message>;

/// What a store has kept of a session.
pub type Kept = server::Kept<Message>;

/// Messages that follow on each other.
pub type Numbered = server::Numbered<Message>;

/// A message that the app sends to a session by its id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forward {
    /// A random number. A node that does not know whether a message was taken forwards it again under the same number.
    pub key: u128,
    /// The message.
    pub message: Message,
}

/// The first messages that were forwarded to a session and are not sent yet.
pub type Forwarded = server::Forwarded<Message>;

/// A change was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Written {
    /// Whether messages that were forwarded to the session wait.
    pub has_forwarded: bool,
}

/// What happened in a session since the last write.
pub type Change = server::Change<Message>;
