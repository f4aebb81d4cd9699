//! The loop of a session's task.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tracing::{Instrument as _, info_span};
use undrop_proto::Millis;
use undrop_proto::server::Known;

use super::state::{Attached, Attachment, Beginning, Driver, Phase};
use crate::connection::Connection;
use crate::incoming::Handling;
use crate::shared::Shared;
use crate::slots::Slot;

impl Driver {
    /// Spawns the task of a fresh session, on the connection that asked for it.
    pub(crate) fn begin(
        shared: Arc<Shared>,
        slot: Slot,
        beginning: Beginning,
        handler: Handling,
        connection: Connection,
    ) {
        let mut driver = Self::new(shared, slot, beginning, handler);
        driver.attachment = Attachment::Attached(Attached::new(connection, Millis(0)));
        driver.spawn();
    }

    /// Spawns the task of a session from the store, on the connection that asked for it.
    pub(crate) fn resume(
        shared: Arc<Shared>,
        slot: Slot,
        beginning: Beginning,
        handler: Handling,
        connection: Connection,
        known: Known,
    ) {
        let mut driver = Self::new(shared, slot, beginning, handler);
        driver.slot.requests().set_disconnected(Some(Instant::now()));
        let number = Self::FIRST_CONNECTION;
        // The store has compared what the client knows with what it has.
        match driver.core.handle_resume(Millis(0), number, known, driver.shared.terms()) {
            Ok(_) => driver.attach(Millis(0), number, connection),
            Err(_) => driver.refuse_late(connection),
        }
        driver.spawn();
    }

    fn spawn(self) {
        let span = info_span!("session", id = %self.id);
        tokio::spawn(self.instrument(span));
    }

    fn sleep(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.slot.channel().sleep(context).is_ready() {
            return Poll::Ready(());
        }
        self.slot.requests().sleep(context)
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.slot.channel().awake();
        if let Attachment::Attached(attached) = &mut this.attachment {
            attached.is_drained = false;
        }
        loop {
            let now = this.clock.now();
            let progress = [
                this.handle_deadlines(context, now),
                this.read(context, now),
                // Before the store writes, so that a message and what the handler answers at once are one change.
                this.poll_handler(now),
                this.collect(now),
                this.persist(context, now),
                this.transmit(context, now),
                this.flush(context, now),
                this.poll_end(context, now),
            ];
            if matches!(this.phase, Phase::Over { .. }) && this.handler.is_none() {
                return Poll::Ready(());
            }
            let rests = !progress.contains(&true) && !this.handler_is_due;
            if rests && this.poll_alarm(context).is_pending() && this.sleep(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
