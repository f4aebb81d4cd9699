//! What a store keeps of a session.

use alloc::vec::Vec;
use core::time::Duration;

use crate::session::NotResumed;

/// A claim of a session: a random number, which whoever claims the session has chosen. A store lets write whoever shows the
/// number of the last claim. A counter would begin again after a store has lost it, and an older claim could be mistaken for the
/// present one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fence(pub u128);

/// Messages that follow on each other.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
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

/// What a client that resumes knows of its session. Its connections are numbered, so that a store that lost a part of the session
/// and has other messages under the numbers that were lost can't be mistaken for the one that it was.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Known {
    /// How many messages it has received.
    pub received: u64,
    /// How many of its own messages were acknowledged to it.
    pub acknowledged: u64,
    /// The number that the client gave this connection: greater than that of each connection before.
    pub attempt: u32,
    /// That of the last connection on which it was told that this session goes on; 0 if there is none.
    pub answered: u32,
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
    /// None, after so many.
    pub const fn none(after: u64) -> Self {
        Self { after, messages: Vec::new() }
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

impl Known {
    /// Whether the client that asks may go on with a session whose last connection had this number.
    pub(crate) const fn follows(self, last: u32) -> Result<(), NotResumed> {
        if self.answered > last {
            Err(NotResumed::Lost)
        } else if self.attempt <= last {
            Err(NotResumed::Late)
        } else {
            Ok(())
        }
    }
}
