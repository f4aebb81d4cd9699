//! The live connections, and the settings of new ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::handle::{CutOrder, Handle, Traffic};
use crate::settings::{Both, Change, Cut, Scope, Settings};

/// All connections through one proxy.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    live: BTreeMap<u64, Arc<Handle>>,
    of_new: Settings,
}

/// What the task of a new connection needs.
pub(crate) struct Entry {
    pub id: u64,
    pub connection: Arc<Handle>,
    pub cut_order: CutOrder,
}

impl Connections {
    /// The live connections, oldest first, each with its number and its traffic.
    #[must_use]
    pub fn list(&self) -> Vec<(u64, Both<Traffic>)> {
        self.lock().live.iter().map(|(&id, connection)| (id, connection.traffic())).collect()
    }

    /// Changes the settings of connections. Returns how many live ones were changed.
    pub fn change(&self, scope: Scope, change: Change) -> usize {
        let mut inner = self.lock();
        if scope != Scope::Live {
            inner.of_new.change(change);
        }
        if scope == Scope::New {
            return 0;
        }
        for connection in inner.live.values() {
            connection.change(change);
        }
        inner.live.len()
    }

    /// Cuts the live connections; resolves with their number when that is done.
    pub async fn cut(&self, cut: Cut) -> usize {
        let live: Vec<_> = self.lock().live.values().cloned().collect();
        for connection in &live {
            connection.cut(cut);
        }
        for connection in &live {
            connection.over().await;
        }
        live.len()
    }

    /// Orders all to be cut, and does not wait for it.
    pub(crate) fn abandon(&self) {
        for connection in self.lock().live.values() {
            connection.cut(Cut::Reset);
        }
    }

    pub(crate) fn enter(&self) -> Entry {
        let mut inner = self.lock();
        inner.last += 1;
        let (id, connection) = (inner.last, Arc::new(Handle::new(inner.of_new.clone())));
        inner.live.insert(id, connection.clone());
        // While the lock is held: for who finds the connection later, one whose order has no receiver is over.
        Entry { id, cut_order: connection.cut_order(), connection }
    }

    pub(crate) fn forget(&self, id: u64) {
        self.lock().live.remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
