//! Sessions kept in this process: they outlive a handler that panics, and end with the process.
//!
//! Of the app's code only the drop of a message can run here (`Bytes::from_owner`), and that may panic, or wait for a lock. So
//! messages are dropped when a change is complete and no lock is held. A lock is not poisoned: what it guards is whole.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::mem::take;
use std::time::Duration;

use parking_lot::Mutex;

use super::interface::{Failure, NotForwarded, Store};
use super::record::{Change, Claim, Claimant, Fence, Forward, Forwarded, Fresh, Kept, Numbered, Rest, Written};
use super::unavailable::Unavailable;
use super::wake::{Wake, Wakes};
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
    wakes: Wakes,
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
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), wakes: Wakes::default() }
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
        let Fresh { principal, time_to_live } = fresh;
        let expires = Instant::now() + time_to_live * 3 / 2;
        let (inbox, outbox, forwarded, keys) = Default::default();
        let (is_revoked, attempt) = (false, 0);
        let record =
            Record { fence, is_revoked, principal, time_to_live, expires, attempt, inbox, outbox, forwarded, keys };
        let mut shard = self.shard(id).lock();
        let _expired = shard.sweep(Instant::now());
        let _before = shard.records.insert(id, record);
        drop(shard);
        Ok(())
    }

    async fn claim(&self, id: SessionId, claimant: &Claimant) -> Result<Claim, Unavailable> {
        let mut shard = self.shard(id).lock();
        let now = Instant::now();
        let Entry::Occupied(mut entry) = shard.records.entry(id) else { return Ok(Claim::Unknown) };
        if entry.get().expires <= now {
            let _expired = entry.remove();
            drop(shard);
            return Ok(Claim::Unknown);
        }
        let record = entry.get_mut();
        if record.is_revoked {
            return Ok(Claim::Unknown);
        }
        if record.principal != claimant.principal {
            return Ok(Claim::Foreign);
        }
        let kept = Kept::new(record.time_to_live)
            .inbox(record.inbox.to_numbered())
            .outbox(record.outbox.to_numbered())
            .forwarded(record.forwarded.done);
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
        let Change { taken, committed, sent, acknowledged, attempt, forwarded, .. } = change;
        let (written, _done) = self.with_record(id, fence, |record| {
            if !record.inbox.precedes(taken, *committed) || !record.outbox.precedes(sent, *acknowledged) {
                return Err(Failure::Behind);
            }
            let nothing = Numbered::none(record.forwarded.last());
            let done = [
                record.inbox.change(taken, *committed),
                record.outbox.change(sent, *acknowledged),
                record.forwarded.change(&nothing, *forwarded),
            ];
            record.attempt = record.attempt.max(*attempt);
            record.expires = Instant::now() + record.time_to_live * 3 / 2;
            Ok((Written { has_forwarded: !record.forwarded.messages.is_empty() }, done))
        })??;
        Ok(written)
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
        self.wakes.session(id);
        Ok(())
    }

    async fn forwarded(&self, id: SessionId, fence: Fence) -> Result<Forwarded, Failure> {
        self.with_record(id, fence, |record| {
            let Queue { done, messages } = &record.forwarded;
            let page = messages.iter().take(PAGE).cloned().collect();
            let rest = if messages.len() > PAGE { Rest::More } else { Rest::Nothing };
            Forwarded::new(Numbered::new(*done, page), rest)
        })
    }

    fn watch(&self, wake: Wake) {
        self.wakes.add(wake);
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
        let mut revoked = Vec::new();
        for shard in &self.shards {
            for record in shard.lock().records.values_mut().filter(|record| record.principal == *principal) {
                record.is_revoked = true;
                revoked.extend([&mut record.inbox, &mut record.outbox, &mut record.forwarded].map(take));
            }
        }
        Ok(())
    }

    async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        let mut shard = self.shard(id).lock();
        match shard.records.entry(id) {
            Entry::Occupied(entry) if entry.get().fence == fence => {
                let _removed = entry.remove();
                drop(shard);
                Ok(())
            }
            _ => Err(Failure::Fenced),
        }
    }
}

impl Shard {
    /// Takes out what has expired.
    fn sweep(&mut self, now: Instant) -> Vec<(SessionId, Record)> {
        if self.swept.is_some_and(|swept| now < swept + SWEEP) {
            return Vec::new();
        }
        self.swept = Some(now);
        self.records.extract_if(|_, record| record.expires <= now).collect()
    }
}

impl Queue {
    fn last(&self) -> u64 {
        self.done + self.messages.len() as u64
    }

    fn precedes(&self, more: &Numbered, done: u64) -> bool {
        more.follows(self.last(), done)
    }

    /// Returns the messages that are done with.
    #[must_use]
    fn change(&mut self, more: &Numbered, done: u64) -> VecDeque<Message> {
        let known = usize::try_from(self.last().saturating_sub(more.after)).unwrap_or(usize::MAX);
        let mut finished = VecDeque::new();
        if more.after > self.last() {
            // What is missing between need not be kept.
            finished = take(&mut self.messages);
            self.done = more.after;
        }
        self.messages.extend(more.messages.iter().skip(known).cloned());
        let count = usize::try_from(done.saturating_sub(self.done)).unwrap_or(usize::MAX).min(self.messages.len());
        self.done += count as u64;
        finished.extend(self.messages.drain(..count));
        if self.messages.is_empty() {
            // A session that was busy once should not keep the memory for the rest of its life.
            self.messages.shrink_to(4);
        }
        finished
    }

    fn to_numbered(&self) -> Numbered {
        Numbered::new(self.done, self.messages.iter().cloned().collect())
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use bytes::Bytes;
    use futures_util::FutureExt as _;
    use undrop_proto::server::Known;

    use super::*;

    /// The bytes of an app that panics when they are dropped.
    struct Panics;

    impl AsRef<[u8]> for Panics {
        fn as_ref(&self) -> &[u8] {
            b"x"
        }
    }

    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("as asked");
        }
    }

    #[test]
    fn a_message_that_panics_when_it_is_dropped_leaves_a_whole_record_and_no_lock() {
        let (store, id, fence) = (MemoryStore::default(), SessionId::of(undrop_proto::wire::Token(1)), Fence(1));
        let fresh = Fresh { principal: Principal::Anonymous, time_to_live: Duration::from_secs(60) };
        store.create(id, fence, fresh).now_or_never().unwrap().unwrap();
        let write = |change| store.write(id, fence, &change).now_or_never().unwrap();
        let sent = Numbered::new(0, vec![Message::Binary(Bytes::from_owner(Panics))]);
        assert!(write(Change::default().sent(sent)).is_ok());
        let acknowledge = || write(Change::default().sent(Numbered::none(1)).acknowledged(1));
        assert!(catch_unwind(AssertUnwindSafe(acknowledge)).is_err());

        assert!(acknowledge().is_ok());
        let known = Known::default().received(1).attempt(2);
        let claimant = Claimant { principal: Principal::Anonymous, fence: Fence(2), known };
        let Ok(Claim::Taken(kept)) = store.claim(id, &claimant).now_or_never().unwrap() else { panic!("not claimed") };
        assert_eq!((kept.outbox.after, kept.outbox.messages.len()), (1, 0));
    }
}
