//! Where sessions are kept, so that they outlive a handler, or with a store beyond this process a whole node.
//!
//! A store keeps of each session what its two ends would otherwise have to ask each other for: what the guest sent and
//! the app has not committed yet, what the app sent and the guest has not acknowledged yet, and how many of each there
//! have been. All of it changes in one atomic step, [`Store::write`].

mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{Message, Principal, SessionId};

pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;

/// Where sessions are kept.
///
/// A store may be shared by many nodes. Each time a node claims a session, the store gives it a [`Fence`] that is greater
/// than all before, and from then on nothing is written under a lesser one: a node that lost a session to another can't
/// touch it any more, however late its writes arrive.
///
/// A step that was carried out although its answer was lost is carried out again by who asked. So a write says
/// [from where on](Numbered::after) its messages count, and a store skips those that it has.
pub trait Store: Send + Sync + 'static {
    /// Keeps a fresh session.
    fn create(&self, id: SessionId, fresh: Fresh) -> impl Future<Output = Result<Fence, Unavailable>> + Send;

    /// Takes a session for this node, if there is one and it is this principal's. Otherwise nothing changes.
    fn claim(&self, id: SessionId, principal: &Principal) -> impl Future<Output = Result<Claim, Unavailable>> + Send;

    /// Changes all of this or nothing, and lets the session live for half as long again as its time to live, from now
    /// on: its owner writes, if only an empty change, each time half of that has passed.
    fn write(&self, id: SessionId, fence: Fence, change: &Change) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Forgets the session.
    fn remove(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A store of several nodes in one process, as tests have them, or of a node and the one that takes over from it.
impl<S: Store> Store for Arc<S> {
    fn create(&self, id: SessionId, fresh: Fresh) -> impl Future<Output = Result<Fence, Unavailable>> + Send {
        S::create(self, id, fresh)
    }

    fn claim(&self, id: SessionId, principal: &Principal) -> impl Future<Output = Result<Claim, Unavailable>> + Send {
        S::claim(self, id, principal)
    }

    fn write(&self, id: SessionId, fence: Fence, change: &Change) -> impl Future<Output = Result<(), Failure>> + Send {
        S::write(self, id, fence, change)
    }

    fn remove(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<(), Failure>> + Send {
        S::remove(self, id, fence)
    }
}

/// Which claim of a session it was.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fence(pub u64);

/// A session that begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fresh {
    /// Whose it is.
    pub principal: Principal,
    /// How long it outlives a line.
    pub time_to_live: Duration,
}

/// What became of a claim.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// The session is this node's now.
    Taken(Fence, Kept),
    /// There is no such session.
    Unknown,
    /// It is somebody else's.
    Foreign,
}

/// What a store has kept of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// How long it outlives a line.
    pub time_to_live: Duration,
    /// What the guest sent and the app has not committed, after those that it has.
    pub inbox: Numbered,
    /// What the app sent and the guest has not acknowledged, after those that it has.
    pub outbox: Numbered,
}

/// Messages that follow on each other.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Numbered {
    /// How many came before them: the first of them has the number after this.
    pub after: u64,
    /// They.
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
    /// What the guest sent.
    pub taken: Numbered,
    /// How many of the guest's messages the app has committed. They need not be kept.
    pub committed: u64,
    /// What the app sent.
    pub sent: Numbered,
    /// How many of the app's messages the guest has acknowledged. They need not be kept.
    pub acknowledged: u64,
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum Failure {
    /// The session is not this node's any more: another one has claimed it, or it has expired.
    NotOurs,
    /// It is not known whether anything was changed. To be tried again.
    Unavailable(Unavailable),
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Failure::Unavailable(unavailable)
    }
}

/// The store did not answer.
#[derive(Debug)]
pub struct Unavailable(pub Box<dyn Error + Send + Sync>);

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the store is not available: {}", self.0)
    }
}

impl Error for Unavailable {}

pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Any store.
pub(crate) trait AnyStore: Send + Sync + 'static {
    fn create(&self, id: SessionId, fresh: Fresh) -> Pending<'_, Result<Fence, Unavailable>>;
    fn claim<'a>(&'a self, id: SessionId, principal: &'a Principal) -> Pending<'a, Result<Claim, Unavailable>>;
    fn write<'a>(&'a self, id: SessionId, fence: Fence, change: &'a Change) -> Pending<'a, Result<(), Failure>>;
    fn remove(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<(), Failure>>;
}

impl<S: Store> AnyStore for S {
    fn create(&self, id: SessionId, fresh: Fresh) -> Pending<'_, Result<Fence, Unavailable>> {
        Box::pin(Store::create(self, id, fresh))
    }

    fn claim<'a>(&'a self, id: SessionId, principal: &'a Principal) -> Pending<'a, Result<Claim, Unavailable>> {
        Box::pin(Store::claim(self, id, principal))
    }

    fn write<'a>(&'a self, id: SessionId, fence: Fence, change: &'a Change) -> Pending<'a, Result<(), Failure>> {
        Box::pin(Store::write(self, id, fence, change))
    }

    fn remove(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<(), Failure>> {
        Box::pin(Store::remove(self, id, fence))
    }
}
