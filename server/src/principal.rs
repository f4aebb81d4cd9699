//! Whose a session is.

use std::fmt;
use std::sync::Arc;

/// Whose a session is. Only a line of the same principal can resume it, whatever token it shows.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum Principal {
    /// Nobody in particular: who has the token has the session.
    #[default]
    Anonymous,
    /// Somebody the app knows, by the app's own name for them.
    User(Arc<str>),
}

impl Principal {
    /// Somebody the app knows.
    pub fn user(id: impl Into<Arc<str>>) -> Self {
        Principal::User(id.into())
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

/// The app does not let a line in. A browser can't tell a refused handshake from a broken network, and dials again for
/// ever; so the line is opened, and closed with a code that says not to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// The close code. The client does not dial again after one from 4400 to 4499.
    pub code: u16,
    /// The close reason, at most 123 bytes; what is longer is cut.
    pub reason: String,
}

impl Refused {
    /// Nobody the app knows: 4401.
    pub fn unauthorized() -> Self {
        Self { code: crate::codes::UNAUTHORIZED, reason: "unauthorized".into() }
    }
}
