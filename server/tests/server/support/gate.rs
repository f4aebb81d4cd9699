//! A store that takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use undrop_server::store::{Change, Claim, Failure, Fence, Fresh, MemoryStore, Store, Unavailable};
use undrop_server::{Principal, SessionId};

/// A store that writes nothing while its gate is shut.
pub struct GatedStore {
    store: Arc<MemoryStore>,
    open: watch::Receiver<bool>,
    changes: Arc<AtomicUsize>,
}

pub struct Gate {
    open: watch::Sender<bool>,
    changes: Arc<AtomicUsize>,
    /// What is behind the gate.
    pub store: Arc<MemoryStore>,
}

impl GatedStore {
    pub fn shut() -> (Self, Gate) {
        let (sender, open) = watch::channel(false);
        let (store, changes) = (Arc::new(MemoryStore::default()), Arc::default());
        let gate = Gate { open: sender, changes: Arc::clone(&changes), store: store.clone() };
        (Self { store, open, changes }, gate)
    }
}

impl Gate {
    pub fn open(&self) {
        let _ = self.open.send(true);
    }

    /// How many changes with messages in them have passed.
    pub fn changes(&self) -> usize {
        self.changes.load(Ordering::SeqCst)
    }
}

impl Store for GatedStore {
    async fn create(&self, id: SessionId, fresh: Fresh) -> Result<Fence, Unavailable> {
        self.store.create(id, fresh).await
    }

    async fn claim(&self, id: SessionId, principal: &Principal) -> Result<Claim, Unavailable> {
        self.store.claim(id, principal).await
    }

    async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<(), Failure> {
        let _ = self.open.clone().wait_for(|open| *open).await;
        if !change.taken.messages.is_empty() || !change.sent.messages.is_empty() {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
        self.store.write(id, fence, change).await
    }

    async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        self.store.remove(id, fence).await
    }
}
