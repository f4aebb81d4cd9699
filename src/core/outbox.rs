//! What was sent and is not yet known to have arrived, in order and within bounds.
//!
//! A message waits until it leaves on a line. As long as it waits it can expire or be withdrawn; once it has left, the
//! other end may have it, and it stays until that is known. Messages are counted when they leave, from 1, so what never
//! left leaves no gap in the count.

use alloc::collections::VecDeque;

use super::wire::MAX_COUNT;
use super::{Full, Millis};

/// How much may be on its way. What is too much is refused; nothing is dropped for its sake.
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

/// The name of a message at the end that sent it: they grow in the order of sending, and none is given twice.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ticket(pub u64);

/// Why a message came back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fate {
    /// It waited for longer than it was to live. It never left.
    Expired,
    /// It was withdrawn. It never left.
    Withdrawn,
    /// Its session is over. It never left.
    Unsent,
    /// Its session is over. It had left, and may have arrived.
    Lost,
}

/// A message that came back.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Returned<M> {
    /// Its name.
    pub ticket: Ticket,
    /// The message.
    pub message: M,
    /// Why.
    pub fate: Fate,
}

/// What the other end says to have can't be.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Impossible {
    /// It had more before.
    Past,
    /// It was not given so many.
    Future,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Sent<M> {
    ticket: Ticket,
    message: M,
    bytes: u64,
    /// When it comes back if it has not left.
    expires: Option<Millis>,
    /// As what it comes back if its session ends now.
    fate: Fate,
}

/// What was sent and is not yet known to have arrived.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Outbox<M> {
    bounds: Bounds,
    /// The ticket of the message that was sent last.
    issued: Ticket,
    /// The ticket of the message that was acknowledged last.
    delivered: Ticket,
    /// How many have been acknowledged.
    acknowledged: u64,
    /// Those that come after these.
    held: VecDeque<Sent<M>>,
    /// How many of those have left.
    left: usize,
    /// How many of those were given to the present line.
    given: usize,
    /// Those that are to be given back.
    returned: VecDeque<Sent<M>>,
    bytes: u64,
    /// None of those that wait expires before this.
    expires: Option<Millis>,
    /// When it was last looked for those that have.
    looked: Option<Millis>,
}

/// How far apart in milliseconds it is looked for what has expired, because each look is at all that waits.
const LOOK: u32 = 100;

impl<M> Outbox<M> {
    /// An empty one.
    pub fn new(bounds: Bounds) -> Self {
        Self::restore(bounds, 0, [])
    }

    /// The one whose messages were stored, with their bytes: those that came after the first `acknowledged`. Whether
    /// they had left was not stored, so they are taken to have.
    pub fn restore(bounds: Bounds, acknowledged: u64, messages: impl IntoIterator<Item = (M, u64)>) -> Self {
        let mut outbox = Self {
            bounds,
            issued: Ticket::default(),
            delivered: Ticket::default(),
            acknowledged,
            held: VecDeque::new(),
            left: 0,
            given: 0,
            returned: VecDeque::new(),
            bytes: 0,
            expires: None,
            looked: None,
        };
        for (message, bytes) in messages {
            outbox.issued.0 += 1;
            outbox.bytes = outbox.bytes.saturating_add(bytes);
            let fate = Fate::Lost;
            outbox.held.push_back(Sent { ticket: outbox.issued, message, bytes, expires: None, fate });
        }
        outbox.left = outbox.held.len();
        outbox.given = outbox.left;
        outbox
    }

    /// Takes a message that is to leave as soon as there is a line, and within so many milliseconds if that is said.
    pub fn send(&mut self, now: Millis, message: M, bytes: u64, time_to_live: Option<u32>) -> Result<Ticket, Full> {
        self.send_by(|| now, message, bytes, time_to_live)
    }

    /// The same where it is dear to know the time.
    pub fn send_by(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        bytes: u64,
        time_to_live: Option<u32>,
    ) -> Result<Ticket, Full> {
        if !self.has_room(bytes) {
            self.accepts(now(), bytes)?;
        }
        let expires = time_to_live.map(|span| now() + span);
        self.expires = earlier(self.expires, expires);
        self.issued.0 += 1;
        self.bytes += bytes;
        self.held.push_back(Sent { ticket: self.issued, message, bytes, expires, fate: Fate::Unsent });
        Ok(self.issued)
    }

    /// Whether there is room for a message of this size.
    pub fn accepts(&mut self, now: Millis, bytes: u64) -> Result<(), Full> {
        if !self.has_room(bytes) {
            // The timer whose task this is may be late.
            self.expire(now);
        }
        if self.has_room(bytes) { Ok(()) } else { Err(Full) }
    }

    /// Has a message come back that waits. Says whether it does: what has left can't be withdrawn.
    pub fn withdraw(&mut self, ticket: Ticket) -> bool {
        self.sift(Fate::Withdrawn, Some(ticket), None)
    }

    /// The next message for the line.
    pub fn transmit(&mut self) -> Option<M>
    where
        M: Clone,
    {
        let next = self.held.get_mut(self.given)?;
        next.expires = None;
        next.fate = Fate::Lost;
        self.given += 1;
        self.left = self.left.max(self.given);
        Some(next.message.clone())
    }

    /// The other end has the first so many. On one line it can only have what was given to that line.
    pub fn acknowledge(&mut self, count: u64) -> Result<(), Impossible> {
        self.release(count, self.given)
    }

    /// There is a new line, and the other end has the first so many. It gets all others once more.
    pub fn resume(&mut self, count: u64) -> Result<(), Impossible> {
        self.release(count, self.left)?;
        self.given = 0;
        Ok(())
    }

    /// The line is gone. What the other end may have is whatever has ever left.
    pub fn detach(&mut self) {
        self.given = self.left;
    }

    /// All that is held comes back, and the count begins again.
    pub fn reset(&mut self) {
        self.acknowledged = 0;
        self.left = 0;
        self.given = 0;
        self.expires = None;
        while let Some(sent) = self.held.pop_front() {
            self.give_back(sent);
        }
    }

    /// All that waits comes back.
    pub fn clear_waiting(&mut self) {
        self.sift(Fate::Unsent, None, None);
    }

    /// Has those come back that waited for too long.
    pub fn expire(&mut self, now: Millis) {
        if self.expires.is_some_and(|at| at <= now) {
            self.looked = Some(now);
            self.sift(Fate::Expired, None, Some(now));
        }
    }

    /// When to call [`expire`](Self::expire).
    pub fn deadline(&self) -> Option<Millis> {
        let earliest = self.expires?;
        Some(self.looked.map_or(earliest, |at| earliest.max(at + LOOK)))
    }

    /// The next message that came back.
    pub fn pop_returned(&mut self) -> Option<Returned<M>> {
        let sent = self.returned.pop_front()?;
        Some(Returned { ticket: sent.ticket, message: sent.message, fate: sent.fate })
    }

    /// How many the other end is known to have.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The last message that the other end is known to have. Those before it have all ended, too.
    pub fn delivered(&self) -> Ticket {
        self.delivered
    }

    /// How many are held.
    pub fn messages(&self) -> usize {
        self.held.len()
    }

    /// How many bytes those have.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether there is nothing to give out, neither to the line nor back.
    pub fn is_drained(&self) -> bool {
        !self.has_more() && !self.returns_any()
    }

    /// Whether there is something to give to the line.
    pub fn has_more(&self) -> bool {
        self.given < self.held.len()
    }

    /// Whether there is something to give back.
    pub fn returns_any(&self) -> bool {
        !self.returned.is_empty()
    }

    fn has_room(&self, bytes: u64) -> bool {
        let countable = self.acknowledged.saturating_add(self.messages() as u64) < MAX_COUNT;
        let fits = self.messages() < self.bounds.messages as usize;
        countable && fits && bytes <= self.bounds.bytes.saturating_sub(self.bytes)
    }

    fn release(&mut self, count: u64, most: usize) -> Result<(), Impossible> {
        let more = count.checked_sub(self.acknowledged).ok_or(Impossible::Past)?;
        if more > most as u64 {
            return Err(Impossible::Future);
        }
        for _ in 0..more {
            let Some(sent) = self.held.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(sent.bytes);
            self.delivered = sent.ticket;
        }
        let fewer = more as usize;
        self.acknowledged = count;
        self.left -= fewer;
        self.given = self.given.saturating_sub(fewer);
        Ok(())
    }

    /// Gives back those of the waiting that are this one or were to leave by this time, and says whether there was one.
    /// Not inlined: its three copies would be shipped.
    #[inline(never)]
    fn sift(&mut self, fate: Fate, ticket: Option<Ticket>, now: Option<Millis>) -> bool {
        let before = self.held.len();
        self.expires = None;
        // Once around: `VecDeque::remove` would be more code, for what happens rarely.
        for _ in 0..before {
            let Some(sent) = self.held.pop_front() else { break };
            let meant = ticket.is_none_or(|ticket| sent.ticket == ticket);
            let due = now.is_none_or(|now| sent.expires.is_some_and(|at| at <= now));
            if sent.fate == Fate::Unsent && meant && due {
                self.give_back(Sent { fate, ..sent });
            } else {
                self.expires = earlier(self.expires, sent.expires);
                self.held.push_back(sent);
            }
        }
        self.held.len() < before
    }

    /// Not inlined: its copies would be shipped.
    #[inline(never)]
    fn give_back(&mut self, sent: Sent<M>) {
        self.bytes = self.bytes.saturating_sub(sent.bytes);
        self.returned.push_back(sent);
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
