//! What a socket tells.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::message::Message;
use crate::core::{Drop, Fate, State};

/// What a [`Socket`](crate::Socket) tells its listener.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The line stands, for the first time or again: a fresh start with the server. What waited is sent when the
    /// listener has returned, after what it sends here; over a session, in the order of sending.
    Open,
    /// The line stands again, and the session with it: nothing was lost, and there is nothing to do.
    Resume,
    /// The server had forgotten the session, and what it had not delivered has come back before as [`Event::Lost`]. The
    /// [`Event::Open`] of a fresh session follows.
    Reset,
    /// A text message arrived. While typed messages are in use, that is: while anything waits for one, it is one that
    /// none of them waited for, and whatever they take is not told here, and not copied.
    Text(String),
    /// A binary message arrived.
    Binary(Vec<u8>),
    /// The line was lost and will be dialled again. [`Socket::close`](crate::Socket::close) gives up instead.
    Drop(Drop),
    /// A text message arrived while typed messages are in use, and it is not what it should be. Whoever waits for
    /// messages of another kind has got it nevertheless. Never told without the feature `serde`.
    Invalid {
        /// What is wrong with it.
        reason: Reason,
        /// All of it.
        text: String,
    },
    /// This was taken, and will not be sent; or, as [`Fate::Unconfirmed`], it was sent over a session that ended before
    /// the server said that it has it, and may have arrived.
    Lost(Message, Fate),
    /// The line was not closed in order; a close follows.
    Error(Fault),
    /// It is over: the user closed, the server said so, or the retries ran out. Always the last event, unless the user
    /// asks for a new line.
    Close {
        /// The close code; 1006 where there was none.
        code: u16,
        /// What the server says; mostly empty.
        reason: String,
        /// Whether both ends agreed to close.
        clean: bool,
    },
    /// The line stands elsewhere now.
    State(State),
}

/// What was wrong with a line that was not closed in order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The browser does not say.
    Line,
    /// The server does not speak the protocol of the session, or broke it: how. Another line would not help.
    Server(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Line => formatter.write_str("undrop: the line was lost, and the browser does not say why"),
            Fault::Server(reason) => write!(
                formatter,
                "undrop: the server can't keep a session: {reason} (it has to speak undrop.1, as undrop-server does; \
                 without Options::resume any server will do)"
            ),
        }
    }
}

/// What is wrong with an [`Event::Invalid`]. Each is told in words that a developer understands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// It is not JSON.
    Parse(String),
    /// It is JSON, but has no type, or is no object at all, or no array: see `Options::envelope`.
    Envelope(String),
    /// Its data is not what a handler of its type takes; that handler was not called.
    Data {
        /// Its type.
        message_type: String,
        /// What serde says of it.
        words: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Parse(words) => write!(formatter, "it is not JSON: {words}"),
            Reason::Envelope(words) => formatter.write_str(words),
            Reason::Data { message_type, words } => write!(formatter, "the data of {message_type:?}: {words}"),
        }
    }
}
