//! What keeps a handler.

use std::fmt;
use std::rc::Weak;

use super::state::Key;
use crate::rust::inner::Inner;

/// Keeps a handler of typed messages: dropping it ends and drops the handler.
///
/// It may be dropped at any time, also by the handler itself; nothing is called after that. It outlives each connection of
/// its socket, and has nothing left to keep when the socket itself is dropped.
///
/// ```no_run
/// # use undrop::Socket;
/// # fn watch(socket: &Socket) {
/// let presence = socket.on("presence", |_, online: Vec<String>| show(&online));
/// // …
/// drop(presence);
/// # }
/// # fn show(_: &[String]) {}
/// ```
#[must_use = "dropping a subscription ends it: keep it, or `forget` it for as long as there is the socket"]
pub struct Subscription {
    inner: Weak<Inner>,
    key: Key,
}

impl Subscription {
    pub(super) fn new(inner: Weak<Inner>, key: Key) -> Self {
        Self { inner, key }
    }

    /// Lets the handler stay for as long as there is the socket.
    pub fn forget(mut self) {
        self.inner = Weak::new();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.upgrade()
            && let Some(typed) = inner.typed()
        {
            typed.remove(self.key);
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Subscription").finish_non_exhaustive()
    }
}
