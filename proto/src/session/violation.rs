//! What breaks the protocol, and what a connection may begin with.

use core::error::Error;
use core::fmt;

use crate::close;
use crate::outbox::Impossible;
use crate::wire::Known;
use crate::wire::{Control, Malformed, Token};

/// The peer broke the protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// A control frame is malformed.
    Malformed(Malformed),
    /// The first frame on a connection does not ask for a session.
    NoGreeting,
    /// A message arrived before the greeting was answered.
    Early,
    /// A control frame arrived that is not allowed in this phase of the session.
    Unexpected,
    /// It acknowledges more than its connection was given.
    AckOfTheFuture,
    /// It acknowledges less than before.
    AckOfThePast,
    /// It resumes with more than was ever sent.
    ResumeOfTheFuture,
    /// It resumes with less than it acknowledged.
    ResumeOfThePast,
}

impl Violation {
    /// The close code for all of them: protocol error. <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>
    pub const CODE: u16 = close::PROTOCOL_ERROR;

    /// The close reason.
    pub const fn reason(self) -> &'static str {
        match self {
            Violation::Malformed(malformed) => malformed.reason(),
            Violation::NoGreeting => "no greeting",
            Violation::Early => "message before the greeting",
            Violation::Unexpected => "unexpected control frame",
            Violation::AckOfTheFuture => "ack of the future",
            Violation::AckOfThePast => "ack of the past",
            Violation::ResumeOfTheFuture => "resume of the future",
            Violation::ResumeOfThePast => "resume of the past",
        }
    }

    pub(super) fn of_ack(impossible: Impossible) -> Self {
        match impossible {
            Impossible::Past => Violation::AckOfThePast,
            Impossible::Future => Violation::AckOfTheFuture,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())
    }
}

impl Error for Violation {}

impl From<Malformed> for Violation {
    fn from(malformed: Malformed) -> Self {
        Violation::Malformed(malformed)
    }
}

/// What the first frame on a connection asks the server for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Request {
    /// A new session.
    New,
    /// The session of this token; a new one if there is none.
    Resume {
        /// Which session.
        token: Token,
        /// What the client knows of it.
        known: Known,
    },
}

impl TryFrom<Control> for Request {
    type Error = Violation;

    fn try_from(control: Control) -> Result<Self, Violation> {
        match control {
            Control::New => Ok(Request::New),
            Control::Resume { token, known } => Ok(Request::Resume { token, known }),
            _ => Err(Violation::NoGreeting),
        }
    }
}

/// Why a session does not go on on the connection that a client asked for it on. Nothing has happened to the session.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum NotResumed {
    /// It is over. The client gets a new session.
    Over,
    /// The client knows of messages or connections of which this end does not know: this end, or its store, has lost a part of
    /// the session. The client gets a new session, and is told that this is why. A session that was
    /// [restored](super::Session::restore) for this request must not be kept: the numbers of what it would send are those of
    /// messages that the client has taken.
    Lost,
    /// A later connection of the client, or this one, has asked for the session before. This one is to be closed, as one that
    /// another has taken the session over from.
    Late,
    /// The client has received less than it acknowledged. Its connection is to be closed, with
    /// [`Violation::ResumeOfThePast`].
    Past,
}

impl fmt::Display for NotResumed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NotResumed::Over => "the session is over",
            NotResumed::Lost => "a part of the session is lost",
            NotResumed::Late => "a later connection has asked for the session",
            NotResumed::Past => Violation::ResumeOfThePast.reason(),
        })
    }
}

impl Error for NotResumed {}

impl Known {
    /// Whether the client that asks may go on with a session whose last connection had this number.
    pub(crate) const fn follows(self, last: u32) -> Result<(), NotResumed> {
        if self.answered > last {
            Err(NotResumed::Lost)
        } else if self.attempt <= last {
            Err(NotResumed::Late)
        } else {
            Ok(())
        }
    }
}
