//! The messages that arrive, as a stream.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream;
use undrop_proto::State;

use super::error::Error;
use super::inbox::{Ends as _, Inbox};
use super::inner::Inner;
use super::message::Message;

/// The messages that arrive, as a `Stream`: see [`Socket::readable`](crate::Socket::readable).
#[must_use = "a stream takes its messages from the moment it is made: read them, or drop it"]
pub struct Readable {
    inbox: Rc<Inbox<Message>>,
}

impl Readable {
    pub(super) fn new(inner: &Inner) -> Self {
        let inbox = Rc::new(Inbox::new());
        if inner.is_released() || inner.state() == State::Closed {
            inbox.end();
        } else {
            inner.readers.add(&inbox);
        }
        Self { inbox }
    }

    /// How many messages may wait for the reader. Default: 1,024.
    pub fn limit(self, messages: usize) -> Self {
        self.inbox.set_limit(messages);
        self
    }
}

impl Stream for Readable {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inbox.poll_next(context)
    }
}

impl fmt::Debug for Readable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Readable").field("waiting", &self.inbox.len()).finish_non_exhaustive()
    }
}
