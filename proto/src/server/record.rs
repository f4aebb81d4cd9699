//! What a store keeps of a session.

use alloc::vec::Vec;
use core::time::Duration;

use crate::session::NotResumed;
use crate::wire::Known;

/// A claim of a session: a random number, which whoever claims the session has chosen. A store lets write whoever shows the
/// number of the last claim. A counter would begin again after a store has lost it, and an older claim could be mistaken for the
/// present one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fence(pub u128);

/// Messages that follow on each other.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Numbered<M> {
    /// How many came before them: the first of them has the number after this.
    pub after: u64,
    /// The messages themselves.
    pub messages: Vec<M>,
}

/// What happened in a session since the last write.
///
/// A store carries out a change that it has in part, or as a whole: it skips the messages that it has. It refuses a change
/// with a gap before it ([`Numbered::follows`]): then the store has lost what it was told before.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Change<M> {
    /// What the client sent.
    pub taken: Numbered<M>,
    /// How many of the client's messages the app has committed. Those need not be kept.
    pub committed: u64,
    /// What the app sent.
    pub sent: Numbered<M>,
    /// How many of the app's messages the client has acknowledged. Those need not be kept.
    pub acknowledged: u64,
    /// The number that the client gave the last connection that asked for the session here. A store keeps the greatest.
    pub attempt: u32,
    /// How many of the messages that were forwarded to the session are among those that the app sent. Those need not be kept.
    pub forwarded: u64,
}

/// Messages of the app that were forwarded to a session by its id, on whichever node, and that its node has not sent yet: the
/// first of them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Forwarded<M> {
    /// The messages. Their numbers are those of forwarded messages alone.
    pub messages: Numbered<M>,
    /// What is left.
    pub rest: Rest,
}

/// What is left of the messages that were forwarded to a session when the first of them were read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rest {
    /// None.
    Nothing,
    /// More, which are read next.
    More,
    /// More, for which the outbox has no room now.
    NoRoom,
}

/// What a store has kept of a session.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Kept<M> {
    /// How long it outlives a connection.
    pub time_to_live: Duration,
    /// What the client sent and the app has not committed, after those that it has.
    pub inbox: Numbered<M>,
    /// What the app sent and the client has not acknowledged, after those that it has.
    pub outbox: Numbered<M>,
    /// How many of the messages that were forwarded to the session are among those that the app sent.
    pub forwarded: u64,
}

/// The outcome of a claim.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Claim<M> {
    /// The session is this node's now.
    Taken(Kept<M>),
    /// There is no such session.
    Unknown,
    /// The session is another principal's.
    Foreign,
    /// A later connection of the client, or this one, has asked for the session before. Nothing has changed.
    Late,
    /// The client has acknowledged more before, which breaks the protocol. Nothing has changed.
    Past,
    /// The store has lost a part of the session: its client knows of messages or of connections that the store does not know of,
    /// or messages are missing. Nothing has changed.
    Lost,
}

impl<M> Numbered<M> {
    /// These messages, after so many.
    pub const fn new(after: u64, messages: Vec<M>) -> Self {
        Self { after, messages }
    }

    /// None, after so many.
    pub const fn none(after: u64) -> Self {
        Self::new(after, Vec::new())
    }

    /// The number of the last of them; of the last before them if there are none.
    pub fn last(&self) -> u64 {
        self.after + self.messages.len() as u64
    }

    /// Whether no message is missing before these, in a store that has `had` messages, and of which `done` need not be kept.
    pub fn follows(&self, had: u64, done: u64) -> bool {
        self.after <= had.max(done)
    }
}

impl<M> Default for Numbered<M> {
    fn default() -> Self {
        Self::none(0)
    }
}

impl<M> Default for Change<M> {
    fn default() -> Self {
        let (taken, sent) = Default::default();
        Self { taken, committed: 0, sent, acknowledged: 0, attempt: 0, forwarded: 0 }
    }
}

impl<M> Change<M> {
    /// Sets what the client sent. Default: nothing.
    pub fn taken(mut self, messages: Numbered<M>) -> Self {
        self.taken = messages;
        self
    }

    /// Sets how many of the client's messages the app has committed. Default: none.
    pub fn committed(mut self, count: u64) -> Self {
        self.committed = count;
        self
    }

    /// Sets what the app sent. Default: nothing.
    pub fn sent(mut self, messages: Numbered<M>) -> Self {
        self.sent = messages;
        self
    }

    /// Sets how many of the app's messages the client has acknowledged. Default: none.
    pub fn acknowledged(mut self, count: u64) -> Self {
        self.acknowledged = count;
        self
    }

    /// Sets the number of the last connection that asked for the session here. Default: 0.
    pub fn attempt(mut self, number: u32) -> Self {
        self.attempt = number;
        self
    }

    /// Sets how many of the messages that were forwarded to the session are among those that the app sent. Default: none.
    pub fn forwarded(mut self, count: u64) -> Self {
        self.forwarded = count;
        self
    }
}

impl<M> Forwarded<M> {
    /// These messages, of which this is left.
    pub fn new(messages: Numbered<M>, rest: Rest) -> Self {
        Self { messages, rest }
    }
}

impl<M> Kept<M> {
    /// A session that outlives a connection for so long, and of which there is nothing else.
    pub fn new(time_to_live: Duration) -> Self {
        let (inbox, outbox) = Default::default();
        Self { time_to_live, inbox, outbox, forwarded: 0 }
    }

    /// Sets what the client sent and the app has not committed.
    pub fn inbox(mut self, messages: Numbered<M>) -> Self {
        self.inbox = messages;
        self
    }

    /// Sets what the app sent and the client has not acknowledged.
    pub fn outbox(mut self, messages: Numbered<M>) -> Self {
        self.outbox = messages;
        self
    }

    /// Sets how many of the messages that were forwarded to the session are among those that the app sent.
    pub fn forwarded(mut self, count: u64) -> Self {
        self.forwarded = count;
        self
    }
}

impl<M> Claim<M> {
    /// What a store answers that has kept this of a session, on behalf of a client that knows this of it. `attempt` is the
    /// [greatest number](Change::attempt) of a connection that the store has kept; nothing for a claim that is repeated, under
    /// the fence that the session has already.
    pub fn of(kept: Kept<M>, attempt: Option<u32>, known: Known) -> Self {
        match attempt.map_or(Ok(()), |attempt| known.follows(attempt)) {
            Err(NotResumed::Late) => return Claim::Late,
            Err(_) => return Claim::Lost,
            Ok(()) => {}
        }
        if known.received > kept.outbox.last() || known.acknowledged > kept.inbox.last() {
            Claim::Lost
        } else if known.received < kept.outbox.after {
            Claim::Past
        } else {
            Claim::Taken(kept)
        }
    }
}
