//! Sessions kept in this process: they outlive a handler that panics, and end with the process.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::interface::{Failure, Store, Unavailable};
use super::record::{Change, Claim, Claimant, Fence, Fresh, Kept, Numbered};
use crate::{Message, Principal, SessionId};

/// How often sessions that have expired without being removed are looked for.
const SWEEP: Duration = Duration::from_secs(10);
/// Several locks, so that cores seldom wait for each other.
const SHARDS: usize = 64;

/// Sessions kept in this process.
#[derive(Debug)]
pub struct MemoryStore {
    shards: Vec<Mutex<Shard>>,
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
}

/// The messages that are not done with yet, and how many are.
#[derive(Debug, Default)]
struct Queue {
    done: u64,
    messages: VecDeque<Message>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
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
        let (inbox, outbox) = (Queue::default(), Queue::default());
        let (is_revoked, attempt) = (false, 0);
        let record = Record { fence, is_revoked, principal, time_to_live, expires, attempt, inbox, outbox };
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

    async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<(), Failure> {
        let Change { taken, committed, sent, acknowledged, attempt } = change;
        self.with_record(id, fence, |record| {
            if !record.inbox.precedes(taken, *committed) || !record.outbox.precedes(sent, *acknowledged) {
                return Err(Failure::Behind);
            }
            record.inbox.change(taken, *committed);
            record.outbox.change(sent, *acknowledged);
            record.attempt = record.attempt.max(*attempt);
            record.expires = Instant::now() + record.time_to_live * 3 / 2;
            Ok(())
        })?
    }

    async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        for shard in &self.shards {
            for record in shard.lock().records.values_mut().filter(|record| record.principal == *principal) {
                record.is_revoked = true;
                (record.inbox, record.outbox) = Default::default();
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
