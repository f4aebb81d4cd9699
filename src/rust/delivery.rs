//! A message that is sent, and the answer whether it has arrived.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use undrop_proto::{MessageId, Outcome};

use super::error::Error;
use super::inner::Inner;
use super::message::Message;
use crate::socket::Waiter;

/// A message, and the future of its arrival: see [`Socket::deliver`](crate::Socket::deliver).
#[must_use = "a message is not sent until its delivery is awaited"]
pub struct Delivery {
    stage: Stage,
    inner: Weak<Inner>,
    time_to_live: Option<Duration>,
}

enum Stage {
    Unsent(Message),
    Sent(MessageId, Rc<Receipt>),
    Done,
}

impl Delivery {
    pub(super) fn new(inner: &Rc<Inner>, message: Message) -> Self {
        Self { stage: Stage::Unsent(message), inner: Rc::downgrade(inner), time_to_live: None }
    }

    /// How long the message may wait to be sent, counted from the first await. After that it is not sent, which is an
    /// [`Error::Undelivered`] as [`Outcome::Expired`]. Default: as long as it takes.
    pub fn time_to_live(mut self, duration: Duration) -> Self {
        self.time_to_live = Some(duration);
        self
    }

    fn send(&self, message: &Message) -> Result<Stage, Error> {
        let inner = self.inner.upgrade().ok_or(Error::Closed)?;
        let receipt = Rc::new(Receipt::default());
        let weak = Rc::downgrade(&receipt);
        let settle = move |outcome| weak.upgrade().is_some_and(|receipt| receipt.settle(outcome));
        let id = inner.deliver(message, self.time_to_live, Waiter::Callback(Box::new(settle)))?;
        Ok(Stage::Sent(id, receipt))
    }
}

impl Future for Delivery {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Stage::Unsent(_) = &self.stage
            && let Stage::Unsent(message) = mem::replace(&mut self.stage, Stage::Done)
        {
            self.stage = self.send(&message)?;
        }
        // Polled again after its answer, it has none.
        let Stage::Sent(_, receipt) = &self.stage else { return Poll::Pending };
        let Some(outcome) = receipt.outcome.get() else {
            receipt.reader.set(Some(context.waker().clone()));
            return Poll::Pending;
        };
        self.stage = Stage::Done;
        Poll::Ready(if outcome == Outcome::Delivered { Ok(()) } else { Err(Error::Undelivered(outcome)) })
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Stage::Sent(id, receipt) = mem::replace(&mut self.stage, Stage::Done)
            && let Some(inner) = self.inner.upgrade()
            && let Some(driver) = inner.driver()
        {
            drop(receipt);
            driver.withdraw(id);
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Unsent(_) => "unsent",
            Stage::Sent(..) => "sent",
            Stage::Done => "done",
        };
        formatter.debug_struct("Delivery").field("stage", &stage).finish_non_exhaustive()
    }
}

/// Where the outcome of a message is noted.
#[derive(Default)]
struct Receipt {
    outcome: Cell<Option<Outcome>>,
    reader: Cell<Option<Waker>>,
}

impl Receipt {
    /// True: somebody waits for the outcome.
    fn settle(&self, outcome: Outcome) -> bool {
        self.outcome.set(Some(outcome));
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        true
    }
}
