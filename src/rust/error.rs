//! Why a socket does not do what it is asked.

use std::fmt;

use undrop_proto::close::CloseError;
use undrop_proto::{Outcome, SendError};

/// Why a [`Socket`](crate::Socket) does not do what it is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// There is no browser: the crate was compiled for another target.
    Unsupported,
    /// The browser does not accept the URL or a subprotocol. What it says.
    Invalid(String),
    /// These options exclude each other. What to change.
    Options(&'static str),
    /// The connection is not open, and there is no queue.
    NotOpen,
    /// As much is queued or unacknowledged as the limits allow.
    Full,
    /// The server of the session does not accept a message of this size.
    TooLarge {
        /// The size of the message, in bytes.
        bytes: u64,
        /// The largest that the server accepts.
        largest: u64,
    },
    /// The socket is closed, or about to be.
    Closed,
    /// The connection is over, or the function of [`Options::authenticate`](crate::Options::authenticate) is.
    NotAuthenticating,
    /// Nothing says whether a message has arrived: there is no session.
    NoSession,
    /// The message was accepted, and is not known to have arrived: it has not as [`Outcome::Expired`],
    /// [`Outcome::TooLarge`] or [`Outcome::Unsent`], and may have as [`Outcome::Unconfirmed`].
    Undelivered(Outcome),
    /// An app can't close with this code or reason.
    CloseFrame(CloseError),
    /// These names can't be an envelope. What is wrong with them.
    Envelope(String),
    /// No message can be made of the data. What serde says, or what the envelope asks for.
    Serialize(String),
    /// The reply came, and its data is not what was expected. What serde says.
    Deserialize(String),
    /// No reply came in time, or the request expired in the queue.
    Timeout,
    /// The connection, or the session if there is one, was lost before the reply came.
    Dropped,
    /// The request made room in the queue for a newer message.
    Overflow,
    /// The peer answered the request with an error. Its data, as JSON.
    Reply(String),
    /// Messages of this type have a `handle` already.
    Handled(String),
    /// So many messages waited for the reader of a stream, and one more arrived.
    Lagged(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unsupported => formatter.write_str(
                "undrop: a socket needs a browser: compile for wasm32-unknown-unknown, or connect only where the code \
                 runs in one",
            ),
            Error::Invalid(error) => write!(
                formatter,
                "undrop: the browser does not accept the URL or the subprotocols: {error} (a URL begins with ws: or wss: \
                 and has no #fragment; a subprotocol is a word, and each is offered once)"
            ),
            Error::Options(advice) => write!(formatter, "undrop: {advice}"),
            Error::NotOpen => write!(
                formatter,
                "undrop: {}: wait for Event::Open, or set Options::queue",
                SendError::NotOpen.describe()
            ),
            Error::Full => {
                write!(formatter, "undrop: {} (Options::queue, Options::resume)", SendError::Full.describe())
            }
            Error::TooLarge { bytes, largest } => {
                write!(formatter, "undrop: {}: send it in parts", SendError::TooLarge { bytes: *bytes, largest: *largest })
            }
            Error::Closed => write!(
                formatter,
                "undrop: {}: nothing is sent any more, until Socket::reconnect",
                SendError::Closed.describe()
            ),
            Error::NotAuthenticating => formatter.write_str(
                "undrop: the connection is over, or no longer that of Options::authenticate: send and receive on the \
                 Socket, after Event::Open",
            ),
            Error::NoSession => formatter.write_str(
                "undrop: nothing says whether a message has arrived without a session: set Options::resume, or use \
                 Socket::send_text",
            ),
            Error::Undelivered(outcome) => {
                write!(formatter, "undrop: {outcome}: deliver it again, unless it may have arrived and must not arrive twice")
            }
            Error::CloseFrame(error) => write!(formatter, "undrop: {error}"),
            Error::Envelope(error) => formatter.write_str(error),
            Error::Serialize(error) => write!(
                formatter,
                "undrop: no message can be made of the data: {error} (a message is JSON: its keys are text, its integers \
                 below 2^53)"
            ),
            Error::Deserialize(error) => write!(
                formatter,
                "undrop: the reply is not what was expected: {error} (compare the type of the reply with what the server \
                 sends)"
            ),
            Error::Timeout => formatter.write_str("undrop: no reply came in time: ask again, or allow more time"),
            Error::Dropped => formatter.write_str(
                "undrop: the connection, or the session if there is one, was lost before the reply came; the request may \
                 have been served: ask again after the next Event::Open",
            ),
            Error::Overflow => formatter.write_str(
                "undrop: the request made room in the queue for a newer message: raise the limits of Options::queue, or \
                 let it refuse what is too much",
            ),
            Error::Reply(data) => write!(formatter, "undrop: the peer answered the request with an error: {data}"),
            Error::Handled(message_type) => write!(
                formatter,
                "undrop: {message_type:?} has a `handle` already, and a request has one answer: drop that one first"
            ),
            Error::Lagged(limit) => write!(
                formatter,
                "undrop: the reader of the stream is too slow: {limit} messages waited for it: read faster, or raise its \
                 `limit`"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::CloseFrame(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    /// A message was not accepted.
    pub(super) fn refused(error: SendError) -> Self {
        match error {
            SendError::NotOpen => Error::NotOpen,
            SendError::Full => Error::Full,
            SendError::Closed => Error::Closed,
            SendError::TooLarge { bytes, largest } => Error::TooLarge { bytes, largest },
        }
    }
}

impl From<CloseError> for Error {
    fn from(error: CloseError) -> Self {
        Error::CloseFrame(error)
    }
}
