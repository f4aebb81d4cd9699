//! The record of what really happened in each session, and the judgement.

use std::collections::{BTreeMap, BTreeSet};

use undrop_proto::server::{Change, Fence, NotCommitted};
use undrop_proto::{Attempt, MessageId, Outcome, Settled};

use super::store;
use super::world::Census;
use crate::law::{Law, Verdict};
use crate::message::Message;

#[derive(Default)]
pub struct Record {
    sessions: Vec<Session>,
    up: Vec<Up>,
    down: Vec<Down>,
    commits: Vec<Commit>,
    deliveries: Vec<Delivery>,
    /// The node that each connection leads to.
    routes: Vec<usize>,
    /// The connections that ask for a session and are not answered.
    asking: BTreeSet<u32>,
    /// Whether the client could go on with its session on each connection, when the store was told of that one.
    resumable: BTreeMap<u32, Verdict>,
    /// The tasks of sessions that there were.
    tasks: u64,
    fences: u128,
}

/// What happened in a session.
#[derive(Default)]
struct Session {
    /// The connection for which it was made.
    made_for: Attempt,
    /// What the client sent in it, in the order in which it left.
    up: Vec<u32>,
    /// How many of those were received by a handler, one or another.
    received: u64,
    /// What the client received.
    down: Vec<u32>,
    /// What the app forwarded to it, in order.
    forwarded: Vec<u32>,
    /// What the store has: nothing if it does not have the session.
    stored: Option<Stored>,
    /// The messages of the app that the store has or had, by number. It never held those that it had no need for.
    log: Vec<Option<u32>>,
    /// The most that was ever stored, unless it was forgotten and nobody noticed.
    most: Progress,
    /// The most that each task has found in the store or written there, which the store may have forgotten.
    known_to: BTreeMap<u64, Progress>,
    /// How many of its messages the client was told are stored.
    acknowledged: u64,
    /// The most that a handler has asked to commit.
    requested: u64,
    /// The most that a handler was told is committed.
    told: u64,
    /// It ended for good, or the store has lost it and said so.
    ended: bool,
    /// The store has removed it.
    was_removed: bool,
    /// The app has ended it in the store, with all sessions of its client.
    is_revoked: bool,
    /// The app has ended it on a node, which may have it when the store does not have it yet.
    is_revoked_on_a_node: bool,
    /// It went on without what the store has forgotten. If the client knows of that, it is told when it asks.
    is_short: bool,
    /// The app has sent another message under a number that the client knows, since the store has forgotten that one.
    is_forked: bool,
}

/// What the store has of a session.
#[derive(Clone, Copy)]
struct Stored {
    /// The task that has claimed it last.
    owner: u64,
    has: Progress,
    /// When it was written last.
    written: u64,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Progress {
    taken: u64,
    committed: u64,
    sent: u64,
    /// The greatest number of a connection.
    attempt: u32,
}

/// A message of the client.
struct Up {
    id: MessageId,
    /// In which session it left, and as which of its messages.
    left: Option<(usize, u64)>,
    outcome: Option<Outcome>,
}

/// A message of the app.
struct Down {
    session: usize,
    /// Its number, once it is stored.
    number: Option<u64>,
    has_arrived: bool,
}

struct Commit {
    session: usize,
    task: u64,
    number: u64,
    is_answered: bool,
}

struct Delivery {
    task: u64,
    message: u32,
    is_answered: bool,
}

impl Record {
    // What there is.

    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// A session that a node is about to make for this connection.
    pub fn begin(&mut self, attempt: Attempt) -> usize {
        self.sessions.push(Session { made_for: attempt, ..Session::default() });
        self.sessions.len() - 1
    }

    /// A place for a session on a node.
    pub fn next_task(&mut self) -> u64 {
        self.tasks += 1;
        self.tasks
    }

    /// The fence of a claim. No two are the same.
    pub fn next_fence(&mut self) -> Fence {
        self.fences += 1;
        Fence(self.fences * 1_000)
    }

    // The client.

    /// A connection to this node.
    pub fn connects(&mut self, node: usize) -> Attempt {
        self.routes.push(node);
        Attempt(self.routes.len() as u32)
    }

    pub fn node_of(&self, attempt: Attempt) -> usize {
        self.routes[attempt.0 as usize - 1]
    }

    /// The connections that there were to this node.
    pub fn attempts_at(&self, node: usize) -> Vec<Attempt> {
        (1..=self.routes.len() as u32).map(Attempt).filter(|attempt| self.node_of(*attempt) == node).collect()
    }

    pub fn next_up(&self, bytes: u32) -> Message {
        Message { number: self.up.len() as u32, bytes }
    }

    pub fn sent_up(&mut self, id: MessageId) {
        self.up.push(Up { id, left: None, outcome: None });
    }

    pub fn left_up(&mut self, session: usize, message: Message) -> Verdict {
        let (entry, up) = (&mut self.up[message.number as usize], &mut self.sessions[session].up);
        Law::I6.holds(entry.outcome.is_none(), || format!("{message:?} left, and had ended"))?;
        match entry.left {
            None => {
                up.push(message.number);
                entry.left = Some((session, up.len() as u64));
                Ok(())
            }
            Some((other, _)) => {
                Law::I5.holds(other == session, || format!("{message:?} left in {other} and {session}"))
            }
        }
    }

    /// A task tells the client that the server has so many of its messages.
    pub fn acknowledges(&self, session: usize, task: u64, count: u64) -> Verdict {
        let taken = self.sessions[session].known_to.get(&task).map_or(0, |known| known.taken);
        Law::I10.holds(count <= taken, || format!("{count} messages are acknowledged, and {taken} were stored"))
    }

    /// The client has heard it.
    pub fn acknowledged_up(&mut self, session: usize, count: u64) {
        self.sessions[session].acknowledged = count;
    }

    pub fn settled_up(&mut self, settled: &Settled<Message>) -> Verdict {
        let Settled { id, message, outcome } = *settled;
        let entry = &mut self.up[message.number as usize];
        Law::I6.holds(entry.id == id, || format!("{message:?} was settled under the number of another"))?;
        let before = entry.outcome.replace(outcome);
        Law::I6.holds(before.is_none(), || format!("{message:?} is {outcome:?}, and was {before:?}"))?;
        let right = match (outcome, entry.left) {
            (Outcome::Delivered, Some((session, number))) => number <= self.sessions[session].acknowledged,
            (Outcome::Unconfirmed, left) => left.is_some(),
            (Outcome::Unsent, left) => left.is_none(),
            _ => false,
        };
        Law::I6.holds(right, || format!("{message:?} is {outcome:?}, and is not"))
    }

    /// The client has received a message, as the one of this number.
    pub fn arrived_down(&mut self, session: usize, number: u64, message: Message) -> Verdict {
        let entry = &mut self.down[message.number as usize];
        Law::I5.holds(entry.session == session, || format!("{message:?} of {} came in {session}", entry.session))?;
        let is_next = entry.number == Some(number);
        Law::I5.holds(is_next || self.sessions[session].is_forked, || {
            format!("{message:?} came as {number}, and is stored as {:?}", entry.number)
        })?;
        Law::I5.holds(!entry.has_arrived, || format!("{message:?} came twice"))?;
        entry.has_arrived = true;
        self.sessions[session].down.push(message.number);
        Ok(())
    }

    /// The client is told on this connection that its session was revoked, or the one that was made in place of it.
    pub fn told_that_it_is_revoked(&self, session: usize, attempt: Attempt) -> Verdict {
        let is_it = |(index, other): &(usize, &Session)| *index == session || other.made_for == attempt;
        let mut sessions = self.sessions.iter().enumerate().filter(is_it);
        let was_revoked = sessions.any(|(_, session)| session.is_revoked || session.is_revoked_on_a_node);
        Law::Protocol.holds(was_revoked, || format!("session {session} was not revoked"))
    }

    /// The client goes on with its session on this connection. That is judged by what the store had when it was told of the
    /// connection: what it has forgotten since, the client is told when it asks again.
    pub fn resumed(&mut self, attempt: Attempt) -> Verdict {
        let unasked = || Law::I5.broken(format!("the client goes on on {attempt:?}, and the store was not told"));
        self.resumable.remove(&attempt.0).unwrap_or_else(unasked)
    }

    /// The client gets another session in place of this one.
    pub fn reset(&self, session: usize) -> Verdict {
        Law::I5.holds(self.sessions[session].ended, || format!("session {session} lives, and its client was reset"))
    }

    // The store.

    pub fn created(&mut self, session: usize, task: u64) {
        self.sessions[session].stored = Some(Stored { owner: task, has: Progress::default(), written: 0 });
    }

    /// A client that asks for a session is told that there is none, or too little of it.
    pub fn refused(&mut self, session: usize) -> Verdict {
        let Some(session) = self.sessions.get_mut(session) else { return Ok(()) };
        let lives = !session.ended && !session.is_short && session.is_whole();
        session.ended = true;
        Law::I5.holds(!lives, || "a session was claimed, and was said to be lost".to_owned())
    }

    /// A connection of this number has claimed a session for a task.
    pub fn claimed(&mut self, census: &mut Census, session: usize, task: u64, attempt: u32) -> Verdict {
        let Session { stored, most, known_to, log, told, is_short, .. } = &mut self.sessions[session];
        let Some(stored) = stored else {
            return Law::I5.broken(format!("session {session} is claimed, and is not there"));
        };
        census.moves += u64::from(stored.owner != task);
        stored.owner = task;
        // The handlers from now on know nothing of what was forgotten, and neither does the client, or it is told.
        if *told > stored.has.committed {
            census.forgotten_commits += *told - stored.has.committed;
            *told = stored.has.committed;
        }
        census.forgotten_messages += most.sent - stored.has.sent;
        *is_short |= *most != stored.has;
        stored.has.attempt = attempt;
        *most = stored.has;
        known_to.insert(task, stored.has);
        log.truncate(stored.has.sent as usize);
        self.resumable.insert(attempt, self.sessions[session].goes_on());
        Ok(())
    }

    pub fn written(
        &mut self,
        census: &mut Census,
        session: usize,
        task: u64,
        change: &Change<Message>,
        now: u64,
    ) -> Verdict {
        let Session { stored, most, known_to, log, down, is_short, is_forked, .. } = &mut self.sessions[session];
        let Some(stored) = stored else {
            return Law::I10.broken(format!("session {session} is written, and is not there"));
        };
        let owner = stored.owner;
        Law::I10.holds(owner == task, || format!("session {session} is of task {owner}, and {task} has written it"))?;
        stored.written = now;
        let Change { taken, committed, sent, acknowledged, attempt, .. } = change;
        let has = &mut stored.has;
        let no_gap = taken.follows(has.taken, *committed) && sent.follows(has.sent, *acknowledged);
        Law::I10.holds(no_gap, || format!("the store has {has:?}, and took {change:?}"))?;
        let is_resumed = *attempt > has.attempt;
        *has = Progress {
            taken: has.taken.max(taken.last()),
            committed: has.committed.max(*committed),
            sent: has.sent.max(sent.last()),
            attempt: has.attempt.max(*attempt),
        };
        *most = most.max(*has);
        let known = known_to.entry(task).or_default();
        *known = known.max(*has);
        log.resize(log.len().max(sent.after as usize), None);
        for (message, number) in sent.messages.iter().zip(sent.after + 1..) {
            match log.get_mut(number as usize - 1) {
                Some(place) => {
                    let before = place.replace(message.number);
                    let same = before.is_none_or(|before| before == message.number);
                    Law::I5.holds(same, || format!("{message:?} is stored in the place of {before:?}"))?;
                }
                None => log.push(Some(message.number)),
            }
            let differs = down.get(number as usize - 1).is_some_and(|received| *received != message.number);
            Law::I5.holds(!differs || *is_short, || format!("{message:?} is stored as {number}, which has arrived"))?;
            census.forks += u64::from(differs && !*is_forked);
            *is_forked |= differs;
            let entry = &mut self.down[message.number as usize];
            let before = *entry.number.get_or_insert(number);
            Law::I5.holds(before == number, || format!("{message:?} is stored as {before} and as {number}"))?;
        }
        if is_resumed {
            self.resumable.insert(*attempt, self.sessions[session].goes_on());
        }
        Ok(())
    }

    pub fn removed(&mut self, session: usize, task: u64) -> Verdict {
        let Session { stored, ended, was_removed, .. } = &mut self.sessions[session];
        *ended = true;
        *was_removed = true;
        let owner = stored.take().map(|stored| stored.owner);
        Law::I10.holds(owner == Some(task), || format!("session {session} is of {owner:?}, and {task} has removed it"))
    }

    pub fn revoked_on_a_node(&mut self, session: usize) {
        self.sessions[session].is_revoked_on_a_node = true;
    }

    pub fn revoked(&mut self, session: usize) {
        let Session { stored, ended, was_removed, is_revoked, .. } = &mut self.sessions[session];
        *stored = None;
        (*ended, *was_removed, *is_revoked) = (true, true, true);
    }

    pub fn expired(&mut self, session: usize, now: u64, time_to_live: u32) -> Verdict {
        let Session { stored, ended, was_removed, .. } = &mut self.sessions[session];
        *ended = true;
        *was_removed = true;
        let early = stored.take().is_some_and(|stored| now < stored.written + u64::from(time_to_live));
        Law::I5.holds(!early, || format!("session {session} expired too early"))
    }

    /// The store has this of the session now, or nothing.
    pub fn rolled_back(&mut self, session: usize, record: Option<&store::Record>) {
        let Session { stored, log, most, is_short, .. } = &mut self.sessions[session];
        let before = stored.map(|stored| stored.owner);
        *stored = record.map(|record| Stored {
            owner: record.owner,
            has: Progress {
                taken: record.inbox.last(),
                committed: record.inbox.done,
                sent: record.outbox.last(),
                attempt: record.attempt,
            },
            written: 0,
        });
        if let Some(stored) = stored {
            *most = most.max(stored.has);
            // An earlier owner goes on with what it knows.
            if before != Some(stored.owner) {
                log.truncate(stored.has.sent as usize);
                *is_short = true;
            }
        }
    }

    // The nodes.

    pub fn asks(&mut self, attempt: Attempt) {
        self.asking.insert(attempt.0);
    }

    pub fn is_answered(&mut self, attempt: Attempt) {
        self.asking.remove(&attempt.0);
    }

    /// A session ends for good, for its handler.
    pub fn ended(&mut self, session: usize) {
        self.sessions[session].ended = true;
    }

    // The handlers.

    /// How many messages were committed when this task claimed the session. More can be by the time its handler begins, if
    /// another has claimed it since, or the store has forgotten the claim.
    pub fn floor(&self, session: usize, task: u64) -> u64 {
        self.sessions[session].known_to.get(&task).map_or(0, |known| known.committed)
    }

    /// A handler receives a message, as the one of this number. It is its first if it has not received any before.
    pub fn received(
        &mut self,
        census: &mut Census,
        session: usize,
        before: Option<u64>,
        number: u64,
        message: Message,
    ) -> Verdict {
        let Session { up, requested, received, .. } = &mut self.sessions[session];
        let sent = up.get(number as usize - 1).copied();
        Law::I5
            .holds(sent == Some(message.number), || format!("{message:?} is received as {number}, and {sent:?} is"))?;
        match before {
            Some(before) => Law::I5.holds(number == before + 1, || format!("{number} is received after {before}"))?,
            None => {
                Law::I5.holds(number <= *requested + 1, || {
                    format!("{number} is the first that is received, and {requested} are committed")
                })?;
            }
        }
        census.up += 1;
        census.again += u64::from(number <= *received);
        *received = (*received).max(number);
        Ok(())
    }

    pub fn next_down(&mut self, session: usize, bytes: u32) -> Message {
        self.down.push(Down { session, number: None, has_arrived: false });
        Message { number: self.down.len() as u32 - 1, bytes }
    }

    /// The app forwards a message to the session by its id.
    pub fn forwards(&mut self, session: usize, bytes: u32) -> Message {
        let message = self.next_down(session, bytes);
        self.sessions[session].forwarded.push(message.number);
        message
    }

    pub fn delivers(&mut self, task: u64, message: Message) -> u32 {
        self.deliveries.push(Delivery { task, message: message.number, is_answered: false });
        self.deliveries.len() as u32 - 1
    }

    pub fn delivered(&mut self, census: &mut Census, delivery: u32, is_known: bool) -> Verdict {
        let Delivery { message, is_answered, .. } = &mut self.deliveries[delivery as usize];
        Law::I6.holds(!*is_answered, || format!("the delivery of {message} is answered twice"))?;
        *is_answered = true;
        *(if is_known { &mut census.arrived } else { &mut census.unknown }) += 1;
        let Down { has_arrived, session, .. } = self.down[*message as usize];
        let is_forked = self.sessions[session].is_forked;
        Law::I6.holds(!is_known || has_arrived || is_forked, || format!("message {message} is delivered, and is not"))
    }

    pub fn commits(&mut self, session: usize, task: u64, number: u64) -> u32 {
        let requested = &mut self.sessions[session].requested;
        *requested = number.max(*requested);
        self.commits.push(Commit { session, task, number, is_answered: false });
        self.commits.len() as u32 - 1
    }

    /// A commit is answered, by a task that has lost its session or not.
    pub fn committed(
        &mut self,
        census: &mut Census,
        commit: u32,
        answer: Result<(), NotCommitted>,
        is_fenced: bool,
    ) -> Verdict<u64> {
        let Commit { session, task, number, is_answered } = &mut self.commits[commit as usize];
        Law::I6.holds(!*is_answered, || format!("the commit of {number} is answered twice"))?;
        *is_answered = true;
        let Session { stored, told, most, known_to, was_removed, .. } = &mut self.sessions[*session];
        let elsewhere = !*was_removed && stored.is_some_and(|stored| stored.owner != *task);
        match answer {
            Ok(()) => {
                let is_stored = most.committed >= *number;
                let was_stored = known_to.get(task).is_some_and(|known| known.committed >= *number);
                Law::I10.holds(is_stored || was_stored || *was_removed || stored.is_none(), || {
                    format!("{number} is committed, and is not stored")
                })?;
                if is_stored || !was_stored {
                    *told = (*told).max(*number);
                } else {
                    // Another node has claimed the session since the store forgot it.
                    census.forgotten_commits += 1;
                }
                *(if is_stored || was_stored { &mut census.committed } else { &mut census.removed }) += 1;
            }
            Err(NotCommitted::Moved) => census.moved += 1,
            Err(NotCommitted::Over) => {
                census.over += 1;
                Law::I10
                    .holds(!elsewhere, || format!("the commit of {number} is told Over, and the session has moved"))?;
            }
            Err(NotCommitted::Unknown) => census.uncertain += 1,
            Err(NotCommitted::Full) => {}
            Err(other) => unreachable!("no law for {other:?}"),
        }
        let is_moved = answer == Err(NotCommitted::Moved);
        Law::I10
            .holds(!is_fenced || is_moved, || format!("the commit of {number} is told {answer:?} after a fence"))?;
        Ok(*number)
    }

    /// A task ends, and all that has waited for it is answered.
    pub fn task_ends(&self, task: u64) -> Verdict {
        let commit = self.commits.iter().find(|commit| commit.task == task && !commit.is_answered);
        let delivery = self.deliveries.iter().find(|delivery| delivery.task == task && !delivery.is_answered);
        Law::I6.holds(commit.is_none(), || {
            format!("the commit of {} is not answered", commit.map_or(0, |commit| commit.number))
        })?;
        Law::I6.holds(delivery.is_none(), || {
            format!("the delivery of {} is not answered", delivery.map_or(0, |delivery| delivery.message))
        })
    }

    /// A task dies, and with it all that has waited for it.
    pub fn task_dies(&mut self, task: u64) {
        for commit in self.commits.iter_mut().filter(|commit| commit.task == task) {
            commit.is_answered = true;
        }
        for delivery in self.deliveries.iter_mut().filter(|delivery| delivery.task == task) {
            delivery.is_answered = true;
        }
    }

    /// A handler is told at the end what was not delivered, of these messages that the session had after so many.
    pub fn returned(
        &mut self,
        census: &mut Census,
        session: usize,
        after: u64,
        sent: &[u32],
        returned: &[Message],
    ) -> Verdict {
        let numbers: Vec<u32> = returned.iter().map(|message| message.number).collect();
        Law::I6.holds(sent.ends_with(&numbers), || format!("{numbers:?} were not delivered, of {sent:?}"))?;
        let delivered = after + (sent.len() - numbers.len()) as u64;
        let arrived = self.sessions[session].down.len() as u64;
        Law::I6.holds(delivered <= arrived || self.sessions[session].is_forked, || {
            format!("{delivered} messages were delivered, {arrived} have arrived")
        })?;
        census.undelivered += numbers.len() as u64;
        Ok(())
    }

    /// To be called when nothing more happens, with the session that the client is in.
    pub fn close(&self, session: Option<usize>) -> Verdict {
        let held = self.up.iter().position(|entry| entry.outcome.is_none());
        Law::I6.holds(held.is_none(), || format!("message {held:?} of the client has no end"))?;
        let asks = self.asking.first();
        Law::I4.holds(asks.is_none(), || format!("the connection {asks:?} was never answered"))?;
        let commit = self.commits.iter().find(|commit| !commit.is_answered);
        Law::I6.holds(commit.is_none(), || {
            format!("the commit of {} was never answered", commit.map_or(0, |commit| commit.number))
        })?;
        let delivery = self.deliveries.iter().find(|delivery| !delivery.is_answered);
        Law::I6.holds(delivery.is_none(), || {
            format!("the delivery of {} was never answered", delivery.map_or(0, |delivery| delivery.message))
        })?;
        let Some(session) = session.map(|session| &self.sessions[session]) else { return Ok(()) };
        Law::I10.holds(!session.is_revoked, || "the client is still in a session that was revoked".to_owned())?;
        Law::I5.holds(session.received == session.up.len() as u64, || {
            format!("{} messages were sent, {} received", session.up.len(), session.received)
        })?;
        let numbers: Vec<_> = session.forwarded.iter().map(|message| self.down[*message as usize].number).collect();
        Law::I5.holds(numbers.is_sorted(), || format!("forwarded messages were sent as {numbers:?}"))?;
        let same = session.is_forked || session.down.len() == session.log.len() && !session.differs();
        Law::I5.holds(same, || format!("the client has received {:?} of {:?}", session.down, session.log))
    }
}

impl Session {
    /// Whether the store has all that it ever had of it.
    fn is_whole(&self) -> bool {
        self.stored.is_some_and(|stored| stored.has == self.most)
    }

    /// Whether the client has received something else than the session has sent.
    fn differs(&self) -> bool {
        self.down.iter().zip(&self.log).any(|(received, sent)| sent.is_some_and(|sent| sent != *received))
    }

    /// Whether the client can go on with it: what it has received is what the session has sent.
    fn goes_on(&self) -> Verdict {
        let Self { down, log, is_forked, .. } = self;
        let is_other = *is_forked || down.len() > log.len() || self.differs();
        Law::I5.holds(!is_other, || format!("the client has {down:?}, the session {log:?}, and it goes on"))
    }
}

impl Progress {
    fn max(self, other: Self) -> Self {
        Self {
            taken: self.taken.max(other.taken),
            committed: self.committed.max(other.committed),
            sent: self.sent.max(other.sent),
            attempt: self.attempt.max(other.attempt),
        }
    }
}
