//! A room behind a lock, with its entrance, and the memberships of its clients.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};
use undrop_server::SessionId;

use crate::client::Client;
use crate::entrance::{Entrance, TIME_TO_LIVE};
use crate::faults::Faults;
use crate::input::Key;
use crate::piece;
use crate::protocol::Request;
use crate::refusal::Refusal;
use crate::room::{CloseReason, Entrant, MemberHandle, Room, Timeouts};

/// The least time for which a room that restarts refuses handshakes.
const RESTART_TAKES: Duration = Duration::from_secs(1);

/// A room for many tasks. Whoever holds one is a member, or is about to become one.
pub struct SharedRoom {
    room: Mutex<Room>,
    timeouts: Timeouts,
    pub entrance: Entrance,
    /// The members whose session is in the store alone, each since when, until the next session manager restores it.
    parked: Mutex<HashMap<SessionId, (Instant, SessionMember)>>,
}

/// A member with a session.
pub struct SessionMember {
    pub membership: Membership,
    /// The number of the last message of the session that was handled.
    pub handled: u64,
}

/// A client that is a member of a room. The client leaves the room when this is dropped.
pub struct Membership {
    room: Arc<SharedRoom>,
    pub handle: MemberHandle,
    pub client: Client,
    /// `None` once it has joined.
    pub join_until: Option<tokio::time::Instant>,
}

impl SharedRoom {
    pub fn new(epoch: u64, timeouts: Timeouts) -> Self {
        let room = Mutex::new(Room::new(epoch, timeouts));
        Self { room, timeouts, entrance: Entrance::default(), parked: Mutex::default() }
    }

    pub fn enter(this: &Arc<Self>, entrant: Entrant) -> Result<Membership, CloseReason> {
        let handle = lock(&this.room).enter(entrant)?;
        let join_until = Some(tokio::time::Instant::now() + this.timeouts.join);
        Ok(Membership { room: this.clone(), handle, client: Client::new(), join_until })
    }

    /// Whether a tab is in the room.
    pub fn has_member(&self, tab: &Key) -> bool {
        lock(&self.room).has_member(tab)
    }

    /// Whether a client that is not a member yet would find no place.
    pub fn is_full_for(&self, tab: &Key, address: IpAddr) -> bool {
        lock(&self.room).is_full_for(tab, address)
    }

    /// Registers the connection of a tab that begins or resumes a session.
    pub fn connected(&self, tab: &Key, faults: &Faults) {
        lock(&self.room).connected(tab, faults);
        self.entrance.register(tab.clone(), faults);
    }

    /// Whether there are members, and all of them are idle.
    pub fn is_deserted(&self) -> bool {
        lock(&self.room).is_deserted()
    }

    /// The address of all members, if they have the same.
    pub fn only_address(&self) -> Option<IpAddr> {
        lock(&self.room).only_address()
    }

    /// Removes all members, for this reason. Nobody can enter any more.
    pub fn close(&self, reason: CloseReason) {
        lock(&self.room).close(reason);
        // Each of them holds the room.
        drop(std::mem::take(&mut *lock(&self.parked)));
    }

    /// Keeps a member whose session continues with the next session manager.
    pub fn park(&self, session: SessionId, member: SessionMember) {
        lock(&self.parked).insert(session, (Instant::now(), member));
    }

    pub fn unpark(&self, session: SessionId) -> Option<SessionMember> {
        Some(lock(&self.parked).remove(&session)?.1)
    }

    /// Takes out the members whose session was not restored in time. The caller drops them outside of this lock, by which
    /// they leave the room.
    fn take_expired(&self) -> Vec<SessionMember> {
        let mut parked = lock(&self.parked);
        parked.extract_if(|_, (since, _)| since.elapsed() >= 2 * TIME_TO_LIVE).map(|(_, (_, member))| member).collect()
    }

    /// Closes every connection as a server does that restarts. What is in memory stays, as if it were on a disk: the room's
    /// state, and the sessions, which the next session manager reads from the store.
    pub fn restart(self: Arc<Self>) {
        let Some(sessions) = self.entrance.close() else { return };
        lock(&self.room).restart();
        tokio::spawn(async move {
            // A client that resumed sooner would find its session still claimed by the old session manager.
            tokio::join!(sessions.shut_down(), sleep(RESTART_TAKES));
            self.entrance.open();
            // A room whose members have all left is removed earlier.
            let room = Arc::downgrade(&self);
            drop(self);
            sleep(2 * TIME_TO_LIVE).await;
            drop(room.upgrade().map(|room| room.take_expired()));
        });
    }
}

impl Membership {
    /// Registers the member's connection for the demo's switches.
    pub fn register(&self, tab: Key, faults: &Faults) {
        self.room.entrance.register(tab, faults);
    }

    /// Handles a text frame of the client. The client is told what is wrong with it.
    pub fn take_text(&mut self, frame: &str) {
        let (id, request) = self.client.parse_text(frame);
        let mut room = lock(&self.room.room);
        match request {
            Ok(request) => {
                if matches!(request, Request::Join(_)) {
                    self.join_until = None;
                }
                if let Some(download) = room.act(self.handle.id, id, request) {
                    self.client.add_download(download);
                }
            }
            Err(refusal) => room.reply(self.handle.id, id, Err(refusal)),
        }
    }

    /// Handles a binary frame of the client.
    pub fn take_binary(&mut self, frame: &[u8]) {
        self.client.charge_binary(frame);
        let mut room = lock(&self.room.room);
        match piece::parse(frame) {
            Some((number, offset, piece)) => room.receive(self.handle.id, number, offset, piece),
            None => {
                let refusal = Refusal::new("unknown", "a binary frame is a piece of a file");
                room.reply(self.handle.id, None, Err(refusal));
            }
        }
    }

    /// Sends the client the numbers of its delivery test that are due.
    pub fn send_due_numbers(&self) {
        lock(&self.room.room).send_due_numbers(self.handle.id);
    }
}

/// Returns when a member has taken too long to join.
pub async fn join_timeout(join_until: Option<tokio::time::Instant>) {
    match join_until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        lock(&self.room.room).leave(self.handle.id);
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is complete before anything in it could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
