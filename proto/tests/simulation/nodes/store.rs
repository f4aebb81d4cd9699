//! The store: another machine, which never dies. It may be slow, refuse, do later what it has not answered, lose an answer or
//! give it twice; and one that lies loses what it has said is written.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use undrop_proto::server::{Change, Claim, Fence, Forwarded, Kept, Known, Numbered, Rest, StoreError};

use super::twins::Defect;
use super::world::{Event, Shared};
use crate::law::{Law, Verdict};
use crate::message::Message;

/// How many of its states it can come back with.
const HISTORY: usize = 48;

#[derive(Default)]
pub struct Store {
    records: Records,
    /// Its older states, if it lies.
    history: VecDeque<Records>,
    refuses_until: u64,
    slow_until: u64,
    /// How slow it is then.
    slowness: u32,
    requests: BTreeMap<u64, Request>,
    asked: u64,
}

type Records = BTreeMap<usize, Rc<Record>>;

#[derive(Clone)]
pub struct Record {
    fence: Fence,
    /// Whether it is only there to tell its node.
    is_revoked: bool,
    /// Which task has claimed it, for the record.
    pub owner: u64,
    pub expires: u64,
    /// The greatest number of a connection.
    pub attempt: u32,
    pub inbox: Queue,
    pub outbox: Queue,
    /// What was forwarded to the session and is not sent yet.
    forwarded: Queue,
}

/// The messages that are not done with yet, and how many are.
#[derive(Clone, Default)]
pub struct Queue {
    pub done: u64,
    messages: VecDeque<Message>,
    /// How many were evicted after those.
    missing: u64,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub node: usize,
    /// How often the node was started when it asked.
    pub starts: u32,
    pub task: u64,
    pub purpose: Purpose,
}

/// What for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// The request of this number of a session.
    Session(u64),
    /// The session manager's.
    Manager,
}

#[derive(Clone, Debug)]
pub enum Work {
    Create(Fence),
    Claim(Fence, Known),
    Write(Fence, Arc<Change<Message>>),
    ReadForwarded(Fence),
    Remove(Fence),
}

#[derive(Clone, Debug)]
pub enum Answer {
    /// The session is claimed under this fence, or not.
    Claim(Claim<Message>, Fence),
    Done(Result<(), StoreError>),
    Written {
        has_forwarded: bool,
    },
    Forwarded(Forwarded<Message>),
}

struct Request {
    asker: Asker,
    session: usize,
    work: Work,
    /// When it is answered, after it was carried out.
    answers: Vec<u32>,
}

impl Store {
    /// Takes a request. It is answered at least once.
    pub fn ask(&mut self, shared: &mut Shared, asker: Asker, session: usize, work: Work) {
        let storing = shared.setup.storing;
        let latency = |shared: &mut Shared| 1 + shared.net.random.below(storing.latency);
        let slowness = if shared.net.now < self.slow_until { shared.net.random.below(self.slowness) } else { 0 };
        let (there, back) = (latency(shared) + slowness, latency(shared));
        let unavailable = Answer::Done(Err(StoreError::Unavailable));
        let fails = storing.failing > 0 && !shared.is_calm() && shared.net.random.one_in(storing.failing);
        let refuses = shared.net.now < self.refuses_until;
        let course = match (refuses, fails) {
            (true, _) => 1,
            (false, true) => 1 + shared.net.random.below(6),
            (false, false) => 0,
        };
        let (at, answers) = match course {
            // As it should be, though perhaps too late.
            0 => {
                if there + back > storing.timeout {
                    shared.census.delays += 1;
                    shared.net.after(storing.timeout, Event::Answer(asker, unavailable));
                }
                (there, vec![back])
            }
            // The request is refused.
            1 => {
                shared.census.refusals += 1;
                return shared.net.after(there, Event::Answer(asker, unavailable));
            }
            // It is done, and refused.
            2 => {
                shared.census.refusals += 1;
                shared.net.after(there + back, Event::Answer(asker, unavailable));
                (there, vec![])
            }
            // It is lost, or its answer is.
            3 | 4 => {
                shared.census.losses += 1;
                shared.net.after(storing.timeout, Event::Answer(asker, unavailable));
                if course == 3 {
                    return;
                }
                (there, vec![])
            }
            // It is done after it has failed.
            5 => {
                shared.census.delays += 1;
                shared.net.after(storing.timeout, Event::Answer(asker, unavailable));
                (storing.timeout + shared.net.random.below(3_000), vec![back])
            }
            // It is answered twice.
            _ => {
                shared.census.repetitions += 1;
                (there, vec![back, back + shared.net.random.below(1_000)])
            }
        };
        self.asked += 1;
        self.requests.insert(self.asked, Request { asker, session, work, answers });
        shared.net.after(at, Event::Store(self.asked));
    }

    pub fn carry_out(&mut self, shared: &mut Shared, number: u64) -> Verdict {
        let Some(Request { asker, session, work, answers }) = self.requests.remove(&number) else { return Ok(()) };
        if shared.setup.storing.lies {
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(self.records.clone());
        }
        self.expire(shared, session)?;
        let answer = match work {
            Work::Create(fence) => {
                self.create(shared, session, asker.task, fence);
                Answer::Done(Ok(()))
            }
            Work::Claim(fence, known) => self.claim(shared, session, asker, fence, known)?,
            Work::Write(fence, change) => match self.write(shared, session, asker, fence, &change)? {
                Ok(has_forwarded) => Answer::Written { has_forwarded },
                Err(error) => Answer::Done(Err(error)),
            },
            Work::ReadForwarded(fence) => self.read_forwarded(shared, session, fence),
            Work::Remove(fence) => Answer::Done(self.remove(shared, session, asker, fence)?),
        };
        shared.say(|| format!("the store: {answer:?}"));
        for after in answers {
            shared.net.after(after, Event::Answer(asker, answer.clone()));
        }
        Ok(())
    }

    // What happens to it.

    /// The app forwards messages to the youngest session that there is.
    pub fn forward(&mut self, shared: &mut Shared, count: u32) -> Option<usize> {
        let session = *self.records.keys().next_back()?;
        self.expire(shared, session).ok()?;
        let record = Rc::make_mut(self.records.get_mut(&session).filter(|record| !record.is_revoked)?);
        for _ in 0..count {
            let message = shared.record.forwards(session, shared.net.random.below(shared.setup.largest));
            shared.census.forwarded += 1;
            record.forwarded.messages.push_back(message);
        }
        Some(session)
    }

    /// The app ends all sessions of the client.
    pub fn revoke(&mut self, shared: &mut Shared) {
        for (session, record) in &mut self.records {
            let record = Rc::make_mut(record);
            record.is_revoked = true;
            (record.inbox, record.outbox, record.forwarded) = Default::default();
            shared.record.revoked(*session);
        }
    }

    /// Whether nothing that was forwarded to the session still waits.
    pub fn close(&self, session: Option<usize>) -> Verdict {
        let waits =
            session.and_then(|session| self.records.get(&session)).map(|record| record.forwarded.messages.len());
        Law::I4.holds(waits.unwrap_or(0) == 0, || format!("{waits:?} forwarded messages were never sent"))
    }

    pub fn fail(&mut self, shared: &Shared, span: u32) -> Verdict {
        self.refuses_until = shared.net.now + u64::from(span);
        Ok(())
    }

    pub fn be_slow(&mut self, shared: &Shared, span: u32) -> Verdict {
        self.slow_until = shared.net.now + u64::from(span);
        self.slowness = span;
        Ok(())
    }

    /// It comes back with an older state, one of the last so many.
    pub fn roll_back(&mut self, shared: &mut Shared, most: u32) -> Verdict {
        if self.history.is_empty() {
            return Ok(());
        }
        shared.census.rollbacks += 1;
        let steps = shared.net.random.below(most.min(self.history.len() as u32)) as usize;
        self.history.truncate(self.history.len() - steps);
        let Some(records) = self.history.pop_back() else { return Ok(()) };
        for session in 0..shared.record.sessions() {
            shared.record.rolled_back(session, records.get(&session).map(|record| &**record));
        }
        self.records = records;
        Ok(())
    }

    /// It drops a session, or the messages of one direction.
    pub fn evict(&mut self, shared: &mut Shared) -> Verdict {
        let sessions: Vec<usize> = self.records.keys().copied().collect();
        if sessions.is_empty() {
            return Ok(());
        }
        shared.census.evictions += 1;
        let session = shared.net.random.pick(&sessions);
        let record = match shared.net.random.below(3) {
            0 => {
                self.records.remove(&session);
                None
            }
            part => self.records.get_mut(&session).map(|record| {
                let record = Rc::make_mut(record);
                if part == 1 {
                    record.inbox.evict()
                } else {
                    record.outbox.evict()
                }
                record.clone()
            }),
        };
        shared.record.rolled_back(session, record.as_ref());
        Ok(())
    }

    // How it is done.

    fn create(&mut self, shared: &mut Shared, session: usize, task: u64, fence: Fence) {
        let (is_revoked, inbox, outbox, forwarded, attempt) = Default::default();
        let (owner, expires) = (task, expires(shared));
        let record = Record { fence, is_revoked, owner, expires, attempt, inbox, outbox, forwarded };
        self.records.insert(session, Rc::new(record));
        shared.record.created(session, task);
    }

    fn claim(
        &mut self,
        shared: &mut Shared,
        session: usize,
        asker: Asker,
        fence: Fence,
        known: Known,
    ) -> Verdict<Answer> {
        let serves_revoked = shared.twin.has(Defect::ServesWhatIsRevoked);
        let Some(record) = self.records.get_mut(&session).filter(|record| serves_revoked || !record.is_revoked) else {
            shared.record.refused(session)?;
            return Ok(Answer::Claim(Claim::Unknown, fence));
        };
        let record = Rc::make_mut(record);
        let time_to_live = Duration::from_millis(u64::from(shared.setup.time_to_live));
        let (inbox, outbox) = (record.inbox.missing == 0, record.outbox.missing == 0);
        let kept = Kept::new(time_to_live)
            .inbox(record.inbox.to_numbered(inbox))
            .outbox(record.outbox.to_numbered(outbox))
            .forwarded(record.forwarded.done);
        let is_whole = inbox && outbox || shared.twin.has(Defect::ServesWhatIsLeft);
        let compared = match shared.twin.defect() {
            Some(Defect::ClaimsWhatCanNotBe) => known.received(kept.outbox.after).acknowledged(0),
            Some(Defect::ForgetsWhoWasAnswered) => known.answered(0),
            _ => known,
        };
        let attempt = (record.fence != fence).then_some(record.attempt);
        let kept = match Claim::of(kept, attempt, compared) {
            Claim::Taken(kept) if is_whole => kept,
            Claim::Late => return Ok(Answer::Claim(Claim::Late, fence)),
            Claim::Past if is_whole => return Ok(Answer::Claim(Claim::Past, fence)),
            _ => {
                shared.census.lost += 1;
                shared.record.refused(session)?;
                return Ok(Answer::Claim(Claim::Lost, fence));
            }
        };
        match shared.twin.defect() {
            Some(Defect::ClaimsWithoutAFence) => {}
            Some(Defect::CountsItsFences) => record.fence = Fence(record.fence.0 + 1),
            _ => record.fence = fence,
        }
        let fence = if shared.twin.has(Defect::CountsItsFences) { record.fence } else { fence };
        record.owner = asker.task;
        record.expires = expires(shared);
        record.attempt = known.attempt;
        shared.record.claimed(&mut shared.census, session, asker.task, known.attempt)?;
        Ok(Answer::Claim(Claim::Taken(kept), fence))
    }

    fn write(
        &mut self,
        shared: &mut Shared,
        session: usize,
        asker: Asker,
        fence: Fence,
        change: &Change<Message>,
    ) -> Verdict<Result<bool, StoreError>> {
        let Change { taken, committed, sent, acknowledged, attempt, forwarded, .. } = change;
        let ignores = shared.twin.has(Defect::IgnoresTheFence);
        let Some(record) = self.records.get_mut(&session).filter(|record| record.fence == fence || ignores) else {
            shared.census.fenced_writes += 1;
            return Ok(Err(StoreError::Fenced));
        };
        if record.is_revoked {
            return Ok(Err(StoreError::Revoked));
        }
        let follows =
            taken.follows(record.inbox.last(), *committed) && sent.follows(record.outbox.last(), *acknowledged);
        if !follows && !shared.twin.has(Defect::AcceptsGaps) {
            shared.census.behind += 1;
            return Ok(Err(StoreError::Behind));
        }
        let record = Rc::make_mut(record);
        if !shared.twin.strikes(Defect::ForgetsAWrite) {
            record.inbox.change(shared, taken, *committed);
            if !shared.twin.strikes(Defect::WritesInPart) {
                record.outbox.change(shared, sent, *acknowledged);
            }
            if shared.twin.strikes(Defect::TrimsTooMuch) {
                record.outbox.trim();
            }
        }
        record.attempt = record.attempt.max(*attempt);
        if !shared.twin.has(Defect::KeepsWhatWasForwarded) {
            record.forwarded.change(shared, &Numbered::none(record.forwarded.last()), *forwarded);
        }
        record.expires = expires(shared);
        let has_forwarded = record.forwarded.last() > *forwarded;
        shared.record.written(&mut shared.census, session, asker.task, change, shared.net.now)?;
        Ok(Ok(has_forwarded))
    }

    fn read_forwarded(&mut self, shared: &mut Shared, session: usize, fence: Fence) -> Answer {
        let Some(record) = self.records.get(&session).filter(|record| record.fence == fence) else {
            return Answer::Done(Err(StoreError::Fenced));
        };
        if record.is_revoked {
            return Answer::Done(Err(StoreError::Revoked));
        }
        let mut messages = record.forwarded.to_numbered(true);
        let page = 1 + shared.net.random.below(4) as usize;
        let rest = if messages.messages.len() > page { Rest::More } else { Rest::Nothing };
        messages.messages.truncate(page);
        Answer::Forwarded(Forwarded::new(messages, rest))
    }

    fn remove(
        &mut self,
        shared: &mut Shared,
        session: usize,
        asker: Asker,
        fence: Fence,
    ) -> Verdict<Result<(), StoreError>> {
        let ignores = shared.twin.has(Defect::IgnoresTheFence);
        if self.records.get(&session).is_none_or(|record| record.fence != fence && !ignores) {
            return Ok(Err(StoreError::Fenced));
        }
        let removed = self.records.remove(&session);
        if removed.is_some_and(|record| !record.is_revoked) {
            shared.record.removed(session, asker.task)?;
        }
        Ok(Ok(()))
    }

    fn expire(&mut self, shared: &mut Shared, session: usize) -> Verdict {
        if self.records.get(&session).is_some_and(|record| record.expires <= shared.net.now) {
            self.records.remove(&session);
            shared.census.forgotten_records += 1;
            shared.record.expired(session, shared.net.now, shared.setup.time_to_live)?;
        }
        Ok(())
    }
}

fn expires(shared: &Shared) -> u64 {
    let span = u64::from(shared.setup.time_to_live);
    shared.net.now + if shared.twin.has(Defect::ExpiresTooEarly) { span / 4 } else { span * 3 / 2 }
}

impl Queue {
    pub fn last(&self) -> u64 {
        self.done + self.messages.len() as u64
    }

    fn evict(&mut self) {
        self.missing += self.messages.len() as u64;
        self.messages.clear();
    }

    fn change(&mut self, shared: &Shared, more: &Numbered<Message>, done: u64) {
        let mut known = self.last().saturating_sub(more.after) as usize;
        if shared.twin.has(Defect::RepeatsAWrite) {
            known = 0;
        }
        if more.after > self.last() {
            self.messages.clear();
            self.done = more.after;
        }
        self.missing = 0;
        self.messages.extend(more.messages.iter().skip(known));
        while self.done < done && self.messages.pop_front().is_some() {
            self.done += 1;
        }
    }

    /// Forgets a message that is not done with.
    fn trim(&mut self) {
        if self.messages.pop_front().is_some() {
            self.done += 1;
        }
    }

    fn to_numbered(&self, is_whole: bool) -> Numbered<Message> {
        if !is_whole {
            return Numbered::none(self.done + self.missing);
        }
        Numbered::new(self.done, self.messages.iter().copied().collect())
    }
}
