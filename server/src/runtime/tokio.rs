//! tokio.

use std::future::Future;
use std::task::{Context, Poll};

pub(crate) use tokio::task::yield_now;
pub(crate) use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout, timeout_at};

/// Has a future polled until it is done.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(::tokio::spawn(future));
}

/// The number of the present turn of the runtime: tokio does not say.
pub(crate) const fn turn() -> u64 {
    0
}

/// Whether the handler of a session has had its turn since it was given a message. It runs in the session's own task, so it has
/// as soon as it was polled.
pub(crate) struct HandlerTurn;

impl HandlerTurn {
    pub(crate) const fn new() -> Self {
        Self
    }

    /// The handler was given a message.
    pub(crate) fn begin(&mut self) {}

    /// Whether the handler has had its turn. If not, the task is woken when it has.
    pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}
