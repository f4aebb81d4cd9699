//! The queue of a connection without a session: messages wait here, within limits, until the connection is open.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::waiting::{Entry, Size, Waiting};
use super::{MessageId, Millis, Outcome, SendError, Settled};

/// How much may be queued, and for how long.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Limits {
    /// How many messages.
    pub messages: u32,
    /// How many bytes.
    pub bytes: u64,
    /// How long each message may wait, in milliseconds.
    pub time_to_live: Option<u32>,
    /// What happens to a message for which there is no room.
    pub overflow: Overflow,
}

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Overflow {
    /// It is refused.
    Refuse,
    /// The oldest messages make room for it, and end as [`Outcome::Overflow`].
    DropOldest,
}

impl Default for Limits {
    /// 65,536 messages and 16 MiB, without a time to live. A message for which there is no room is refused.
    fn default() -> Self {
        Self { messages: 65_536, bytes: 16 << 20, time_to_live: None, overflow: Overflow::Refuse }
    }
}

/// The queue of a connection without a session.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Queue<M> {
    /// Without limits nothing may be queued.
    limits: Option<Limits>,
    /// The message that was accepted last.
    last: MessageId,
    waiting: Waiting<M>,
    /// Messages that have come to their end, which is not reported yet.
    settled: VecDeque<Box<Settled<M>>>,
}

impl<M> Queue<M> {
    pub(crate) fn new(limits: Option<Limits>) -> Self {
        Self { limits, last: MessageId::default(), waiting: Waiting::new(), settled: VecDeque::new() }
    }

    /// The bytes of all messages. A text that is not counted has as many as it can have.
    pub(crate) fn bytes(&self) -> u64 {
        self.waiting.bytes()
    }

    /// Counts the bytes of the texts that are not counted yet.
    pub(crate) fn count(&mut self, count: &dyn Fn(&M) -> u64) {
        self.waiting.count(count);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.len() == 0
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.waiting.oldest_deadline()
    }

    /// Whether a message of at most this size fits without another making room for it.
    pub(crate) fn has_room(&self, size: Size) -> bool {
        self.limits.is_some_and(|limits| self.fits(&limits, size))
    }

    /// The id of a message that is sent without being queued.
    pub(crate) fn next_id(&mut self) -> MessageId {
        self.last.next()
    }

    /// Queues a message, after others have made room for it if they have to.
    pub(crate) fn push(&mut self, now: &dyn Fn() -> Millis, message: M, size: Size) -> Result<MessageId, SendError> {
        let limits = self.limits.ok_or(SendError::NotOpen)?;
        // Reading the clock is expensive: without a time to live nothing expires.
        let now = limits.time_to_live.map(|_| now());
        if let Some(now) = now {
            // The timer that should have removed what has expired may be late.
            self.expire(now);
        }
        let fits_alone = limits.messages > 0 && size.at_most <= limits.bytes;
        let may_drop = limits.overflow == Overflow::DropOldest;
        if !fits_alone || !(may_drop || self.fits(&limits, size)) {
            return Err(SendError::Full);
        }
        while !self.fits(&limits, size)
            && let Some(oldest) = self.waiting.pop()
        {
            self.settled.push_back(Box::new(oldest.settle(Outcome::Overflow)));
        }
        let id = self.last.next();
        let expires = now.zip(limits.time_to_live).map(|(now, span)| now + span);
        self.waiting.push(id, message, size, expires);
        Ok(id)
    }

    pub(crate) fn pop(&mut self) -> Option<Entry<M>> {
        self.waiting.pop()
    }

    pub(crate) fn withdraw(&mut self, id: MessageId) -> Option<M> {
        self.waiting.withdraw(id)
    }

    /// All messages end with this outcome.
    pub(crate) fn clear(&mut self, outcome: Outcome) {
        while let Some(entry) = self.waiting.pop() {
            self.settled.push_back(Box::new(entry.settle(outcome)));
        }
    }

    pub(crate) fn expire(&mut self, now: Millis) {
        while let Some(expired) = self.waiting.pop_expired(now) {
            self.settled.push_back(Box::new(expired));
        }
    }

    /// The next message that has come to its end.
    pub(crate) fn pop_settled(&mut self) -> Option<Settled<M>> {
        self.settled.pop_front().map(|settled| *settled)
    }

    fn fits(&self, limits: &Limits, size: Size) -> bool {
        let room = limits.bytes.saturating_sub(self.waiting.bytes());
        self.waiting.len() < limits.messages as usize && size.at_most <= room
    }
}

#[cfg(test)]
mod tests;
