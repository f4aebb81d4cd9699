//! How a session ends, and what that means for what the app asks of it.

use std::error::Error;
use std::fmt;

use crate::Message;

/// How a session ended, as far as this handler is concerned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending {
    /// Why it ended.
    pub cause: Cause,
    /// What the app sent and the client has not acknowledged: it may have arrived or not. Empty if the session lives on.
    pub undelivered: Vec<Message>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
}

impl Cause {
    /// The answer to a commit that comes too late to be stored.
    pub(crate) fn answer_to_commit(self, has_replies: bool) -> Result<(), NotCommitted> {
        match self {
            // The session lives on with another handler, which receives the message again.
            Cause::Moved | Cause::Shutdown | Cause::Failed => Err(NotCommitted::Moved),
            _ if has_replies => Err(NotCommitted::Over),
            // No handler will ever receive the message again.
            _ => Ok(()),
        }
    }
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SendError {
    /// The outbox is full: [`Limits::outbox`](crate::Limits::outbox), or
    /// [`Limits::outboxes`](crate::Limits::outboxes).
    Full,
    /// The session is over.
    Over,
}

/// Why a message was not committed. Its replies were not sent either.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotCommitted {
    /// The outbox has no room for the replies: [`Limits::outbox`](crate::Limits::outbox), or
    /// [`Limits::outboxes`](crate::Limits::outboxes).
    Full,
    /// The session is over, and the replies can't be sent.
    Over,
    /// The session lives on. Its next handler, on this node or another one, receives the message again or has received it.
    Moved,
    /// This server shuts down, and it is not known whether the store has it.
    Unknown,
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            SendError::Full => "the outbox is full: the client has not acknowledged enough of it",
            SendError::Over => "the session is over",
        })
    }
}

impl Error for SendError {}

impl fmt::Display for NotCommitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NotCommitted::Full => "not committed: the outbox is full",
            NotCommitted::Over => "not committed: the session is over",
            NotCommitted::Moved => "not committed: the session has another handler now",
            NotCommitted::Unknown => "the server shut down before the store answered",
        })
    }
}

impl Error for NotCommitted {}

impl From<SendError> for NotCommitted {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => NotCommitted::Full,
            SendError::Over => NotCommitted::Over,
        }
    }
}
