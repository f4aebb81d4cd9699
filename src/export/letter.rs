//! What the core has of a message. The message itself is kept by the carrier.

/// Messages leave a queue in the order in which they came, so the core need only count them.
#[cfg(not(feature = "session"))]
#[derive(Clone, Copy)]
pub(super) struct Letter;

#[cfg(not(feature = "session"))]
impl Letter {
    pub(super) fn queued() -> Self {
        Self
    }

    pub(super) fn number(self) -> f64 {
        0.0
    }
}

/// Those of a session leave and come back in any order, and more than once: the carrier gives each a number.
#[cfg(feature = "session")]
#[derive(Clone, Copy)]
pub(super) struct Letter(pub(super) f64);

#[cfg(feature = "session")]
impl Letter {
    pub(super) fn queued() -> Self {
        Self(0.0)
    }

    pub(super) fn number(self) -> f64 {
        self.0
    }
}
