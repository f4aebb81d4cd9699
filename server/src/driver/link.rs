//! A session's line: what is read from it and written to it, and how it is lost.

use std::mem::replace;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tracing::{debug, warn};
use undrop::core::session::{Heard, Output};
use undrop::core::wire::{Control, MAX_COUNT};
use undrop::core::{Epoch, Millis};

use super::{Driver, Link, Phase, Up, size};
use crate::codes;
use crate::config::millis;
use crate::line::{self, Line, Loss};
use crate::mailbox::Held;
use crate::metrics::add;
use crate::session::Cause;

/// So many frames are read before all else has its turn.
const TURN: usize = 64;

impl Driver {
    pub(super) fn attach(&mut self, now: Millis, line: Line, received: u64) {
        let epoch = Epoch(self.epoch.0 + 1);
        match self.core.handle_resume(now, epoch, received) {
            Err(violation) => {
                warn!(%violation, "a line can't resume");
                add(&self.house.metrics.violations, 1);
                self.part(line, violation.into());
            }
            Ok(_) => {
                self.epoch = epoch;
                add(&self.house.metrics.resumed, 1);
                self.seat.mailbox().set_down(None);
                self.refresh = Some(now);
                match replace(&mut self.link, Link::Up(Up::new(line, now))) {
                    Link::Up(older) => {
                        debug!(line = epoch.0, "taken over");
                        add(&self.house.metrics.taken_over, 1);
                        self.part(older.line, Loss::close(codes::TAKEN_OVER, "taken over"));
                    }
                    Link::Down { since } => debug!(line = epoch.0, after = now.since(since), "resumed"),
                }
                self.acknowledge();
            }
        }
    }

    /// Reads what has come, as long as there is room for it.
    pub(super) fn read(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        for turn in 0..TURN {
            if !self.has_room() {
                return turn > 0;
            }
            let Link::Up(up) = &mut self.link else { return turn > 0 };
            if up.is_quiet {
                return turn > 0;
            }
            match up.line.poll_heard(context) {
                Poll::Pending => up.is_quiet = true,
                Poll::Ready(Err(loss @ (Loss::Gone | Loss::Dead))) => self.lose(now, loss),
                // What can't be read would be sent again on the next line.
                Poll::Ready(Err(loss)) => {
                    add(&self.house.metrics.violations, 1);
                    self.end(Cause::Violation, loss);
                }
                Poll::Ready(Ok(heard)) => {
                    up.heard = now;
                    up.probed = None;
                    self.hear(now, heard);
                }
            }
        }
        true
    }

    fn hear(&mut self, now: Millis, heard: line::Heard) {
        let result = match heard {
            line::Heard::Sign => return,
            line::Heard::Message(message) => {
                let bytes = message.len() as u64;
                self.core.handle_message(self.epoch, bytes).map(|number| {
                    if let Some(number) = number {
                        add(&self.house.metrics.received, 1);
                        add(&self.house.metrics.received_bytes, message.len());
                        self.uncommitted.push_back(size(&message));
                        self.uncommitted_bytes += bytes;
                        // Until the store has it the client does: whoever comes after this handler gets it from one of them.
                        self.news.change.taken.messages.push(message.clone());
                        self.seat.mailbox().deliver([(number, message)]);
                        self.handler_is_due = true;
                    }
                    Heard::Nothing
                })
            }
            line::Heard::Malformed(malformed) => Err(malformed.into()),
            line::Heard::Control(control) => self.core.handle_control(now, self.epoch, control),
        };
        match result {
            Ok(Heard::Acknowledged) => self.acknowledge(),
            Ok(Heard::Ended) if matches!(self.phase, Phase::Running) => self.phase = Phase::Parting,
            Ok(_) => {}
            Err(violation) => {
                warn!(%violation, "the client breaks the protocol");
                add(&self.house.metrics.violations, 1);
                self.end(Cause::Violation, violation.into());
            }
        }
    }

    fn acknowledge(&mut self) {
        self.news.change.acknowledged = self.core.acknowledged();
        let delivered = self.core.delivered();
        while self.deliveries.front().is_some_and(|(ticket, _)| *ticket <= delivered) {
            if let Some((_, delivery)) = self.deliveries.pop_front() {
                let _ = delivery.send(());
                self.handler_is_due = true;
            }
        }
        self.tell_what_is_held();
    }

    /// Whether the handler keeps up.
    fn has_room(&self) -> bool {
        let uncommitted = Held { messages: self.uncommitted.len(), bytes: self.uncommitted_bytes };
        uncommitted.is_within(self.house.config.limits.inbox)
    }

    /// Does what the core says, as fast as the line takes it.
    pub(super) fn act(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        self.agree_to_close(now);
        let mut moved = false;
        while !self.core.is_drained() {
            if let Link::Up(up) = &mut self.link {
                match up.line.poll_ready(context) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(loss)) => {
                        self.lose(now, loss);
                        moved = true;
                        continue;
                    }
                }
            }
            let Some(output) = self.core.poll() else { break };
            moved = true;
            let written = match (output, &mut self.link) {
                (Output::Return(returned), _) => {
                    self.undelivered.push(returned.message);
                    Ok(())
                }
                (Output::Transmit(epoch, message), Link::Up(up)) if epoch == self.epoch => {
                    add(&self.house.metrics.sent, 1);
                    add(&self.house.metrics.sent_bytes, message.len());
                    up.line.write_message(message)
                }
                (Output::Control(epoch, control), Link::Up(up)) if epoch == self.epoch => {
                    up.line.write_control(control)
                }
                _ => Ok(()),
            };
            if let Err(loss) = written {
                self.lose(now, loss);
            }
        }
        if self.core.is_over() {
            moved |= self.settle();
        }
        moved
    }

    /// Has what was written leave. That is done when the handler has answered all there was or has nothing to do, so that
    /// acknowledgements and answers leave together: a second small packet would wait for the client's TCP, unless the app
    /// has turned that off. <https://www.rfc-editor.org/rfc/rfc9293#section-3.7.4>
    pub(super) fn flush(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        if self.handler_is_due && !self.uncommitted.is_empty() {
            return false;
        }
        let Link::Up(up) = &mut self.link else { return false };
        let Poll::Ready(Err(loss)) = up.line.poll_flush(context) else { return false };
        self.lose(now, loss);
        true
    }

    /// The app wants it to end. What it sent before leaves first, if need be on another line.
    fn agree_to_close(&mut self, now: Millis) {
        if self.core.is_ending() || !self.is_stored() {
            return;
        }
        let Phase::Closing { since, .. } = &mut self.phase else { return };
        let is_down = matches!(self.link, Link::Down { .. });
        if self.core.is_live() || (is_down && self.core.unacknowledged() == 0) {
            *since = now;
            self.core.end();
        }
    }

    pub(super) fn lose(&mut self, now: Millis, loss: Loss) {
        self.core.handle_lost(self.epoch);
        if let Link::Up(up) = replace(&mut self.link, Link::Down { since: now }) {
            debug!(line = self.epoch.0, ?loss, "line lost");
            self.seat.mailbox().set_down(Some(Instant::now()));
            self.part(up.line, loss);
            // From now on it is to live for as long as it may.
            self.refresh = Some(now);
        }
    }

    pub(super) fn part(&self, line: Line, loss: Loss) {
        tokio::spawn(line.part(loss, self.house.config.farewell));
    }

    /// Asks a client that has been silent for too long whether it is there, and gives up one that does not answer. A line
    /// that is not read says nothing.
    pub(super) fn probe(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        if self.silence_ends().is_none_or(|at| now < at) {
            return false;
        }
        let Link::Up(up) = &mut self.link else { return false };
        if up.probed.is_some() {
            debug!(line = self.epoch.0, "silent");
            add(&self.house.metrics.silent, 1);
            self.lose(now, Loss::Dead);
            return true;
        }
        up.probed = Some(now);
        // One that takes nothing has as long to answer what it was given before.
        if self.core.is_live() && up.line.poll_ready(context).is_ready() {
            let _ = up.line.write_control(Control::Ping(now.0 % MAX_COUNT));
        }
        true
    }

    /// When its silence has been too long.
    pub(super) fn silence_ends(&self) -> Option<Millis> {
        let Link::Up(up) = &self.link else { return None };
        let config = &self.house.config;
        self.has_room().then(|| match up.probed {
            None => up.heard + millis(config.idle),
            Some(at) => at + millis(config.probe),
        })
    }
}
