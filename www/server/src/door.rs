//! A room's door: who is let in, the lines that go through it, and the sessions that outlive them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use undrop_server::store::MemoryStore;
use undrop_server::{Bounds, Config, Handshake, Limits, Origins, Principal, Refused, SessionId, Sessions, Spread};

use crate::client::LARGEST_FRAME;
use crate::fragile::{Reach, Wound, Wounds};
use crate::guest::Guest;
use crate::room::SEATS;
use crate::words::Key;

/// How long a session outlives a line.
pub const TIME_TO_LIVE: Duration = Duration::from_secs(60);
/// Over how long those come back whose lines were lost together. A room of fifty on one machine is no stampede.
const SPREAD: Duration = Duration::from_millis(500);
/// So long a client has for its part of a close.
const FAREWELL: Duration = Duration::from_secs(1);
/// As many tabs may be refused at once, in demo mode.
const REFUSED: usize = 64;
/// As many lines can be reached at once; then the one that came first can be injured no more.
const LINES: usize = 4 * SEATS;

pub struct Door(Mutex<State>);

struct State {
    /// The present ones. A restart ends them, and others take over what is in the store.
    sessions: Sessions,
    store: Arc<MemoryStore>,
    /// Those whose session is in the store alone, since when.
    parked: HashMap<SessionId, (Instant, Guest)>,
    lines: Vec<(Key, Reach)>,
    is_shut: bool,
    refused: BTreeMap<Key, Instant>,
}

impl Default for Door {
    fn default() -> Self {
        let store = Arc::new(MemoryStore::default());
        Self(Mutex::new(State {
            sessions: sessions(store.clone()),
            store,
            parked: HashMap::new(),
            lines: Vec::new(),
            is_shut: false,
            refused: BTreeMap::new(),
        }))
    }
}

impl Door {
    /// Whether a tab has no business here at the moment.
    pub fn refuses(&self, tab: &Key) -> bool {
        let state = self.lock();
        state.is_shut || state.refused.get(tab).is_some_and(|until| *until > Instant::now())
    }

    /// Notes a line, so that the demo's switches can reach it.
    pub fn note(&self, tab: Key, wounds: &Wounds) {
        let mut state = self.lock();
        state.lines.retain(|(_, line)| line.is_there());
        if state.lines.len() == LINES {
            state.lines.remove(0);
        }
        state.lines.push((tab, wounds.reach()));
    }

    pub fn sessions(&self) -> Sessions {
        self.lock().sessions.clone()
    }

    /// Keeps the place of somebody whose session goes on with the next server.
    pub fn park(&self, session: SessionId, guest: Guest) {
        self.lock().parked.insert(session, (Instant::now(), guest));
    }

    pub fn unpark(&self, session: SessionId) -> Option<Guest> {
        Some(self.lock().parked.remove(&session)?.1)
    }

    /// Those that nobody has come back for, to be dropped: it is what takes them off the list.
    pub fn forgotten(&self) -> Vec<Guest> {
        let mut state = self.lock();
        let stale = |since: Instant| since.elapsed() >= 2 * TIME_TO_LIVE;
        let sessions: Vec<_> = state.parked.iter().filter(|(_, (since, _))| stale(*since)).map(|(id, _)| *id).collect();
        sessions.iter().filter_map(|session| state.parked.remove(session)).map(|(_, guest)| guest).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is complete before anything in it could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the demo's switches do.
impl Door {
    /// Injures the lines of one tab. `false` when it has none.
    pub fn injure(&self, tab: &Key, wound: Wound) -> bool {
        let state = self.lock();
        let lines = state.lines.iter().filter(|(whose, _)| whose == tab);
        lines.filter(|(_, line)| line.inflict(wound)).count() > 0
    }

    /// Refuses the dials of one tab for so long.
    pub fn refuse(&self, tab: Key, time: Duration) {
        let mut state = self.lock();
        let now = Instant::now();
        state.refused.retain(|_, until| *until > now);
        if state.refused.len() < REFUSED {
            state.refused.insert(tab, now + time);
        }
    }

    /// Lets nobody in any more. Gives the sessions that are to end now, unless that is so already; those that will follow
    /// them take over from the store, as on another machine.
    pub fn shut(&self) -> Option<Sessions> {
        let mut state = self.lock();
        if std::mem::replace(&mut state.is_shut, true) {
            return None;
        }
        let successors = sessions(state.store.clone());
        Some(std::mem::replace(&mut state.sessions, successors))
    }

    pub fn open(&self) {
        self.lock().is_shut = false;
    }
}

/// A session is its tab's: whoever else shows its token gets a fresh one.
fn sessions(store: Arc<MemoryStore>) -> Sessions {
    let config = Config {
        time_to_live: TIME_TO_LIVE,
        spread: Spread::Fixed(SPREAD),
        close_timeout: FAREWELL,
        // It was looked at before.
        origins: Origins::Any,
        limits: Limits {
            sessions: 2 * SEATS,
            sessions_per_user: 4,
            outbox: Bounds { messages: 8_192, bytes: 4 << 20 },
            outboxes: 32 << 20,
            inbox: Bounds { messages: 256, bytes: 1 << 20 },
            message_bytes: LARGEST_FRAME,
            ..Limits::default()
        },
        ..Config::default()
    };
    let whose =
        async |handshake: Arc<Handshake>| handshake.query("tab").map(Principal::user).ok_or(Refused::unauthorized());
    Sessions::builder(config).store(store).authenticate(whose).build()
}
