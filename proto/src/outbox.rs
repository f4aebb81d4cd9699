//! The messages of one end of a session that the peer has not acknowledged yet, in order and within bounds.
//!
//! A message waits until it is sent on a connection. While it waits it can expire or be withdrawn; once it was sent, the
//! peer may have it, and it stays until the peer acknowledges it. Messages are counted when they are first sent, from 1,
//! so a message that was never sent leaves no gap in the count.

use alloc::collections::VecDeque;
use core::error::Error;
use core::fmt;

use super::waiting::{Size, Waiting};
use super::wire::MAX_COUNT;
use super::{MessageId, Millis, Outcome, SendError, Settled};

/// How much may be unacknowledged. A message for which there is no room is refused; none is dropped to make room.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Bounds {
    /// How many messages.
    pub messages: u32,
    /// How many bytes.
    pub bytes: u64,
}

impl Default for Bounds {
    /// 65,536 messages and 16 MiB.
    fn default() -> Self {
        Self { messages: 65_536, bytes: 16 << 20 }
    }
}

/// A count of received messages that the peer can't have reached.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Impossible {
    /// The peer had received more before.
    Past,
    /// The peer was not sent so many.
    Future,
}

impl fmt::Display for Impossible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Impossible::Past => "the peer had received more messages before",
            Impossible::Future => "the peer was not sent so many messages",
        })
    }
}

impl Error for Impossible {}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Sent<M> {
    id: MessageId,
    message: M,
    bytes: u64,
}

/// Messages that were sent and are not acknowledged yet, and messages that wait to be sent.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Outbox<M> {
    bounds: Bounds,
    /// The message that was accepted last.
    last: MessageId,
    /// The message that was acknowledged last.
    delivered: MessageId,
    /// How many messages were acknowledged.
    acknowledged: u64,
    /// The messages that come after those and were sent, on the present connection or an earlier one.
    sent: VecDeque<Sent<M>>,
    sent_bytes: u64,
    /// How many of those were sent on the present connection.
    transmitted: usize,
    waiting: Waiting<M>,
    /// Messages that have come to their end, which is not reported yet.
    settled: VecDeque<Settled<M>>,
}

impl<M> Outbox<M> {
    /// An empty one.
    pub fn new(bounds: Bounds) -> Self {
        Self::restore(bounds, 0, [])
    }

    /// The outbox whose messages were stored, with their bytes: those after the first `acknowledged`. Whether they had
    /// been sent was not stored, so they count as sent.
    pub fn restore(bounds: Bounds, acknowledged: u64, messages: impl IntoIterator<Item = (M, u64)>) -> Self {
        let mut last = MessageId::default();
        let mut sent_bytes = 0u64;
        let sent: VecDeque<_> = messages
            .into_iter()
            .map(|(message, bytes)| {
                sent_bytes = sent_bytes.saturating_add(bytes);
                Sent { id: last.next(), message, bytes }
            })
            .collect();
        Self {
            bounds,
            last,
            delivered: MessageId::default(),
            acknowledged,
            transmitted: sent.len(),
            sent,
            sent_bytes,
            waiting: Waiting::new(),
            settled: VecDeque::new(),
        }
    }

    /// Accepts a message, to be sent as soon as there is a connection. With a time to live, in milliseconds, it expires if
    /// it was not sent by then.
    pub fn send(
        &mut self,
        now: Millis,
        message: M,
        bytes: u64,
        time_to_live: Option<u32>,
    ) -> Result<MessageId, SendError> {
        self.send_sized(&|| now, message, Size::bytes(bytes), time_to_live)
    }

    /// [`send`](Self::send), where reading the clock is expensive: it is only read for a message that may expire, or
    /// when the outbox is full. The bounds compare with the nominal size, and the peer with the bytes.
    pub(crate) fn send_sized(
        &mut self,
        now: &dyn Fn() -> Millis,
        message: M,
        size: Size,
        time_to_live: Option<u32>,
    ) -> Result<MessageId, SendError> {
        if !self.has_room(size.nominal) {
            self.accepts(now(), size.nominal)?;
        }
        let id = self.last.next();
        self.waiting.push(id, message, size, time_to_live.map(|span| now() + span));
        Ok(id)
    }

    /// Whether there is room for a message of this size.
    pub fn accepts(&mut self, now: Millis, bytes: u64) -> Result<(), SendError> {
        if !self.has_room(bytes) {
            // The timer that should have removed what has expired may be late.
            self.expire(now);
        }
        if self.has_room(bytes) { Ok(()) } else { Err(SendError::Full) }
    }

    /// Takes back a message that waits, and returns it. One that was sent can't be withdrawn.
    pub fn withdraw(&mut self, id: MessageId) -> Option<M> {
        self.waiting.withdraw(id)
    }

    /// The next message for the present connection, whose peer accepts messages of so many bytes. What is larger comes to
    /// its end, unless it was sent before and the peer may have it.
    pub fn transmit(&mut self, largest: u64) -> Option<M>
    where
        M: Clone,
    {
        if self.transmitted == self.sent.len() {
            let entry = loop {
                let entry = self.waiting.pop()?;
                if entry.size.at_most <= largest {
                    break entry;
                }
                self.settled.push_back(entry.settle(Outcome::TooLarge));
            };
            let bytes = entry.size.nominal;
            self.sent_bytes = self.sent_bytes.saturating_add(bytes);
            self.sent.push_back(Sent { id: entry.id, message: entry.message, bytes });
        }
        let next = self.sent.get(self.transmitted)?;
        self.transmitted += 1;
        Some(next.message.clone())
    }

    /// The peer has received the first `count` messages. It can only have what was sent on the present connection.
    pub fn acknowledge(&mut self, count: u64) -> Result<(), Impossible> {
        self.release(count, self.transmitted)
    }

    /// There is a new connection, and the peer has received the first `count` messages. It gets all others again.
    pub fn resume(&mut self, count: u64) -> Result<(), Impossible> {
        self.release(count, self.sent.len())?;
        self.transmitted = 0;
        Ok(())
    }

    /// The connection dropped. The peer may have received whatever was ever sent.
    pub fn detach(&mut self) {
        self.transmitted = self.sent.len();
    }

    /// All messages come to their end, and the count begins again.
    pub fn reset(&mut self) {
        self.acknowledged = 0;
        self.transmitted = 0;
        self.sent_bytes = 0;
        while let Some(Sent { id, message, .. }) = self.sent.pop_front() {
            self.settled.push_back(Settled { id, message, outcome: Outcome::Unconfirmed });
        }
        self.clear_waiting();
    }

    /// All messages that wait come to their end.
    pub fn clear_waiting(&mut self) {
        while let Some(entry) = self.waiting.pop() {
            self.settled.push_back(entry.settle(Outcome::Unsent));
        }
    }

    /// Messages whose time to live is over come to their end.
    pub fn expire(&mut self, now: Millis) {
        self.waiting.expire(now, &mut self.settled);
    }

    /// When to call [`expire`](Self::expire).
    pub fn deadline(&self) -> Option<Millis> {
        self.waiting.deadline()
    }

    /// The next message that has come to its end.
    pub fn pop_settled(&mut self) -> Option<Settled<M>> {
        self.settled.pop_front()
    }

    /// How many messages the peer has acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The last message that the peer has acknowledged. All before it have come to their end, too.
    pub fn delivered(&self) -> MessageId {
        self.delivered
    }

    /// How many messages are not acknowledged.
    pub fn messages(&self) -> usize {
        self.sent.len() + self.waiting.len()
    }

    /// The messages that are not acknowledged, in order.
    pub fn iter(&self) -> impl Iterator<Item = &M> {
        self.sent.iter().map(|sent| &sent.message).chain(self.waiting.iter())
    }

    /// How many bytes those have.
    pub fn bytes(&self) -> u64 {
        self.sent_bytes.saturating_add(self.waiting.nominal())
    }

    /// Whether there is nothing to transmit and nothing to report.
    pub fn is_drained(&self) -> bool {
        !self.has_more() && !self.has_settled()
    }

    /// Whether there is something to transmit.
    pub fn has_more(&self) -> bool {
        self.transmitted < self.sent.len() || self.waiting.len() > 0
    }

    /// Whether there is something to report.
    pub fn has_settled(&self) -> bool {
        !self.settled.is_empty()
    }

    fn has_room(&self, bytes: u64) -> bool {
        let countable = self.acknowledged.saturating_add(self.messages() as u64) < MAX_COUNT;
        let fits = self.messages() < self.bounds.messages as usize;
        countable && fits && bytes <= self.bounds.bytes.saturating_sub(self.bytes())
    }

    fn release(&mut self, count: u64, most: usize) -> Result<(), Impossible> {
        let more = count.checked_sub(self.acknowledged).ok_or(Impossible::Past)?;
        if more > most as u64 {
            return Err(Impossible::Future);
        }
        let more = more as usize;
        for _ in 0..more {
            let Some(Sent { id, message, bytes }) = self.sent.pop_front() else { break };
            self.sent_bytes = self.sent_bytes.saturating_sub(bytes);
            self.delivered = id;
            self.settled.push_back(Settled { id, message, outcome: Outcome::Delivered });
        }
        self.acknowledged = count;
        self.transmitted = self.transmitted.saturating_sub(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
