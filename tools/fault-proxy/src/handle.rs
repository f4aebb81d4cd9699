//! The handle of one connection: its settings, its counters, and the order to cut it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::settings::{Both, Change, Cut, Direction, Settings};

/// How many bytes one direction of a connection has carried so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many the proxy has read from the sender.
    pub taken: u64,
    /// How many of them it has written to the receiver.
    pub passed: u64,
}

/// The order to cut a connection, once there is one.
pub type CutOrder = watch::Receiver<Option<Cut>>;

/// What others have of a connection: its settings, its counters, and the means to cut it.
#[derive(Debug)]
pub struct Handle {
    settings: watch::Sender<Settings>,
    cut: watch::Sender<Option<Cut>>,
    taken: Both<AtomicU64>,
    passed: Both<AtomicU64>,
    last_passed: Mutex<Instant>,
}

impl Handle {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: watch::Sender::new(settings),
            cut: watch::Sender::new(None),
            taken: Both::default(),
            passed: Both::default(),
            last_passed: Mutex::new(Instant::now()),
        }
    }

    pub fn change(&self, change: Change) {
        self.settings.send_modify(|settings| settings.change(change));
    }

    /// Orders the connection to be cut; [`Handle::over`] resolves when that is done.
    pub fn cut(&self, cut: Cut) {
        self.cut.send_replace(Some(cut));
    }

    /// Resolves when the connection has been cut, or has ended otherwise.
    pub async fn over(&self) {
        self.cut.closed().await;
    }

    /// For the task that runs the connection. The connection is over when this is dropped.
    pub fn cut_order(&self) -> CutOrder {
        self.cut.subscribe()
    }

    pub fn traffic(&self) -> Both<Traffic> {
        // Bytes are counted while the settings are locked, so with the lock held the counters include all that was received.
        let _locked = self.settings.borrow();
        let one = |direction| Traffic {
            taken: self.taken.of(direction).load(Relaxed),
            passed: self.passed.of(direction).load(Relaxed),
        };
        Both { up: one(Direction::Up), down: one(Direction::Down) }
    }

    /// Notifies of changes of the settings.
    pub fn changes(&self) -> watch::Receiver<Settings> {
        self.settings.subscribe()
    }

    /// Calls `act` with the settings locked. The caller counts in `act` what it passes there.
    pub fn with_settings<T>(&self, act: impl FnOnce(&mut Settings) -> Poll<T>) -> Poll<T> {
        let mut done = Poll::Pending;
        self.settings.send_if_modified(|settings| {
            done = act(settings);
            false
        });
        done
    }

    pub fn taken(&self, direction: Direction, length: usize) {
        self.taken.of(direction).fetch_add(length as u64, Relaxed);
    }

    pub fn passed(&self, direction: Direction, length: usize) {
        self.passed.of(direction).fetch_add(length as u64, Relaxed);
        *self.last_passed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When the last byte passed.
    pub fn last_passed(&self) -> Instant {
        *self.last_passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
