//! A plain connection, served as a session that ends with it: nothing is stored, and nothing is sent twice.

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

use crate::amount::Amount;
use crate::channel::Command;
use crate::connection::{Connection, Disconnect, Input};
use crate::ending::{Cause, Ending, NotCommitted};
use crate::incoming::Handling;
use crate::metrics::add;
use crate::shared::Shared;
use crate::slots::Slot;
use crate::{Message, codes};

/// The task of a plain connection.
pub(crate) struct PlainDriver {
    shared: Arc<Shared>,
    slot: Slot,
    connection: Option<Connection>,
    handler: Option<CatchUnwind<AssertUnwindSafe<Handling>>>,
    received: u64,
    outbox: VecDeque<(Message, Option<oneshot::Sender<()>>)>,
    /// How much is in the outbox.
    unsent: Amount,
    /// The code and reason of the app's close, which waits for the outbox.
    closing: Option<(u16, String)>,
    heard: Instant,
    probed: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    /// Until when the handler may run, if the server shuts down.
    handler_deadline: Option<Instant>,
}

impl PlainDriver {
    pub(crate) fn new(shared: Arc<Shared>, slot: Slot, connection: Connection, handler: Handling) -> Self {
        let now = Instant::now();
        Self {
            shared,
            slot,
            connection: Some(connection),
            handler: Some(AssertUnwindSafe(handler).catch_unwind()),
            received: 0,
            outbox: VecDeque::new(),
            unsent: Amount::default(),
            closing: None,
            heard: now,
            probed: None,
            alarm: Box::pin(sleep_until(now)),
            handler_deadline: None,
        }
    }

    fn poll_handler(&mut self, context: &mut Context<'_>) -> bool {
        let Some(handler) = &mut self.handler else { return false };
        let Poll::Ready(result) = handler.poll_unpin(context) else { return false };
        self.handler = None;
        self.collect();
        let (code, reason) = if result.is_ok() { (codes::NORMAL, "") } else { (codes::FAILED, "handler failed") };
        if result.is_err() {
            warn!("the handler panicked");
            add(&self.shared.metrics.panics, 1);
        }
        self.closing.get_or_insert((code, reason.to_owned()));
        true
    }

    fn collect(&mut self) -> bool {
        let collected = self.slot.channel().collect();
        let requests = self.slot.requests().collect();
        if collected.is_empty() && requests.is_empty() {
            return false;
        }
        for command in collected.commands {
            match command {
                Command::Send { message, delivered } => self.send(message, delivered),
                // The connection ended before this was collected.
                Command::Commit { replies, done, .. } if self.connection.is_none() && !replies.is_empty() => {
                    let _ = done.send(Err(NotCommitted::Over));
                }
                Command::Commit { replies, done, .. } => {
                    for reply in replies {
                        self.send(reply, None);
                    }
                    let _ = done.send(Ok(()));
                }
                Command::Close { code, reason } => {
                    self.closing.get_or_insert((codes::of_app(code), reason));
                }
            }
        }
        if requests.evict {
            self.end(Cause::Evicted, Disconnect::close(codes::EVICTED, "evicted"));
        }
        if requests.shutdown {
            self.handler_deadline = Some(Instant::now() + self.shared.config.grace);
            self.end(Cause::Shutdown, Disconnect::close(codes::RESTART, "restart"));
        }
        true
    }

    fn send(&mut self, message: Message, delivered: Option<oneshot::Sender<()>>) {
        self.unsent += Amount::of(&message);
        self.outbox.push_back((message, delivered));
    }

    fn read(&mut self, context: &mut Context<'_>) -> bool {
        if !self.has_room() {
            return false;
        }
        let Some(connection) = &mut self.connection else { return false };
        match connection.poll_plain(context) {
            Poll::Pending => return false,
            Poll::Ready(Err(disconnect)) => self.end(Cause::Client, disconnect),
            Poll::Ready(Ok(input)) => {
                self.heard = Instant::now();
                self.probed = None;
                if let Input::Message(message) = input {
                    add(&self.shared.metrics.received, 1);
                    add(&self.shared.metrics.received_bytes, message.len());
                    self.received += 1;
                    self.slot.channel().deliver([(self.received, message)]);
                }
            }
        }
        true
    }

    fn write(&mut self, context: &mut Context<'_>) -> bool {
        let mut progress = false;
        while let Some(connection) = &mut self.connection {
            let result = match connection.poll_ready(context) {
                Poll::Pending => break,
                Poll::Ready(Err(disconnect)) => Err(disconnect),
                Poll::Ready(Ok(())) => match self.outbox.pop_front() {
                    Some((message, delivered)) => {
                        self.unsent -= Amount::of(&message);
                        add(&self.shared.metrics.sent, 1);
                        add(&self.shared.metrics.sent_bytes, message.len());
                        if let Some(delivered) = delivered {
                            let _ = delivered.send(());
                        }
                        connection.write_plain(message)
                    }
                    None => break,
                },
            };
            progress = true;
            if let Err(disconnect) = result {
                self.end(Cause::Client, disconnect);
            }
        }
        if progress {
            self.slot.channel().set_unacknowledged(self.unsent);
        }
        let flushed = self.connection.as_mut().map(|connection| connection.poll_flush(context));
        match (flushed, self.outbox.is_empty(), &mut self.closing) {
            (Some(Poll::Ready(Err(disconnect))), ..) => self.end(Cause::Client, disconnect),
            (Some(_), true, Some((code, reason))) => {
                let disconnect = Disconnect::Close(*code, take(reason));
                self.end(Cause::App, disconnect);
            }
            _ => return progress,
        }
        true
    }

    /// Sends a ping to a client that has been silent for too long, and drops the connection of one that does not answer.
    fn probe(&mut self, context: &mut Context<'_>) -> bool {
        let Some(connection) = self.connection.as_mut() else {
            return self.handler_deadline.is_some_and(|until| until <= Instant::now()) && self.handler.take().is_some();
        };
        let now = Instant::now();
        match self.probed {
            Some(at) if now >= at + self.shared.config.probe => {
                add(&self.shared.metrics.silent, 1);
                self.end(Cause::Client, Disconnect::Silent);
            }
            None if now >= self.heard + self.shared.config.idle => {
                self.probed = Some(now);
                if connection.poll_ready(context).is_ready() {
                    let _ = connection.write_ping();
                }
            }
            _ => return false,
        }
        true
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let config = &self.shared.config;
        let deadline = match (&self.connection, self.probed) {
            (Some(_), Some(at)) => Some(at + config.probe),
            (Some(_), None) => Some(self.heard + config.idle),
            (None, _) => self.handler_deadline,
        };
        let Some(deadline) = deadline.filter(|_| self.connection.is_none() || self.has_room()) else {
            return Poll::Pending;
        };
        if self.alarm.deadline() > deadline || self.alarm.is_elapsed() {
            self.alarm.as_mut().reset(deadline);
        }
        self.alarm.as_mut().poll(context)
    }

    fn sleep(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.slot.channel().sleep(context).is_ready() {
            return Poll::Ready(());
        }
        self.slot.requests().sleep(context)
    }

    fn has_room(&self) -> bool {
        self.slot.channel().unread().is_within(self.shared.config.limits.inbox)
    }

    fn end(&mut self, cause: Cause, disconnect: Disconnect) {
        let Some(connection) = self.connection.take() else { return };
        tokio::spawn(connection.close(disconnect, self.shared.config.close_timeout));
        add(&self.shared.metrics.ended[cause as usize], 1);
        let undelivered = self.outbox.drain(..).map(|(message, _)| message).collect();
        self.unsent = Amount::default();
        self.slot.channel().set_unacknowledged(self.unsent);
        self.slot.channel().end(Ending { cause, undelivered });
    }
}

impl Future for PlainDriver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.slot.channel().awake();
        loop {
            let progress = [
                this.poll_handler(context),
                this.collect(),
                this.probe(context),
                this.read(context),
                this.write(context),
            ];
            if this.connection.is_none() && this.handler.is_none() {
                return Poll::Ready(());
            }
            let rests = !progress.contains(&true);
            if rests && this.poll_alarm(context).is_pending() && this.sleep(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
