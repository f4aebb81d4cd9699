//! Typed messages as a stream.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::subscription::Subscription;
use crate::rust::error::Error;
use crate::rust::inbox::Inbox;

/// The messages of one type, as a `Stream`: see [`Socket::messages`](crate::Socket::messages).
#[must_use = "a stream takes its messages from the moment it is made: read them, or drop it"]
pub struct Messages<T> {
    inbox: Rc<Inbox<T>>,
    _subscription: Subscription,
}

impl<T> Messages<T> {
    pub(super) fn new(inbox: Rc<Inbox<T>>, subscription: Subscription) -> Self {
        Self { inbox, _subscription: subscription }
    }

    /// How many messages may wait for the reader. Default: 1,024.
    pub fn limit(self, messages: usize) -> Self {
        self.inbox.set_limit(messages);
        self
    }
}

impl<T> Stream for Messages<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inbox.poll_next(context)
    }
}

impl<T> fmt::Debug for Messages<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Messages").field("waiting", &self.inbox.len()).finish_non_exhaustive()
    }
}
