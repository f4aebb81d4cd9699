//! A message that is sent, and the answer whether it has arrived.

use alloc::rc::{Rc, Weak};
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::error::Error;
use super::line::Line;
use super::message::Message;
use super::parcel::{Content, Ticket, Told};
use crate::core::Fate;

/// A message on its way, and the future of its arrival: see [`Socket::deliver`](crate::Socket::deliver).
#[must_use = "a message is not sent until its delivery is awaited"]
pub struct Delivery {
    stage: Stage,
    line: Weak<Line>,
    time_to_live: Option<u32>,
}

enum Stage {
    Unsent(Message),
    Sent(Ticket, Rc<Receipt>),
    Done,
}

impl Delivery {
    pub(super) fn new(line: &Rc<Line>, message: Message) -> Self {
        Self { stage: Stage::Unsent(message), line: Rc::downgrade(line), time_to_live: None }
    }

    /// Lets the message wait for the line for so many milliseconds at most, counted from the first await. If it has not
    /// left by then, it will not: that is an [`Error::Undelivered`] as [`Fate::Expired`].
    pub fn time_to_live(mut self, milliseconds: u32) -> Self {
        self.time_to_live = Some(milliseconds);
        self
    }

    fn send(&self, message: Message) -> Result<Stage, Error> {
        let line = self.line.upgrade().filter(|line| !line.is_let_go()).ok_or(Error::Over)?;
        if !line.keeps_session() {
            return Err(Error::NoSession);
        }
        let receipt = Rc::new(Receipt::default());
        let ticket = line.wait(
            message.len(),
            Content::kept(&message),
            Told::Receipt(Rc::downgrade(&receipt)),
            self.time_to_live,
        )?;
        Ok(Stage::Sent(ticket, receipt))
    }
}

impl Future for Delivery {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Stage::Unsent(_) = &self.stage
            && let Stage::Unsent(message) = mem::replace(&mut self.stage, Stage::Done)
        {
            self.stage = self.send(message)?;
        }
        // Asked again after its answer, it has none.
        let Stage::Sent(_, receipt) = &self.stage else { return Poll::Pending };
        let Some(outcome) = receipt.outcome.get() else {
            receipt.reader.set(Some(context.waker().clone()));
            return Poll::Pending;
        };
        self.stage = Stage::Done;
        Poll::Ready(outcome.map_err(Error::Undelivered))
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Stage::Sent(ticket, _) = mem::replace(&mut self.stage, Stage::Done)
            && let Some(line) = self.line.upgrade()
        {
            line.withdraw(ticket);
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

/// Where it is noted whether a message has arrived.
#[derive(Default)]
pub(super) struct Receipt {
    outcome: Cell<Option<Result<(), Fate>>>,
    reader: Cell<Option<Waker>>,
}

impl Receipt {
    pub(super) fn settle(&self, outcome: Result<(), Fate>) {
        self.outcome.set(Some(outcome));
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
