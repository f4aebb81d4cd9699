//! The record of every message, and the judgement.

use std::collections::VecDeque;

use undrop_proto::outbox::Bounds;
use undrop_proto::{MessageId, Outcome, Settled};

use super::world::Census;
use crate::law::{Law, Verdict};
use crate::message::Message;
use crate::network::Way;

/// The record of both directions, and of the server.
#[derive(Default)]
pub struct Records {
    /// By the way that their messages go.
    messages: [Record; 2],
    /// When the server is back.
    pub server_up_at: u64,
}

/// All messages of one direction.
#[derive(Default)]
pub struct Record {
    entries: Vec<Entry>,
    /// The last message that arrived, by the session at the end that received it.
    last: Vec<Option<u32>>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Of which session it is, at the end that sent it. A client has the same end for all.
    session: usize,
    number: u32,
    expires: Option<u64>,
    end: End,
    /// It was given to a connection.
    left: bool,
    arrived: bool,
    /// It had arrived in this session of the end that received it, whose store has lost it.
    undone: Option<usize>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// None yet.
    Held,
    Settled(Outcome),
    /// The server that had sent it was killed, and had not stored it.
    Killed,
}

/// What an end has sent and not settled, by the number that it has for it.
#[derive(Clone, Default)]
pub struct Pending {
    sent: VecDeque<(MessageId, Message)>,
    last: MessageId,
    delivered: MessageId,
}

impl Records {
    pub fn of(&self, way: Way) -> &Record {
        &self.messages[way as usize]
    }

    pub fn of_mut(&mut self, way: Way) -> &mut Record {
        &mut self.messages[way as usize]
    }

    pub fn is_server_up(&self, now: u64) -> bool {
        self.server_up_at <= now
    }

    /// To be called when nothing more happens.
    pub fn close(&self) -> Verdict {
        self.messages.iter().try_for_each(Record::close)
    }
}

impl Record {
    pub fn next(&self, bytes: u32) -> Message {
        Message { number: self.entries.len() as u32, bytes }
    }

    pub fn sent(&mut self, session: usize, message: Message, expires: Option<u64>) {
        self.entries.push(Entry {
            session,
            number: message.number,
            expires,
            end: End::Held,
            left: false,
            arrived: false,
            undone: None,
        });
    }

    /// A message has arrived for good, in this session of the end that received it.
    pub fn arrived(&mut self, sender: usize, receiver: usize, number: u32) -> Verdict {
        let Some(entry) = self.entries.get_mut(number as usize) else {
            return Law::I5.broken(format!("message {number} came out of nowhere"));
        };
        Law::I5.holds(entry.session == sender, || {
            format!("message {number} of session {} came in {sender}", entry.session)
        })?;
        Law::I5.holds(!entry.arrived, || format!("message {number} came twice"))?;
        let never_left = matches!(entry.end, End::Settled(Outcome::Expired | Outcome::Withdrawn | Outcome::Unsent));
        Law::I6.holds(!never_left, || format!("message {number} came, and was {:?}", entry.end))?;
        entry.arrived = true;
        entry.undone = None;
        if self.last.len() <= receiver {
            self.last.resize(receiver + 1, None);
        }
        let Some(last) = self.last[receiver].replace(number) else { return Ok(()) };
        Law::I5.holds(last < number, || format!("message {number} came after {last}"))?;
        let owed = |entry: &&Entry| {
            let ended = !matches!(entry.end, End::Held | End::Settled(Outcome::Delivered));
            entry.session == sender && !ended && !entry.arrived
        };
        match self.entries[last as usize + 1..number as usize].iter().find(owed) {
            Some(skipped) => Law::I5.broken(format!("message {number} came, and {} did not", skipped.number)),
            None => Ok(()),
        }
    }

    /// The end that sent it says what became of it.
    pub fn settled(
        &mut self,
        now: u64,
        pending: &mut Pending,
        settled: &Settled<Message>,
        largest: u32,
        census: &mut Census,
    ) -> Verdict {
        let Settled { message: Message { number, .. }, outcome, .. } = *settled;
        let Some(index) = pending.sent.iter().position(|(id, _)| *id == settled.id) else {
            return Law::I6.broken(format!("message {number} is {outcome:?}, and had ended before"));
        };
        let is_it = pending.sent.remove(index).is_some_and(|(_, message)| message == settled.message);
        Law::I6.holds(is_it, || format!("message {number} was settled under the number of another"))?;
        let in_order = index == 0 || !matches!(outcome, Outcome::Delivered | Outcome::Unconfirmed);
        Law::I6.holds(in_order, || format!("message {number} is {outcome:?} before those ahead of it"))?;
        if outcome == Outcome::Delivered {
            pending.delivered = settled.id;
        }
        census.settled(outcome);
        let entry = &mut self.entries[number as usize];
        Law::I6.holds(entry.end == End::Held, || format!("{entry:?} is {outcome:?} now"))?;
        entry.end = End::Settled(outcome);
        let right = match outcome {
            // What the store has lost since was acknowledged before.
            Outcome::Delivered => entry.arrived || entry.undone.is_some(),
            Outcome::Unconfirmed => entry.left,
            Outcome::TooLarge => !entry.left && settled.message.bytes > largest,
            Outcome::Expired => !entry.left && entry.expires.is_some_and(|expires| expires <= now),
            Outcome::Withdrawn | Outcome::Unsent => !entry.left,
            // Those of a queue, and any that is added.
            _ => false,
        };
        Law::I6.holds(right, || format!("a message is {outcome:?}, and is not: {entry:?}"))
    }

    /// The message of this number was withdrawn, or could not be.
    pub fn withdrawn(
        &mut self,
        now: u64,
        pending: &mut Pending,
        id: MessageId,
        message: Option<Message>,
        census: &mut Census,
    ) -> Verdict {
        if let Some(message) = message {
            let withdrawn = Settled { id, message, outcome: Outcome::Withdrawn };
            return self.settled(now, pending, &withdrawn, u32::MAX, census);
        }
        let held = pending.sent.iter().find(|(held, _)| *held == id);
        let left = held.is_none_or(|(_, message)| self.entries[message.number as usize].left);
        Law::I6.holds(left, || format!("{held:?} waits, and could not be withdrawn"))
    }

    /// Nobody knows any more of what this session had sent.
    pub fn killed(&mut self, session: usize) {
        for entry in self.entries.iter_mut().filter(|entry| entry.session == session && entry.end == End::Held) {
            entry.end = End::Killed;
        }
    }

    /// Nobody knows any more of this message.
    pub fn forgotten(&mut self, number: u32) {
        let entry = &mut self.entries[number as usize];
        if entry.end == End::Held {
            entry.end = End::Killed;
        }
    }

    /// The store of this session has lost these messages, and this is the last of those before.
    pub fn undone(&mut self, session: usize, numbers: &[u32], last: Option<u32>) {
        for number in numbers {
            let entry = &mut self.entries[*number as usize];
            entry.arrived = false;
            entry.undone = Some(session);
        }
        if let Some(place) = self.last.get_mut(session).filter(|_| !numbers.is_empty()) {
            *place = last;
        }
    }

    /// To be called when nothing more happens, and the end that sent them is in this session: none is lost of what it was
    /// told had arrived.
    pub fn keeps(&self, session: usize) -> Verdict {
        let is_lost = |entry: &&Entry| entry.undone == Some(session) && entry.end == End::Settled(Outcome::Delivered);
        let lost = self.entries.iter().find(is_lost);
        Law::I6.holds(lost.is_none(), || format!("a session goes on of which the store has lost a message: {lost:?}"))
    }

    /// To be called when it is given to a connection.
    pub fn transmitted(&mut self, number: u32) -> Verdict {
        let entry = &mut self.entries[number as usize];
        entry.left = true;
        Law::I6.holds(entry.end == End::Held, || format!("a message left, and had ended: {entry:?}"))
    }

    /// The end that sent it has died, and takes it from its store. Perhaps it was acknowledged, and that was not
    /// stored.
    pub fn restored(&mut self, number: u32) {
        let entry = &mut self.entries[number as usize];
        entry.left = true;
        if matches!(entry.end, End::Settled(Outcome::Delivered) | End::Killed) {
            entry.end = End::Held;
        }
    }

    /// A new session holds nothing that another had sent.
    pub fn begins(&self, pending: &Pending) -> Verdict {
        let left = pending.sent.iter().find(|(_, message)| self.entries[message.number as usize].left);
        Law::I6.holds(left.is_none(), || format!("a new session holds what another had sent: {left:?}"))
    }

    fn close(&self) -> Verdict {
        let held = self.entries.iter().find(|entry| entry.end == End::Held);
        Law::I6.holds(held.is_none(), || format!("a message has no end: {held:?}"))
    }
}

impl Pending {
    pub fn sent(&mut self, id: MessageId, message: Message) -> Verdict {
        Law::I6.holds(id > self.last, || format!("{message:?} got the number {id:?} after {:?}", self.last))?;
        self.last = id;
        self.sent.push_back((id, message));
        Ok(())
    }

    /// The message that was sent last, whatever became of it.
    pub fn last(&self) -> MessageId {
        self.last
    }

    /// The end is closed, and holds nothing.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// What the end says was delivered last is what it settled so last.
    pub fn agrees(&self, delivered: MessageId) -> Verdict {
        Law::I6.holds(delivered == self.delivered, || {
            format!("{delivered:?} was delivered last, and {:?} was settled so", self.delivered)
        })
    }

    /// Memory is bounded.
    pub fn check(&self, bounds: Bounds) -> Verdict {
        let (messages, bytes) = self.held();
        Law::I7.holds(messages <= u64::from(bounds.messages) && bytes <= bounds.bytes, || {
            format!("{messages} messages of {bytes} bytes are held")
        })
    }

    /// A message of this size was refused: nothing is that fits.
    pub fn refused(&self, bounds: Bounds, size: u32) -> Verdict {
        let (messages, bytes) = self.held();
        let fits = messages < u64::from(bounds.messages) && bytes + u64::from(size) <= bounds.bytes;
        Law::I7.holds(!fits, || format!("{size} bytes were refused beside {messages} messages of {bytes} bytes"))
    }

    fn held(&self) -> (u64, u64) {
        let bytes = self.sent.iter().map(|(_, message)| u64::from(message.bytes)).sum();
        (self.sent.len() as u64, bytes)
    }
}
