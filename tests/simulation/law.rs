//! What must hold after every step, whatever the world does.

use std::fmt;

/// The invariants of the design, under the names that they have there. I5 is about sessions: see `resuming`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Law {
    /// At most one live socket; what an older one says changes nothing.
    I1,
    /// After `close` nothing dials until the user asks.
    I2,
    /// Every loss takes the one path, once, with its cause.
    I3,
    /// Never stuck: open, or waiting with a deadline or for something that has a name, or closed.
    I4,
    /// Each message that was taken ends once, on the wire or back in the user's hands, in order.
    I6,
    /// No more waits than the limits allow.
    I7,
    /// A line is not given up for its silence before it was asked and given its time, nor a dial before its time, and
    /// neither by a timer that is late.
    I8,
    /// Dials never come faster than the backoff allows.
    I9,
    /// What the user is told makes sense in the order in which it is told.
    Story,
}

/// A law that was broken, and how.
#[derive(Clone, Debug)]
pub struct Crime {
    pub law: Law,
    pub what: String,
}

pub type Outcome<T = ()> = Result<T, Crime>;

impl Law {
    pub fn broken<T>(self, what: impl Into<String>) -> Outcome<T> {
        Err(Crime { law: self, what: what.into() })
    }

    /// The text is only put together when it is needed: this runs a hundred times in each of 100,000 scenarios.
    pub fn holds(self, ok: bool, what: impl FnOnce() -> String) -> Outcome {
        if ok { Ok(()) } else { self.broken(what()) }
    }
}

impl fmt::Display for Crime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} was broken: {}", self.law, self.what)
    }
}
