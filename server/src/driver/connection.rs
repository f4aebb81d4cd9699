//! A session's connection: what is read from it and written to it, and how it is lost.

use std::mem::replace;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tracing::{debug, warn};
use undrop_proto::session::{Heard, Output};
use undrop_proto::wire::{Control, MAX_COUNT};
use undrop_proto::{Attempt, Millis};

use super::state::{Attached, Attachment, Driver, Phase, size};
use crate::amount::Amount;
use crate::codes;
use crate::config::millis;
use crate::connection::{Connection, Disconnect, Input};
use crate::ending::Cause;
use crate::metrics::add;

/// How many frames are read before everything else has its turn.
const FRAMES_A_TURN: usize = 64;

impl Driver {
    /// The session goes on on this connection.
    pub(super) fn attach(&mut self, now: Millis, number: Attempt, connection: Connection) {
        self.number = number;
        add(&self.shared.metrics.resumed, 1);
        self.slot.requests().set_disconnected(None);
        self.refresh = Some(now);
        match replace(&mut self.attachment, Attachment::Attached(Attached::new(connection, now))) {
            Attachment::Attached(older) => {
                debug!(connection = number.0, "taken over");
                add(&self.shared.metrics.taken_over, 1);
                self.close_connection(older.connection, Disconnect::close(codes::TAKEN_OVER, "taken over"));
            }
            Attachment::Detached { since } => {
                debug!(connection = number.0, after = now.since(since), "resumed")
            }
        }
        self.acknowledge();
    }

    /// Reads what has come, as long as there is room for it in the inbox.
    pub(super) fn read(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        for turn in 0..FRAMES_A_TURN {
            if !self.has_room() {
                return turn > 0;
            }
            let Attachment::Attached(attached) = &mut self.attachment else { return turn > 0 };
            if attached.is_drained {
                return turn > 0;
            }
            match attached.connection.poll_input(context) {
                Poll::Pending => attached.is_drained = true,
                Poll::Ready(Err(disconnect @ (Disconnect::Gone | Disconnect::Silent))) => {
                    self.disconnect(now, disconnect)
                }
                // The client would send what can't be read again on its next connection.
                Poll::Ready(Err(disconnect)) => {
                    add(&self.shared.metrics.violations, 1);
                    self.end(Cause::Violation, disconnect);
                }
                Poll::Ready(Ok(input)) => {
                    attached.heard = now;
                    attached.probed = None;
                    self.handle_input(now, input);
                }
            }
        }
        true
    }

    fn handle_input(&mut self, now: Millis, input: Input) {
        let result = match input {
            Input::Alive => return,
            Input::Message(message) => {
                let bytes = message.len() as u64;
                self.core.handle_message(self.number, bytes).map(|number| {
                    if let Some(number) = number {
                        add(&self.shared.metrics.received, 1);
                        add(&self.shared.metrics.received_bytes, message.len());
                        self.uncommitted.push_back(size(&message));
                        self.uncommitted_bytes += bytes;
                        // The client keeps the message until it is persisted, so the next handler gets it from one of the two.
                        self.unpersisted.change.taken.messages.push(message.clone());
                        self.slot.channel().deliver([(number, message)]);
                        self.handler_is_due = true;
                    }
                    Heard::Nothing
                })
            }
            Input::Malformed(malformed) => Err(malformed.into()),
            Input::Control(control) => self.core.handle_control(now, self.number, control),
        };
        match result {
            Ok(Heard::Acknowledged) => self.acknowledge(),
            Ok(Heard::Ended) if matches!(self.phase, Phase::Running) => self.phase = Phase::Parting,
            Ok(_) => {}
            Err(violation) => {
                warn!(%violation, "the client breaks the protocol");
                add(&self.shared.metrics.violations, 1);
                self.end(Cause::Violation, violation.into());
            }
        }
    }

    fn acknowledge(&mut self) {
        self.unpersisted.change.acknowledged = self.core.acknowledged();
        let delivered = self.core.delivered();
        while self.deliveries.front().is_some_and(|(ticket, _)| *ticket <= delivered) {
            if let Some((_, delivery)) = self.deliveries.pop_front() {
                let _ = delivery.send(());
                self.handler_is_due = true;
            }
        }
        self.report_unacknowledged();
    }

    /// Whether the handler keeps up with what is received.
    fn has_room(&self) -> bool {
        let uncommitted = Amount { messages: self.uncommitted.len(), bytes: self.uncommitted_bytes };
        uncommitted.is_within(self.shared.config.limits.inbox)
    }

    /// Writes what the protocol has to send, as fast as the connection takes it.
    pub(super) fn transmit(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        self.end_when_delivered(now);
        let mut progress = false;
        while !self.core.is_drained() {
            if let Attachment::Attached(attached) = &mut self.attachment {
                match attached.connection.poll_ready(context) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(disconnect)) => {
                        self.disconnect(now, disconnect);
                        progress = true;
                        continue;
                    }
                }
            }
            let Some(output) = self.core.poll() else { break };
            progress = true;
            let written = match (output, &mut self.attachment) {
                (Output::Settle(settled), _) => {
                    self.settle(settled);
                    Ok(())
                }
                (Output::Transmit(number, message), Attachment::Attached(attached)) if number == self.number => {
                    add(&self.shared.metrics.sent, 1);
                    add(&self.shared.metrics.sent_bytes, message.len());
                    attached.connection.write_message(message)
                }
                (Output::Control(number, control), Attachment::Attached(attached)) if number == self.number => {
                    attached.connection.write_control(control)
                }
                _ => Ok(()),
            };
            if let Err(disconnect) = written {
                self.disconnect(now, disconnect);
            }
        }
        if self.core.is_over() {
            progress |= self.finish();
        }
        progress
    }

    /// Flushes what was written, once the handler has answered all there was or has nothing to do: acknowledgements and
    /// answers leave in one packet, as a second small one would wait for the client's TCP, unless the app has turned that off.
    /// <https://www.rfc-editor.org/rfc/rfc9293#section-3.7.4>
    pub(super) fn flush(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        if self.handler_is_due && !self.uncommitted.is_empty() {
            return false;
        }
        let Attachment::Attached(attached) = &mut self.attachment else { return false };
        let Poll::Ready(Err(disconnect)) = attached.connection.poll_flush(context) else { return false };
        self.disconnect(now, disconnect);
        true
    }

    /// Ends a session that the app has closed, once all that the app sent before is sent, if need be on another connection.
    fn end_when_delivered(&mut self, now: Millis) {
        if self.core.is_ending() || !self.is_persisted() {
            return;
        }
        let is_detached = !self.is_attached();
        let Phase::Closing { since, .. } = &mut self.phase else { return };
        if self.core.is_live() || (is_detached && self.core.unacknowledged() == 0) {
            *since = now;
            self.core.end();
        }
    }

    pub(super) fn disconnect(&mut self, now: Millis, disconnect: Disconnect) {
        self.core.handle_lost(self.number);
        if let Attachment::Attached(attached) = replace(&mut self.attachment, Attachment::Detached { since: now }) {
            debug!(connection = self.number.0, ?disconnect, "connection lost");
            self.slot.requests().set_disconnected(Some(Instant::now()));
            self.close_connection(attached.connection, disconnect);
            // The session's time to live begins now, in the store as well.
            self.refresh = Some(now);
        }
    }

    pub(super) fn close_connection(&self, connection: Connection, disconnect: Disconnect) {
        tokio::spawn(connection.close(disconnect, self.shared.config.close_timeout));
    }

    /// Sends a ping to a client that has been silent for too long, and drops the connection of one that does not answer. A
    /// connection that is not read tells nothing, so it is not probed.
    pub(super) fn probe(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        if self.probe_at().is_none_or(|at| now < at) {
            return false;
        }
        let Attachment::Attached(attached) = &mut self.attachment else { return false };
        if attached.probed.is_some() {
            debug!(connection = self.number.0, "silent");
            add(&self.shared.metrics.silent, 1);
            self.disconnect(now, Disconnect::Silent);
            return true;
        }
        attached.probed = Some(now);
        // A connection that takes no ping has the same time to answer what it was sent before.
        if self.core.is_live() && attached.connection.poll_ready(context).is_ready() {
            let _ = attached.connection.write_control(Control::Ping(now.0 % MAX_COUNT));
        }
        true
    }

    /// When the client has been silent for too long.
    pub(super) fn probe_at(&self) -> Option<Millis> {
        let Attachment::Attached(attached) = &self.attachment else { return None };
        let config = &self.shared.config;
        self.has_room().then(|| match attached.probed {
            None => attached.heard + millis(config.idle),
            Some(at) => at + millis(config.probe),
        })
    }
}
