//! Why a store does not do what it is asked for.

use std::error::Error;
use std::fmt;

/// The store did not answer, or answered that it can't do it.
#[derive(Debug)]
pub struct Unavailable {
    cause: UnavailableCause,
    source: Box<dyn Error + Send + Sync>,
}

/// Why a store does not answer: the label `cause` of `undrop_store_failures_total`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UnavailableCause {
    /// It did not answer in time.
    Timeout,
    /// There is no connection to it: nobody listens there, or the connection was lost.
    Unreachable,
    /// The connection to it can't be encrypted: its certificate is not trusted, say.
    Tls,
    /// It does not let this server in, or not do this.
    Auth,
    /// It is a replica.
    ReadOnly,
    /// It is there and not ready: it still loads, or its cluster is down.
    NotReady,
    /// It has no room.
    Full,
    /// Anything else.
    Other,
}

impl Unavailable {
    /// Why, and the error that says more.
    pub fn new(cause: UnavailableCause, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause, source: source.into() }
    }

    /// Why.
    pub fn cause(&self) -> UnavailableCause {
        self.cause
    }

    /// The error that says more.
    pub(crate) fn error(&self) -> &(dyn Error + Send + Sync) {
        &*self.source
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the store is not available: {}", self.source)
    }
}

impl Error for Unavailable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

impl UnavailableCause {
    /// All of them.
    pub const ALL: [UnavailableCause; 8] = [
        UnavailableCause::Timeout,
        UnavailableCause::Unreachable,
        UnavailableCause::Tls,
        UnavailableCause::Auth,
        UnavailableCause::ReadOnly,
        UnavailableCause::NotReady,
        UnavailableCause::Full,
        UnavailableCause::Other,
    ];

    /// Its name in the metrics and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            UnavailableCause::Timeout => "timeout",
            UnavailableCause::Unreachable => "unreachable",
            UnavailableCause::Tls => "tls",
            UnavailableCause::Auth => "auth",
            UnavailableCause::ReadOnly => "read_only",
            UnavailableCause::NotReady => "not_ready",
            UnavailableCause::Full => "full",
            UnavailableCause::Other => "other",
        }
    }

    /// What a client is told whose session can't be had.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            UnavailableCause::Timeout => "the store does not answer",
            UnavailableCause::Unreachable => "the store can't be reached",
            UnavailableCause::Tls => "the store can't be reached safely",
            UnavailableCause::Auth => "the store refuses this server",
            UnavailableCause::ReadOnly => "the store is read-only",
            UnavailableCause::NotReady => "the store is not ready",
            UnavailableCause::Full => "the store is full",
            UnavailableCause::Other => "the store fails",
        }
    }
}

impl fmt::Display for UnavailableCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
