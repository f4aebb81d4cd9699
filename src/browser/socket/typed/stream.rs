//! Messages as a stream.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::subscription::Subscription;
use crate::browser::socket::error::Error;

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

    /// Lets so many messages wait for the reader, in place of 1,024.
    pub fn limit(self, messages: usize) -> Self {
        self.inbox.limit.set(messages);
        self
    }
}

impl<T> Stream for Messages<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inbox = &self.inbox;
        if let Some(message) = inbox.pop() {
            return Poll::Ready(Some(Ok(message)));
        }
        match inbox.end.get() {
            None => {
                inbox.reader.set(Some(context.waker().clone()));
                Poll::Pending
            }
            Some(End::Lagged) => {
                inbox.end.set(Some(End::Over));
                Poll::Ready(Some(Err(Error::Lagged(inbox.limit.get()))))
            }
            Some(End::Over) => Poll::Ready(None),
        }
    }
}

impl<T> fmt::Debug for Messages<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Messages").field("waiting", &self.inbox.messages.borrow().len()).finish_non_exhaustive()
    }
}

/// The messages that wait for the reader.
pub(super) struct Inbox<T> {
    messages: RefCell<VecDeque<T>>,
    limit: Cell<usize>,
    end: Cell<Option<End>>,
    reader: Cell<Option<Waker>>,
}

/// Why no more come.
#[derive(Clone, Copy)]
enum End {
    Over,
    /// There was one too many.
    Lagged,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Self {
            messages: RefCell::new(VecDeque::new()),
            limit: Cell::new(1_024),
            end: Cell::new(None),
            reader: Cell::new(None),
        }
    }

    /// False if that was one too many, and the last.
    pub(super) fn push(&self, message: T) -> bool {
        let has_room = self.messages.borrow().len() < self.limit.get();
        if has_room {
            self.messages.borrow_mut().push_back(message);
            self.wake();
        } else {
            self.finish(End::Lagged);
        }
        has_room
    }

    fn pop(&self) -> Option<T> {
        self.messages.borrow_mut().pop_front()
    }

    fn finish(&self, end: End) {
        if self.end.get().is_none() {
            self.end.set(Some(end));
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// What ends with the line.
pub(super) trait Ends {
    /// It is over.
    fn end(&self);
}

impl<T> Ends for Inbox<T> {
    fn end(&self) {
        self.finish(End::Over);
    }
}
