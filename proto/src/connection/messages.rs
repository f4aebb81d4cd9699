//! Messages that are sent and received, and the heartbeat.

use super::delivery::Next;
use super::phase::{Ending, Phase};
use super::{Connection, Delivery};
use crate::close::ABNORMAL;
use crate::heartbeat::Check;
use crate::waiting::Size;
use crate::{Attempt, MessageId, Millis, Output, SendError};

impl<M: Clone, D: Delivery<M>> Connection<M, D> {
    /// Sends a message of so many bytes, now or when the connection is open. A connection that keeps a session has
    /// [`deliver`](Connection::deliver) instead, and refuses this with [`SendError::NotOpen`].
    pub fn send(&mut self, now: Millis, message: M, bytes: u64) -> Result<MessageId, SendError> {
        self.send_sized(&|| now, message, Size::bytes(bytes))
    }

    /// [`send`](Self::send) for a text of so many UTF-16 code units. `count` counts the bytes of a text; it is only called
    /// if the limit of the queue may be reached, but then for each text that is queued and not counted. The clock is only
    /// read for a queue with a time to live.
    pub fn send_text(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        units: u64,
        count: impl Fn(&M) -> u64,
    ) -> Result<MessageId, SendError> {
        let mut size = Size::text(units);
        if !self.is_open()
            && !self.is_closing()
            && let Some(queue) = self.delivery.queue()
            && !queue.has_room(size)
        {
            queue.count(&count);
            size = Size::counted(units, count(&message));
        }
        self.send_sized(&now, message, size)
    }

    fn send_sized(&mut self, now: &dyn Fn() -> Millis, message: M, size: Size) -> Result<MessageId, SendError> {
        if self.is_closing() {
            return Err(SendError::Closed);
        }
        let is_open = self.is_open();
        let queue = self.delivery.queue().ok_or(SendError::NotOpen)?;
        if !is_open {
            let accepted = queue.push(now, message, size);
            self.settle_all();
            return accepted;
        }
        let id = queue.next_id();
        self.handle_sent(size.nominal);
        self.actions.push(Output::Transmit(message.clone()));
        self.settle_sent(id, message);
        Ok(id)
    }

    /// Takes back a message that was not sent yet, and returns it. Nothing reports its outcome.
    pub fn withdraw(&mut self, id: MessageId) -> Option<M> {
        self.delivery.withdraw(id)
    }

    /// Counts the bytes of the queued texts that are not counted yet, so that [`queued`](Self::queued) is exact.
    pub fn count_queued(&mut self, count: impl Fn(&M) -> u64) {
        if let Some(queue) = self.delivery.queue() {
            queue.count(&count);
        }
    }

    /// Whether a message needs no [`send`](Self::send) and may go straight to the native socket, to be reported to
    /// [`handle_sent`](Self::handle_sent). Where nothing reconnects and there is no queue it always may: the native socket
    /// refuses a message that it can't take. Only while the user authenticates it may not.
    pub fn is_writable(&self) -> bool {
        let is_left_alone = self.mirrors_native() && self.config.queue.is_none();
        (self.is_open() || is_left_alone) && self.delivery.can_bypass()
    }

    /// A message went straight to the native socket.
    pub fn handle_sent(&mut self, bytes: u64) {
        self.stats.messages_out += 1;
        self.stats.bytes_out += bytes;
    }

    /// A message arrived, without a session. With one, [`handle_arrival`](Connection::handle_arrival) takes it.
    pub fn handle_message(&mut self, attempt: Attempt, bytes: u64) {
        if attempt != self.attempt || !self.is_receiving() {
            return;
        }
        if let Phase::Open { monitor: Some(monitor), .. } = &mut self.phase {
            monitor.hear();
        }
        self.stats.messages_in += 1;
        self.stats.bytes_in += bytes;
    }

    /// Whether a message that arrives now is the user's. A native socket that was abandoned may still fire events.
    pub fn is_receiving(&self) -> bool {
        matches!(self.phase, Phase::Open { .. } | Phase::Closing { .. })
    }

    /// The reply to the heartbeat's message arrived.
    pub fn handle_pong(&mut self, now: Millis, attempt: Attempt) {
        if attempt != self.attempt {
            return;
        }
        if let Phase::Open { monitor: Some(monitor), .. } = &mut self.phase
            && let Some(round_trip) = monitor.hear_pong(now)
        {
            self.stats.round_trip.add(round_trip);
        }
    }

    /// The native socket of this attempt is about to close, and would lose a message that it is given.
    pub fn handle_ending(&mut self, attempt: Attempt) {
        if let Phase::Open { ending, .. } = &mut self.phase
            && attempt == self.attempt
        {
            *ending = true;
        }
    }

    /// The next message that waits. These are sent after the user was notified that the connection is open, so that what
    /// the user sends then goes first.
    pub(super) fn flush(&mut self) -> Option<Output<M, D::Action>> {
        match self.delivery.next(self.is_open())? {
            Next::Queued(id, message, bytes) => {
                self.handle_sent(bytes);
                self.settle_sent(id, message.clone());
                Some(Output::Transmit(message))
            }
            Next::Output(output) => Some(output),
        }
    }

    /// Whether the native socket takes messages.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { ending: false, .. })
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. } | Phase::ClosingWithoutSocket { .. } | Phase::Closed)
    }

    /// Finds out whether the connection is dead.
    pub(super) fn probe(&mut self, now: Millis) {
        self.suspected = Some(now);
        if let Phase::Open { monitor: Some(monitor), .. } = &mut self.phase {
            let check = monitor.probe(now);
            self.obey(now, check);
        }
    }

    pub(super) fn obey(&mut self, now: Millis, check: Check) {
        match check {
            Check::Nothing => {}
            Check::Ping => {
                let ping = self.delivery.ping();
                self.actions.push(ping);
            }
            Check::Dead(cause) => self.drop_connection(now, cause, ABNORMAL, Ending::Broken),
        }
    }
}
