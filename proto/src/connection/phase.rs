//! The state of a connection, with the data that only this state needs.

use crate::deadline::Deadline;
use crate::heartbeat::Monitor;
use crate::{Dropped, Millis};

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Phase {
    Connecting {
        deadline: Option<Deadline>,
    },
    /// The native socket is open, and the user authenticates.
    Authenticating {
        deadline: Deadline,
    },
    Open {
        since: Millis,
        monitor: Option<Monitor>,
        /// The native socket is about to close and takes no more messages.
        ending: bool,
    },
    Waiting {
        until: Millis,
        ending: Ending,
        plan: Plan,
    },
    /// The user has closed, or the server has ended the session; the peer may still answer.
    Closing {
        deadline: Option<Millis>,
    },
    /// The user has closed, and there is no peer to wait for.
    ClosingWithoutSocket {
        at: Millis,
    },
    Closed,
}

/// How a native socket ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Ending {
    Clean,
    Broken,
}

/// What decides when the next attempt begins.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Plan {
    /// The user's decision, for which the user is not asked yet.
    Undecided(Dropped),
    /// The user's decision, for which the user was asked. If there is none in time, it is the default.
    Asked(Dropped),
    /// The backoff. A signal may bring the attempt forward.
    Backoff,
    /// The delay that the user decided.
    Fixed,
}
