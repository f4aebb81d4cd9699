//! What keeps a handler.

use alloc::rc::Weak;
use core::fmt;

use super::Key;
use crate::browser::socket::line::Line;

/// Keeps a handler of typed messages: dropping it ends that, and drops the handler.
///
/// It may be dropped at any time, also by the handler itself; nothing is called after that. It outlives each line of its
/// socket, and has nothing left to keep when the socket itself is dropped.
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
    line: Weak<Line>,
    key: Key,
}

impl Subscription {
    pub(super) fn new(line: Weak<Line>, key: Key) -> Self {
        Self { line, key }
    }

    /// Lets the handler stay for as long as there is the socket.
    pub fn forget(mut self) {
        self.line = Weak::new();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(line) = self.line.upgrade()
            && let Some(typed) = line.typed()
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
