//! I6 and I7: what becomes of each message that was accepted.

use std::collections::VecDeque;

use undrop_proto::{Limits, MessageId, Outcome, Overflow, Settled, State};

use super::census::Census;
use super::input::{bytes_of_text, units_of};
use crate::law::{Law, Verdict};
use crate::random::Random;

#[derive(Default)]
pub struct Messages {
    limits: Option<Limits>,
    texts: bool,
    /// Accepted while the connection was down.
    waiting: VecDeque<Entry>,
    /// To be settled, because the connection is closed.
    closing: VecDeque<Entry>,
    /// Accepted while it was open, to be transmitted.
    leaving: VecDeque<Entry>,
    /// Transmitted, to be settled.
    transmitted: VecDeque<Entry>,
    /// The message that was accepted last.
    last: MessageId,
    /// How many messages and bytes were transmitted.
    pub sent: (u64, u64),
    /// The socket takes nothing more, though the connection is not yet lost.
    pub ending: bool,
}

#[derive(Debug)]
struct Entry {
    id: MessageId,
    message: u64,
    expires: Option<u64>,
}

impl Messages {
    pub fn new(limits: Option<Limits>, texts: bool) -> Self {
        Self { limits, texts, ..Self::default() }
    }

    /// Whether this message has to be accepted while the connection is down.
    pub fn fits(&self, now: u64, message: u64) -> bool {
        let Some(limits) = self.limits else {
            return false;
        };
        let fresh = || self.waiting.iter().filter(|entry| !entry.is_stale(now));
        let (messages, room) = match limits.overflow {
            Overflow::DropOldest => (0, 0),
            // What refuses the newest, and any policy that is added.
            _ => (fresh().count(), fresh().map(|entry| self.bytes(entry.message)).sum()),
        };
        messages < limits.messages as usize && room + self.bytes(message) <= limits.bytes
    }

    pub fn accepted(&mut self, now: u64, id: Option<MessageId>, message: u64, open: bool) -> Verdict {
        let Some(id) = id.filter(|id| *id > self.last) else {
            return Law::I6.broken(format!("message {message} got the number {id:?} after {:?}", self.last));
        };
        self.last = id;
        let life = self.limits.and_then(|limits| limits.time_to_live);
        let (queue, life) = if open { (&mut self.leaving, None) } else { (&mut self.waiting, life) };
        queue.push_back(Entry { id, message, expires: life.map(|life| now + u64::from(life)) });
        Ok(())
    }

    /// The number of a message to withdraw: mostly of one that waits.
    pub fn candidate(&self, random: &mut Random, index: u32) -> MessageId {
        let any = MessageId(u64::from(random.below(self.last.0 as u32 + 2)));
        self.waiting.get(index as usize).map_or(any, |entry| entry.id)
    }

    /// The user withdrew the message of this number, and got one back if it was not sent.
    pub fn withdrawn(&mut self, id: MessageId, message: Option<u64>, census: &mut Census) -> Verdict {
        let index = self.waiting.iter().position(|entry| entry.id == id);
        let entry = index.and_then(|index| self.waiting.remove(index)).map(|entry| entry.message);
        census.withdrawn += u64::from(entry.is_some());
        Law::I6.holds(message == entry, || format!("it gave {message:?} back instead of {entry:?}"))
    }

    /// The connection is closed: nothing waits any longer.
    pub fn closed(&mut self) {
        self.closing.append(&mut self.waiting);
    }

    /// Past the protocol.
    pub fn bypassed(&mut self, bytes: u64) {
        self.sent.0 += 1;
        self.sent.1 += bytes;
    }

    pub fn transmits(&mut self, now: u64, message: u64, census: &mut Census) -> Verdict {
        census.transmitted += 1;
        // What is sent while the connection is open does not wait behind what was sent before it was.
        let entry = if self.leaving.front().is_some_and(|next| next.message == message) {
            self.leaving.pop_front()
        } else {
            census.waited += 1;
            self.next_waiting(message)?
        };
        let Some(entry) = entry else {
            return Law::I6.broken(format!("message {message} was transmitted out of nowhere"));
        };
        self.sent.0 += 1;
        self.sent.1 += units_of(entry.message);
        Law::I6.holds(!entry.is_stale(now), || format!("message {message} was transmitted after it had expired"))?;
        self.transmitted.push_back(entry);
        Ok(())
    }

    /// The user is told what became of a message.
    pub fn settles(&mut self, now: u64, settled: Settled<u64>, census: &mut Census) -> Verdict {
        let Settled { id, message, outcome } = settled;
        let is_it = |entry: Option<&Entry>| entry.is_some_and(|entry| entry.message == message);
        let entry = match outcome {
            Outcome::Sent if is_it(self.transmitted.front()) => self.transmitted.pop_front(),
            Outcome::Sent => None,
            _ if is_it(self.closing.front()) => self.closing.pop_front(),
            Outcome::Closed => None,
            _ => self.next_waiting(message)?,
        };
        let Some(entry) = entry else {
            return Law::I6.broken(format!("message {message} is {outcome:?} out of nowhere"));
        };
        Law::I6.holds(entry.id == id, || format!("message {message} of {:?} was settled as {id:?}", entry.id))?;
        match outcome {
            Outcome::Sent => {
                census.sent += 1;
                Ok(())
            }
            Outcome::Expired => {
                census.expired += 1;
                Law::I6.holds(entry.is_stale(now), || format!("message {message} was settled before it had expired"))
            }
            Outcome::Overflow => {
                census.overflown += 1;
                let may = self.limits.is_some_and(|limits| limits.overflow == Overflow::DropOldest);
                Law::I6.holds(may, || format!("message {message} was pushed out of a queue that refuses"))
            }
            Outcome::Closed => {
                census.closed += 1;
                Ok(())
            }
            // Those of a session, and any that is added.
            _ => Law::I6.broken(format!("message {message} is {outcome:?} without a session")),
        }
    }

    /// All that was to be done is done.
    pub fn settle(&self, state: State, queued: u64) -> Verdict {
        let (bytes, at_most) = self.queued();
        if let Some(next) = self.leaving.front().or(self.closing.front()).or(self.transmitted.front()) {
            return Law::I6.broken(format!("message {} was accepted and not settled", next.message));
        }
        let waits = match state {
            State::Open => self.ending,
            State::Closed => false,
            _ => true,
        };
        if !waits && let Some(next) = self.waiting.front() {
            return Law::I6.broken(format!("message {} still waits while {state:?}", next.message));
        }
        if let Some(limits) = self.limits {
            let count = self.waiting.len();
            Law::I7.holds(count <= limits.messages as usize && bytes <= limits.bytes, || {
                format!("{count} messages of {bytes} bytes wait, more than {limits:?}")
            })?;
        }
        Law::I7.holds((bytes..=at_most).contains(&queued), || {
            format!("it says that {queued} bytes wait, it should be {bytes} to {at_most}")
        })
    }

    /// The user was told that so many bytes are queued, after they were counted.
    pub fn counted(&self, queued: u64) -> Verdict {
        let (bytes, _) = self.queued();
        Law::I7.holds(queued == bytes, || format!("it counts {queued} bytes that wait, it should be {bytes}"))
    }

    /// The bytes that wait, and the most that they can be while texts are not counted.
    fn queued(&self) -> (u64, u64) {
        let bytes = self.waiting.iter().map(|entry| self.bytes(entry.message)).sum();
        let at_most = self.waiting.iter().map(|entry| units_of(entry.message)).sum::<u64>();
        (bytes, if self.texts { 3 * at_most } else { at_most })
    }

    fn bytes(&self, message: u64) -> u64 {
        if self.texts { bytes_of_text(&message) } else { units_of(message) }
    }

    fn next_waiting(&mut self, message: u64) -> Verdict<Option<Entry>> {
        match self.waiting.front() {
            Some(next) if next.message == message => Ok(self.waiting.pop_front()),
            Some(next) => Law::I6.broken(format!("message {message} left before {}, or a second time", next.message)),
            None => Ok(None),
        }
    }
}

impl Entry {
    fn is_stale(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}
