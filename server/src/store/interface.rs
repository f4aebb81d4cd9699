//! What a store does.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::record::{Change, Claim, Claimant, Fence, Forward, Forwarded, Fresh, Written};
use super::unavailable::Unavailable;
use super::wake::Wake;
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
///
/// What a store is given and what it answers may have more fields in a later version: a store makes its answers with functions,
/// and its patterns end with `..`.
///
/// ```
/// use std::time::Duration;
///
/// use undrop_server::Message;
/// use undrop_server::store::{Claim, Claimant, Kept, Numbered};
///
/// /// What a database has of a session.
/// struct Row {
///     time_to_live: Duration,
///     committed: u64,
///     inbox: Vec<Message>,
///     acknowledged: u64,
///     outbox: Vec<Message>,
///     forwarded: u64,
///     attempt: u32,
/// }
///
/// /// The answer to the claim of a session that has this row, and another fence.
/// fn answer(row: Row, claimant: &Claimant) -> Claim {
///     let kept = Kept::new(row.time_to_live)
///         .inbox(Numbered::new(row.committed, row.inbox))
///         .outbox(Numbered::new(row.acknowledged, row.outbox))
///         .forwarded(row.forwarded);
///     Claim::of(kept, Some(row.attempt), claimant.known)
/// }
/// ```
pub trait Store: Send + Sync + 'static {
    /// How many messages that were forwarded to a session may wait.
    const MOST_FORWARDED: u64 = 1_024;

    /// Keeps a fresh session under this fence.
    fn create(&self, id: SessionId, fence: Fence, fresh: Fresh)
    -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Claims a session for this node, if there is one, it is this principal's, and what its client knows of it is possible:
    /// [`Claim::of`]. Otherwise nothing changes.
    fn claim(&self, id: SessionId, claimant: &Claimant) -> impl Future<Output = Result<Claim, Unavailable>> + Send;

    /// Makes the whole change or nothing of it, and lets the session expire one and a half times its time to live from now on:
    /// its node writes, if only an empty change, each time half of its time to live has passed.
    fn write(
        &self,
        id: SessionId,
        fence: Fence,
        change: &Change,
    ) -> impl Future<Output = Result<Written, Failure>> + Send;

    /// Keeps a message for the session, after those that were forwarded to it before, whichever node has it. It waits until that
    /// node has written a [change](Change::forwarded) with it. A message whose [key](Forward::key) was taken within the last
    /// minute is there already. At most [`MOST_FORWARDED`](Self::MOST_FORWARDED) wait.
    fn forward(&self, id: SessionId, forward: &Forward) -> impl Future<Output = Result<(), NotForwarded>> + Send;

    /// The first messages that were forwarded to the session and wait: as many as may be read at once, one at least if there is
    /// one.
    fn forwarded(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<Forwarded, Failure>> + Send;

    /// Has this node told of messages that are forwarded to its sessions, from now on and as long as the node is there. It is not
    /// called in an async runtime. A node that is not told finds them when it writes next.
    fn watch(&self, wake: Wake);

    /// The sessions of this principal, whichever nodes have them. Those of an anonymous one can't be found.
    fn sessions_of(&self, principal: &Principal) -> impl Future<Output = Result<Vec<SessionId>, Unavailable>> + Send;

    /// Removes all sessions of this principal, whichever nodes have them. Those nodes are told with [`Failure::Revoked`] when they
    /// write next, until the sessions would have expired.
    fn revoke(&self, principal: &Principal) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Removes the session.
    fn remove(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether the store answers, for [`Sessions::ready`](crate::Sessions::ready). Default: it does.
    fn check(&self) -> impl Future<Output = Result<(), Unavailable>> + Send {
        async { Ok(()) }
    }
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

    fn write(
        &self,
        id: SessionId,
        fence: Fence,
        change: &Change,
    ) -> impl Future<Output = Result<Written, Failure>> + Send {
        S::write(self, id, fence, change)
    }

    fn forward(&self, id: SessionId, forward: &Forward) -> impl Future<Output = Result<(), NotForwarded>> + Send {
        S::forward(self, id, forward)
    }

    fn forwarded(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<Forwarded, Failure>> + Send {
        S::forwarded(self, id, fence)
    }

    fn watch(&self, wake: Wake) {
        S::watch(self, wake);
    }

    fn sessions_of(&self, principal: &Principal) -> impl Future<Output = Result<Vec<SessionId>, Unavailable>> + Send {
        S::sessions_of(self, principal)
    }

    fn revoke(&self, principal: &Principal) -> impl Future<Output = Result<(), Unavailable>> + Send {
        S::revoke(self, principal)
    }

    fn remove(&self, id: SessionId, fence: Fence) -> impl Future<Output = Result<(), Failure>> + Send {
        S::remove(self, id, fence)
    }

    fn check(&self) -> impl Future<Output = Result<(), Unavailable>> + Send {
        S::check(self)
    }
}

/// Why a step changed nothing, as far as is known.
#[derive(Debug)]
#[non_exhaustive]
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

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Fenced => formatter.write_str("the session is not this node's any more"),
            Failure::Behind => formatter.write_str("the store has lost what it was told before"),
            Failure::Revoked => formatter.write_str("all sessions of the principal were revoked"),
            Failure::Unavailable(unavailable) => unavailable.fmt(formatter),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Failure::Unavailable(unavailable) => unavailable.source(),
            _ => None,
        }
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Failure::Unavailable(unavailable)
    }
}

/// Why a message was not forwarded to a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotForwarded {
    /// There is no such session, or it is over.
    Over,
    /// As many wait as may, [`Store::MOST_FORWARDED`]: the session has had no node for a while, or its client acknowledges too little.
    Full,
    /// It is not known whether the store has it.
    Unavailable(Unavailable),
}

impl From<Unavailable> for NotForwarded {
    fn from(unavailable: Unavailable) -> Self {
        NotForwarded::Unavailable(unavailable)
    }
}

impl fmt::Display for NotForwarded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotForwarded::Over => formatter.write_str("not sent: there is no such session, or it is over"),
            NotForwarded::Full => formatter.write_str("not sent: too many messages wait for the session's node"),
            NotForwarded::Unavailable(unavailable) => {
                write!(formatter, "it is not known whether it was sent: {unavailable}")
            }
        }
    }
}

impl Error for NotForwarded {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            NotForwarded::Unavailable(unavailable) => Some(unavailable),
            NotForwarded::Over | NotForwarded::Full => None,
        }
    }
}

pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A `Store` as a trait object.
pub(crate) trait AnyStore: Send + Sync + 'static {
    fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Pending<'_, Result<(), Unavailable>>;
    fn claim<'a>(&'a self, id: SessionId, claimant: &'a Claimant) -> Pending<'a, Result<Claim, Unavailable>>;
    fn write<'a>(&'a self, id: SessionId, fence: Fence, change: &'a Change) -> Pending<'a, Result<Written, Failure>>;
    fn forward<'a>(&'a self, id: SessionId, forward: &'a Forward) -> Pending<'a, Result<(), NotForwarded>>;
    fn forwarded(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<Forwarded, Failure>>;
    fn watch(&self, wake: Wake);
    fn sessions_of<'a>(&'a self, principal: &'a Principal) -> Pending<'a, Result<Vec<SessionId>, Unavailable>>;
    fn revoke<'a>(&'a self, principal: &'a Principal) -> Pending<'a, Result<(), Unavailable>>;
    fn remove(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<(), Failure>>;
    fn check(&self) -> Pending<'_, Result<(), Unavailable>>;
}

impl<S: Store> AnyStore for S {
    fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Pending<'_, Result<(), Unavailable>> {
        Box::pin(Store::create(self, id, fence, fresh))
    }

    fn claim<'a>(&'a self, id: SessionId, claimant: &'a Claimant) -> Pending<'a, Result<Claim, Unavailable>> {
        Box::pin(Store::claim(self, id, claimant))
    }

    fn write<'a>(&'a self, id: SessionId, fence: Fence, change: &'a Change) -> Pending<'a, Result<Written, Failure>> {
        Box::pin(Store::write(self, id, fence, change))
    }

    fn forward<'a>(&'a self, id: SessionId, forward: &'a Forward) -> Pending<'a, Result<(), NotForwarded>> {
        Box::pin(Store::forward(self, id, forward))
    }

    fn forwarded(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<Forwarded, Failure>> {
        Box::pin(Store::forwarded(self, id, fence))
    }

    fn watch(&self, wake: Wake) {
        Store::watch(self, wake);
    }

    fn sessions_of<'a>(&'a self, principal: &'a Principal) -> Pending<'a, Result<Vec<SessionId>, Unavailable>> {
        Box::pin(Store::sessions_of(self, principal))
    }

    fn revoke<'a>(&'a self, principal: &'a Principal) -> Pending<'a, Result<(), Unavailable>> {
        Box::pin(Store::revoke(self, principal))
    }

    fn remove(&self, id: SessionId, fence: Fence) -> Pending<'_, Result<(), Failure>> {
        Box::pin(Store::remove(self, id, fence))
    }

    fn check(&self) -> Pending<'_, Result<(), Unavailable>> {
        Box::pin(Store::check(self))
    }
}
