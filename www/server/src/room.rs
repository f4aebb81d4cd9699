//! One room: who is in it, what was said, and who hears it. A message is put into each member's mailbox and never waits for
//! anybody: a member whose mailbox is full is too slow for the room and is put out.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::files::Files;
use crate::history::{Content, History, Item};
use crate::piece::Download;
use crate::protocol::{Count, Refusal, Request, answer, frame};
use crate::runs::Runs;
use crate::words::{Key, Name};

/// As many lines are open in a room at once.
pub const SEATS: usize = 50;
/// As many frames may wait for one reader.
pub const MAILBOX: usize = 256;

/// Why a line is closed, as a code and its reason.
pub type Dismissal = (u16, &'static str);

/// The server goes, and another will come.
pub const RESTART: Dismissal = (1012, "the server restarts, try again soon");
/// 1008 would tell a client never to come back; one that was too slow may.
pub const TOO_SLOW: Dismissal = (1013, "you read too slowly");
pub const FULL: Dismissal = (1013, "the room is full, try again later");

#[derive(Default)]
pub struct Room {
    members: BTreeMap<u64, Member>,
    arrivals: u64,
    history: History,
    files: Files,
    runs: Runs,
    /// Drawn when the room was made: another one's numbers begin anew.
    epoch: u64,
}

/// What a member is here for as long as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    Line,
    Session,
}

/// One client's place among the others.
struct Member {
    /// None before `join`: such a member hears nothing yet.
    name: Option<Name>,
    tab: Key,
    stay: Stay,
    mailbox: mpsc::Sender<Utf8Bytes>,
    /// Tells it that it has been put out, and dropped, that it was too slow.
    dismissal: oneshot::Sender<Dismissal>,
}

/// A member's end of its place.
pub struct Place {
    pub id: u64,
    /// What it is to be sent, in order.
    pub mailbox: mpsc::Receiver<Utf8Bytes>,
    /// Ends when the room has put it out.
    pub dismissal: oneshot::Receiver<Dismissal>,
}

impl Room {
    pub fn new(epoch: u64) -> Self {
        Self { epoch, ..Self::default() }
    }

    pub fn enter(&mut self, tab: Key, stay: Stay) -> Result<Place, Dismissal> {
        if self.members.len() >= SEATS {
            return Err(FULL);
        }
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let (dismiss, dismissal) = oneshot::channel();
        self.arrivals += 1;
        let id = self.arrivals;
        self.members.insert(id, Member { name: None, tab, stay, mailbox: sender, dismissal: dismiss });
        Ok(Place { id, mailbox, dismissal })
    }

    pub fn leave(&mut self, id: u64) {
        if self.members.remove(&id).is_some_and(|member| member.name.is_some()) {
            self.announce();
        }
    }

    /// Whether a tab is in the room.
    pub fn is_known(&self, tab: &Key) -> bool {
        self.members.values().any(|member| member.tab == *tab)
    }

    /// Whether there is no seat for a tab that may have one already.
    pub fn is_full_for(&self, tab: &Key) -> bool {
        self.members.len() >= SEATS && !self.is_known(tab)
    }

    /// Ends every line as a server does that restarts.
    pub fn restart(&mut self) {
        let all = std::mem::take(&mut self.members).into_iter();
        let (staying, leaving): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.partition(|(_, member)| member.stay == Stay::Session);
        self.members = staying;
        for member in leaving.into_values() {
            let _ = member.dismissal.send(RESTART);
        }
        self.announce();
    }

    /// Does what a member asks for, and answers. What is asked for by the way is a file.
    pub fn act(&mut self, id: u64, question: Option<u64>, request: Request) -> Option<Download> {
        let tab = self.members.get(&id)?.tab.clone();
        let mut download = None;
        let outcome = match request {
            Request::Join(wish) => return self.join(id, question, &wish),
            Request::Say { key, text } => self.utter(id, &tab, &key, Content::Text(text)),
            Request::Typing => self.typing(id),
            Request::Upload(offer) => self.name_of(id).cloned().map(|_| match self.history.find(&tab, &offer.key) {
                Some(item) => json!({ "item": item }),
                None => {
                    let (number, have) = self.files.offer(&tab, offer);
                    json!({ "number": number, "have": have })
                }
            }),
            Request::Fetch { file, from } => self.name_of(id).and_then(|_| match self.files.get(file) {
                Some(bytes) => {
                    download = Some(Download { number: file, bytes, sent: from as usize });
                    Ok(json!({}))
                }
                None => Err(Refusal::new("file-gone", "this file can no longer be had")),
            }),
            Request::Score(Count::Run(run)) => {
                self.runs.attend(&tab, run, id, Instant::now());
                Ok(self.runs.sum(&tab).unwrap_or_default())
            }
            Request::Score(Count::Stop) => {
                let sum = self.runs.sum(&tab).unwrap_or_default();
                self.runs.end(&tab);
                Ok(sum)
            }
            Request::Number(number) => {
                if let Some(sum) = self.runs.hear(&tab, number) {
                    self.tell(id, frame("counted", sum));
                }
                Ok(json!({}))
            }
            Request::Ping => {
                if question.is_none() {
                    self.tell(id, Utf8Bytes::from_static(r#"{"type":"pong"}"#));
                }
                Ok(json!({}))
            }
        };
        self.reply(id, question, outcome);
        download
    }

    /// Takes a piece of a file.
    pub fn receive(&mut self, id: u64, number: u32, offset: u32, piece: &[u8]) {
        let Some(tab) = self.members.get(&id).map(|member| member.tab.clone()) else { return };
        if let Some((key, file)) = self.files.take(&tab, number, offset, piece)
            && let Err(refusal) = self.utter(id, &tab, &key, Content::File(file))
        {
            self.reply(id, None, Err(refusal));
        }
    }

    /// The numbers that this member is to be told now.
    pub fn count(&mut self, id: u64) {
        let Some(tab) = self.members.get(&id).map(|member| member.tab.clone()) else { return };
        for number in self.runs.due(&tab, id, Instant::now()) {
            self.tell(id, frame("number", json!({ "number": number })));
        }
    }

    pub fn reply(&mut self, id: u64, question: Option<u64>, outcome: Result<Value, Refusal>) {
        if let Some(frame) = answer(question, outcome) {
            self.tell(id, frame);
        }
    }

    fn join(&mut self, id: u64, question: Option<u64>, wish: &Name) -> Option<Download> {
        let name = self.free_name(id, wish);
        self.members.get_mut(&id)?.name = Some(name.clone());
        // One lock for all of it: each message is either in the history or comes after it, never both.
        let welcome = json!({
            "name": name, "people": self.people(), "history": self.history.items(), "epoch": self.epoch.to_string(),
        });
        self.reply(id, question, Ok(welcome));
        self.announce();
        None
    }

    /// Says something to everybody; whoever says it gets it as the answer. What was said already is not said again.
    fn utter(&mut self, id: u64, tab: &Key, key: &Key, content: Content) -> Result<Value, Refusal> {
        let name = self.name_of(id)?.clone();
        if let Some(known) = self.history.find(tab, key) {
            return Ok(json!({ "item": known }));
        }
        let item: Item = self.history.add(tab, key, name, content).clone();
        self.broadcast(&frame("chat", &item), Some(id));
        Ok(json!({ "item": item }))
    }

    fn typing(&mut self, id: u64) -> Result<Value, Refusal> {
        let name = self.name_of(id)?.clone();
        self.broadcast(&frame("typing", json!({ "name": name })), Some(id));
        Ok(json!({}))
    }

    fn tell(&mut self, id: u64, frame: Utf8Bytes) {
        if self.members.get(&id).is_some_and(|member| member.mailbox.try_send(frame).is_err()) {
            self.leave(id);
        }
    }

    fn broadcast(&mut self, frame: &Utf8Bytes, except: Option<u64>) {
        let before = self.members.len();
        self.members.retain(|id, member| {
            Some(*id) == except || member.name.is_none() || member.mailbox.try_send(frame.clone()).is_ok()
        });
        if self.members.len() < before {
            // Each round puts somebody out, so there is a last one.
            self.announce();
        }
    }

    fn announce(&mut self) {
        let people = frame("people", json!({ "people": self.people() }));
        self.broadcast(&people, None);
    }

    fn people(&self) -> Vec<&Name> {
        self.members.values().filter_map(|member| member.name.as_ref()).collect()
    }

    fn name_of(&self, id: u64) -> Result<&Name, Refusal> {
        let name = self.members.get(&id).and_then(|member| member.name.as_ref());
        name.ok_or(Refusal::new("join-first", "join with a name first"))
    }

    /// The wish itself, or its first numbered form that nobody else has. A tab's earlier line that is not yet known to be dead
    /// is nobody else.
    fn free_name(&mut self, id: u64, wish: &Name) -> Name {
        let tab = self.members.get(&id).map(|member| member.tab.clone());
        for (other, member) in &mut self.members {
            if *other != id && Some(&member.tab) == tab.as_ref() {
                member.name = None;
            }
        }
        let taken = |name: &Name| {
            let others = self.members.iter().filter(|(other, _)| **other != id);
            others.filter_map(|(_, member)| member.name.as_ref()).any(|other| other.resembles(name))
        };
        std::iter::once(wish.clone())
            .chain((2..=SEATS + 1).map(|number| wish.numbered(number)))
            .find(|name| !taken(name))
            // There are more numbers than seats, so one of them is free.
            .unwrap_or_else(|| wish.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: usize) -> Key {
        Key::parse(&format!("{digit:016}")).unwrap()
    }

    /// Somebody in the room, with the tab of this number.
    fn seat(room: &mut Room, tab: usize, name: &str) -> Place {
        let place = room.enter(key(tab), Stay::Line).unwrap();
        room.act(place.id, Some(1), Request::Join(Name::parse(name).unwrap()));
        place
    }

    fn say(room: &mut Room, place: &Place, number: usize, text: &str) {
        let frame = json!({ "type": "say", "data": { "key": format!("{number:016}"), "text": text } }).to_string();
        room.act(place.id, None, Request::parse(&frame).1.unwrap());
    }

    /// The next frame for this member.
    fn heard(place: &mut Place) -> Value {
        serde_json::from_str(&place.mailbox.try_recv().unwrap()).unwrap()
    }

    fn last_heard(place: &mut Place) -> Value {
        let mut last = heard(place);
        while !place.mailbox.is_empty() {
            last = heard(place);
        }
        last
    }

    #[test]
    fn whoever_joins_is_answered_and_everybody_is_told() {
        let mut room = Room::default();
        let mut ada = seat(&mut room, 1, "Ada");
        let welcome = heard(&mut ada);
        assert_eq!((&welcome["type"], &welcome["id"]), (&json!("reply"), &json!(1)));
        let expected = json!({ "name": "Ada", "history": [], "people": ["Ada"], "epoch": "0" });
        assert_eq!(welcome["data"], expected);
        let bob = seat(&mut room, 2, "Bob");
        assert_eq!(last_heard(&mut ada), json!({ "type": "people", "data": { "people": ["Ada", "Bob"] } }));
        room.leave(bob.id);
        assert_eq!(last_heard(&mut ada)["data"]["people"], json!(["Ada"]));
    }

    #[test]
    fn a_name_that_is_taken_is_numbered_and_one_may_rename_oneself() {
        let mut room = Room::default();
        let _first = seat(&mut room, 1, "Ada");
        let mut second = seat(&mut room, 2, "ada");
        assert_eq!(heard(&mut second)["data"]["name"], "ada 2");
        room.act(second.id, None, Request::Join(Name::parse("Ada 2").unwrap()));
        assert_eq!(last_heard(&mut second)["data"]["people"], json!(["Ada", "Ada 2"]));
    }

    #[test]
    fn a_tab_that_comes_back_before_its_old_line_is_known_to_be_dead_keeps_its_name() {
        let mut room = Room::default();
        let _old = seat(&mut room, 1, "Ada");
        let mut new = seat(&mut room, 1, "Ada");
        assert_eq!(heard(&mut new)["data"]["name"], "Ada");
        assert_eq!(last_heard(&mut new)["data"]["people"], json!(["Ada"]));
    }

    #[test]
    fn nobody_does_anything_without_a_name() {
        let mut room = Room::default();
        let mut stranger = room.enter(key(1), Stay::Line).unwrap();
        say(&mut room, &stranger, 1, "hi");
        assert_eq!(heard(&mut stranger)["data"]["code"], "join-first");
        assert!(room.act(stranger.id, None, Request::Fetch { file: 1, from: 0 }).is_none());
        assert_eq!(heard(&mut stranger)["data"]["code"], "join-first");
    }

    #[test]
    fn what_is_sent_again_is_said_once() {
        let mut room = Room::default();
        let mut ada = seat(&mut room, 1, "Ada");
        let mut bob = seat(&mut room, 2, "Bob");
        last_heard(&mut bob);
        say(&mut room, &ada, 7, "hi");
        say(&mut room, &ada, 7, "hi");
        assert_eq!(heard(&mut bob)["data"]["text"], "hi");
        assert!(bob.mailbox.is_empty());
        last_heard(&mut ada);
        room.leave(ada.id);
        let mut ada = seat(&mut room, 1, "Ada");
        assert_eq!(heard(&mut ada)["data"]["history"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_member_that_does_not_read_is_put_out_and_the_others_go_on() {
        let mut room = Room::default();
        let mut ada = seat(&mut room, 1, "Ada");
        let mut sloth = seat(&mut room, 2, "Sloth");
        for number in 0..=MAILBOX {
            say(&mut room, &ada, number, "hi");
            while ada.mailbox.try_recv().is_ok() {}
        }
        assert_eq!(sloth.dismissal.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        let mut bob = seat(&mut room, 3, "Bob");
        assert_eq!(heard(&mut bob)["data"]["people"], json!(["Ada", "Bob"]));
    }

    #[test]
    fn a_full_room_turns_the_next_one_away() {
        let mut room = Room::default();
        let places: Vec<_> = (0..SEATS).map(|tab| room.enter(key(tab), Stay::Line).unwrap()).collect();
        assert_eq!(room.enter(key(99), Stay::Line).err(), Some(FULL));
        room.leave(places[0].id);
        assert!(room.enter(key(99), Stay::Line).is_ok());
    }
}
