//! The rooms by name. A line belongs to one of them from its handshake to its end, so there is nothing that it could say to
//! reach another.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::door::{Door, TIME_TO_LIVE};
use crate::fragile::Wounds;
use crate::piece::{self, Download};
use crate::protocol::{Refusal, Request};
use crate::room::{Dismissal, FULL, Place, RESTART, Room, Stay};
use crate::words::{Key, RoomName};

/// As many rooms there are at once. One more, and the one that was empty first is forgotten.
const ROOMS: usize = 32;
const NO_ROOM: Dismissal = (1013, "there are as many rooms as there can be, try again later");
/// How long a room is not to be had that restarts, at least.
const RESTART_TAKES: Duration = Duration::from_secs(1);

/// All of them.
#[derive(Clone, Default)]
pub struct House(Arc<Shared>);

#[derive(Default)]
struct Shared {
    rooms: Mutex<Rooms>,
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Rooms {
    by_name: BTreeMap<RoomName, (u64, Arc<Apartment>)>,
    visits: u64,
}

/// A room and its door. Whoever holds one is in it, or on the way.
pub struct Apartment {
    room: Mutex<Room>,
    pub door: Door,
}

/// A client's place in a room, given up when it is dropped.
pub struct Seat {
    apartment: Arc<Apartment>,
    pub place: Place,
}

impl House {
    /// Takes a seat for a line; and what changes when the server is about to end.
    pub fn enter(&self, name: RoomName, tab: Key) -> Result<(Seat, watch::Receiver<bool>), Dismissal> {
        let mut rooms = lock(&self.0.rooms);
        self.stays_open()?;
        let seat = Apartment::enter(&rooms.open(name)?, tab, Stay::Line)?;
        Ok((seat, self.0.closing.subscribe()))
    }

    /// Finds the room for a session, if there may be a seat in it.
    pub fn call_at(&self, name: RoomName, tab: &Key) -> Result<Arc<Apartment>, Dismissal> {
        let mut rooms = lock(&self.0.rooms);
        self.stays_open()?;
        let apartment = rooms.open(name)?;
        let is_full = lock(&apartment.room).is_full_for(tab);
        if is_full { Err(FULL) } else { Ok(apartment) }
    }

    /// A room that is there.
    pub fn find(&self, name: &RoomName) -> Option<Arc<Apartment>> {
        Some(lock(&self.0.rooms).by_name.get(name)?.1.clone())
    }

    /// Sends everybody away and waits until they have gone. Nobody gets in any more.
    pub async fn shut_down(&self) {
        let mut sessions = JoinSet::new();
        {
            // Under the lock, so that nobody enters between the question and the answer.
            let rooms = lock(&self.0.rooms);
            self.0.closing.send_replace(true);
            for (_, apartment) in rooms.by_name.values() {
                let ending = apartment.door.sessions();
                sessions.spawn(async move { ending.shut_down().await });
            }
        }
        self.0.closing.closed().await;
        sessions.join_all().await;
    }

    fn stays_open(&self) -> Result<(), Dismissal> {
        if *self.0.closing.borrow() { Err(RESTART) } else { Ok(()) }
    }
}

impl Rooms {
    fn open(&mut self, name: RoomName) -> Result<Arc<Apartment>, Dismissal> {
        self.visits += 1;
        if let Some((visit, apartment)) = self.by_name.get_mut(&name) {
            *visit = self.visits;
            return Ok(apartment.clone());
        }
        if self.by_name.len() >= ROOMS {
            let empty = self.by_name.iter().filter(|(_, (_, apartment))| Arc::strong_count(apartment) == 1);
            let oldest = empty.min_by_key(|(_, (visit, _))| *visit).map(|(name, _)| name.clone());
            self.by_name.remove(&oldest.ok_or(NO_ROOM)?);
        }
        // Each RandomState is another one: that is all the chance that is needed here.
        let epoch = RandomState::new().hash_one(self.visits);
        let apartment = Arc::new(Apartment { room: Mutex::new(Room::new(epoch)), door: Door::default() });
        self.by_name.insert(name, (self.visits, apartment.clone()));
        Ok(apartment)
    }
}

impl Apartment {
    pub fn enter(this: &Arc<Self>, tab: Key, stay: Stay) -> Result<Seat, Dismissal> {
        let place = lock(&this.room).enter(tab, stay)?;
        Ok(Seat { apartment: this.clone(), place })
    }

    /// Whether a tab is in the room.
    pub fn knows(&self, tab: &Key) -> bool {
        lock(&self.room).is_known(tab)
    }

    /// Ends every line as a server does that restarts. What is in memory stays, as if it were on a disk: the room's own, and
    /// the sessions, which another `Sessions` has from the store afterwards.
    pub fn restart(self: Arc<Self>) {
        let Some(sessions) = self.door.shut() else { return };
        lock(&self.room).restart();
        tokio::spawn(async move {
            // Whoever came back sooner would find a session that the old server has not yet let go of.
            tokio::join!(sessions.shut_down(), sleep(RESTART_TAKES));
            self.door.open();
            sleep(2 * TIME_TO_LIVE).await;
            drop(self.door.forgotten());
        });
    }
}

impl Seat {
    /// Notes the line that it is for.
    pub fn note(&self, tab: Key, wounds: &Wounds) {
        self.apartment.door.note(tab, wounds);
    }

    /// Takes a text frame of this client's, and gives the file that it asks for. What is wrong with it, the client is told.
    pub fn hear(&self, question: Option<u64>, request: Result<Request, Refusal>) -> Option<Download> {
        match request {
            Ok(request) => lock(&self.apartment.room).act(self.place.id, question, request),
            Err(refusal) => {
                lock(&self.apartment.room).reply(self.place.id, question, Err(refusal));
                None
            }
        }
    }

    /// Takes a binary frame of this client's.
    pub fn receive(&self, frame: &[u8]) {
        match piece::parse(frame) {
            Some((number, offset, piece)) => lock(&self.apartment.room).receive(self.place.id, number, offset, piece),
            None => {
                let refusal = Refusal::new("unknown", "a binary frame is a piece of a file");
                lock(&self.apartment.room).reply(self.place.id, None, Err(refusal));
            }
        }
    }

    /// Tells the client the numbers that are due.
    pub fn count(&self) {
        lock(&self.apartment.room).count(self.place.id);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.apartment.room).leave(self.place.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is complete before anything in it could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(house: &House, room: &str) -> Result<(Seat, watch::Receiver<bool>), Dismissal> {
        let tab = Key::parse("0123456789abcdef").unwrap();
        house.enter(RoomName::parse(room).unwrap(), tab)
    }

    #[test]
    fn the_room_that_was_empty_first_makes_place_for_a_new_one() {
        let house = House::default();
        let _stays = enter(&house, "room-0").unwrap();
        for number in 1..=ROOMS {
            drop(enter(&house, &format!("room-{number}")).unwrap());
        }
        let is_there = |name| house.find(&RoomName::parse(name).unwrap()).is_some();
        assert!(is_there("room-0") && !is_there("room-1") && is_there("room-2"));
    }

    #[test]
    fn a_house_full_of_people_opens_no_more_rooms() {
        let house = House::default();
        let seats: Vec<_> = (0..ROOMS).map(|number| enter(&house, &format!("room-{number}")).unwrap()).collect();
        assert_eq!(enter(&house, "one-more").err(), Some(NO_ROOM));
        assert!(enter(&house, "room-0").is_ok());
        drop(seats);
    }

    #[tokio::test]
    async fn a_house_that_shuts_down_waits_for_its_guests() {
        let house = House::default();
        let (ada, mut closing) = enter(&house, "lobby").unwrap();
        tokio::join!(house.shut_down(), async {
            closing.changed().await.unwrap();
            assert_eq!(enter(&house, "lobby").err(), Some(RESTART));
            drop((ada, closing));
        });
    }
}
