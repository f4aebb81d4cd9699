//! The slots of a server: which sessions it has, whose they are, and who may have one more.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::SessionId;
use crate::allowance::network;
use crate::channel::Channel;
use crate::incoming::{Incoming, ResumeRequest};
use crate::metrics::Count;
use crate::principal::Principal;
use crate::requests::Requests;
use crate::shared::Shared;

/// Takes the resume requests that came too late for a session of this node.
pub(crate) trait Readmit: Send + Sync {
    fn readmit(self: Arc<Self>, request: ResumeRequest);
}

pub(crate) struct Slots {
    shared: Arc<Shared>,
    table: Mutex<Table>,
}

/// A session is found by its id and its principal, so that nobody who shows another's token finds it even by chance.
type Key = (SessionId, Principal);

#[derive(Default)]
struct Table {
    closing: bool,
    sessions: HashMap<Key, Arc<Requests>>,
    /// The sessions of each owner, to be counted.
    owners: HashMap<Owner, Vec<Key>>,
}

/// Whose limit a session counts against.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Owner {
    User(Arc<str>),
    Address(IpAddr),
}

/// A session's entry in the table. It is free again when this is dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    readmit: Arc<dyn Readmit>,
    key: Key,
    owner: Option<Owner>,
    channel: Arc<Channel>,
    requests: Arc<Requests>,
    _count: Count,
}

/// Why there is no slot.
pub(crate) enum NoSlot {
    /// The server or this client has as many sessions as it may have.
    Full,
    /// The session has one already.
    Taken(Arc<Requests>),
    /// The server shuts down.
    Closing,
}

impl Slots {
    pub(crate) fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared, table: Mutex::default() })
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.table.lock().closing
    }

    pub(crate) fn take(
        self: &Arc<Self>,
        id: SessionId,
        incoming: &Incoming,
        readmit: Arc<dyn Readmit>,
    ) -> Result<Slot, NoSlot> {
        let limits = &self.shared.config.limits;
        let key = (id, incoming.principal.clone());
        let mut table = self.table.lock();
        if table.closing {
            return Err(NoSlot::Closing);
        }
        if let Some(requests) = table.sessions.get(&key) {
            return Err(NoSlot::Taken(requests.clone()));
        }
        let sessions = &self.shared.metrics.sessions;
        if sessions.get() >= limits.sessions as u64 {
            return Err(NoSlot::Full);
        }
        let owner = Owner::of(incoming);
        if let Some(owner) = &owner {
            let most = match owner {
                Owner::User(_) => limits.sessions_per_user,
                Owner::Address(_) => limits.sessions_per_address,
            };
            table.make_room(owner, most)?;
            table.owners.entry(owner.clone()).or_default().push(key.clone());
        }
        let channel = Arc::new(Channel::new(self.shared.clone()));
        let requests = Arc::<Requests>::default();
        table.sessions.insert(key.clone(), requests.clone());
        Ok(Slot { slots: self.clone(), readmit, key, owner, channel, requests, _count: sessions.count() })
    }

    /// Gives out no slot from now on, and has each session end.
    pub(crate) fn close(&self) {
        let sessions: Vec<_> = {
            let mut table = self.table.lock();
            table.closing = true;
            table.sessions.values().cloned().collect()
        };
        for requests in sessions {
            requests.shut_down();
        }
    }
}

impl Table {
    /// One more session than an owner may have takes the place of the one that has been disconnected for longest.
    fn make_room(&mut self, owner: &Owner, most: usize) -> Result<(), NoSlot> {
        let Some(keys) = self.owners.get_mut(owner).filter(|keys| keys.len() >= most) else { return Ok(()) };
        let sessions = &self.sessions;
        let disconnected =
            keys.iter().enumerate().filter_map(|(index, key)| Some((sessions.get(key)?.disconnected_since()?, index)));
        let (_, index) = disconnected.min().ok_or(NoSlot::Full)?;
        // It does not count from now on, though it takes a moment to end.
        let key = keys.swap_remove(index);
        if let Some(requests) = self.sessions.remove(&key) {
            requests.evict();
        }
        Ok(())
    }
}

impl Owner {
    fn of(incoming: &Incoming) -> Option<Self> {
        match &incoming.principal {
            Principal::User(id) => Some(Owner::User(id.clone())),
            Principal::Anonymous => incoming.handshake.address.map(|address| Owner::Address(network(address))),
        }
    }
}

impl Slot {
    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Has the session manager look for the session again, in the store.
    pub(crate) fn readmit(&self, request: ResumeRequest) {
        self.readmit.clone().readmit(request);
    }

    /// Frees the entry before the task ends: a connection that asks for this session from now on does not find it here.
    /// Returns the requests that came before and are not collected.
    #[must_use]
    pub(crate) fn release(&self) -> Vec<ResumeRequest> {
        self.remove();
        self.requests.close()
    }

    fn remove(&self) {
        let mut table = self.slots.table.lock();
        if let Entry::Occupied(entry) = table.sessions.entry(self.key.clone())
            && Arc::ptr_eq(entry.get(), &self.requests)
        {
            entry.remove();
        } else {
            return;
        }
        let Some(owner) = &self.owner else { return };
        if let Entry::Occupied(mut entry) = table.owners.entry(owner.clone()) {
            entry.get_mut().retain(|key| *key != self.key);
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        for late in self.release() {
            self.readmit(late);
        }
        self.channel.abandon();
    }
}
