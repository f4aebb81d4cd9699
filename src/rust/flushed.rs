//! Until what was sent has left the page.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use gloo_timers::future::TimeoutFuture;
use undrop_proto::State;

use super::error::Error;
use super::inner::Inner;

/// Milliseconds between two looks: no event says that the browser's buffer has emptied.
const PAUSE: u32 = 5;

/// Until all that was sent has left the page: see [`Socket::flushed`](crate::Socket::flushed).
#[must_use = "nothing is waited for until this is awaited"]
pub struct Flushed {
    inner: Weak<Inner>,
    pause: Option<TimeoutFuture>,
}

impl Flushed {
    pub(super) fn new(inner: &Rc<Inner>) -> Self {
        Self { inner: Rc::downgrade(inner), pause: None }
    }

    /// What is sent through, while it is not closed.
    pub(super) fn inner(&self) -> Result<Rc<Inner>, Error> {
        let inner = self.inner.upgrade().filter(|inner| !inner.is_released()).ok_or(Error::Closed)?;
        if inner.state() == State::Closed { Err(Error::Closed) } else { Ok(inner) }
    }

    /// Waits until no more bytes than this have yet to leave.
    pub(super) fn poll_until(&mut self, bytes: u64, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.inner()?.buffered_amount() > bytes {
            ready!(Pin::new(self.pause.get_or_insert_with(|| TimeoutFuture::new(PAUSE))).poll(context));
            self.pause = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl Future for Flushed {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_until(0, context)
    }
}

impl fmt::Debug for Flushed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Flushed").finish_non_exhaustive()
    }
}
