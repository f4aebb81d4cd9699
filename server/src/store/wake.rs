//! How a store tells a node of messages that were forwarded to one of its sessions.

use std::fmt;
use std::sync::Weak;

use crate::SessionId;
use crate::slots::Slots;

/// Tells a node that messages were forwarded to its sessions, or may have been. It then reads them.
#[derive(Clone)]
pub struct Wake {
    slots: Weak<Slots>,
}

impl Wake {
    pub(crate) fn new(slots: Weak<Slots>) -> Self {
        Self { slots }
    }

    /// A message was forwarded to this session, which may be on this node or not.
    pub fn session(&self, id: SessionId) {
        if let Some(slots) = self.slots.upgrade() {
            slots.look_for_forwarded(id);
        }
    }

    /// Messages may have been forwarded to any session.
    pub fn all(&self) {
        if let Some(slots) = self.slots.upgrade() {
            slots.all_look_for_forwarded();
        }
    }

    /// Whether the node is gone.
    pub fn is_over(&self) -> bool {
        self.slots.strong_count() == 0
    }
}

impl fmt::Debug for Wake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wake").finish_non_exhaustive()
    }
}
