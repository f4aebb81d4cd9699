//! A session's id, which is no secret.

use std::fmt;

use sha2::{Digest as _, Sha256};
use undrop_proto::wire::Token;

/// A session's id. It is the same on all nodes and for the whole of the session's life, may be logged, and does not help to
/// resume the session.
///
/// It is made from the token by a one-way function, so that neither a log nor a store holds a token.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub(crate) [u8; 16]);

impl SessionId {
    pub(crate) fn of(token: Token) -> Self {
        let digest = Sha256::digest(token.0.to_be_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The id that is written so.
    #[cfg(any(feature = "js", feature = "redis"))]
    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        let number = u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }

    /// The id of these bytes, for a store.
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
