//! What a store does.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::record::{Change, Claim, Claimant, Fence, Fresh};
use crate::{Principal, SessionId};

/// Where sessions are kept.
///
/// A store may be shared by many nodes. Each time a node claims a session, it brings a [`Fence`], a new random number, and from
/// then on nothing is written under an older one: a node that lost a session to another can't touch it any more, however late
/// its writes arrive.
///
/// A node repeats a step whose answer was lost, though the step may have been carried out. So a claim under the fence that the
/// session has already changes nothing and answers the same, and a write says [from where on](super::Numbered::after) its
/// messages count, and a store skips those that it has.
///
/// A store that can lose what it was told (a database that comes back with an older state) has to notice where it can: it
/// answers a claim with [`Claim::Lost`] where the client knows of more than the store does, or where messages are missing, and
/// a write that does not [follow](super::Numbered::follows) on what it has with [`Failure::Behind`]; the node then writes all
/// that the session still needs.
pub trait Store: Send + Sync + 'static {
    /// Keeps a fresh session under this fence.
    fn create(&self, id: SessionId, fence: Fence, fresh: Fresh)
    -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Claims a session for this node, if there is one, it is this principal's, and what its client knows of it is possible:
    /// [`Claim::of`]. Otherwise nothing changes.
    fn claim(&self, id: SessionId, claimant: &Claimant) -> impl Future<Output = Result<Claim, Unavailable>> + Send;

    /// Makes the whole change or nothing of it, and lets the session expire one and a half times its time to live from now on:
    /// its node writes, if only an empty change, each time half of its time to live has passed.
    fn write(&self, id: SessionId, fence: Fence, change: &Change) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Removes all sessions of this principal, whichever nodes have them. Those nodes are told with [`Failure::Revoked`] when they
    /// write next, until the sessions would have expired.
    fn revoke(&self, principal: &Principal) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Removes the session.
    fn remove(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// For several nodes in one process, as tests have them, or a node and the one that takes over from it.
impl<S: Store> Store for Arc<S> {
    fn create(
        &self,
        id: SessionId,
        fence: Fence,
        fresh: Fresh,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send {
        S::create(self, id, fence, fresh)
    }

    fn claim(&self, id: SessionId, claimant: &Claimant) -> impl Future<Output = Result<Claim, Unavailable>> + Send {
        S::claim(self, id, claimant)
    }

    fn write(&self, id: SessionId, fence: Fence, change: &Change) -> impl Future<Output = Result<(), Failure>> + Send {
        S::write(self, id, fence, change)
    }

    fn revoke(&self, principal: &Principal) -> impl Future<Output = Result<(), Unavailable>> + Send {
        S::revoke(self, principal)
    }

    fn remove(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<(), Failure>> + Send {
        S::remove(self, id, fence)
    }
}

/// Why a step changed nothing, as far as is known.
#[derive(Debug)]
pub enum Failure {
    /// The session is not this node's any more: another one has claimed it, or it has expired.
    Fenced,
    /// The session is this node's, and the store has lost what it was told before: the change does not
    /// [follow](super::Numbered::follows) on what the store has. The node writes all that the session still needs.
    Behind,
    /// All sessions of the principal were revoked, and this one is removed.
    Revoked,
    /// It is not known whether anything was changed. The node tries again.
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

/// A `Store` as a trait object.
pub(crate) trait AnyStore: Send + Sync + 'static {
    fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Pending<'_, Result<(), Unavailable>>;
    fn claim<'a>(&'a self, id: SessionId, claimant: &'a Claimant) -> Pending<'a, Result<Claim, Unavailable>>;
    fn write<'a>(&'a self, id: SessionId, fence: Fence, change: &'a Change) -> Pending<'a, Result<(), Failure>>;
    fn revoke<'a>(&'a self, principal: &'a Principal) -> Pending<'a, Result<(), Unavailable>>;
    fn remove(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<(), Failure>>;
}

impl<S: Store> AnyStore for S {
    fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Pending<'_, Result<(), Unavailable>> {
        Box::pin(Store::create(self, id, fence, fresh))
    }

    fn claim<'a>(&'a self, id: SessionId, claimant: &'a Claimant) -> Pending<'a, Result<Claim, Unavailable>> {
        Box::pin(Store::claim(self, id, claimant))
    }

    fn write<'a>(&'a self, id: SessionId, fence: Fence, change: &'a Change) -> Pending<'a, Result<(), Failure>> {
        Box::pin(Store::write(self, id, fence, change))
    }

    fn revoke<'a>(&'a self, principal: &'a Principal) -> Pending<'a, Result<(), Unavailable>> {
        Box::pin(Store::revoke(self, principal))
    }

    fn remove(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<(), Failure>> {
        Box::pin(Store::remove(self, id, fence))
    }
}
