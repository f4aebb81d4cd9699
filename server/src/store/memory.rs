//! Sessions kept in this process: they outlive a handler that panics, and end with the process.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;

use super::interface::{Failure, NotForwarded, Store, Unavailable};
use super::record::{Change, Claim, Claimant, Fence, Forward, Forwarded, Fresh, Kept, Numbered, Rest, Written};
use super::wake::Wake;
use crate::runtime::Instant;
use crate::{Message, Principal, SessionId};

/// How often sessions that have expired without being removed are looked for.
const SWEEP: Duration = Duration::from_secs(10);
/// How many forwarded messages are read at once.
const PAGE: usize = 256;
/// How many keys of forwarded messages are kept for a session. No answer of this store is lost, so few are enough.
const KEYS: usize = 16;
/// Several locks, so that cores seldom wait for each other.
const SHARDS: usize = 64;

/// Sessions kept in this process.
#[derive(Debug)]
pub struct MemoryStore {
    shards: Vec<Mutex<Shard>>,
    wakes: Mutex<Vec<Wake>>,
}

#[derive(Debug, Default)]
struct Shard {
    records: HashMap<SessionId, Record>,
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Record {
    fence: Fence,
    /// Whether it is only there to tell its node.
    is_revoked: bool,
    principal: Principal,
    time_to_live: Duration,
    expires: Instant,
    /// The greatest number of a connection.
    attempt: u32,
    inbox: Queue,
    outbox: Queue,
    forwarded: Queue,
    /// The keys of the messages that were forwarded last.
    keys: VecDeque<u128>,
}

/// The messages that are not done with yet, and how many are.
#[derive(Debug, Default)]
struct Queue {
    done: u64,
    messages: VecDeque<Message>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), wakes: Mutex::default() }
    }
}

impl MemoryStore {
    fn shard(&self, id: SessionId) -> &Mutex<Shard> {
        // The id is a hash already.
        &self.shards[usize::from(id.0[0]) % SHARDS]
    }

    fn with_record<T>(&self, id: SessionId, fence: Fence, act: impl FnOnce(&mut Record) -> T) -> Result<T, Failure> {
        let mut shard = self.shard(id).lock();
        let record = shard.records.get_mut(&id).filter(|record| record.fence == fence).ok_or(Failure::Fenced)?;
        if record.is_revoked { Err(Failure::Revoked) } else { Ok(act(record)) }
    }
}

impl Store for MemoryStore {
    async fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Result<(), Unavailable> {
        let mut shard = self.shard(id).lock();
        shard.sweep(Instant::now());
        let Fresh { principal, time_to_live } = fresh;
        let expires = Instant::now() + time_to_live * 3 / 2;
        let (inbox, outbox, forwarded, keys) = Default::default();
        let (is_revoked, attempt) = (false, 0);
        let record =
            Record { fence, is_revoked, principal, time_to_live, expires, attempt, inbox, outbox, forwarded, keys };
        shard.records.insert(id, record);
        Ok(())
    }

    async fn claim(&self, id: SessionId, claimant: &Claimant) -> Result<Claim, Unavailable> {
        let mut shard = self.shard(id).lock();
        let now = Instant::now();
        let Entry::Occupied(mut entry) = shard.records.entry(id) else { return Ok(Claim::Unknown) };
        if entry.get().expires <= now {
            entry.remove();
            return Ok(Claim::Unknown);
        }
        let record = entry.get_mut();
        if record.is_revoked {
            return Ok(Claim::Unknown);
        }
        if record.principal != claimant.principal {
            return Ok(Claim::Foreign);
        }
        let kept = Kept {
            time_to_live: record.time_to_live,
            inbox: record.inbox.to_numbered(),
            outbox: record.outbox.to_numbered(),
            forwarded: record.forwarded.done,
        };
        let attempt = (record.fence != claimant.fence).then_some(record.attempt);
        let claim = Claim::of(kept, attempt, claimant.known);
        if let Claim::Taken(_) = claim {
            record.fence = claimant.fence;
            record.attempt = claimant.known.attempt;
            record.expires = now + record.time_to_live * 3 / 2;
        }
        Ok(claim)
    }

    async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<Written, Failure> {
        let Change { taken, committed, sent, acknowledged, attempt, forwarded } = change;
        self.with_record(id, fence, |record| {
            if !record.inbox.precedes(taken, *committed) || !record.outbox.precedes(sent, *acknowledged) {
                return Err(Failure::Behind);
            }
            record.inbox.change(taken, *committed);
            record.outbox.change(sent, *acknowledged);
            record.attempt = record.attempt.max(*attempt);
            record.forwarded.change(&Numbered::none(record.forwarded.last()), *forwarded);
            record.expires = Instant::now() + record.time_to_live * 3 / 2;
            Ok(Written { has_forwarded: !record.forwarded.messages.is_empty() })
        })?
    }

    async fn forward(&self, id: SessionId, forward: &Forward) -> Result<(), NotForwarded> {
        {
            let mut shard = self.shard(id).lock();
            let now = Instant::now();
            let is_there = |record: &&mut Record| !record.is_revoked && record.expires > now;
            let Some(record) = shard.records.get_mut(&id).filter(is_there) else { return Err(NotForwarded::Over) };
            if record.keys.contains(&forward.key) {
                return Ok(());
            }
            if record.forwarded.messages.len() as u64 >= Self::MOST_FORWARDED {
                return Err(NotForwarded::Full);
            }
            if record.keys.len() == KEYS {
                record.keys.pop_front();
            }
            record.keys.push_back(forward.key);
            record.forwarded.messages.push_back(forward.message.clone());
        }
        // Without the lock: whoever is woken may have one of its own.
        self.wakes.lock().iter().for_each(|wake| wake.session(id));
        Ok(())
    }

    async fn forwarded(&self, id: SessionId, fence: Fence) -> Result<Forwarded, Failure> {
        self.with_record(id, fence, |record| {
            let Queue { done, messages } = &record.forwarded;
            let page = messages.iter().take(PAGE).cloned().collect();
            let rest = if messages.len() > PAGE { Rest::More } else { Rest::Nothing };
            Forwarded { messages: Numbered { after: *done, messages: page }, rest }
        })
    }

    fn watch(&self, wake: Wake) {
        let mut wakes = self.wakes.lock();
        wakes.retain(|wake| !wake.is_over());
        wakes.push(wake);
    }

    async fn sessions_of(&self, principal: &Principal) -> Result<Vec<SessionId>, Unavailable> {
        let mut sessions = Vec::new();
        if *principal != Principal::Anonymous {
            let now = Instant::now();
            for shard in &self.shards {
                let shard = shard.lock();
                let theirs = shard
                    .records
                    .iter()
                    .filter(|(_, record)| record.principal == *principal && !record.is_revoked && record.expires > now);
                sessions.extend(theirs.map(|(id, _)| *id));
            }
        }
        Ok(sessions)
    }

    async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        for shard in &self.shards {
            for record in shard.lock().records.values_mut().filter(|record| record.principal == *principal) {
                record.is_revoked = true;
                (record.inbox, record.outbox, record.forwarded) = Default::default();
            }
        }
        Ok(())
    }

    async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        let mut shard = self.shard(id).lock();
        match shard.records.entry(id) {
            Entry::Occupied(entry) if entry.get().fence == fence => {
                entry.remove();
                Ok(())
            }
            _ => Err(Failure::Fenced),
        }
    }
}

impl Shard {
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now < swept + SWEEP) {
            return;
        }
        self.swept = Some(now);
        self.records.retain(|_, record| record.expires > now);
    }
}

impl Queue {
    fn last(&self) -> u64 {
        self.done + self.messages.len() as u64
    }

    fn precedes(&self, more: &Numbered, done: u64) -> bool {
        more.follows(self.last(), done)
    }

    fn change(&mut self, more: &Numbered, done: u64) {
        let known = usize::try_from(self.last().saturating_sub(more.after)).unwrap_or(usize::MAX);
        if more.after > self.last() {
            // What is missing between need not be kept.
            self.messages.clear();
            self.done = more.after;
        }
        self.messages.extend(more.messages.iter().skip(known).cloned());
        while self.done < done && self.messages.pop_front().is_some() {
            self.done += 1;
        }
        if self.messages.is_empty() {
            // A session that was busy once should not keep the memory for the rest of its life.
            self.messages.shrink_to(4);
        }
    }

    fn to_numbered(&self) -> Numbered {
        Numbered { after: self.done, messages: self.messages.iter().cloned().collect() }
    }
}
