//! The slots of a server: the table of its sessions, and how each of them is found.

use std::sync::Arc;

use parking_lot::Mutex;
use undrop_proto::Millis;
use undrop_proto::server::{self, Full, Share, SlotId, Taken};

use crate::SessionId;
use crate::budget::{Owner, Purse};
use crate::channel::Channel;
use crate::incoming::{Incoming, ResumeRequest};
use crate::metrics::{Count, SessionState};
use crate::principal::Principal;
use crate::requests::Requests;
use crate::shared::Shared;
use crate::store::Woken;

/// How long a session of an anonymous client has to have been without a connection before another client of its address may
/// take its place, in milliseconds. A client that is still there reconnects sooner.
const ANONYMOUS_EVICTS_AFTER: u32 = 30_000;

/// Takes the requests that came too late for a session of this node, or that it can't serve.
pub(crate) trait Readmit: Send + Sync {
    /// Looks for the session in the store.
    fn readmit(self: Arc<Self>, request: ResumeRequest);
    /// Gives the client another session, since the one that it asks for has lost a part.
    fn renew(self: Arc<Self>, request: ResumeRequest);
}

pub(crate) struct Slots {
    shared: Arc<Shared>,
    table: Mutex<Table>,
}

type Table = server::Slots<Key, Owner, Arc<Requests>>;

/// A session is found by its id and its principal, so that nobody who shows another's token finds it even by chance.
type Key = (SessionId, Principal);

/// A session's place in the table. It is free again when this is dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    readmit: Arc<dyn Readmit>,
    key: Key,
    id: SlotId,
    owner: Owner,
    channel: Arc<Channel>,
    requests: Arc<Requests>,
    _count: Count,
    /// Among those with or without a connection.
    state: Count,
}

impl Slots {
    pub(crate) fn new(shared: Arc<Shared>) -> Arc<Self> {
        let table = Mutex::new(Table::new(shared.config.limits.sessions));
        Arc::new(Self { shared, table })
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.table.lock().is_closing()
    }

    pub(crate) fn take(
        self: &Arc<Self>,
        id: SessionId,
        incoming: &Incoming,
        readmit: Arc<dyn Readmit>,
    ) -> Result<Slot, Full<Arc<Requests>>> {
        let key = (id, incoming.principal.clone());
        let (requests, share) = (Arc::<Requests>::default(), self.share(incoming));
        let taken = self.table.lock().take(self.shared.clock.now(), key.clone(), share, requests.clone());
        let Taken { id, evicted } = taken?;
        if let Some(evicted) = evicted {
            evicted.evict();
        }
        let purse = self.shared.outboxes.open(&incoming.owner(), Some(requests.clone()));
        let channel = Arc::new(Channel::new(self.shared.config.limits.outbox, purse));
        let count = self.shared.sessions.count();
        let state = self.shared.metrics.sessions.of(SessionState::Connected).count();
        let owner = incoming.owner();
        Ok(Slot { slots: self.clone(), readmit, key, id, owner, channel, requests, _count: count, state })
    }

    /// Gives out no slot from now on, and has each session end.
    pub(crate) fn close(&self) {
        let sessions = self.table.lock().close();
        for requests in sessions {
            requests.shut_down();
        }
    }

    /// Has each session of this principal end for good.
    pub(crate) fn revoke(&self, principal: &Principal) {
        let Principal::User(id) = principal else { return };
        let sessions: Vec<_> = self.table.lock().of(&Owner::User(id.clone())).cloned().collect();
        for requests in sessions {
            requests.revoke();
        }
    }

    /// The session whose handler failed too often is ended.
    pub(crate) fn forget_failures(&self, id: SessionId, principal: &Principal) {
        self.table.lock().forget_failures(&(id, principal.clone()));
    }

    fn share(&self, incoming: &Incoming) -> Option<Share<Owner>> {
        let limits = &self.shared.config.limits;
        let owner = incoming.owner();
        match owner {
            Owner::User(_) => Some(Share { owner, sessions: limits.sessions_per_user, evicts_after: 0 }),
            Owner::Address(_) => {
                let sessions = limits.sessions_per_address;
                Some(Share { owner, sessions, evicts_after: ANONYMOUS_EVICTS_AFTER })
            }
            Owner::Unknown => None,
        }
    }
}

impl Woken for Slots {
    fn look_for_forwarded(&self, id: SessionId) {
        let table = self.table.lock();
        // The least of all principals.
        for (_, requests) in table.from(&(id, Principal::Anonymous)).take_while(|((other, _), _)| *other == id) {
            requests.look_for_forwarded();
        }
    }

    fn all_look_for_forwarded(&self) {
        self.table.lock().all().for_each(|requests| requests.look_for_forwarded());
    }
}

impl Slot {
    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    /// Opens what the session has of the budget for what comes in.
    pub(crate) fn open_inbox(&self) -> Arc<Purse> {
        self.slots.shared.inboxes.open(&self.owner, Some(self.requests.clone()))
    }

    /// Whose session it is.
    pub(crate) fn principal(&self) -> &Principal {
        &self.key.1
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    pub(crate) fn set_detached(&mut self, since: Option<Millis>) {
        let state = if since.is_some() { SessionState::Waiting } else { SessionState::Connected };
        self.state = self.slots.shared.metrics.sessions.of(state).count();
        self.slots.table.lock().set_detached(&self.key, self.id, since);
    }

    pub(crate) fn note_failure(&self, now: Millis, progressed: bool) {
        self.slots.table.lock().note_failure(now, self.key.clone(), progressed);
    }

    /// Has the session manager look for the session again, in the store.
    pub(crate) fn readmit(&self, request: ResumeRequest) {
        self.readmit.clone().readmit(request);
    }

    /// Has the session manager give the client another session.
    pub(crate) fn renew(&self, request: ResumeRequest) {
        self.readmit.clone().renew(request);
    }

    /// Frees the entry before the task ends: a connection that asks for this session from now on does not find it here.
    /// Returns the requests that came before and are not collected.
    #[must_use]
    pub(crate) fn release(&self) -> Vec<ResumeRequest> {
        self.slots.table.lock().free(&self.key, self.id);
        self.requests.close()
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
