//! What is asked of a store.

use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

use super::record::Change;

/// A request to the store.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StoreRequest<M> {
    /// Its number. An answer to an older request changes nothing.
    pub number: u64,
    /// What to do.
    pub work: Work<M>,
}

/// What the store is to do.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Work<M> {
    /// Write this change, as a whole or not at all.
    Write(Arc<Change<M>>),
    /// Read the messages that were forwarded to the session, and report them to
    /// [`handle_forwarded`](super::Serve::handle_forwarded).
    ReadForwarded,
    /// Remove the session.
    Remove,
}

/// Why the store has not done what it was asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StoreError {
    /// The session is not this node's.
    Fenced,
    /// The session is this node's, and the store has lost what it was told before.
    Behind,
    /// The app has ended all sessions of this user, and this one is removed.
    Revoked,
    /// It is not known whether it was done.
    Unavailable,
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            StoreError::Fenced => "the session is not this node's",
            StoreError::Behind => "the store has lost what it was told before",
            StoreError::Revoked => "all sessions of the user were revoked",
            StoreError::Unavailable => "it is not known whether the store has done it",
        })
    }
}

impl Error for StoreError {}
