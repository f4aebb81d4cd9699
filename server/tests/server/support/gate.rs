//! A store that takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use undrop_server::store::{
    Change, Claim, Claimant, Failure, Fence, Forward, Forwarded, Fresh, MemoryStore, NotForwarded, Store, Unavailable,
    Wake, Written,
};
use undrop_server::{Principal, SessionId};

use super::soon;

/// A store that neither writes nor removes anything while its gate is shut.
pub struct GatedStore {
    store: Arc<MemoryStore>,
    open: watch::Receiver<bool>,
    changes: Arc<AtomicUsize>,
    removals: watch::Sender<usize>,
}

pub struct Gate {
    open: watch::Sender<bool>,
    changes: Arc<AtomicUsize>,
    removals: watch::Receiver<usize>,
    /// What is behind the gate.
    pub store: Arc<MemoryStore>,
}

impl GatedStore {
    pub fn shut() -> (Self, Gate) {
        let (sender, open) = watch::channel(false);
        let (store, changes) = (Arc::new(MemoryStore::default()), Arc::default());
        let (counter, removals) = watch::channel(0);
        let gate = Gate { open: sender, changes: Arc::clone(&changes), removals, store: store.clone() };
        (Self { store, open, changes, removals: counter }, gate)
    }
}

impl Gate {
    pub fn open(&self) {
        let _ = self.open.send(true);
    }

    /// Waits until a session is to be removed, whether the gate is open or not.
    pub async fn removal(&mut self) {
        soon("a removal", self.removals.wait_for(|removals| *removals > 0)).await.unwrap();
    }

    /// How many changes with messages in them have passed.
    pub fn changes(&self) -> usize {
        self.changes.load(Ordering::SeqCst)
    }
}

impl Store for GatedStore {
    async fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Result<(), Unavailable> {
        self.store.create(id, fence, fresh).await
    }

    async fn claim(&self, id: SessionId, claimant: &Claimant) -> Result<Claim, Unavailable> {
        self.store.claim(id, claimant).await
    }

    async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<Written, Failure> {
        let _ = self.open.clone().wait_for(|open| *open).await;
        if !change.taken.messages.is_empty() || !change.sent.messages.is_empty() {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
        self.store.write(id, fence, change).await
    }

    async fn forward(&self, id: SessionId, forward: &Forward) -> Result<(), NotForwarded> {
        self.store.forward(id, forward).await
    }

    async fn forwarded(&self, id: SessionId, fence: Fence) -> Result<Forwarded, Failure> {
        self.store.forwarded(id, fence).await
    }

    fn watch(&self, wake: Wake) {
        self.store.watch(wake);
    }

    async fn sessions_of(&self, principal: &Principal) -> Result<Vec<SessionId>, Unavailable> {
        self.store.sessions_of(principal).await
    }

    async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        self.store.revoke(principal).await
    }

    async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        self.removals.send_modify(|removals| *removals += 1);
        let _ = self.open.clone().wait_for(|open| *open).await;
        self.store.remove(id, fence).await
    }
}
