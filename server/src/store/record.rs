//! What a store keeps of a session, and is asked for.

use std::time::Duration;

use undrop_proto::server;
pub use undrop_proto::server::{Fence, Known};

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

/// What happened in a session since the last write.
pub type Change = server::Change<Message>;
