//! A store that takes its time.

use tokio::sync::watch;
use undrop_server::store::{Change, Claim, Failure, Fence, Fresh, MemoryStore, Store, Unavailable};
use undrop_server::{Principal, SessionId};

/// A store that writes nothing while its gate is shut.
pub struct GatedStore {
    store: MemoryStore,
    open: watch::Receiver<bool>,
}

pub struct Gate(watch::Sender<bool>);

impl GatedStore {
    pub fn shut() -> (Self, Gate) {
        let (sender, open) = watch::channel(false);
        (Self { store: MemoryStore::default(), open }, Gate(sender))
    }
}

impl Gate {
    pub fn open(&self) {
        let _ = self.0.send(true);
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
        self.store.write(id, fence, change).await
    }

    async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        self.store.remove(id, fence).await
    }
}
