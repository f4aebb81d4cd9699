//! What a function of the app does for one attempt.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use undrop_proto::Attempt;

/// A future of the app.
pub(super) type AppFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// The future of the app for the attempt that is under way, if there is one. It is dropped when that attempt is over.
pub(super) struct ForAttempt<T> {
    attempt: Cell<Option<Attempt>>,
    /// Absent until its first poll, and while it runs.
    future: Cell<Option<AppFuture<T>>>,
}

impl<T> ForAttempt<T> {
    pub(super) fn new() -> Self {
        Self { attempt: Cell::new(None), future: Cell::new(None) }
    }

    /// Takes the place of any earlier attempt. Nothing of the app is called before the first [`poll`](Self::poll).
    pub(super) fn begin(&self, attempt: Attempt) {
        self.attempt.set(Some(attempt));
        drop(self.future.take());
    }

    /// The attempt that it is for, if there is one.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        self.attempt.get()
    }

    /// Nothing is done any more.
    pub(super) fn cancel(&self) {
        self.attempt.set(None);
        drop(self.future.take());
    }

    /// `make` calls the function of the app. Nothing if this is not the attempt any more, or if there is no function.
    pub(super) fn poll(
        &self,
        attempt: Attempt,
        context: &mut Context<'_>,
        make: impl FnOnce() -> Option<AppFuture<T>>,
    ) -> Poll<Option<T>> {
        let is_current = || self.attempt.get() == Some(attempt);
        if !is_current() {
            return Poll::Ready(None);
        }
        let Some(mut future) = self.future.take().or_else(make) else { return Poll::Ready(None) };
        let result = future.as_mut().poll(context);
        if !is_current() {
            return Poll::Ready(None);
        }
        if result.is_pending() {
            self.future.set(Some(future));
        }
        result.map(Some)
    }
}
