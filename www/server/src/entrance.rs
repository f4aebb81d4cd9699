//! A room's entrance: which handshakes it refuses, which connections came through it, and the session manager, whose sessions
//! outlive the connections.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use undrop_server::store::MemoryStore;
use undrop_server::{Config, Handshake, Limits, Origins, Principal, Refused, Sessions, Spread};

use crate::client::LARGEST_FRAME;
use crate::faults::{Fault, FaultHandle, Faults};
use crate::input::Key;
use crate::room::MEMBERS;

/// How long a session outlives its connection.
pub const TIME_TO_LIVE: Duration = Duration::from_secs(60);
/// Clients whose connections were lost together reconnect over so long. A room of fifty on one machine needs little of it.
const SPREAD: Duration = Duration::from_millis(500);
/// How long a client may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The most tabs that are refused at once, in demo mode.
const REFUSED: usize = 64;
/// The most connections that the switches can reach. One more, and the oldest can no longer be reached.
const CONNECTIONS: usize = 4 * MEMBERS;

pub struct Entrance(Mutex<State>);

struct State {
    /// The present session manager. A restart shuts it down, and its successor takes over the sessions from the store.
    sessions: Sessions,
    store: Arc<MemoryStore>,
    connections: Vec<(Key, FaultHandle)>,
    is_closed: bool,
    refused: BTreeMap<Key, Instant>,
}

impl Default for Entrance {
    fn default() -> Self {
        let store = Arc::new(MemoryStore::default());
        Self(Mutex::new(State {
            sessions: session_manager(store.clone()),
            store,
            connections: Vec::new(),
            is_closed: false,
            refused: BTreeMap::new(),
        }))
    }
}

impl Entrance {
    /// Whether the handshakes of this tab are refused at the moment.
    pub fn refuses(&self, tab: &Key) -> bool {
        let state = self.lock();
        state.is_closed || state.refused.get(tab).is_some_and(|until| *until > Instant::now())
    }

    /// Registers a connection, so that the demo's switches can reach it.
    pub fn register(&self, tab: Key, faults: &Faults) {
        let mut state = self.lock();
        state.connections.retain(|(_, connection)| connection.is_alive());
        if state.connections.len() == CONNECTIONS {
            state.connections.remove(0);
        }
        state.connections.push((tab, faults.handle()));
    }

    pub fn sessions(&self) -> Sessions {
        self.lock().sessions.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is complete before anything in it could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the demo's switches do.
impl Entrance {
    /// Injects a fault into the connections of one tab. Returns `false` when no connection could take it.
    pub fn inject(&self, tab: &Key, fault: Fault) -> bool {
        let state = self.lock();
        let connections = state.connections.iter().filter(|(owner, _)| owner == tab);
        connections.filter(|(_, connection)| connection.inject(fault)).count() > 0
    }

    /// Refuses the handshakes of one tab for so long.
    pub fn refuse(&self, tab: Key, time: Duration) {
        let mut state = self.lock();
        let now = Instant::now();
        state.refused.retain(|_, until| *until > now);
        if state.refused.len() < REFUSED {
            state.refused.insert(tab, now + time);
        }
    }

    /// Refuses every handshake from now on. Returns the session manager, which the caller shuts down, unless the entrance was
    /// closed already; its successor takes over the sessions from the store, as another machine would.
    pub fn close(&self) -> Option<Sessions> {
        let mut state = self.lock();
        if std::mem::replace(&mut state.is_closed, true) {
            return None;
        }
        let successor = session_manager(state.store.clone());
        Some(std::mem::replace(&mut state.sessions, successor))
    }

    pub fn open(&self) {
        self.lock().is_closed = false;
    }
}

/// A session belongs to its tab: another tab that shows its token gets a session of its own.
fn session_manager(store: Arc<MemoryStore>) -> Sessions {
    let limits = Limits::default()
        // One that was closed while it had no connection stays until it expires. An address can't make as many meanwhile.
        .sessions(1_000)
        .handshake_burst(200)
        .handshakes_per_second(10)
        .sessions_per_user(4)
        .outbox_messages(8_192)
        .outbox_bytes(4 << 20)
        .outboxes(32 << 20)
        .inbox_messages(256)
        .inbox_bytes(1 << 20)
        .message_bytes(LARGEST_FRAME);
    let config = Config::default()
        .time_to_live(TIME_TO_LIVE)
        .spread(Spread::Fixed(SPREAD))
        .close_timeout(CLOSE_TIMEOUT)
        // `hosts.rs` has checked it.
        .origins(Origins::Any)
        .limits(limits);
    let owner =
        async |handshake: Arc<Handshake>| handshake.query("tab").map(Principal::user).ok_or(Refused::unauthorized());
    Sessions::builder(config).store(store).authenticate(owner).build()
}
