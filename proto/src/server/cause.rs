//! Why a session ends, and what that means for a commit.

use core::error::Error;
use core::fmt;

use super::codes;
use crate::close;
use crate::session::Violation;

/// Why a session ended, as far as this handler is concerned.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// The client ended it.
    Client,
    /// The app closed it, or its handler returned.
    App,
    /// It had no connection for longer than it may.
    Expired,
    /// It had no connection, and made room for another session of the same client.
    Evicted,
    /// The client broke the protocol.
    Violation,
    /// Another node has it now, or the store has lost it.
    Moved,
    /// This server shuts down. The session lives on in the store, if that outlives the server.
    Shutdown,
    /// Its handler panicked. The next connection gets another handler.
    Failed,
    /// The app has ended all sessions of this user.
    Revoked,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 9] = [
        Cause::Client,
        Cause::App,
        Cause::Expired,
        Cause::Evicted,
        Cause::Violation,
        Cause::Moved,
        Cause::Shutdown,
        Cause::Failed,
        Cause::Revoked,
    ];

    /// Its name in metrics and docs.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Client => "client",
            Cause::App => "app",
            Cause::Expired => "expired",
            Cause::Evicted => "evicted",
            Cause::Violation => "violation",
            Cause::Moved => "moved",
            Cause::Shutdown => "shutdown",
            Cause::Failed => "failed",
            Cause::Revoked => "revoked",
        }
    }

    /// The close code that a WebSocket has in whose place the session is, unless one end has closed it with a code.
    pub const fn code(self) -> u16 {
        match self {
            Cause::Client => close::NO_CODE,
            Cause::App | Cause::Expired => close::ABNORMAL,
            Cause::Evicted => codes::EVICTED,
            Cause::Violation => Violation::CODE,
            Cause::Moved => codes::TAKEN_OVER,
            Cause::Shutdown => close::RESTART,
            Cause::Failed => codes::FAILED,
            Cause::Revoked => codes::REVOKED,
        }
    }

    /// Whether the session lives on, with another handler.
    pub const fn goes_on(self) -> bool {
        matches!(self, Cause::Moved | Cause::Shutdown | Cause::Failed)
    }

    /// The answer to a commit that comes too late to be stored.
    pub const fn answer_to_commit(self, has_replies: bool) -> Result<(), NotCommitted> {
        if self.goes_on() {
            // The next handler receives the message again.
            Err(NotCommitted::Moved)
        } else if has_replies {
            Err(NotCommitted::Over)
        } else {
            // No handler will ever receive the message again.
            Ok(())
        }
    }
}

/// Why a message was not committed. Its replies were not sent either.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum NotCommitted {
    /// The outbox has no room for the replies.
    Full,
    /// The session is over, and the replies can't be sent.
    Over,
    /// The session lives on. Its next handler, on this node or another one, receives the message again or has received it.
    Moved,
    /// The session has left this server, and the store has not said whether it has it.
    Unknown,
}

impl NotCommitted {
    /// Its name in JavaScript and the docs.
    pub const fn name(self) -> &'static str {
        match self {
            NotCommitted::Full => "full",
            NotCommitted::Over => "over",
            NotCommitted::Moved => "moved",
            NotCommitted::Unknown => "unknown",
        }
    }
}

impl fmt::Display for NotCommitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NotCommitted::Full => "not committed: the outbox is full",
            NotCommitted::Over => "not committed: the session is over",
            NotCommitted::Moved => "not committed: the session has another handler now",
            NotCommitted::Unknown => "the session left this server before the store answered",
        })
    }
}

impl Error for NotCommitted {}
