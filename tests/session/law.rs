//! What is judged by: the design's invariants, as far as they are a session's.

use std::fmt;

/// An invariant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Law {
    /// Never stuck: in peace a session is live with nothing left to do, or over.
    I4,
    /// Each message arrives exactly once and in order.
    I5,
    /// Each message that was taken ends once, and as it is said to.
    I6,
    /// Memory is bounded, and what fits is taken.
    I7,
    /// Acknowledgements come in time, and never without need.
    Receipts,
    /// Two right ends never break the protocol.
    Peace,
}

/// A law was broken.
#[derive(Clone, Debug)]
pub struct Crime {
    pub law: Law,
    pub at: u64,
    pub what: String,
}

pub type Verdict = Result<(), Crime>;

impl Crime {
    pub fn new<T>(law: Law, at: u64, what: impl Into<String>) -> Result<T, Crime> {
        Err(Crime { law, at, what: what.into() })
    }
}

impl fmt::Display for Crime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} at {} ms: {}", self.law, self.at, self.what)
    }
}
