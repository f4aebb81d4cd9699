//! The id of a message, and what becomes of the message.

use core::error::Error;
use core::fmt;

/// The id of a message, given by the end that sends it. Ids grow in the order of `send`, and none is given twice.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(pub u64);

impl MessageId {
    pub(crate) fn next(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

/// What became of a message. Each message that was accepted ends with exactly one outcome.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was handed to the native socket. Without a session, that is all that can be known.
    Sent,
    /// The peer acknowledged it.
    Delivered,
    /// It waited for longer than its time to live, and was not sent.
    Expired,
    /// It made room for a newer message, and was not sent.
    Overflow,
    /// It was withdrawn before it was sent. No output reports this one: `withdraw` returns the message.
    Withdrawn,
    /// It is larger than the server accepts, and was not sent.
    TooLarge,
    /// Its session ended before it was sent.
    Unsent,
    /// Its session ended before the peer acknowledged it. The peer may have it.
    Unconfirmed,
    /// The connection was closed before it was sent.
    Closed,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 9] = [
        Outcome::Sent,
        Outcome::Delivered,
        Outcome::Expired,
        Outcome::Overflow,
        Outcome::Withdrawn,
        Outcome::TooLarge,
        Outcome::Unsent,
        Outcome::Unconfirmed,
        Outcome::Closed,
    ];

    /// Its name in JavaScript, the docs and the logs.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Sent => "sent",
            Outcome::Delivered => "delivered",
            Outcome::Expired => "expired",
            Outcome::Overflow => "overflow",
            Outcome::Withdrawn => "withdrawn",
            Outcome::TooLarge => "too-large",
            Outcome::Unsent => "unsent",
            Outcome::Unconfirmed => "unconfirmed",
            Outcome::Closed => "closed",
        }
    }

    /// What happened to the message, for an error.
    pub const fn describe(self) -> &'static str {
        match self {
            Outcome::Sent => "the message was sent",
            Outcome::Delivered => "the message was delivered",
            Outcome::Expired => "the message waited for longer than its time to live",
            Outcome::Overflow => "the message made room for a newer one",
            Outcome::Withdrawn => "the message was withdrawn",
            Outcome::TooLarge => "the message is larger than the server accepts",
            Outcome::Unsent => "the session ended before the message was sent",
            Outcome::Unconfirmed => "the session ended before the server acknowledged the message; it may have arrived",
            Outcome::Closed => "the connection is closed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.describe())
    }
}

/// A message that has come to its end.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Settled<M> {
    /// Its id.
    pub id: MessageId,
    /// The message.
    pub message: M,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why a message was not accepted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SendError {
    /// The connection is not open, and there is no queue.
    NotOpen,
    /// As much is queued or unacknowledged as the limits allow.
    Full,
    /// The connection, or the session, is closed or about to be.
    Closed,
    /// The server of the session does not accept a message of this size.
    TooLarge {
        /// The size of the message, in bytes.
        bytes: u64,
        /// The largest that the server accepts.
        largest: u64,
    },
}

impl SendError {
    /// What is wrong, and what to do. The sizes of [`SendError::TooLarge`] belong before and behind it.
    pub const fn describe(self) -> &'static str {
        match self {
            SendError::NotOpen => "the connection is not open, and there is no queue",
            SendError::Full => "too much is queued or unacknowledged already: send less, or raise the limits",
            SendError::Closed => "the connection is closed",
            SendError::TooLarge { .. } => " bytes are too many for one message: the server accepts ",
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::TooLarge { bytes, largest } => write!(formatter, "{bytes}{}{largest}", self.describe()),
            _ => formatter.write_str(self.describe()),
        }
    }
}

impl Error for SendError {}

#[cfg(test)]
mod tests;
