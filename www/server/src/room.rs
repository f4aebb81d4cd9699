//! The room: who is in it, what was said, and who hears it.
//!
//! A message is put into each member's mailbox and never waits for anybody: a member whose mailbox is
//! full is too slow for the room and is put out.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use crate::hall::{Hall, Member};
use crate::protocol::{Reply, Request};

/// As many lines are open at once.
pub const SEATS: usize = 500;
/// As many frames may wait for one reader.
const MAILBOX: usize = 128;

/// The one room of this chat.
#[derive(Clone, Default)]
pub struct Room(Arc<Shared>);

#[derive(Default)]
struct Shared {
    hall: Mutex<Hall>,
    closing: watch::Sender<bool>,
}

/// A line's place in the room, given up when it is dropped.
pub struct Seat {
    room: Room,
    id: u64,
    /// What this line has to send, in order.
    pub mailbox: mpsc::Receiver<Utf8Bytes>,
    /// Ends when the room has put this line out, because it did not keep up.
    pub lost: oneshot::Receiver<Infallible>,
    /// Changes when the server is about to end.
    pub closing: watch::Receiver<bool>,
}

/// Why there is no seat, as a close code and its reason.
pub type Refusal = (u16, &'static str);

/// The server goes, and another will come.
pub const RESTART: Refusal = (1012, "the server restarts, try again soon");
const FULL: Refusal = (1013, "the room is full, try again later");

impl Room {
    /// Takes a seat.
    pub fn enter(&self) -> Result<Seat, Refusal> {
        let mut hall = self.hall();
        if *self.0.closing.borrow() {
            return Err(RESTART);
        }
        if hall.members.len() >= SEATS {
            return Err(FULL);
        }
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let (seat, lost) = oneshot::channel();
        hall.arrivals += 1;
        let id = hall.arrivals;
        hall.members.insert(id, Member { name: None, mailbox: sender, _seat: seat });
        Ok(Seat { room: self.clone(), id, mailbox, lost, closing: self.0.closing.subscribe() })
    }

    /// Sends everybody away and waits until they have gone. Nobody gets in any more.
    pub async fn shut_down(&self) {
        {
            // Under the lock, so that nobody enters between the question and the answer.
            let _hall = self.hall();
            self.0.closing.send_replace(true);
        }
        self.0.closing.closed().await;
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        // Each change of the hall is complete before anything in it could panic.
        self.0.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Takes a frame of this client's; what is wrong with it, the client is told.
    pub fn hear(&self, frame: &str) {
        match Request::parse(frame) {
            Ok(Request::Join(name)) => self.room.hall().join(self.id, &name),
            Ok(Request::Say(text)) => self.room.hall().say(self.id, text),
            Err(reason) => self.refuse(&reason),
        }
    }

    /// Tells the client why its message was not taken.
    pub fn refuse(&self, reason: &str) {
        self.room.hall().tell(self.id, Reply::Error { reason }.frame());
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.hall().leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::HISTORY;
    use serde_json::{Value, json};

    fn seat(room: &Room, name: &str) -> Seat {
        let seat = room.enter().unwrap();
        seat.hear(&json!({ "type": "join", "data": { "name": name } }).to_string());
        seat
    }

    fn say(seat: &Seat, text: &str) {
        seat.hear(&json!({ "type": "say", "data": { "text": text } }).to_string());
    }

    /// The next frame for this seat.
    fn heard(seat: &mut Seat) -> Value {
        serde_json::from_str(&seat.mailbox.try_recv().unwrap()).unwrap()
    }

    fn last_heard(seat: &mut Seat) -> Value {
        let mut last = heard(seat);
        while !seat.mailbox.is_empty() {
            last = heard(seat);
        }
        last
    }

    #[test]
    fn whoever_joins_is_welcomed_and_everybody_is_told() {
        let room = Room::default();
        let mut ada = seat(&room, "Ada");
        let welcome = heard(&mut ada);
        assert_eq!(welcome["data"], json!({ "name": "Ada", "history": [], "online": ["Ada"] }));
        let bob = seat(&room, "Bob");
        assert_eq!(last_heard(&mut ada), json!({ "type": "presence", "data": { "online": ["Ada", "Bob"] } }));
        drop(bob);
        assert_eq!(last_heard(&mut ada)["data"]["online"], json!(["Ada"]));
    }

    #[test]
    fn a_name_that_is_taken_is_numbered_and_one_may_rename_oneself() {
        let room = Room::default();
        let _first = seat(&room, "Ada");
        let mut second = seat(&room, "ada");
        assert_eq!(heard(&mut second)["data"]["name"], "ada 2");
        second.hear(r#"{"type":"join","data":{"name":"Ada 2"}}"#);
        assert_eq!(last_heard(&mut second)["data"]["online"], json!(["Ada", "Ada 2"]));
    }

    #[test]
    fn nobody_speaks_without_a_name() {
        let room = Room::default();
        let mut stranger = room.enter().unwrap();
        say(&stranger, "hi");
        assert_eq!(heard(&mut stranger)["data"]["reason"], "join with a name first");
    }

    #[test]
    fn the_history_keeps_the_last_hundred() {
        let room = Room::default();
        let mut ada = seat(&room, "Ada");
        for number in 0..HISTORY + 5 {
            say(&ada, &number.to_string());
            last_heard(&mut ada);
        }
        let mut bob = seat(&room, "Bob");
        let welcome = heard(&mut bob);
        let history = welcome["data"]["history"].as_array().unwrap();
        assert_eq!((history.len(), &history[0]["text"]), (HISTORY, &json!("5")));
    }

    #[test]
    fn a_member_that_does_not_read_is_put_out_and_the_others_go_on() {
        let room = Room::default();
        let mut ada = seat(&room, "Ada");
        let mut sloth = seat(&room, "Sloth");
        for number in 0..=MAILBOX {
            say(&ada, &number.to_string());
            last_heard(&mut ada);
        }
        assert!(sloth.lost.try_recv().is_err_and(|end| end == oneshot::error::TryRecvError::Closed));
        let mut bob = seat(&room, "Bob");
        assert_eq!(heard(&mut bob)["data"]["online"], json!(["Ada", "Bob"]));
    }

    #[test]
    fn a_full_room_turns_the_next_one_away() {
        let room = Room::default();
        let mut seats: Vec<Seat> = (0..SEATS).map(|_| room.enter().unwrap()).collect();
        assert_eq!(room.enter().err(), Some(FULL));
        seats.pop();
        assert!(room.enter().is_ok());
    }

    #[tokio::test]
    async fn a_room_that_shuts_down_waits_for_its_guests() {
        let room = Room::default();
        let mut ada = seat(&room, "Ada");
        let (_, ()) = tokio::join!(room.shut_down(), async {
            ada.closing.changed().await.unwrap();
            assert_eq!(room.enter().err(), Some(RESTART));
            drop(ada);
        });
    }
}
