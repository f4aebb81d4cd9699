//! What goes on in the room: who is called what, who hears what, and what is remembered.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::protocol::{Chat, Name, Reply, Text};
use crate::room::SEATS;

/// As many messages are kept for those who come later.
pub const HISTORY: usize = 100;

/// Everything that changes in the room, behind one lock.
#[derive(Default)]
pub struct Hall {
    pub members: BTreeMap<u64, Member>,
    pub arrivals: u64,
    history: VecDeque<Chat>,
}

/// One line's place among the others.
pub struct Member {
    /// None before `join`: such a member hears nothing yet.
    pub name: Option<Name>,
    pub mailbox: mpsc::Sender<Utf8Bytes>,
    /// Dropped with the member, which tells its line that it has been put out.
    pub _seat: oneshot::Sender<Infallible>,
}

impl Hall {
    pub fn join(&mut self, id: u64, wish: &Name) {
        let name = self.free_name(id, wish);
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        member.name = Some(name.clone());
        // One lock for all of it: each message is either in the history or comes after it, never both.
        let welcome = Reply::Welcome { name: &name, history: &self.history, online: self.online() }.frame();
        self.tell(id, welcome);
        self.announce_presence();
    }

    pub fn say(&mut self, id: u64, text: Text) {
        let Some(from) = self.members.get(&id).and_then(|member| member.name.clone()) else {
            return self.tell(id, Reply::Error { reason: "join with a name first" }.frame());
        };
        let chat = Chat { from, text, at: now() };
        self.broadcast(&Reply::Chat(&chat).frame());
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(chat);
    }

    pub fn leave(&mut self, id: u64) {
        if self.members.remove(&id).is_some_and(|member| member.name.is_some()) {
            self.announce_presence();
        }
    }

    pub fn tell(&mut self, id: u64, frame: Utf8Bytes) {
        if self.members.get(&id).is_some_and(|member| member.mailbox.try_send(frame).is_err()) {
            self.leave(id);
        }
    }

    fn broadcast(&mut self, frame: &Utf8Bytes) {
        let before = self.members.len();
        self.members.retain(|_, member| member.name.is_none() || member.mailbox.try_send(frame.clone()).is_ok());
        if self.members.len() < before {
            // Each round puts somebody out, so there is a last one.
            self.announce_presence();
        }
    }

    fn announce_presence(&mut self) {
        let presence = Reply::Presence { online: self.online() }.frame();
        self.broadcast(&presence);
    }

    fn online(&self) -> Vec<&Name> {
        self.members.values().filter_map(|member| member.name.as_ref()).collect()
    }

    /// The wish itself, or its first numbered form that nobody else has.
    fn free_name(&self, id: u64, wish: &Name) -> Name {
        let taken = |name: &Name| {
            self.members
                .iter()
                .any(|(other, member)| *other != id && member.name.as_ref().is_some_and(|n| n.resembles(name)))
        };
        std::iter::once(wish.clone())
            .chain((2..=SEATS + 1).map(|number| wish.numbered(number)))
            .find(|name| !taken(name))
            // There are more numbers than seats, so one of them is free.
            .unwrap_or_else(|| wish.clone())
    }
}

fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}
