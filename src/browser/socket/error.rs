//! Why a socket does not do what it is asked.

use alloc::string::String;
use core::fmt;

use crate::core::{Fate, Refusal};

/// Why a [`Socket`](crate::Socket) does not do what it is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The URL or a subprotocol can't be one. The browser's words.
    Invalid(String),
    /// These options do not go with one another. What to change.
    Options(&'static str),
    /// The line is down, and without a queue nothing waits.
    NotOpen,
    /// Too much waits already.
    Full,
    /// It is over, or about to be.
    Over,
    /// Nothing says whether a message has arrived: no session is kept.
    NoSession,
    /// The message was taken, and is not known to have arrived: it has not as [`Fate::Expired`] or [`Fate::Unsent`], and
    /// may have as [`Fate::Unconfirmed`].
    Undelivered(Fate),
    /// An application may not close with this code.
    CloseCode(u16),
    /// A close reason of so many bytes is too long.
    CloseReason(usize),
    /// These fields can't be an envelope. What is wrong with them.
    Envelope(String),
    /// The data can't be made a message of. What serde says of it, or what the envelope asks of it.
    Serialize(String),
    /// The reply came, and its data is not what was expected. What serde says of it.
    Deserialize(String),
    /// No reply came in time, or the request waited for the line for longer than it was to live.
    Timeout,
    /// The line, or if there is a session: the session, was lost before the reply came.
    Dropped,
    /// While the request waited for the line, a newer message needed its place.
    Displaced,
    /// The other end answers that the request failed. What it says of that, as JSON.
    Reply(String),
    /// Messages of this type are answered already.
    Answered(String),
    /// So many messages waited for the reader of a stream, and one more came.
    Lagged(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid(words) => write!(
                formatter,
                "undrop: the browser takes no such URL or subprotocols: {words} (a URL begins with ws: or wss: and has \
                 no #fragment; a subprotocol is a word, and each is offered once)"
            ),
            Error::Options(words) => write!(formatter, "undrop: {words}"),
            Error::NotOpen => formatter.write_str(
                "undrop: the line is down, and without a queue nothing waits: wait for Event::Open, or set Options::queue",
            ),
            Error::Full => formatter.write_str(
                "undrop: too much waits already: send less while the line is down, or raise the limits in Options::queue \
                 or Options::resume",
            ),
            Error::Over => formatter
                .write_str("undrop: it is over, and nothing is sent any more: Socket::reconnect dials a new line"),
            Error::NoSession => formatter.write_str(
                "undrop: nothing says whether a message has arrived without a session: set Options::resume, or send it",
            ),
            Error::Undelivered(fate) => formatter.write_str(match fate {
                Fate::Expired => "undrop: the message waited for the line for longer than it was to live, and has not left",
                Fate::Unconfirmed => {
                    "undrop: the session ended before the server said that it has the message: it may have arrived"
                }
                _ => "undrop: the session ended before the message left: it has not arrived",
            }),
            Error::CloseCode(code) => {
                write!(formatter, "undrop: {code} is not a code to close with: take 1000, or one from 3000 to 4999")
            }
            Error::CloseReason(length) => {
                write!(formatter, "undrop: a close reason has room for 123 bytes of UTF-8, and this one has {length}")
            }
            Error::Envelope(words) => formatter.write_str(words),
            Error::Serialize(words) => write!(
                formatter,
                "undrop: the data can't be made a message of: {words} (a message is JSON: no keys but text, no integers \
                 beyond 2^53)"
            ),
            Error::Deserialize(words) => write!(
                formatter,
                "undrop: the reply is not what was asked for: {words} (compare the type that `request` was given with \
                 what the server sends)"
            ),
            Error::Timeout => formatter.write_str("undrop: no reply came in time: ask again, or allow it more time"),
            Error::Dropped => formatter.write_str(
                "undrop: the line, or the session if there is one, was lost before the reply came, so the request may \
                 have been served or not: ask again when Event::Open tells of the next one",
            ),
            Error::Displaced => formatter.write_str(
                "undrop: the request was given up for a newer message while the line was down: raise the limits in \
                 Options::queue, or let them refuse",
            ),
            Error::Reply(data) => write!(formatter, "undrop: the other end could not do what was requested: {data}"),
            Error::Answered(message_type) => write!(
                formatter,
                "undrop: there is a `handle` for {message_type} already, and a message has one answer: drop that one \
                 first"
            ),
            Error::Lagged(limit) => write!(
                formatter,
                "undrop: the reader of the stream is too slow: {limit} messages waited for it: read faster, or raise \
                 its `limit`"
            ),
        }
    }
}

impl core::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotOpen => Error::NotOpen,
            Refusal::Full => Error::Full,
            Refusal::Closed => Error::Over,
        }
    }
}
