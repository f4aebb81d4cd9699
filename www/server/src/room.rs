//! The state of one room: its members, its history, and who is sent what. A message is put into each member's queue and never
//! waits: a member whose queue is full reads too slowly and is removed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::faults::{FaultHandle, Faults};
use crate::files::Files;
use crate::history::{Content, History, Item};
use crate::input::{Key, Name};
use crate::piece::Download;
use crate::protocol::{Count, Request, answer, frame};
use crate::refusal::Refusal;
use crate::runs::Runs;

/// The most members of a room.
pub const MEMBERS: usize = 50;
/// The most frames that wait for one member.
pub const QUEUE: usize = 256;

/// The code and the reason of a close frame.
pub type CloseReason = (u16, &'static str);

/// The server restarts.
pub const RESTART: CloseReason = (1012, "the server restarts, try again soon");
/// 1008 would tell a client never to reconnect; a client that was too slow may.
pub const TOO_SLOW: CloseReason = (1013, "you read too slowly");
pub const FULL: CloseReason = (1013, "the room is full, try again later");
/// Final: a client that has no name need not come back by itself.
pub const NOT_JOINED: CloseReason = (4408, "no name came in time");
const IDLE: CloseReason = (1013, "the room is full, and you were away");
const SHARE: CloseReason = (1013, "the room is full, and your address has more places than others");

pub struct Room {
    members: BTreeMap<u64, Member>,
    /// Why nobody can enter any more.
    closed: Option<CloseReason>,
    timeouts: Timeouts,
    last_id: u64,
    history: History,
    files: Files,
    runs: Runs,
    /// Drawn at random when the room is made. A page sees by it that a history has begun anew.
    epoch: u64,
}

/// How long a room waits for its members.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// How long a member may take to join with a name. Then its connection, or its session, is closed.
    pub join: Duration,
    /// A member that has had no connection for so long, or no name, makes place for a client that finds the room full.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        // Whoever has to think of another name has the time to do so.
        Self { join: Duration::from_secs(30), idle: Duration::from_secs(5) }
    }
}

/// A client that wants to become a member.
pub struct Entrant {
    pub tab: Key,
    pub address: IpAddr,
    pub connection: FaultHandle,
    pub lifetime: Lifetime,
}

/// How long a client stays a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    Connection,
    Session,
}

/// The room's side of a member.
struct Member {
    /// `None` before `join`: such a member is sent no messages yet.
    name: Option<Name>,
    tab: Key,
    address: IpAddr,
    /// Its last connection.
    connection: FaultHandle,
    entered: Instant,
    lifetime: Lifetime,
    queue: mpsc::Sender<Utf8Bytes>,
    /// Tells the client why it is removed. Dropped without a reason, it was too slow.
    remove: oneshot::Sender<CloseReason>,
}

/// The client's side of a member.
pub struct MemberHandle {
    pub id: u64,
    /// The frames to send, in order.
    pub queue: mpsc::Receiver<Utf8Bytes>,
    /// Resolves when the room has removed the member.
    pub removed: oneshot::Receiver<CloseReason>,
}

impl Member {
    /// Since when it has had no connection, or no name.
    fn idle_since(&self) -> Option<Instant> {
        self.connection.ended().or_else(|| self.name.is_none().then_some(self.entered))
    }
}

impl Room {
    pub fn new(epoch: u64, timeouts: Timeouts) -> Self {
        Self {
            members: BTreeMap::new(),
            closed: None,
            timeouts,
            last_id: 0,
            history: History::default(),
            files: Files::default(),
            runs: Runs::default(),
            epoch,
        }
    }

    /// Makes a client a member. In a full room it takes the place of a member that is idle, or else one of the address that has
    /// more members than its own would have.
    pub fn enter(&mut self, entrant: Entrant) -> Result<MemberHandle, CloseReason> {
        let Entrant { tab, address, connection, lifetime } = entrant;
        if let Some(reason) = self.closed {
            return Err(reason);
        }
        if self.members.len() >= MEMBERS {
            let (id, reason) = self.replaceable(address).ok_or(FULL)?;
            self.remove(id, reason);
        }
        let (sender, queue) = mpsc::channel(QUEUE);
        let (remove, removed) = oneshot::channel();
        self.last_id += 1;
        let id = self.last_id;
        let entered = Instant::now();
        let member = Member { name: None, tab, address, connection, entered, lifetime, queue: sender, remove };
        self.members.insert(id, member);
        Ok(MemberHandle { id, queue, removed })
    }

    pub fn leave(&mut self, id: u64) {
        if self.members.remove(&id).is_some_and(|member| member.name.is_some()) {
            self.announce();
        }
    }

    /// Whether a tab is in the room.
    pub fn has_member(&self, tab: &Key) -> bool {
        self.members.values().any(|member| member.tab == *tab)
    }

    /// Whether a client that is not a member yet would find no place.
    pub fn is_full_for(&self, tab: &Key, address: IpAddr) -> bool {
        self.members.len() >= MEMBERS && !self.has_member(tab) && self.replaceable(address).is_none()
    }

    /// Notes a tab's new connection, over which it may resume its session.
    pub fn connected(&mut self, tab: &Key, faults: &Faults) {
        for member in self.members.values_mut() {
            if member.tab == *tab && member.lifetime == Lifetime::Session {
                member.connection = faults.handle();
            }
        }
    }

    /// Whether there are members, and all of them are idle.
    pub fn is_deserted(&self) -> bool {
        !self.members.is_empty() && self.members.values().all(|member| self.is_idle(member))
    }

    /// The address of all members, if they have the same.
    pub fn only_address(&self) -> Option<IpAddr> {
        let mut addresses = self.members.values().map(|member| member.address);
        let first = addresses.next()?;
        addresses.all(|address| address == first).then_some(first)
    }

    /// Removes all members, for this reason. Nobody can enter any more.
    pub fn close(&mut self, reason: CloseReason) {
        self.closed = Some(reason);
        for member in std::mem::take(&mut self.members).into_values() {
            // One that leaves at this moment needs no reason.
            let _ = member.remove.send(reason);
        }
    }

    fn is_idle(&self, member: &Member) -> bool {
        member.idle_since().is_some_and(|since| since.elapsed() >= self.timeouts.idle)
    }

    /// The member that makes place for a client of this address: the one that has been idle for longest, or else the newest of
    /// the address that has the most members, if it will still have as many as the client's.
    fn replaceable(&self, address: IpAddr) -> Option<(u64, CloseReason)> {
        let idle = self.members.iter().filter(|(_, member)| self.is_idle(member));
        if let Some((id, _)) = idle.min_by_key(|(_, member)| member.idle_since()) {
            return Some((*id, IDLE));
        }
        let largest = largest_share(self.members.values().map(|member| member.address), address)?;
        let newest = self.members.iter().rfind(|(_, member)| member.address == largest);
        newest.map(|(id, _)| (*id, SHARE))
    }

    fn remove(&mut self, id: u64, reason: CloseReason) {
        let Some(member) = self.members.remove(&id) else { return };
        // One that leaves at this moment needs no reason.
        let _ = member.remove.send(reason);
        if member.name.is_some() {
            self.announce();
        }
    }

    /// Removes every member without a session, as a server does that restarts.
    pub fn restart(&mut self) {
        let all = std::mem::take(&mut self.members).into_iter();
        let (staying, leaving): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.partition(|(_, member)| member.lifetime == Lifetime::Session);
        self.members = staying;
        for member in leaving.into_values() {
            let _ = member.remove.send(RESTART);
        }
        self.announce();
    }

    /// Serves a request of a member, and answers it. Returns the file that the member asks for, if it does.
    pub fn act(&mut self, id: u64, request_id: Option<u64>, request: Request) -> Option<Download> {
        let tab = self.members.get(&id)?.tab.clone();
        let mut download = None;
        let outcome = match request {
            Request::Join(name) => return self.join(id, request_id, &name),
            Request::Say { key, text } => self.post(id, &tab, &key, Content::Text(text)),
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
                self.runs.begin(&tab, run, id, Instant::now());
                Ok(self.runs.sum(&tab).unwrap_or_default())
            }
            Request::Score(Count::Stop) => {
                let sum = self.runs.sum(&tab).unwrap_or_default();
                self.runs.end(&tab);
                Ok(sum)
            }
            Request::Number(number) => {
                if let Some(sum) = self.runs.receive(&tab, number) {
                    self.send(id, frame("counted", sum));
                }
                Ok(json!({}))
            }
            Request::Ping => {
                if request_id.is_none() {
                    self.send(id, Utf8Bytes::from_static(r#"{"type":"pong"}"#));
                }
                Ok(json!({}))
            }
        };
        self.reply(id, request_id, outcome);
        download
    }

    /// Takes a piece of a file.
    pub fn receive(&mut self, id: u64, number: u32, offset: u32, piece: &[u8]) {
        let Some(tab) = self.members.get(&id).map(|member| member.tab.clone()) else { return };
        if let Some((key, file)) = self.files.take(&tab, number, offset, piece)
            && let Err(refusal) = self.post(id, &tab, &key, Content::File(file))
        {
            self.reply(id, None, Err(refusal));
        }
    }

    /// Sends a member the numbers of its delivery test that are due.
    pub fn send_due_numbers(&mut self, id: u64) {
        let Some(tab) = self.members.get(&id).map(|member| member.tab.clone()) else { return };
        for number in self.runs.due(&tab, id, Instant::now()) {
            self.send(id, frame("number", json!({ "number": number })));
        }
    }

    pub fn reply(&mut self, id: u64, request_id: Option<u64>, outcome: Result<Value, Refusal>) {
        if let Some(frame) = answer(request_id, outcome) {
            self.send(id, frame);
        }
    }

    fn join(&mut self, id: u64, request_id: Option<u64>, wanted: &Name) -> Option<Download> {
        let name = self.free_name(id, wanted);
        self.members.get_mut(&id)?.name = Some(name.clone());
        // One lock is held for all of it: each message is either in the history or is sent after it, never both.
        let welcome = json!({
            "name": name, "people": self.people(), "history": self.history.items(), "epoch": self.epoch.to_string(),
        });
        self.reply(id, request_id, Ok(welcome));
        self.announce();
        None
    }

    /// Adds a message to the history and sends it to the others. Returns the reply to its author. A message that the history
    /// has already is not added again.
    fn post(&mut self, id: u64, tab: &Key, key: &Key, content: Content) -> Result<Value, Refusal> {
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

    fn send(&mut self, id: u64, frame: Utf8Bytes) {
        if self.members.get(&id).is_some_and(|member| member.queue.try_send(frame).is_err()) {
            self.leave(id);
        }
    }

    fn broadcast(&mut self, frame: &Utf8Bytes, except: Option<u64>) {
        let before = self.members.len();
        self.members.retain(|id, member| {
            Some(*id) == except || member.name.is_none() || member.queue.try_send(frame.clone()).is_ok()
        });
        if self.members.len() < before {
            // Each recursion has removed a member, so there is a last one.
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

    /// Returns the wanted name, or its first numbered form that no other member has. A member of the same tab, whose
    /// connection is not yet known to be dead, loses its name to this one.
    fn free_name(&mut self, id: u64, wanted: &Name) -> Name {
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
        std::iter::once(wanted.clone())
            .chain((2..=MEMBERS + 1).map(|number| wanted.numbered(number)))
            .find(|name| !taken(name))
            // There are more numbers than members, so one of them is free.
            .unwrap_or_else(|| wanted.clone())
    }
}

/// The address that holds the most places, if it could give one to another address and would still have as many as that.
pub fn largest_share(holders: impl Iterator<Item = IpAddr>, wants: IpAddr) -> Option<IpAddr> {
    let mut shares = BTreeMap::<IpAddr, usize>::new();
    for holder in holders {
        *shares.entry(holder).or_default() += 1;
    }
    let own = shares.get(&wants).copied().unwrap_or_default();
    let (largest, share) = shares.into_iter().max_by_key(|(_, share)| *share)?;
    (share >= own + 2).then_some(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Room {
        Room::new(0, Timeouts::default())
    }

    /// A client whose connection has just ended, which no room minds yet.
    fn entrant(tab: Key) -> Entrant {
        let connection = Faults::default().handle();
        Entrant { tab, address: IpAddr::from([127, 0, 0, 1]), connection, lifetime: Lifetime::Connection }
    }

    fn key(digit: usize) -> Key {
        Key::parse(&format!("{digit:016}")).unwrap()
    }

    /// A member with the tab of this number.
    fn join(room: &mut Room, tab: usize, name: &str) -> MemberHandle {
        let member = room.enter(entrant(key(tab))).unwrap();
        room.act(member.id, Some(1), Request::Join(Name::parse(name).unwrap()));
        member
    }

    fn say(room: &mut Room, member: &MemberHandle, number: usize, text: &str) {
        let frame = json!({ "type": "say", "data": { "key": format!("{number:016}"), "text": text } }).to_string();
        room.act(member.id, None, Request::parse(&frame).1.unwrap());
    }

    /// The next frame for this member.
    fn received(member: &mut MemberHandle) -> Value {
        serde_json::from_str(&member.queue.try_recv().unwrap()).unwrap()
    }

    fn last_received(member: &mut MemberHandle) -> Value {
        let mut last = received(member);
        while !member.queue.is_empty() {
            last = received(member);
        }
        last
    }

    #[test]
    fn a_member_that_joins_is_answered_and_everybody_is_told() {
        let mut room = room();
        let mut ada = join(&mut room, 1, "Ada");
        let welcome = received(&mut ada);
        assert_eq!((&welcome["type"], &welcome["id"]), (&json!("reply"), &json!(1)));
        let expected = json!({ "name": "Ada", "history": [], "people": ["Ada"], "epoch": "0" });
        assert_eq!(welcome["data"], expected);
        let bob = join(&mut room, 2, "Bob");
        assert_eq!(last_received(&mut ada), json!({ "type": "people", "data": { "people": ["Ada", "Bob"] } }));
        room.leave(bob.id);
        assert_eq!(last_received(&mut ada)["data"]["people"], json!(["Ada"]));
    }

    #[test]
    fn a_name_that_is_taken_is_numbered_and_one_may_rename_oneself() {
        let mut room = room();
        let _first = join(&mut room, 1, "Ada");
        let mut second = join(&mut room, 2, "ada");
        assert_eq!(received(&mut second)["data"]["name"], "ada 2");
        room.act(second.id, None, Request::Join(Name::parse("Ada 2").unwrap()));
        assert_eq!(last_received(&mut second)["data"]["people"], json!(["Ada", "Ada 2"]));
    }

    #[test]
    fn a_tab_that_comes_back_before_its_old_connection_is_known_to_be_dead_keeps_its_name() {
        let mut room = room();
        let _old = join(&mut room, 1, "Ada");
        let mut new = join(&mut room, 1, "Ada");
        assert_eq!(received(&mut new)["data"]["name"], "Ada");
        assert_eq!(last_received(&mut new)["data"]["people"], json!(["Ada"]));
    }

    #[test]
    fn nobody_does_anything_without_a_name() {
        let mut room = room();
        let mut unnamed = room.enter(entrant(key(1))).unwrap();
        say(&mut room, &unnamed, 1, "hi");
        assert_eq!(received(&mut unnamed)["data"]["code"], "join-first");
        assert!(room.act(unnamed.id, None, Request::Fetch { file: 1, from: 0 }).is_none());
        assert_eq!(received(&mut unnamed)["data"]["code"], "join-first");
    }

    #[test]
    fn a_message_that_is_sent_again_is_posted_once() {
        let mut room = room();
        let mut ada = join(&mut room, 1, "Ada");
        let mut bob = join(&mut room, 2, "Bob");
        last_received(&mut bob);
        say(&mut room, &ada, 7, "hi");
        say(&mut room, &ada, 7, "hi");
        assert_eq!(received(&mut bob)["data"]["text"], "hi");
        assert!(bob.queue.is_empty());
        last_received(&mut ada);
        room.leave(ada.id);
        let mut ada = join(&mut room, 1, "Ada");
        assert_eq!(received(&mut ada)["data"]["history"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_member_that_does_not_read_is_removed_and_the_others_stay() {
        let mut room = room();
        let mut ada = join(&mut room, 1, "Ada");
        let mut slow = join(&mut room, 2, "Slow");
        for number in 0..=QUEUE {
            say(&mut room, &ada, number, "hi");
            while ada.queue.try_recv().is_ok() {}
        }
        assert_eq!(slow.removed.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        let mut bob = join(&mut room, 3, "Bob");
        assert_eq!(received(&mut bob)["data"]["people"], json!(["Ada", "Bob"]));
    }

    #[test]
    fn a_full_room_refuses_the_next_client() {
        let mut room = room();
        let members: Vec<_> = (0..MEMBERS).map(|tab| room.enter(entrant(key(tab))).unwrap()).collect();
        assert_eq!(room.enter(entrant(key(99))).err(), Some(FULL));
        room.leave(members[0].id);
        assert!(room.enter(entrant(key(99))).is_ok());
    }
}
