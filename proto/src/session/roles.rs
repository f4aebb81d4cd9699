//! What tells the two ends of a session apart: the client connects, and the server answers.

use super::violation::Violation;
use crate::wire::{Control, Welcome};

/// Which end of a session this is: [`Client`] or [`Server`].
pub trait Role: sealed::Sealed {
    /// Whether this end connects, and has to be answered before it sends messages.
    const CONNECTS: bool;

    /// The first frame on a connection of an end that has taken so many messages.
    fn greet(&self, received: u64) -> Control;

    /// The answer to the first frame arrived.
    fn hear_answer(&mut self, answer: Control) -> Result<Answer, Violation>;
}

/// What the server answers the client.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Answer {
    /// A new session. If there was one before, everything begins again.
    Fresh {
        /// Whether there was one before.
        reset: bool,
    },
    /// The session goes on.
    Resumed {
        /// How many messages the server has taken.
        received: u64,
    },
}

/// The end that connects: it asks for a session, and for the same one on each connection after that.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Client {
    pub(super) welcome: Option<Welcome>,
}

/// The end that answers.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Server {
    pub(super) welcome: Welcome,
    pub(super) greeting: Greeting,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Greeting {
    Welcome,
    Resumed,
}

/// What was stored of one end of a session.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Stored<I> {
    /// How many messages of this end the peer has acknowledged. It may be less, if the messages between are stored.
    pub acknowledged: u64,
    /// The messages that come after those, each with its bytes.
    pub messages: I,
    /// How many messages of the peer were taken.
    pub taken: u64,
}

impl Role for Client {
    const CONNECTS: bool = true;

    fn greet(&self, received: u64) -> Control {
        match self.welcome {
            None => Control::New,
            Some(Welcome { token, .. }) => Control::Resume { token, received },
        }
    }

    fn hear_answer(&mut self, answer: Control) -> Result<Answer, Violation> {
        match (answer, self.welcome) {
            (Control::Welcome(welcome), before) => {
                self.welcome = Some(welcome);
                Ok(Answer::Fresh { reset: before.is_some() })
            }
            (Control::Resumed { received }, Some(_)) => Ok(Answer::Resumed { received }),
            _ => Err(Violation::Unexpected),
        }
    }
}

impl Role for Server {
    const CONNECTS: bool = false;

    fn greet(&self, received: u64) -> Control {
        match self.greeting {
            Greeting::Welcome => Control::Welcome(self.welcome),
            Greeting::Resumed => Control::Resumed { received },
        }
    }

    fn hear_answer(&mut self, _: Control) -> Result<Answer, Violation> {
        Err(Violation::Unexpected)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Client {}
    impl Sealed for super::Server {}
}
