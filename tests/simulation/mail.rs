//! I6 and I7: what becomes of each message that was taken.

use std::collections::VecDeque;

use undrop::core::{Fate, Limits, Overflow, State};

use super::census::Census;
use super::law::{Law, Outcome};

pub struct Mail {
    limits: Option<Limits>,
    /// Taken while the line was down.
    waiting: VecDeque<Letter>,
    /// To be returned, because it is over.
    returning: VecDeque<Letter>,
    /// Taken while it was open.
    leaving: VecDeque<Letter>,
    /// How many messages and bytes were transmitted.
    pub sent: (u64, u64),
    /// The socket takes nothing more, though the line is not yet lost.
    pub ending: bool,
}

struct Letter {
    message: u64,
    bytes: u64,
    expires: Option<u64>,
}

impl Mail {
    pub fn new(limits: Option<Limits>) -> Self {
        Self {
            limits,
            waiting: VecDeque::new(),
            returning: VecDeque::new(),
            leaving: VecDeque::new(),
            sent: (0, 0),
            ending: false,
        }
    }

    /// Whether a message of this size has to be taken while the line is down.
    pub fn fits(&self, now: u64, bytes: u64) -> bool {
        let Some(limits) = self.limits else {
            return false;
        };
        let fresh = || self.waiting.iter().filter(|letter| !letter.is_stale(now));
        let (messages, room) = match limits.overflow {
            Overflow::DropOldest => (0, 0),
            Overflow::Refuse => (fresh().count(), fresh().map(|letter| letter.bytes).sum()),
        };
        messages < limits.messages as usize && room + bytes <= limits.bytes
    }

    pub fn taken(&mut self, now: u64, message: u64, bytes: u64, open: bool) {
        let life = self.limits.and_then(|limits| limits.time_to_live);
        let (queue, life) = if open { (&mut self.leaving, None) } else { (&mut self.waiting, life) };
        queue.push_back(Letter { message, bytes, expires: life.map(|life| now + u64::from(life)) });
    }

    /// The user took back what waited at this place.
    pub fn withdrawn(&mut self, index: usize, taken: Option<u64>, census: &mut Census) -> Outcome {
        let letter = self.waiting.remove(index).map(|letter| letter.message);
        census.withdrawn += u64::from(letter.is_some());
        Law::I6.holds(taken == letter, || format!("it gave {taken:?} back instead of {letter:?}"))
    }

    /// It is over: nothing waits any longer.
    pub fn closed(&mut self) {
        self.returning.append(&mut self.waiting);
    }

    /// Past the core.
    pub fn went_straight(&mut self, bytes: u64) {
        self.sent.0 += 1;
        self.sent.1 += bytes;
    }

    pub fn transmitted(&mut self, now: u64, message: u64, census: &mut Census) -> Outcome {
        census.transmitted += 1;
        // What is sent while the line is open does not wait behind what was sent before it was.
        let letter = if self.leaving.front().is_some_and(|next| next.message == message) {
            self.leaving.pop_front()
        } else {
            census.waited += 1;
            self.next_waiting(message)?
        };
        let Some(letter) = letter else {
            return Law::I6.broken(format!("message {message} was transmitted out of nowhere"));
        };
        self.sent.0 += 1;
        self.sent.1 += letter.bytes;
        Law::I6.holds(!letter.is_stale(now), || format!("message {message} was transmitted after it had expired"))
    }

    pub fn returned(&mut self, now: u64, message: u64, fate: Fate, census: &mut Census) -> Outcome {
        let letter = match (fate, self.returning.front()) {
            (_, Some(next)) if next.message == message => self.returning.pop_front(),
            (Fate::Closed, _) => None,
            _ => self.next_waiting(message)?,
        };
        let Some(letter) = letter else {
            return Law::I6.broken(format!("message {message} was returned out of nowhere"));
        };
        match fate {
            Fate::Expired => {
                census.expired += 1;
                Law::I6.holds(letter.is_stale(now), || format!("message {message} was returned before it had expired"))
            }
            Fate::Overflow => {
                census.overflown += 1;
                let may = self.limits.is_some_and(|limits| limits.overflow == Overflow::DropOldest);
                Law::I6.holds(may, || format!("message {message} was pushed out of a queue that refuses"))
            }
            Fate::Closed => {
                census.returned += 1;
                Ok(())
            }
            Fate::Withdrawn | Fate::Unsent | Fate::Unconfirmed => {
                Law::I6.broken(format!("message {message} is {fate:?} without a session"))
            }
        }
    }

    /// All that was to be done is done.
    pub fn settled(&self, state: State, queued: u64) -> Outcome {
        let bytes: u64 = self.waiting.iter().map(|letter| letter.bytes).sum();
        if let Some(next) = self.leaving.front().or(self.returning.front()) {
            return Law::I6.broken(format!("message {} was taken and is gone", next.message));
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
        Law::I7.holds(queued == bytes, || format!("it says that {queued} bytes wait, it should be {bytes}"))
    }

    fn next_waiting(&mut self, message: u64) -> Outcome<Option<Letter>> {
        match self.waiting.front() {
            Some(next) if next.message == message => Ok(self.waiting.pop_front()),
            Some(next) => Law::I6.broken(format!("message {message} left before {}, or a second time", next.message)),
            None => Ok(None),
        }
    }
}

impl Letter {
    fn is_stale(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}
