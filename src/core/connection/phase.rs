//! Where a connection stands, and what it knows there.

use crate::core::patience::Patience;
use crate::core::pulse::Pulse;
use crate::core::{Drop, Millis};

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Phase {
    Dialing {
        patience: Option<Patience>,
    },
    Open {
        since: Millis,
        pulse: Option<Pulse>,
        /// The socket is about to close and takes nothing more.
        ending: bool,
    },
    Waiting {
        until: Millis,
        ending: Ending,
        question: Question,
    },
    /// The user has closed, and a socket may still answer.
    Closing {
        deadline: Option<Millis>,
    },
    /// The user has closed, and there is none.
    Leaving {
        at: Millis,
    },
    Closed,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Ending {
    Clean,
    Broken,
}

/// Whether the user has to say what is to become of a lost line, or has.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Question {
    New(Drop),
    Asked(Drop),
    /// It is left to the backoff.
    Settled,
    /// The user has said when to dial, and no signal knows better.
    Answered,
}
