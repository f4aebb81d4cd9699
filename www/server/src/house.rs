//! The rooms by name. A line belongs to one of them from its handshake to its end, so there is nothing that it could say to
//! reach another.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::fragile::Wounds;
use crate::piece::{self, Download};
use crate::protocol::{Refusal, Request};
use crate::room::{Dismissal, Place, RESTART, Room};
use crate::words::{Key, RoomName};

/// As many rooms there are at once. One more, and the one that was empty first is forgotten.
const ROOMS: usize = 32;
const NO_ROOM: Dismissal = (1013, "there are as many rooms as there can be, try again later");

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
    by_name: BTreeMap<RoomName, (u64, Shelf)>,
    visits: u64,
}

type Shelf = Arc<Mutex<Room>>;

/// A line's place in a room, given up when it is dropped.
pub struct Seat {
    room: Shelf,
    pub place: Place,
    /// Changes when the server is about to end.
    pub closing: watch::Receiver<bool>,
}

impl House {
    /// Takes a seat.
    pub fn enter(&self, name: RoomName, tab: Key, wounds: Wounds) -> Result<Seat, Dismissal> {
        let mut rooms = lock(&self.0.rooms);
        if *self.0.closing.borrow() {
            return Err(RESTART);
        }
        let room = rooms.open(name)?;
        // Under the lock of them all, so that no room is forgotten that somebody is about to enter.
        let place = lock(&room).enter(tab, wounds)?;
        Ok(Seat { room, place, closing: self.0.closing.subscribe() })
    }

    /// Does something with a room that is there.
    pub fn with<T>(&self, name: &RoomName, act: impl FnOnce(&mut Room) -> T) -> Option<T> {
        let room = lock(&self.0.rooms).by_name.get(name)?.1.clone();
        Some(act(&mut lock(&room)))
    }

    /// Sends everybody away and waits until they have gone. Nobody gets in any more.
    pub async fn shut_down(&self) {
        {
            // Under the lock, so that nobody enters between the question and the answer.
            let _rooms = lock(&self.0.rooms);
            self.0.closing.send_replace(true);
        }
        self.0.closing.closed().await;
    }
}

impl Rooms {
    fn open(&mut self, name: RoomName) -> Result<Shelf, Dismissal> {
        self.visits += 1;
        if let Some((visit, room)) = self.by_name.get_mut(&name) {
            *visit = self.visits;
            return Ok(room.clone());
        }
        if self.by_name.len() >= ROOMS {
            let empty = self.by_name.iter().filter(|(_, (_, room))| lock(room).is_empty());
            let oldest = empty.min_by_key(|(_, (visit, _))| *visit).map(|(name, _)| name.clone());
            self.by_name.remove(&oldest.ok_or(NO_ROOM)?);
        }
        // Each RandomState is another one: that is all the chance that is needed here.
        let epoch = RandomState::new().hash_one(self.visits);
        let room = Shelf::new(Mutex::new(Room::new(epoch)));
        self.by_name.insert(name, (self.visits, room.clone()));
        Ok(room)
    }
}

impl Seat {
    /// Takes a text frame of this client's, and gives the file that it asks for. What is wrong with it, the client is told.
    pub fn hear(&self, question: Option<u64>, request: Result<Request, Refusal>) -> Option<Download> {
        match request {
            Ok(request) => lock(&self.room).act(self.place.id, question, request),
            Err(refusal) => {
                lock(&self.room).reply(self.place.id, question, Err(refusal));
                None
            }
        }
    }

    /// Takes a binary frame of this client's.
    pub fn receive(&self, frame: &[u8]) {
        match piece::parse(frame) {
            Some((number, offset, piece)) => lock(&self.room).receive(self.place.id, number, offset, piece),
            None => {
                let refusal = Refusal::new("unknown", "a binary frame is a piece of a file");
                lock(&self.room).reply(self.place.id, None, Err(refusal));
            }
        }
    }

    /// Tells the client the numbers that are due.
    pub fn count(&self) {
        lock(&self.room).count(self.place.id);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.room).leave(self.place.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is complete before anything in it could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(house: &House, room: &str) -> Result<Seat, Dismissal> {
        let tab = Key::parse("0123456789abcdef").unwrap();
        house.enter(RoomName::parse(room).unwrap(), tab, Wounds::default())
    }

    #[test]
    fn the_room_that_was_empty_first_makes_place_for_a_new_one() {
        let house = House::default();
        let _stays = enter(&house, "room-0").unwrap();
        for number in 1..=ROOMS {
            drop(enter(&house, &format!("room-{number}")).unwrap());
        }
        let is_there = |name| house.with(&RoomName::parse(name).unwrap(), |_| ()).is_some();
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
        let mut ada = enter(&house, "lobby").unwrap();
        tokio::join!(house.shut_down(), async {
            ada.closing.changed().await.unwrap();
            assert_eq!(enter(&house, "lobby").err(), Some(RESTART));
            drop(ada);
        });
    }
}
