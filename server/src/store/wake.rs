//! How a store tells a node of messages that were forwarded to one of its sessions.

use std::fmt;
use std::sync::Weak;

use parking_lot::Mutex;

use crate::SessionId;

/// What a store wakes: the sessions of a node.
pub(crate) trait Woken: Send + Sync {
    /// A message was forwarded to this session.
    fn look_for_forwarded(&self, id: SessionId);
    /// Messages may have been forwarded to any session.
    fn all_look_for_forwarded(&self);
}

/// Tells a node that messages were forwarded to its sessions, or may have been. It then reads them.
#[derive(Clone)]
pub struct Wake {
    sessions: Weak<dyn Woken>,
}

impl Wake {
    pub(crate) fn new(sessions: Weak<dyn Woken>) -> Self {
        Self { sessions }
    }

    /// A message was forwarded to this session, which may be on this node or not.
    pub fn session(&self, id: SessionId) {
        if let Some(sessions) = self.sessions.upgrade() {
            sessions.look_for_forwarded(id);
        }
    }

    /// Messages may have been forwarded to any session.
    pub fn all(&self) {
        if let Some(sessions) = self.sessions.upgrade() {
            sessions.all_look_for_forwarded();
        }
    }

    /// Whether the node is gone.
    pub fn is_over(&self) -> bool {
        self.sessions.strong_count() == 0
    }
}

impl fmt::Debug for Wake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wake").finish_non_exhaustive()
    }
}

/// The nodes that a store tells.
#[derive(Debug, Default)]
pub(super) struct Wakes(Mutex<Vec<Wake>>);

impl Wakes {
    /// One more. Those of nodes that are gone are forgotten.
    pub(super) fn add(&self, wake: Wake) {
        let mut wakes = self.0.lock();
        wakes.retain(|wake| !wake.is_over());
        wakes.push(wake);
    }

    /// See [`Wake::session`].
    pub(super) fn session(&self, id: SessionId) {
        self.0.lock().iter().for_each(|wake| wake.session(id));
    }

    /// See [`Wake::all`].
    #[cfg(feature = "redis")]
    pub(super) fn all(&self) {
        self.0.lock().iter().for_each(Wake::all);
    }
}
