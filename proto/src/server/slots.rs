//! The table of a node's sessions: which it has, whose they are, and who may have one more.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::Millis;

/// How often the handler of one session may panic in a row without having committed anything. Then the session ends.
const MOST_FAILURES: u32 = 5;
/// How long a session whose handler has panicked has to wait, in milliseconds; twice as long each time that nothing was
/// committed since the last.
const FAILURE_WAIT: u32 = 250;
/// How long the last panic is remembered, in milliseconds.
const FAILURE_MEMORY: u32 = 60_000;
/// How many sessions' panics are remembered.
const MOST_FAILING: usize = 4_096;

/// The sessions of a node, by their keys, and their owners. `V` is how the driver finds a session.
#[derive(Debug)]
pub struct Slots<K, O, V> {
    most: usize,
    closing: bool,
    entries: BTreeMap<K, Entry<O, V>>,
    /// The sessions of each owner, to be counted.
    owners: BTreeMap<O, Vec<K>>,
    failures: BTreeMap<K, Failures>,
    taken: u64,
}

#[derive(Debug)]
struct Entry<O, V> {
    id: SlotId,
    owner: Option<O>,
    value: V,
    /// Since when the session has had no connection, if it has none.
    detached: Option<Millis>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    /// How many there were in a row without a commit.
    count: u32,
    last: Millis,
}

/// Which of the sessions with the same key this is: one may end while the next begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SlotId(u64);

/// Whose limit a session counts against, and how much of it there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share<O> {
    /// A user, or an address.
    pub owner: O,
    /// How many sessions it may have.
    pub sessions: usize,
    /// How long a session has to have been without a connection before another of the same owner may take its place, in
    /// milliseconds. Those who only share an address should not be able to end each other's sessions at will.
    pub evicts_after: u32,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Full<V> {
    /// The server or this owner has as many sessions as it may have.
    Sessions,
    /// The session has one already.
    Taken(V),
    /// Its handler has panicked a moment ago.
    Failing,
    /// Its handler has panicked too often: the session is to be ended.
    Failed,
    /// The server shuts down.
    Closing,
}

/// A slot was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Taken<V> {
    /// Which it is.
    pub id: SlotId,
    /// The session that makes room for it.
    pub evicted: Option<V>,
}

impl<K: Ord + Clone, O: Ord + Clone, V: Clone> Slots<K, O, V> {
    /// A table that has room for so many sessions.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            closing: false,
            entries: BTreeMap::new(),
            owners: BTreeMap::new(),
            failures: BTreeMap::new(),
            taken: 0,
        }
    }

    /// Whether no more sessions are served.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the slot of a session, which counts against the share of its owner.
    pub fn take(&mut self, now: Millis, key: K, share: Option<Share<O>>, value: V) -> Result<Taken<V>, Full<V>> {
        if self.closing {
            return Err(Full::Closing);
        }
        if let Some(entry) = self.entries.get(&key) {
            return Err(Full::Taken(entry.value.clone()));
        }
        if let Some(Failures { count, last }) = self.failures.get(&key) {
            if *count >= MOST_FAILURES {
                return Err(Full::Failed);
            }
            if now < *last + (FAILURE_WAIT << count) {
                return Err(Full::Failing);
            }
        }
        if self.entries.len() >= self.most {
            return Err(Full::Sessions);
        }
        let evicted = match &share {
            Some(share) => self.make_room(now, share)?,
            None => None,
        };
        self.taken += 1;
        let id = SlotId(self.taken);
        let owner = share.map(|share| share.owner);
        if let Some(owner) = &owner {
            self.owners.entry(owner.clone()).or_default().push(key.clone());
        }
        self.entries.insert(key, Entry { id, owner, value, detached: None });
        Ok(Taken { id, evicted })
    }

    /// The session has no connection since then, or has one.
    pub fn set_detached(&mut self, key: &K, id: SlotId, since: Option<Millis>) {
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) {
            entry.detached = since;
        }
    }

    /// Frees a slot. Of no effect if another has its place.
    pub fn free(&mut self, key: &K, id: SlotId) {
        if self.entries.get(key).is_some_and(|entry| entry.id == id) {
            self.remove(key);
        }
    }

    /// The handler of this session has panicked, after it had committed something or not.
    pub fn note_failure(&mut self, now: Millis, key: K, progressed: bool) {
        self.failures.retain(|_, failures| now < failures.last + FAILURE_MEMORY);
        if self.failures.len() < MOST_FAILING || self.failures.contains_key(&key) {
            let failures = self.failures.entry(key).or_insert(Failures { count: 0, last: now });
            *failures = Failures { count: if progressed { 0 } else { failures.count + 1 }, last: now };
        }
    }

    /// The session that failed too often is ended.
    pub fn forget_failures(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// Gives out no slot from now on. Returns all sessions, which have to end.
    pub fn close(&mut self) -> Vec<V> {
        self.closing = true;
        self.entries.values().map(|entry| entry.value.clone()).collect()
    }

    /// The sessions from this key on, in the order of their keys.
    pub fn from<'a>(&'a self, key: &K) -> impl Iterator<Item = (&'a K, &'a V)> {
        self.entries.range(key..).map(|(key, entry)| (key, &entry.value))
    }

    /// All sessions.
    pub fn all(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|entry| &entry.value)
    }

    /// The sessions of an owner.
    pub fn of<'a>(&'a self, owner: &O) -> impl Iterator<Item = &'a V> {
        let keys = self.owners.get(owner).into_iter().flatten();
        keys.filter_map(|key| self.entries.get(key).map(|entry| &entry.value))
    }

    /// One more session than an owner may have takes the place of the one that has been detached for longest.
    fn make_room(&mut self, now: Millis, share: &Share<O>) -> Result<Option<V>, Full<V>> {
        let Some(keys) = self.owners.get(&share.owner).filter(|keys| keys.len() >= share.sessions) else {
            return Ok(None);
        };
        let detached = keys.iter().filter_map(|key| Some((self.entries.get(key)?.detached?, key)));
        let (since, key) = detached.min_by_key(|(since, _)| *since).ok_or(Full::Sessions)?;
        if now < since + share.evicts_after {
            return Err(Full::Sessions);
        }
        // It does not count from now on, though it takes a moment to end.
        let key = key.clone();
        Ok(self.remove(&key))
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let Entry { owner, value, .. } = self.entries.remove(key)?;
        if let Some(owner) = owner
            && let Some(keys) = self.owners.get_mut(&owner)
        {
            keys.retain(|other| other != key);
            if keys.is_empty() {
                self.owners.remove(&owner);
            }
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests;
