//! What a socket knows of its session beside what the protocol knows.

use std::cell::Cell;

/// What a socket knows of its session beside what the protocol knows.
#[derive(Default)]
pub(super) struct SessionState {
    /// A session has begun that did not come to its end.
    has_begun: Cell<bool>,
    /// What the server did wrong in the present attempt.
    pub(super) violation: Cell<Option<&'static str>>,
}

impl SessionState {
    pub(super) fn attempt_begins(&self) {
        self.violation.set(None);
    }

    /// A new session begins. True if the one before it was forgotten.
    pub(super) fn begins(&self) -> bool {
        self.has_begun.replace(true)
    }

    pub(super) fn ends(&self) {
        self.has_begun.set(false);
    }
}
