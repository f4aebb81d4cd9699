//! The registry of rooms by name. A connection belongs to one room from its handshake to its end, so no message of it can
//! reach another room.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::input::{Key, RoomName};
use crate::room::{CloseReason, FULL, Lifetime, RESTART};
use crate::shared_room::{Membership, SharedRoom, lock};

/// The most rooms at once. One more, and the room that has been empty for longest is removed.
const ROOMS: usize = 32;
const NO_ROOM: CloseReason = (1013, "there are as many rooms as there can be, try again later");

/// A handle to the registry; clones share it.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Shared>);

#[derive(Default)]
struct Shared {
    registry: Mutex<Registry>,
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Registry {
    /// Each room with the number of the last entry into it.
    by_name: BTreeMap<RoomName, (u64, Arc<SharedRoom>)>,
    entries: u64,
}

impl Rooms {
    /// Makes a connection without a session a member of a room. Returns with the membership what changes when the server
    /// shuts down.
    pub fn enter(&self, name: RoomName, tab: Key) -> Result<(Membership, watch::Receiver<bool>), CloseReason> {
        let mut registry = lock(&self.0.registry);
        self.check_open()?;
        let membership = SharedRoom::enter(&registry.open(name)?, tab, Lifetime::Connection)?;
        Ok((membership, self.0.closing.subscribe()))
    }

    /// Finds the room for a session, unless the room is full.
    pub fn find_for_session(&self, name: RoomName, tab: &Key) -> Result<Arc<SharedRoom>, CloseReason> {
        let mut registry = lock(&self.0.registry);
        self.check_open()?;
        let room = registry.open(name)?;
        if room.is_full_for(tab) { Err(FULL) } else { Ok(room) }
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
    fn open(&mut self, name: RoomName) -> Result<Arc<SharedRoom>, CloseReason> {
        self.entries += 1;
        if let Some((entry, room)) = self.by_name.get_mut(&name) {
            *entry = self.entries;
            return Ok(room.clone());
        }
        if self.by_name.len() >= ROOMS {
            let empty = self.by_name.iter().filter(|(_, (_, room))| Arc::strong_count(room) == 1);
            let oldest = empty.min_by_key(|(_, (entry, _))| *entry).map(|(name, _)| name.clone());
            self.by_name.remove(&oldest.ok_or(NO_ROOM)?);
        }
        // Each RandomState has other keys, and the epoch needs no better randomness than that.
        let epoch = RandomState::new().hash_one(self.entries);
        let room = Arc::new(SharedRoom::new(epoch));
        self.by_name.insert(name, (self.entries, room.clone()));
        Ok(room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(rooms: &Rooms, room: &str) -> Result<(Membership, watch::Receiver<bool>), CloseReason> {
        let tab = Key::parse("0123456789abcdef").unwrap();
        rooms.enter(RoomName::parse(room).unwrap(), tab)
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
