//! What a store keeps of a session.

use std::time::Duration;

use crate::{Message, Principal};

/// The number of a claim.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fence(pub u64);

/// A session that begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fresh {
    /// Whose it is.
    pub principal: Principal,
    /// How long it outlives a connection.
    pub time_to_live: Duration,
}

/// The outcome of a claim.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// The session is this node's now.
    Taken(Fence, Kept),
    /// There is no such session.
    Unknown,
    /// The session is another principal's.
    Foreign,
}

/// What a store has kept of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// How long it outlives a connection.
    pub time_to_live: Duration,
    /// What the client sent and the app has not committed, after those that it has.
    pub inbox: Numbered,
    /// What the app sent and the client has not acknowledged, after those that it has.
    pub outbox: Numbered,
}

/// Messages that follow on each other.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Numbered {
    /// How many came before them: the first of them has the number after this.
    pub after: u64,
    /// The messages themselves.
    pub messages: Vec<Message>,
}

impl Numbered {
    /// The number of the last of them; of the last before them if there are none.
    pub fn last(&self) -> u64 {
        self.after + self.messages.len() as u64
    }
}

/// What happened in a session since the last write.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Change {
    /// What the client sent.
    pub taken: Numbered,
    /// How many of the client's messages the app has committed. Those need not be kept.
    pub committed: u64,
    /// What the app sent.
    pub sent: Numbered,
    /// How many of the app's messages the client has acknowledged. Those need not be kept.
    pub acknowledged: u64,
}
