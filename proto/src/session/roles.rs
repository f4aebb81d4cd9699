//! What tells the two ends of a session apart: the client connects, and the server answers.

use super::violation::Violation;
use crate::Attempt;
use crate::server::Known;
use crate::wire::{Control, Terms, Token, Welcome};

/// Which end of a session this is: [`Client`] or [`Server`].
pub trait Role: sealed::Sealed {
    /// Whether this end connects, and has to be answered before it sends messages.
    const CONNECTS: bool;

    /// The first frame on a connection of an end that has received, and knows to be acknowledged, so many messages.
    fn greet(&self, attempt: Attempt, received: u64, acknowledged: u64) -> Control;

    /// The answer to the first frame on this connection arrived.
    fn hear_answer(&mut self, attempt: Attempt, answer: Control) -> Result<Answer, Violation>;

    /// Whether the peer may speak before this end's first frame: it asked for a new session, and does not wait for the
    /// answer.
    fn begins(&self) -> bool;

    /// The session is over for this reason, and this end asks for another.
    fn reset(&mut self, reason: Reset);

    /// The largest message that the peer accepts, in bytes.
    fn largest(&self) -> u64;
}

/// Why a client that asked for its session has a new one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reset {
    /// The server has no such session: it has expired, or it was kept in the memory of a server that ended.
    Unknown,
    /// The store of the server has lost a part of the session.
    StoreLost,
}

impl Reset {
    /// All of them.
    pub const ALL: [Reset; 2] = [Reset::Unknown, Reset::StoreLost];

    /// Its name in JavaScript, the docs and the logs.
    pub const fn name(self) -> &'static str {
        match self {
            Reset::Unknown => "unknown",
            Reset::StoreLost => "store-lost",
        }
    }
}

/// What the server answers the client.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Answer {
    /// A new session. If there was one before, everything begins again.
    Fresh {
        /// Why the one before is over, if there was one.
        reset: Option<Reset>,
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
    /// The session that it has.
    pub(super) token: Option<Token>,
    /// What the server said last.
    pub(super) terms: Option<Terms>,
    /// The last connection on which the server said that the session goes on; 0 if there is none.
    answered: u32,
    /// Why the session that it had is over. Its app is told when the next one begins.
    reset: Option<Reset>,
}

/// The end that answers.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Server {
    pub(super) welcome: Welcome,
    pub(super) greeting: Greeting,
    /// The number that the client gave the connection on which the session was resumed last.
    pub(super) resumed: u32,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Greeting {
    /// The client asked for a new session.
    Welcome,
    /// The client asked for one that can't go on, and gets a new one.
    Instead,
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
    /// The [greatest number](crate::server::Change::attempt) that the client gave a connection.
    pub attempt: u32,
}

impl Role for Client {
    const CONNECTS: bool = true;

    fn greet(&self, Attempt(attempt): Attempt, received: u64, acknowledged: u64) -> Control {
        match self.token {
            None => Control::New,
            Some(token) => {
                let known = Known { received, acknowledged, attempt, answered: self.answered };
                Control::Resume { token, known }
            }
        }
    }

    fn hear_answer(&mut self, attempt: Attempt, answer: Control) -> Result<Answer, Violation> {
        match (answer, self.token) {
            // There was no session that could have lost anything.
            (Control::Welcome(Welcome { lost: true, .. }), None) => Err(Violation::Unexpected),
            (Control::Welcome(Welcome { token, terms, lost, .. }), before) => {
                let reason = if lost { Reset::StoreLost } else { Reset::Unknown };
                let reset = self.reset.take().or(before.map(|_| reason));
                (self.token, self.terms, self.answered) = (Some(token), Some(terms), 0);
                Ok(Answer::Fresh { reset })
            }
            (Control::Resumed { received, terms }, Some(_)) => {
                (self.terms, self.answered) = (Some(terms), attempt.0);
                Ok(Answer::Resumed { received })
            }
            _ => Err(Violation::Unexpected),
        }
    }

    fn begins(&self) -> bool {
        false
    }

    fn reset(&mut self, reason: Reset) {
        self.token = None;
        self.reset = Some(reason);
    }

    fn largest(&self) -> u64 {
        self.terms.map_or(u64::MAX, |terms| terms.largest.into())
    }
}

impl Role for Server {
    const CONNECTS: bool = false;

    fn greet(&self, _: Attempt, received: u64, _: u64) -> Control {
        match self.greeting {
            Greeting::Welcome | Greeting::Instead => Control::Welcome(self.welcome),
            Greeting::Resumed => Control::Resumed { received, terms: self.welcome.terms },
        }
    }

    fn hear_answer(&mut self, _: Attempt, _: Control) -> Result<Answer, Violation> {
        Err(Violation::Unexpected)
    }

    fn begins(&self) -> bool {
        self.greeting == Greeting::Welcome
    }

    fn reset(&mut self, _: Reset) {}

    fn largest(&self) -> u64 {
        u64::MAX
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Client {}
    impl Sealed for super::Server {}
}
