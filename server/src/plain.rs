//! A line without the protocol, served as a session that ends with it: nothing is kept, and nothing comes again.

use std::collections::VecDeque;
use std::future::Future;
use std::mem::take;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::CatchUnwind;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::warn;

use crate::house::{House, Seat};
use crate::line::{Heard, Line, Loss};
use crate::mailbox::{Command, Held};
use crate::metrics::add;
use crate::session::{Cause, Ending, NotCommitted};
use crate::visit::Handling;
use crate::{Message, codes};

/// The task of such a session.
pub(crate) struct PlainDriver {
    house: Arc<House>,
    seat: Seat,
    line: Option<Line>,
    handler: Option<CatchUnwind<AssertUnwindSafe<Handling>>>,
    received: u64,
    outbox: VecDeque<(Message, Option<oneshot::Sender<()>>)>,
    held: Held,
    /// The app's close, when all is sent.
    closing: Option<(u16, String)>,
    heard: Instant,
    probed: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    /// Until when the handler may run, if this server ends.
    patience: Option<Instant>,
}

impl PlainDriver {
    pub(crate) fn new(house: Arc<House>, seat: Seat, line: Line, handler: Handling) -> Self {
        let now = Instant::now();
        Self {
            house,
            seat,
            line: Some(line),
            handler: Some(AssertUnwindSafe(handler).catch_unwind()),
            received: 0,
            outbox: VecDeque::new(),
            held: Held::default(),
            closing: None,
            heard: now,
            probed: None,
            alarm: Box::pin(sleep_until(now)),
            patience: None,
        }
    }

    fn handle(&mut self, context: &mut Context<'_>) -> bool {
        let Some(handler) = &mut self.handler else { return false };
        let Poll::Ready(result) = handler.poll_unpin(context) else { return false };
        self.handler = None;
        self.collect();
        let (code, reason) = if result.is_ok() { (codes::NORMAL, "") } else { (codes::FAILED, "handler failed") };
        if result.is_err() {
            warn!("the handler panicked");
            add(&self.house.metrics.panics, 1);
        }
        self.closing.get_or_insert((code, reason.to_owned()));
        true
    }

    fn collect(&mut self) -> bool {
        let post = self.seat.mailbox().collect();
        if post.is_empty() {
            return false;
        }
        for command in post.commands {
            match command {
                Command::Send { message, delivered } => self.send(message, delivered),
                // It ended while this was on its way.
                Command::Commit { replies, done, .. } if self.line.is_none() && !replies.is_empty() => {
                    let _ = done.send(Err(NotCommitted::Over));
                }
                Command::Commit { replies, done, .. } => {
                    for reply in replies {
                        self.send(reply, None);
                    }
                    let _ = done.send(Ok(()));
                }
                Command::Close { code, reason } => {
                    let code = if matches!(code, 1000 | 3000..=4999) { code } else { codes::NORMAL };
                    self.closing.get_or_insert((code, reason));
                }
            }
        }
        if post.evict {
            self.end(Cause::Evicted, Loss::close(codes::EVICTED, "evicted"));
        }
        if post.shutdown {
            self.patience = Some(Instant::now() + self.house.config.grace);
            self.end(Cause::Shutdown, Loss::close(codes::RESTART, "restart"));
        }
        true
    }

    fn send(&mut self, message: Message, delivered: Option<oneshot::Sender<()>>) {
        self.held += Held::of(&message);
        self.outbox.push_back((message, delivered));
    }

    fn read(&mut self, context: &mut Context<'_>) -> bool {
        if !self.has_room() {
            return false;
        }
        let Some(line) = &mut self.line else { return false };
        match line.poll_plain(context) {
            Poll::Pending => return false,
            Poll::Ready(Err(loss)) => self.end(Cause::Client, loss),
            Poll::Ready(Ok(heard)) => {
                self.heard = Instant::now();
                self.probed = None;
                if let Heard::Message(message) = heard {
                    add(&self.house.metrics.received, 1);
                    add(&self.house.metrics.received_bytes, message.len());
                    self.received += 1;
                    self.seat.mailbox().deliver([(self.received, message)]);
                }
            }
        }
        true
    }

    fn write(&mut self, context: &mut Context<'_>) -> bool {
        let mut moved = false;
        while let Some(line) = &mut self.line {
            let result = match line.poll_ready(context) {
                Poll::Pending => break,
                Poll::Ready(Err(loss)) => Err(loss),
                Poll::Ready(Ok(())) => match self.outbox.pop_front() {
                    Some((message, delivered)) => {
                        self.held -= Held::of(&message);
                        add(&self.house.metrics.sent, 1);
                        add(&self.house.metrics.sent_bytes, message.len());
                        if let Some(delivered) = delivered {
                            let _ = delivered.send(());
                        }
                        line.write_plain(message)
                    }
                    None => break,
                },
            };
            moved = true;
            if let Err(loss) = result {
                self.end(Cause::Client, loss);
            }
        }
        if moved {
            self.seat.mailbox().hold(self.held);
        }
        let flushed = self.line.as_mut().map(|line| line.poll_flush(context));
        match (flushed, self.outbox.is_empty(), &mut self.closing) {
            (Some(Poll::Ready(Err(loss))), ..) => self.end(Cause::Client, loss),
            (Some(_), true, Some((code, reason))) => {
                let loss = Loss::Close(*code, take(reason));
                self.end(Cause::App, loss);
            }
            _ => return moved,
        }
        true
    }

    /// Asks one that has been silent for too long whether it is there, and gives up one that does not answer.
    fn watch(&mut self, context: &mut Context<'_>) -> bool {
        let Some(line) = self.line.as_mut() else {
            return self.patience.is_some_and(|until| until <= Instant::now()) && self.handler.take().is_some();
        };
        let now = Instant::now();
        match self.probed {
            Some(at) if now >= at + self.house.config.probe => {
                add(&self.house.metrics.silent, 1);
                self.end(Cause::Client, Loss::Dead);
            }
            None if now >= self.heard + self.house.config.idle => {
                self.probed = Some(now);
                if line.poll_ready(context).is_ready() {
                    let _ = line.write_ping();
                }
            }
            _ => return false,
        }
        true
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let config = &self.house.config;
        let deadline = match (&self.line, self.probed) {
            (Some(_), Some(at)) => Some(at + config.probe),
            (Some(_), None) => Some(self.heard + config.idle),
            (None, _) => self.patience,
        };
        let Some(deadline) = deadline.filter(|_| self.line.is_none() || self.has_room()) else { return Poll::Pending };
        if self.alarm.deadline() > deadline || self.alarm.is_elapsed() {
            self.alarm.as_mut().reset(deadline);
        }
        self.alarm.as_mut().poll(context)
    }

    fn has_room(&self) -> bool {
        self.seat.mailbox().unread().is_within(self.house.config.limits.inbox)
    }

    fn end(&mut self, cause: Cause, loss: Loss) {
        let Some(line) = self.line.take() else { return };
        tokio::spawn(line.part(loss, self.house.config.farewell));
        add(&self.house.metrics.ended[cause as usize], 1);
        let undelivered = self.outbox.drain(..).map(|(message, _)| message).collect();
        self.held = Held::default();
        self.seat.mailbox().hold(self.held);
        self.seat.mailbox().end(Ending { cause, undelivered });
    }
}

impl Future for PlainDriver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.seat.mailbox().awake();
        loop {
            let moved =
                [this.handle(context), this.collect(), this.watch(context), this.read(context), this.write(context)];
            if this.line.is_none() && this.handler.is_none() {
                return Poll::Ready(());
            }
            let rests = !moved.contains(&true);
            if rests && this.wait(context).is_pending() && this.seat.mailbox().sleep(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
