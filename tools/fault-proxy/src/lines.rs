//! The lines that there are, and the terms of those to come.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::line::{Handle, Orders};
use crate::terms::{Both, Change, Cut, Scope, Terms};

/// How many bytes went one way of a line so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Those that the proxy has taken from the sender.
    pub taken: u64,
    /// Those of them that the receiver's side has been given.
    pub passed: u64,
}

/// All lines through one proxy.
#[derive(Debug, Default)]
pub struct Lines(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    live: BTreeMap<u64, Arc<Handle>>,
    to_come: Terms,
}

/// What a line needs that has just come in.
pub(crate) struct Entry {
    pub id: u64,
    pub line: Arc<Handle>,
    pub orders: Orders,
}

impl Lines {
    /// Those that there are now, oldest first, each with its number and what went through it.
    #[must_use]
    pub fn list(&self) -> Vec<(u64, Both<Glance>)> {
        self.lock().live.iter().map(|(&id, line)| (id, line.glance())).collect()
    }

    /// Changes the terms of lines. Returns how many of those that there are.
    pub fn change(&self, scope: Scope, change: Change) -> usize {
        let mut inner = self.lock();
        if scope != Scope::Live {
            inner.to_come.change(change);
        }
        if scope == Scope::New {
            return 0;
        }
        for line in inner.live.values() {
            line.change(change);
        }
        inner.live.len()
    }

    /// Cuts the lines that there are; resolves when that is done. Returns how many they were.
    pub async fn cut(&self, cut: Cut) -> usize {
        let live: Vec<_> = self.lock().live.values().cloned().collect();
        for line in &live {
            line.cut(cut);
        }
        for line in &live {
            line.over().await;
        }
        live.len()
    }

    /// Has them cut, whenever that will be.
    pub(crate) fn abandon(&self) {
        for line in self.lock().live.values() {
            line.cut(Cut::Reset);
        }
    }

    pub(crate) fn enter(&self) -> Entry {
        let mut inner = self.lock();
        inner.last += 1;
        let (id, line) = (inner.last, Arc::new(Handle::new(inner.to_come.clone())));
        inner.live.insert(id, line.clone());
        // Before anybody else can find the line: one without a receiver of orders is over.
        Entry { id, orders: line.orders(), line }
    }

    pub(crate) fn forget(&self, id: u64) {
        self.lock().live.remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
