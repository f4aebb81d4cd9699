//! How a session ends, and what that means for what the app asks of it.

use std::error::Error;
use std::fmt;

pub use undrop_proto::server::{Cause, NotCommitted};

use crate::Message;

/// How a session ended, as far as this handler is concerned.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Ending {
    /// Why it ended.
    pub cause: Cause,
    /// What the app sent and the client has not acknowledged: it may have arrived or not. Empty if the session lives on.
    pub undelivered: Vec<Message>,
}

/// The close frame with which a client has closed a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CloseFrame {
    /// The code; 1005 if the frame has none.
    pub code: u16,
    /// The reason; empty without one.
    pub reason: String,
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SendError {
    /// The outbox is full: [`Limits::outbox_messages`](crate::Limits::outbox_messages),
    /// [`Limits::outbox_bytes`](crate::Limits::outbox_bytes) or [`Limits::outboxes`](crate::Limits::outboxes).
    Full,
    /// The session is over, as far as this handler is concerned.
    Over,
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

impl From<SendError> for NotCommitted {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => NotCommitted::Full,
            SendError::Over => NotCommitted::Over,
        }
    }
}
