//! What a socket tells its listener.

use std::fmt;
use std::time::Duration;

use undrop_proto::session::Reset;
use undrop_proto::{Cause, Outcome, State};

use super::message::Message;

/// What a [`Socket`](crate::Socket) tells its listener.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The connection is open, for the first time or again. With a session: a new session began. What was queued is sent
    /// when the listener has returned, after what the listener sends here; over a session in the order of sending.
    Open,
    /// The connection is open again, and the session goes on: nothing was lost, and there is nothing to do.
    Resume,
    /// The session is over for this reason. What was not delivered was told before, as [`Event::Lost`], and can be sent
    /// again; the [`Event::Open`] of a new session follows.
    Reset(Reset),
    /// A text message arrived. While anything waits for typed messages this is one that nobody waited for, and those that
    /// were taken are neither told here nor copied.
    Text(String),
    /// A binary message arrived.
    Binary(Vec<u8>),
    /// The connection dropped, or an attempt failed, and the socket reconnects.
    /// [`Socket::close`](crate::Socket::close) gives up instead.
    Dropped(Dropped),
    /// A text message arrived while anything waits for typed messages, and it is not what it should be. Handlers that
    /// could read it were called nevertheless. Never told without the feature `serde`.
    Invalid {
        /// What is wrong with it.
        reason: Reason,
        /// The whole message.
        text: String,
    },
    /// This message was accepted, and was not sent; or, as [`Outcome::Unconfirmed`], it was sent over a session that ended
    /// before the server acknowledged it, and may have arrived.
    Lost(Message, Outcome),
    /// The connection did not end cleanly; an [`Event::Close`] follows.
    Error(Fault),
    /// The socket is closed: by the user or the server, or because no attempt is left. Always the last event, unless the
    /// user reconnects.
    Close(Closed),
    /// The state has changed to this one.
    State(State),
}

/// A connection that dropped, or an attempt that failed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// Why.
    pub cause: Cause,
    /// The close code; 1006 where there was none.
    pub code: u16,
    /// The reason in the server's close frame, mostly empty. For [`Cause::Url`] and [`Cause::Authenticate`] the error of the
    /// app's function.
    pub reason: String,
    /// Whether both ends agreed to close.
    pub clean: bool,
    /// The number of the next attempt, as [`Retry::limit`](crate::Retry::limit) counts. The first attempt of all is 1, and so
    /// is the first one after a connection that lasted.
    pub attempt: u32,
    /// The delay before that attempt.
    pub delay: Duration,
    /// Whether there is no next attempt unless [`Retry::decide`](crate::Retry::decide) says otherwise.
    pub last: bool,
}

/// How a socket was closed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Closed {
    /// The close code; 1006 where there was none.
    pub code: u16,
    /// The reason in the server's close frame, mostly empty. For [`Cause::Url`] and [`Cause::Authenticate`] the error of the
    /// app's function.
    pub reason: String,
    /// Whether both ends agreed to close.
    pub clean: bool,
    /// Why the last connection dropped, or the last attempt failed; nothing if the user closed it.
    pub cause: Option<Cause>,
}

/// What was wrong with a connection that did not end cleanly.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The browser does not say.
    Connection,
    /// The server does not speak the protocol of the session, or broke it in this way. Another attempt would not help.
    Server(&'static str),
    /// The function for the URL failed with this error, or found a URL that the browser does not accept.
    Url(String),
    /// The function of [`Options::authenticate`](crate::Options::authenticate) failed with this error.
    Authenticate(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Connection => {
                formatter.write_str("undrop: the connection failed, and the browser does not say why: see its console")
            }
            Fault::Server(reason) => write!(
                formatter,
                "undrop: the server can't keep a session: {reason} (it has to speak undrop.1, as undrop-server does; \
                 without Options::resume any server will do)"
            ),
            Fault::Url(error) => write!(formatter, "undrop: there was no URL to connect to: {error}"),
            Fault::Authenticate(error) => write!(formatter, "undrop: the app could not authenticate: {error}"),
        }
    }
}

impl std::error::Error for Fault {}

/// What is wrong with an [`Event::Invalid`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The message is not JSON. What the browser says of it.
    Parse(String),
    /// The message is JSON, but no object or array with a type: see `Options::envelope`.
    Envelope(String),
    /// The data is not what a handler of its type takes; that handler was not called.
    Data {
        /// The type of the message.
        message_type: String,
        /// What serde says of the data.
        error: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Parse(error) => write!(formatter, "the message is not JSON: {error}"),
            Reason::Envelope(error) => formatter.write_str(error),
            Reason::Data { message_type, error } => write!(formatter, "the data of {message_type:?}: {error}"),
        }
    }
}

impl std::error::Error for Reason {}
