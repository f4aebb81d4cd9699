//! Whose a session is.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// Whose a session is. Only a connection of the same principal can resume it, whatever token it shows.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Principal {
    /// Nobody that the app knows: any client that has the token has the session.
    #[default]
    Anonymous,
    /// A user of the app, by the app's own name for them.
    User(Arc<str>),
}

impl Principal {
    /// A user of the app.
    pub fn user(id: impl Into<Arc<str>>) -> Self {
        Principal::User(id.into())
    }

    /// What stands for it in the log: the first 16 digits of the SHA-256 hash of its spelling, or `anonymous`. It is the same on
    /// all nodes, and `printf user:ann | sha256sum` begins with it. Whoever can guess a name can check the guess.
    pub fn log_id(&self) -> String {
        match self {
            Principal::Anonymous => self.to_string(),
            Principal::User(_) => {
                let digest = Sha256::digest(self.to_string());
                digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }
}

impl fmt::Display for Principal {
    /// One spelling for each, so that a store can compare them: `anonymous`, or `user:` and the name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::Anonymous => formatter.write_str("anonymous"),
            Principal::User(id) => write!(formatter, "user:{id}"),
        }
    }
}

/// How the app refuses a connection. A page can't tell a refused handshake from a broken network, and would connect again for
/// ever; so the connection is accepted, and closed with a code that says not to.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Refused {
    /// The close code. The client does not reconnect after one from 4400 to 4499.
    pub code: u16,
    /// The close reason, of at most 123 bytes: a longer one is cut.
    pub reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the connection is refused with {}: {}", self.code, self.reason)
    }
}

impl Error for Refused {}

impl Refused {
    /// With this close code and reason.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The app does not know the client: 4401.
    pub fn unauthorized() -> Self {
        Self::new(crate::codes::UNAUTHORIZED, "unauthorized")
    }

    /// The cookie or the token of the client has expired, and it can get another one: 4003. The client keeps what it has not
    /// delivered, and connects again, to what its function for the URL returns then.
    pub fn expired() -> Self {
        Self::new(crate::codes::CREDENTIALS_EXPIRED, "expired")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_logged_as_a_hash_that_a_shell_can_make() {
        // printf user:ann | sha256sum
        assert_eq!(Principal::user("ann").log_id(), "b7b15a392649eaf5");
        assert_eq!(Principal::Anonymous.log_id(), "anonymous");
    }
}
