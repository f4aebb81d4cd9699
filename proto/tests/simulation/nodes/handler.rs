//! The app: it receives, sends and commits, one message or several at once, and returns or panics when it likes.

use std::collections::{BTreeMap, VecDeque};

use undrop_proto::server::{Amount, Cause, NotCommitted, Serve as _, Slot};

use super::driver::{Asked, Nodes};
use super::record::Record;
use super::world::{Census, Shared};
use crate::law::{Law, Verdict};
use crate::message::Message;

/// How long a handler may leave what it has received uncommitted, in milliseconds.
const LONGEST_PAUSE: u32 = 700;

pub struct Handler {
    session: usize,
    task: u64,
    inbox: VecDeque<(u64, Message)>,
    /// The message that was received last, by this handler.
    last: Option<u64>,
    /// Up to which it has asked to commit, and up to which it was told that it is committed.
    requested: u64,
    committed: u64,
    /// How many messages were committed before it began.
    floor: u64,
    /// How many messages were acknowledged before this handler, and those that were sent and not, and what it has sent itself.
    after: u64,
    sent: Vec<u32>,
    /// The replies of commits that are not answered, or not stored.
    replies: BTreeMap<u32, Vec<u32>>,
    /// Why its session has ended, if it has.
    cause: Option<Cause>,
    /// What was not delivered when its session ended.
    returned: Vec<Message>,
    pub runs: bool,
    /// What it has asked for, for a driver that is broken.
    asked: Vec<Asked>,
}

/// What a handler does after its turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// It goes on when there is something to do.
    Waits,
    /// It goes on after so many milliseconds.
    Sleeps(u32),
    Returns,
    Panics,
}

impl Handler {
    /// The handler of a session that had sent these messages after so many, and had committed so many.
    pub fn new(record: &Record, session: usize, task: u64, after: u64, sent: &[Message], committed: u64) -> Self {
        Self {
            session,
            task,
            inbox: VecDeque::new(),
            last: None,
            requested: committed,
            committed,
            floor: record.floor(session, task),
            after,
            sent: sent.iter().map(|message| message.number).collect(),
            replies: BTreeMap::new(),
            cause: None,
            returned: Vec::new(),
            runs: true,
            asked: Vec::new(),
        }
    }

    /// Whether its session has not ended.
    pub fn is_open(&self) -> bool {
        self.runs && self.cause.is_none()
    }

    /// Whether there is something for it to do.
    pub fn is_due(&self) -> bool {
        self.runs && (!self.inbox.is_empty() || self.cause.is_some())
    }

    pub fn take_asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked)
    }

    // What its session tells it.

    pub fn deliver(&mut self, shared: &Shared, number: u64, message: Message) -> Verdict {
        let most = u64::from(shared.setup.config.inbox.messages);
        let uncommitted = number - self.committed;
        Law::I7.holds(uncommitted <= most, || format!("{uncommitted} messages are not committed, {most} may be"))?;
        self.inbox.push_back((number, message));
        Ok(())
    }

    pub fn committed(&mut self, number: u64, commit: u32, answer: Result<(), NotCommitted>) {
        match answer {
            Ok(()) => {
                self.replies.remove(&commit);
                self.committed = self.committed.max(number);
            }
            Err(answer) => {
                for reply in self.replies.remove(&commit).into_iter().flatten() {
                    self.sent.retain(|sent| *sent != reply);
                    // Its session may have accepted it before the store did not answer.
                    if answer == NotCommitted::Unknown {
                        self.returned.retain(|returned| returned.number != reply);
                    }
                }
            }
        }
    }

    pub fn end(&mut self, cause: Cause, returned: Vec<Message>) -> Verdict {
        let before = self.cause.replace(cause);
        // A session that leaves this node may end or move while its handler finishes.
        let may_end_again = matches!(before, None | Some(Cause::Shutdown | Cause::Failed));
        Law::I6.holds(may_end_again, || format!("a session ended as {before:?} and as {cause:?}"))?;
        self.returned = returned;
        Ok(())
    }

    pub fn stop(&mut self) {
        self.runs = false;
    }

    /// Nothing comes from its session any more.
    pub fn close(&self, record: &mut Record, census: &mut Census) -> Verdict {
        match self.cause {
            None => Law::I6.broken(format!("session {} is gone, and its handler was not told", self.session)),
            Some(Cause::Moved | Cause::Shutdown | Cause::Failed) => Ok(()),
            Some(_) => record.returned(census, self.session, self.after, &self.sent, &self.returned),
        }
    }

    // What it does.

    pub fn turn(&mut self, shared: &mut Shared, slot: &mut Slot<Nodes>) -> Verdict<Turn> {
        let calm = shared.is_calm();
        while let Some((number, message)) = self.inbox.pop_front() {
            let Shared { record, census, .. } = &mut *shared;
            record.received(census, self.session, self.last, number, message)?;
            let floor = self.floor;
            Law::I10.holds(number > floor, || format!("{number} is received again, and {floor} were committed"))?;
            self.last = Some(number);
            slot.handle_read(number);
            if shared.setup.poison == Some(message.number) {
                return Ok(Turn::Panics);
            }
            let quits = shared.setup.quits;
            if !calm && quits > 0 && self.cause.is_none() && shared.net.random.one_in(quits) {
                return Ok(self.quit(shared, slot));
            }
            match shared.net.random.below(6) {
                0..=2 => self.commit(shared, slot),
                3 => self.send(shared, slot),
                _ => {}
            }
        }
        let is_done = self.last.is_none_or(|last| last <= self.requested);
        if self.cause.is_some() {
            if !is_done && shared.net.random.one_in(2) {
                self.commit(shared, slot);
            }
            return Ok(Turn::Returns);
        }
        if is_done {
            return Ok(Turn::Waits);
        }
        if calm || shared.net.random.one_in(4) {
            self.commit(shared, slot);
            return Ok(Turn::Waits);
        }
        Ok(Turn::Sleeps(1 + shared.net.random.below(LONGEST_PAUSE)))
    }

    /// How long it sleeps before it has its turn.
    pub fn delay(&self, shared: &mut Shared) -> u32 {
        let most = if self.cause.is_some() { shared.setup.late } else { shared.setup.pace };
        if most == 0 { 0 } else { 1 + shared.net.random.below(most) }
    }

    /// Sends a message, and may wait until it has arrived.
    pub fn send(&mut self, shared: &mut Shared, slot: &mut Slot<Nodes>) {
        if matches!(self.cause, Some(cause) if cause != Cause::Shutdown) {
            return;
        }
        let Some(message) = self.next(shared, slot, 0, 0) else { return };
        let waits = shared.net.random.one_in(2);
        let delivery = waits.then(|| shared.record.delivers(self.task, message));
        self.sent.push(message.number);
        self.asked.push(Asked::Send(message));
        slot.send(message, delivery);
    }

    /// Commits all that it has received, with replies or not.
    pub fn commit(&mut self, shared: &mut Shared, slot: &mut Slot<Nodes>) {
        let Some(number) = self.last else { return };
        let mut replies = Vec::new();
        let mut bytes = 0;
        for _ in 0..shared.net.random.below(5).saturating_sub(2) {
            let Some(reply) = self.next(shared, slot, replies.len(), bytes) else { break };
            bytes += u64::from(reply.bytes);
            replies.push(reply);
        }
        let commit = shared.record.commits(self.session, self.task, number);
        shared.census.several += u64::from(number > self.requested + 1);
        shared.census.replies += u64::from(!replies.is_empty());
        shared.census.moved_after += u64::from(self.cause == Some(Cause::Moved));
        self.requested = self.requested.max(number);
        self.sent.extend(replies.iter().map(|reply| reply.number));
        self.replies.insert(commit, replies.iter().map(|reply| reply.number).collect());
        self.asked.push(Asked::Commit(commit));
        slot.commit(number, replies, commit);
    }

    fn quit(&mut self, shared: &mut Shared, slot: &mut Slot<Nodes>) -> Turn {
        if shared.net.random.one_in(2) {
            self.commit(shared, slot);
        }
        match shared.net.random.below(4) {
            0 => {
                shared.census.closed += 1;
                slot.close(shared.net.millis(), 4_321, "done".to_owned());
                if shared.net.random.one_in(2) {
                    self.send(shared, slot);
                    self.commit(shared, slot);
                }
                Turn::Returns
            }
            1 => Turn::Returns,
            _ => Turn::Panics,
        }
    }

    /// These messages were forwarded to the session, and are sent.
    pub fn forwards(&mut self, messages: &[Message]) {
        self.sent.extend(messages.iter().map(|message| message.number));
    }

    /// For how many of these messages there is room.
    pub fn room_for(&self, shared: &Shared, slot: &Slot<Nodes>, messages: &[Message]) -> usize {
        let mut held = slot.unacknowledged();
        let fits = |message: &&Message| {
            held += Amount::one(u64::from(message.bytes));
            held.messages <= shared.setup.bounds.messages as usize && held.bytes <= shared.setup.bounds.bytes
        };
        messages.iter().take_while(fits).count()
    }

    /// A message that there is room for, beside others that are about to be sent.
    fn next(&self, shared: &mut Shared, slot: &Slot<Nodes>, messages: usize, bytes: u64) -> Option<Message> {
        let size = shared.net.random.below(shared.setup.largest);
        let (bounds, held) = (shared.setup.bounds, slot.unacknowledged());
        let fits =
            held.messages + messages < bounds.messages as usize && held.bytes + bytes + u64::from(size) <= bounds.bytes;
        fits.then(|| shared.record.next_down(self.session, size))
    }
}
