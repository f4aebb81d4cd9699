//! What must hold after every step, whatever happens.

use std::fmt;

/// The invariants of docs/architecture.md under the names that they have there, and three more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Law {
    /// At most one live native socket; input of an older attempt changes nothing.
    I1,
    /// After `close` nothing connects until the user asks.
    I2,
    /// Every drop takes the one path, once, with its cause.
    I3,
    /// Never stuck: open, or waiting with a deadline or for a named signal, or closed.
    I4,
    /// With a session: each message arrives exactly once and in order.
    I5,
    /// Each message that was accepted ends as exactly one outcome, and as it is said to.
    I6,
    /// Memory is bounded by the limits, and what fits is accepted.
    I7,
    /// Nothing is given up before it was asked and given its time, nor because a timer was late.
    I8,
    /// Attempts never come faster than the backoff allows.
    I9,
    /// What is acknowledged is stored, what is committed never comes again, and who lost a session can't write it.
    I10,
    /// What the user is told makes sense in the order in which it is told.
    Events,
    /// Acknowledgements come in time, and never without need.
    Acknowledgements,
    /// Two correct ends never break the protocol.
    Protocol,
}

/// A law was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    pub law: Law,
    pub what: String,
}

pub type Verdict<T = ()> = Result<T, Violation>;

impl Law {
    pub fn broken<T>(self, what: impl Into<String>) -> Verdict<T> {
        Err(Violation { law: self, what: what.into() })
    }

    /// The text is only put together when it is needed: this runs a hundred times in each of 100,000 scenarios.
    pub fn holds(self, ok: bool, what: impl FnOnce() -> String) -> Verdict {
        if ok { Ok(()) } else { self.broken(what()) }
    }
}

impl Violation {
    /// The same, with the time at which it happened.
    pub fn at(self, now: u64) -> Self {
        Self { what: format!("{}, at {now} ms", self.what), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} was broken: {}", self.law, self.what)
    }
}
