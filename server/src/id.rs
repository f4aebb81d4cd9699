//! A session's name, which may be told to anybody.

use std::fmt;

use sha2::{Digest as _, Sha256};
use undrop::core::wire::Token;

/// A session's name: it is the same on all nodes and for the whole of the session's life, may be logged, and is of no use to
/// who wants to resume it.
///
/// It is made from the token by a one-way function, so that neither a log nor a store has what is worth stealing.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub(crate) [u8; 16]);

impl SessionId {
    pub(crate) fn of(token: Token) -> Self {
        let digest = Sha256::digest(token.0.to_be_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The one that these bytes are of, for a store that finds its sessions by them.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SessionId({self})")
    }
}
