//! Messages that wait for the reader of a stream.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use super::error::Error;
use super::message::Message;

/// How many messages wait for a reader that did not say otherwise.
const LIMIT: usize = 1_024;

/// The messages that wait for the reader of a stream.
pub(super) struct Inbox<T> {
    messages: RefCell<VecDeque<T>>,
    limit: Cell<usize>,
    end: Cell<Option<End>>,
    reader: Cell<Option<Waker>>,
}

/// Why no more messages come.
#[derive(Clone, Copy)]
enum End {
    Closed,
    /// There was one too many.
    Lagged,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Self {
            messages: RefCell::new(VecDeque::new()),
            limit: Cell::new(LIMIT),
            end: Cell::new(None),
            reader: Cell::new(None),
        }
    }

    pub(super) fn set_limit(&self, messages: usize) {
        self.limit.set(messages);
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.messages.borrow().len()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.get().is_some()
    }

    /// False if that was one too many, and the last.
    pub(super) fn push(&self, message: T) -> bool {
        let has_room = self.len() < self.limit.get();
        if has_room {
            self.messages.borrow_mut().push_back(message);
            self.wake();
        } else {
            self.finish(End::Lagged);
        }
        has_room
    }

    /// The next message. After the last one comes the error of a reader that was too slow, and then nothing.
    pub(super) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Result<T, Error>>> {
        let next = self.messages.borrow_mut().pop_front();
        if let Some(message) = next {
            return Poll::Ready(Some(Ok(message)));
        }
        match self.end.get() {
            None => {
                self.reader.set(Some(context.waker().clone()));
                Poll::Pending
            }
            Some(End::Lagged) => {
                self.end.set(Some(End::Closed));
                Poll::Ready(Some(Err(Error::Lagged(self.limit.get()))))
            }
            Some(End::Closed) => Poll::Ready(None),
        }
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

/// A stream that ends with its socket.
pub(super) trait Ends {
    fn end(&self);
}

impl<T> Ends for Inbox<T> {
    fn end(&self) {
        self.finish(End::Closed);
    }
}

/// The inboxes of all who read the messages of a socket. They belong to their readers.
#[derive(Default)]
pub(super) struct Inboxes(RefCell<Vec<Weak<Inbox<Message>>>>);

impl Inboxes {
    pub(super) fn add(&self, inbox: &Rc<Inbox<Message>>) {
        self.0.borrow_mut().push(Rc::downgrade(inbox));
    }

    /// Gives each reader the message. Gives it back if there is no reader.
    pub(super) fn push(&self, message: Message) -> Option<Message> {
        if self.0.borrow().is_empty() {
            return Some(message);
        }
        // A reader that is woken may call anything, and so may the drop of what it held.
        let readers = self.living();
        self.0.borrow_mut().retain(|reader| reader.strong_count() > 0);
        if readers.is_empty() {
            return Some(message);
        }
        for reader in readers {
            if !reader.push(message.clone()) {
                self.0.borrow_mut().retain(|one| !Weak::ptr_eq(one, &Rc::downgrade(&reader)));
            }
        }
        None
    }

    /// No more messages come.
    pub(super) fn end(&self) {
        let readers = self.living();
        self.0.borrow_mut().clear();
        for reader in readers {
            reader.end();
        }
    }

    fn living(&self) -> Vec<Rc<Inbox<Message>>> {
        self.0.borrow().iter().filter_map(Weak::upgrade).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next<T>(inbox: &Inbox<T>) -> Poll<Option<Result<T, Error>>> {
        inbox.poll_next(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_inbox_gives_what_it_holds_then_says_that_its_reader_was_too_slow_and_then_nothing() {
        let inbox = Inbox::new();
        inbox.set_limit(1);
        assert!(inbox.push(1));
        assert!(!inbox.push(2));
        assert_eq!(next(&inbox), Poll::Ready(Some(Ok(1))));
        assert_eq!(next(&inbox), Poll::Ready(Some(Err(Error::Lagged(1)))));
        assert_eq!(next(&inbox), Poll::Ready(None));
        assert_eq!(next(&inbox), Poll::Ready(None));
    }

    #[test]
    fn a_message_that_nobody_reads_comes_back() {
        let inboxes = Inboxes::default();
        assert_eq!(inboxes.push("a".into()), Some("a".into()));
        let inbox = Rc::new(Inbox::new());
        inboxes.add(&inbox);
        assert_eq!(inboxes.push("b".into()), None);
        assert_eq!(next(&inbox), Poll::Ready(Some(Ok("b".into()))));
        drop(inbox);
        assert_eq!(inboxes.push("c".into()), Some("c".into()));
    }
}
