//! What is sent while the line is down waits here, in order and within limits.

use alloc::collections::LinkedList;

use super::Millis;

/// How much may wait, and for how long.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Limits {
    /// How many messages.
    pub messages: u32,
    /// How many bytes.
    pub bytes: u64,
    /// How long each, in milliseconds.
    pub time_to_live: Option<u32>,
    /// What happens to one too many.
    pub overflow: Overflow,
}

/// What happens to one too many.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Overflow {
    /// It is not taken.
    Refuse,
    /// It takes the place of the oldest.
    DropOldest,
}

impl Default for Limits {
    /// 65,536 messages and 16 MiB, without a time to live, refusing what is too much.
    fn default() -> Self {
        Self { messages: 65_536, bytes: 16 << 20, time_to_live: None, overflow: Overflow::Refuse }
    }
}

/// There is no room for the message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Full;

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Waiting<M> {
    message: M,
    bytes: u64,
    expires: Option<Millis>,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Queue<M> {
    limits: Limits,
    waiting: LinkedList<Waiting<M>>,
    bytes: u64,
}

impl<M> Queue<M> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, waiting: LinkedList::new(), bytes: 0 }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn holds_any(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When the oldest message expires. All live equally long, so no other expires before it.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.waiting.front().and_then(|oldest| oldest.expires)
    }

    /// Whether a message of this size fits, now or once all that may go for its sake is gone.
    pub(crate) fn takes(&self, bytes: u64) -> Result<(), Full> {
        let limits = &self.limits;
        let alone = limits.messages > 0 && bytes <= limits.bytes;
        if alone && (limits.overflow == Overflow::DropOldest || self.has_room(bytes)) { Ok(()) } else { Err(Full) }
    }

    /// What has to go for a message of this size.
    pub(crate) fn overflow(&mut self, bytes: u64) -> Option<M> {
        if self.has_room(bytes) { None } else { self.pop() }
    }

    pub(crate) fn push(&mut self, now: Millis, message: M, bytes: u64) {
        self.bytes += bytes;
        self.waiting.push_back(Waiting { message, bytes, expires: self.limits.time_to_live.map(|span| now + span) });
    }

    pub(crate) fn pop(&mut self) -> Option<M> {
        self.pop_sized().map(|(message, _)| message)
    }

    pub(crate) fn pop_sized(&mut self) -> Option<(M, u64)> {
        let oldest = self.waiting.pop_front()?;
        self.bytes -= oldest.bytes;
        Some((oldest.message, oldest.bytes))
    }

    /// Takes one back, counted from the oldest.
    pub(crate) fn remove(&mut self, index: usize) -> Option<M> {
        let mut found = None;
        // Once around: a list has no stable `remove`, and this happens rarely.
        for at in 0..self.waiting.len() {
            let waiting = self.waiting.pop_front()?;
            if at == index {
                self.bytes -= waiting.bytes;
                found = Some(waiting.message);
            } else {
                self.waiting.push_back(waiting);
            }
        }
        found
    }

    pub(crate) fn pop_expired(&mut self, now: Millis) -> Option<M> {
        if self.deadline()? <= now { self.pop() } else { None }
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.waiting.len() < self.limits.messages as usize && bytes <= self.limits.bytes.saturating_sub(self.bytes)
    }
}

#[cfg(test)]
mod tests;
