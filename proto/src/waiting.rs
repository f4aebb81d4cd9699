//! Messages that have not been sent yet, in the order in which they were accepted.

use super::{MessageId, Millis, Outcome, Settled};
use alloc::collections::VecDeque;

/// How far apart the searches for expired messages are, in milliseconds, where each has to look at every message.
const SEARCH_INTERVAL: u32 = 100;

/// How large a message is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Size {
    /// The size that [`Stats`](super::Stats) counts: that of a text is its length in UTF-16 code units.
    pub(crate) nominal: u64,
    /// Its bytes. A text that is not counted has as many as it can have.
    pub(crate) at_most: u64,
    is_counted: bool,
}

impl Size {
    /// So many bytes.
    pub(crate) fn bytes(bytes: u64) -> Self {
        Self { nominal: bytes, at_most: bytes, is_counted: true }
    }

    /// A text of so many UTF-16 code units, each of which has one to three bytes of UTF-8. To count them is expensive, and
    /// only done if it matters.
    pub(crate) fn text(units: u64) -> Self {
        Self { nominal: units, at_most: 3 * units.min(u64::MAX / 3), is_counted: false }
    }

    /// A text that is counted.
    pub(crate) fn counted(units: u64, bytes: u64) -> Self {
        Self { nominal: units, at_most: bytes, is_counted: true }
    }
}

/// A message that has left the queue.
pub(crate) struct Entry<M> {
    pub(crate) id: MessageId,
    pub(crate) message: M,
    pub(crate) size: Size,
}

impl<M> Entry<M> {
    pub(crate) fn settle(self, outcome: Outcome) -> Settled<M> {
        Settled { id: self.id, message: self.message, outcome }
    }
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Item<M> {
    id: MessageId,
    /// Absent once it was withdrawn.
    message: Option<M>,
    size: Size,
    expires: Option<Millis>,
}

/// Messages that have not been sent yet. Their ids grow from the front to the back.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Waiting<M> {
    /// A withdrawn message leaves an empty item, so that withdrawing moves no other. The first and the last item are
    /// never empty.
    items: VecDeque<Item<M>>,
    /// How many items are not empty.
    len: usize,
    /// How many messages are texts that are not counted.
    uncounted: usize,
    bytes: u64,
    nominal: u64,
    /// No message expires before this.
    earliest: Option<Millis>,
    /// When all messages were last searched for expired ones.
    searched: Option<Millis>,
}

impl<M> Waiting<M> {
    pub(crate) fn new() -> Self {
        Self { items: VecDeque::new(), len: 0, uncounted: 0, bytes: 0, nominal: 0, earliest: None, searched: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The messages, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &M> {
        self.items.iter().filter_map(|item| item.message.as_ref())
    }

    /// The bytes of all messages. A text that is not counted has as many as it can have.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The sum of the nominal sizes of all messages.
    pub(crate) fn nominal(&self) -> u64 {
        self.nominal
    }

    /// Appends a message. Its id is greater than that of any other that was appended.
    pub(crate) fn push(&mut self, id: MessageId, message: M, size: Size, expires: Option<Millis>) {
        self.earliest = earlier(self.earliest, expires);
        self.len += 1;
        self.bytes = self.bytes.saturating_add(size.at_most);
        self.nominal = self.nominal.saturating_add(size.nominal);
        self.uncounted += usize::from(!size.is_counted);
        self.items.push_back(Item { id, message: Some(message), size, expires });
    }

    /// Takes the oldest message.
    pub(crate) fn pop(&mut self) -> Option<Entry<M>> {
        let item = self.items.pop_front()?;
        let (id, size, message) = (item.id, item.size, item.message?);
        self.removed(size);
        Some(Entry { id, message, size })
    }

    /// Takes the message of this id, if it still waits.
    pub(crate) fn withdraw(&mut self, id: MessageId) -> Option<M> {
        let at = self.items.binary_search_by_key(&id, |item| item.id).ok()?;
        let item = self.items.get_mut(at)?;
        let (size, message) = (item.size, item.message.take()?);
        self.removed(size);
        // Each message is moved at most once for each that was withdrawn.
        if self.items.len() > 2 * self.len + 8 {
            self.sift(|_| false, |_| {});
        }
        Some(message)
    }

    /// Counts the bytes of the texts that are not counted yet.
    pub(crate) fn count(&mut self, count: &dyn Fn(&M) -> u64) {
        if self.uncounted == 0 {
            return;
        }
        for item in &mut self.items {
            if !item.size.is_counted
                && let Some(message) = &item.message
            {
                let counted = Size::counted(item.size.nominal, count(message));
                self.bytes = self.bytes.saturating_sub(item.size.at_most).saturating_add(counted.at_most);
                item.size = counted;
            }
        }
        self.uncounted = 0;
    }

    /// When the oldest message expires.
    pub(crate) fn oldest_deadline(&self) -> Option<Millis> {
        self.items.front()?.expires
    }

    /// Takes the oldest message if it has expired. Where all messages live equally long, no other has before.
    pub(crate) fn pop_expired(&mut self, now: Millis) -> Option<Settled<M>> {
        if self.oldest_deadline()? > now {
            return None;
        }
        self.pop().map(|entry| entry.settle(Outcome::Expired))
    }

    /// When to call [`expire`](Self::expire), where each message may live differently long.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        let earliest = self.earliest?;
        Some(self.searched.map_or(earliest, |at| earliest.max(at + SEARCH_INTERVAL)))
    }

    /// Moves the messages that have expired to `settled`, where each may live differently long.
    pub(crate) fn expire(&mut self, now: Millis, settled: &mut VecDeque<Settled<M>>) {
        if self.earliest.is_none_or(|at| now < at) {
            return;
        }
        self.searched = Some(now);
        self.sift(|expires| expires.is_some_and(|at| at <= now), |expired| settled.push_back(expired));
    }

    /// Moves each message once, and takes those that expire at such a time.
    fn sift(&mut self, has_expired: impl Fn(Option<Millis>) -> bool, mut take: impl FnMut(Settled<M>)) {
        self.earliest = None;
        for _ in 0..self.items.len() {
            let Some(item) = self.items.pop_front() else { break };
            let Item { id, message: Some(message), size, expires } = item else { continue };
            if has_expired(expires) {
                self.forget(size);
                take(Settled { id, message, outcome: Outcome::Expired });
            } else {
                self.earliest = earlier(self.earliest, expires);
                self.items.push_back(Item { id, message: Some(message), size, expires });
            }
        }
    }

    /// A message of this size has left the queue.
    fn removed(&mut self, size: Size) {
        self.forget(size);
        while self.items.front().is_some_and(|item| item.message.is_none()) {
            self.items.pop_front();
        }
        while self.items.back().is_some_and(|item| item.message.is_none()) {
            self.items.pop_back();
        }
        if self.len == 0 {
            self.earliest = None;
            self.searched = None;
        }
    }

    fn forget(&mut self, size: Size) {
        self.len -= 1;
        self.bytes = self.bytes.saturating_sub(size.at_most);
        self.nominal = self.nominal.saturating_sub(size.nominal);
        self.uncounted -= usize::from(!size.is_counted);
    }
}

fn earlier(one: Option<Millis>, other: Option<Millis>) -> Option<Millis> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
