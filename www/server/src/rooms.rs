//! The registry of rooms by name. A connection belongs to one room from its handshake to its end, so no message of it can
//! reach another room.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::input::{Key, RoomName};
use crate::room::{CloseReason, Entrant, FULL, RESTART, Timeouts, largest_share};
use crate::shared_room::{Membership, SharedRoom, lock};

/// The most rooms at once. For one more another is removed: one whose members are all idle or have left, or else one of the
/// address that has more rooms to itself than the client's address would have.
const ROOMS: usize = 32;
const NO_ROOM: CloseReason = (1013, "there are as many rooms as there can be, try again later");
const REMOVED: CloseReason = (1013, "this room has made place for another one");

/// A handle to the registry; clones share it.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Shared>);

#[derive(Default)]
struct Shared {
    registry: Mutex<Registry>,
    closing: watch::Sender<bool>,
    timeouts: Timeouts,
}

#[derive(Default)]
struct Registry {
    /// Each room with the number of the last entry into it.
    by_name: BTreeMap<RoomName, (u64, Arc<SharedRoom>)>,
    entries: u64,
}

impl Rooms {
    /// A registry whose rooms wait this long.
    pub fn new(timeouts: Timeouts) -> Self {
        Self(Arc::new(Shared { timeouts, ..Shared::default() }))
    }

    /// Makes a connection without a session a member of a room. Returns with the membership what changes when the server
    /// shuts down.
    pub fn enter(&self, name: RoomName, entrant: Entrant) -> Result<(Membership, watch::Receiver<bool>), CloseReason> {
        let mut registry = lock(&self.0.registry);
        self.check_open()?;
        let room = registry.open(name, entrant.address, self.0.timeouts)?;
        let membership = SharedRoom::enter(&room, entrant)?;
        Ok((membership, self.0.closing.subscribe()))
    }

    /// Finds the room for a session, unless the room is full.
    pub fn find_for_session(&self, name: RoomName, tab: &Key, address: IpAddr) -> Result<Arc<SharedRoom>, CloseReason> {
        let mut registry = lock(&self.0.registry);
        self.check_open()?;
        let room = registry.open(name, address, self.0.timeouts)?;
        if room.is_full_for(tab, address) { Err(FULL) } else { Ok(room) }
    }

    /// Finds a room that exists.
    pub fn find(&self, name: &RoomName) -> Option<Arc<SharedRoom>> {
        Some(lock(&self.0.registry).by_name.get(name)?.1.clone())
    }

    /// Closes every connection, ends every session and waits until all are gone. Nobody can enter any more.
    pub async fn shut_down(&self) {
        let mut sessions = JoinSet::new();
        {
            // The lock is held, so that nobody enters between `check_open` and `enter`.
            let registry = lock(&self.0.registry);
            self.0.closing.send_replace(true);
            for (_, room) in registry.by_name.values() {
                let ending = room.entrance.sessions();
                sessions.spawn(async move { ending.shut_down().await });
            }
        }
        self.0.closing.closed().await;
        sessions.join_all().await;
    }

    fn check_open(&self) -> Result<(), CloseReason> {
        if *self.0.closing.borrow() { Err(RESTART) } else { Ok(()) }
    }
}

impl Registry {
    fn open(&mut self, name: RoomName, address: IpAddr, timeouts: Timeouts) -> Result<Arc<SharedRoom>, CloseReason> {
        self.entries += 1;
        if let Some((entry, room)) = self.by_name.get_mut(&name) {
            *entry = self.entries;
            return Ok(room.clone());
        }
        if self.by_name.len() >= ROOMS {
            let name = self.replaceable(address).ok_or(NO_ROOM)?;
            if let Some((_, room)) = self.by_name.remove(&name) {
                room.close(REMOVED);
            }
        }
        // Each RandomState has other keys, and the epoch needs no better randomness than that.
        let epoch = RandomState::new().hash_one(self.entries);
        let room = Arc::new(SharedRoom::new(epoch, timeouts));
        self.by_name.insert(name, (self.entries, room.clone()));
        Ok(room)
    }

    /// The room that is removed for a client of this address to open another.
    fn replaceable(&self, address: IpAddr) -> Option<RoomName> {
        // Whoever holds a room is a member, or is about to become one.
        let is_empty = |room: &Arc<SharedRoom>| Arc::strong_count(room) == 1 || room.is_deserted();
        self.oldest(is_empty).or_else(|| {
            let holders = self.by_name.values().filter_map(|(_, room)| room.only_address());
            let largest = largest_share(holders, address)?;
            self.oldest(|room| room.only_address() == Some(largest))
        })
    }

    /// Of the rooms like this, the one that nobody has entered for longest.
    fn oldest(&self, is_like: impl Fn(&Arc<SharedRoom>) -> bool) -> Option<RoomName> {
        let candidates = self.by_name.iter().filter(|(_, (_, room))| is_like(room));
        candidates.min_by_key(|(_, (entry, _))| *entry).map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Faults;
    use crate::room::Lifetime;

    fn enter(rooms: &Rooms, room: &str) -> Result<(Membership, watch::Receiver<bool>), CloseReason> {
        let entrant = Entrant {
            tab: Key::parse("0123456789abcdef").unwrap(),
            address: IpAddr::from([127, 0, 0, 1]),
            connection: Faults::default().handle(),
            lifetime: Lifetime::Connection,
        };
        rooms.enter(RoomName::parse(room).unwrap(), entrant)
    }

    #[test]
    fn the_room_that_was_empty_first_makes_place_for_a_new_one() {
        let rooms = Rooms::default();
        let _stays = enter(&rooms, "room-0").unwrap();
        for number in 1..=ROOMS {
            drop(enter(&rooms, &format!("room-{number}")).unwrap());
        }
        let exists = |name| rooms.find(&RoomName::parse(name).unwrap()).is_some();
        assert!(exists("room-0") && !exists("room-1") && exists("room-2"));
    }

    #[test]
    fn while_every_room_has_members_no_other_is_opened() {
        let rooms = Rooms::default();
        let members: Vec<_> = (0..ROOMS).map(|number| enter(&rooms, &format!("room-{number}")).unwrap()).collect();
        assert_eq!(enter(&rooms, "one-more").err(), Some(NO_ROOM));
        assert!(enter(&rooms, "room-0").is_ok());
        drop(members);
    }

    #[tokio::test]
    async fn a_shutdown_waits_for_the_members() {
        let rooms = Rooms::default();
        let (ada, mut closing) = enter(&rooms, "lobby").unwrap();
        tokio::join!(rooms.shut_down(), async {
            closing.changed().await.unwrap();
            assert_eq!(enter(&rooms, "lobby").err(), Some(RESTART));
            drop((ada, closing));
        });
    }
}
