//! How a session's changes get into the store, and what may happen once they are there.

use alloc::vec::Vec;
use core::mem::take;

use super::action::{Action, Report};
use super::amount::Amount;
use super::record::{Change, Numbered};
use super::slot::{Asking, Batch, PendingResume, Phase, Slot, Waiting, Writing};
use super::{DriverTypes, Known};
use crate::Millis;
use crate::wire::Terms;

/// How many messages of the app one change has at most.
const MOST_SENT: usize = 1_024;

impl<D: DriverTypes> Slot<D> {
    /// Persists what is unpersisted, unless the store is still writing what was before.
    pub(super) fn write_if_needed(&mut self, now: Millis) {
        if !matches!(self.asking, Asking::Nothing) || matches!(self.phase, Phase::Removing(_) | Phase::Over { .. }) {
            return;
        }
        if self.reads_forwarded(now) {
            self.read_forwarded();
            return;
        }
        let is_stale = self.refresh_at().is_some_and(|at| at <= now);
        if !self.unpersisted.is_urgent() && !is_stale && self.unpersisted.change.acknowledged <= self.trimmed {
            return;
        }
        // A session without a connection expires in its slot, and needs no refresh.
        self.refresh = self.is_attached().then(|| now + self.time_to_live / 2);
        let batch = self.next_batch();
        self.write(batch);
    }

    /// Takes from what is unpersisted what is written next. A store should not be busy with one session for long, so a change
    /// has so many messages that the app sent and no more, unless they are the replies of one commit.
    fn next_batch(&mut self) -> Batch<D> {
        let Batch { change, waiting } = &mut self.unpersisted;
        let replies = waiting.commits.iter().map(|pending| pending.replies);
        let forwarded = waiting.forwarded.iter().map(|pending| pending.messages);
        let end = end_of_batch(replies.chain(forwarded), change.sent.messages.len());
        let commits = waiting.commits.iter().take_while(|pending| pending.replies.1 <= end).count();
        let sent = Numbered { after: change.sent.after, messages: drain(&mut change.sent.messages, end) };
        let taken = Numbered { after: change.taken.after, messages: take(&mut change.taken.messages) };
        (change.sent.after, change.taken.after) = (sent.last(), taken.last());
        let batch = Waiting {
            deliveries: drain(&mut waiting.deliveries, end),
            commits: drain(&mut waiting.commits, commits),
            resumes: take(&mut waiting.resumes),
            forwarded: waiting.forwarded.take_if(|pending| pending.messages.1 <= end),
        };
        for later in &mut waiting.commits {
            later.replies = (later.replies.0 - end, later.replies.1 - end);
        }
        if let Some(later) = &mut waiting.forwarded {
            later.messages = (later.messages.0 - end, later.messages.1 - end);
        }
        let committed = batch.commits.iter().map(|pending| pending.number).fold(change.committed, u64::max);
        change.committed = committed;
        // One that can't be must not count: the session may be another than its client knows.
        let resumed = self.session.resumed();
        let asked = batch.resumes.iter().map(|resume| resume.known).filter(|known| known.follows(resumed).is_ok());
        let attempt = asked.map(|known| known.attempt).fold(resumed, u32::max);
        change.forwarded = batch.forwarded.as_ref().map_or(change.forwarded, |pending| pending.number);
        let (acknowledged, forwarded) = (change.acknowledged, change.forwarded);
        let change = Change { taken, committed, sent, acknowledged, attempt, forwarded };
        Batch { change, waiting: batch }
    }

    pub(super) fn is_persisted(&self) -> bool {
        !matches!(self.asking, Asking::Write(_)) && !self.unpersisted.is_urgent()
    }

    /// When the store is to be written at the latest, so that it keeps the session.
    pub(super) fn refresh_at(&self) -> Option<Millis> {
        self.refresh.filter(|_| self.is_running() && matches!(self.asking, Asking::Nothing))
    }

    pub(super) fn persisted(&mut self, now: Millis, writing: Writing<D>) {
        let Writing { change, waiting: Waiting { deliveries, commits, resumes, .. }, .. } = writing;
        let Change { taken, committed, acknowledged, .. } = &*change;
        self.trimmed = *acknowledged;
        self.session.take(now, taken.last());
        for (message, delivery) in not_sent_yet(&change, &deliveries).iter().zip(deliveries) {
            let bytes = D::bytes(message);
            self.unpersisted_amount -= Amount::one(bytes);
            match (self.session.send(now, message.clone(), bytes, None), delivery) {
                (Ok(id), Some(delivery)) => self.deliveries.push_back((id, delivery)),
                (Ok(_), None) => {}
                // The session ended while the store wrote.
                (Err(_), delivery) => {
                    self.unsent.push(message.clone());
                    self.actions.extend(delivery.map(|delivery| Action::Delivered(delivery, false)));
                }
            }
        }
        while self.committed < *committed
            && let Some(message) = self.uncommitted.pop_front()
        {
            self.committed += 1;
            self.uncommitted_bytes -= D::bytes(&message);
        }
        self.actions.extend(commits.into_iter().map(|pending| Action::Committed(pending.commit, Ok(()))));
        for resume in resumes {
            self.complete_resume(now, resume);
        }
    }

    /// The store has lost what it was told before: it is told all that the session still needs, with the change that it refused.
    pub(super) fn repair(&mut self, writing: Writing<D>) {
        self.report(Report::Repaired);
        let Writing { change, waiting, .. } = writing;
        let received = (change.taken.last() - self.committed) as usize;
        let persisted = self.session.unacknowledged_messages();
        let new = not_sent_yet(&change, &waiting.deliveries);
        let change = Change {
            taken: Numbered {
                after: self.committed,
                messages: self.uncommitted.iter().take(received).cloned().collect(),
            },
            committed: change.committed,
            sent: Numbered {
                after: self.session.acknowledged(),
                messages: persisted.chain(&self.unsent).chain(new).cloned().collect(),
            },
            acknowledged: self.session.acknowledged(),
            attempt: change.attempt,
            forwarded: change.forwarded,
        };
        self.write(Batch { change, waiting });
    }

    pub(super) fn consider(&mut self, now: Millis, request: D::Request, known: Known, terms: Terms) {
        if self.takes_connections() {
            let until = now + self.config.greeting;
            self.unpersisted.waiting.resumes.push(PendingResume { request, known, terms, until });
            return;
        }
        // A client that opens another connection has given up the one on which the server would have heard its `end`.
        if matches!(self.phase, Phase::Closing { .. }) && self.session.is_ending() {
            self.session.break_off();
            self.finish(now);
        }
        match self.phase {
            Phase::Over { .. } => self.actions.push_back(Action::Readmit(request)),
            _ => self.late.push(request),
        }
    }

    /// The store has confirmed that the session is this node's.
    fn complete_resume(&mut self, now: Millis, resume: PendingResume<D::Request>) {
        if self.takes_connections() {
            self.attach(now, resume);
        } else {
            self.late.push(resume.request);
        }
    }
}

/// How many of the messages that were sent go into the next change: at most [`MOST_SENT`], or all of a group that is in the way.
/// The replies of a commit are a group, and so are forwarded messages.
fn end_of_batch(mut groups: impl Iterator<Item = (usize, usize)>, sent: usize) -> usize {
    let most = sent.min(MOST_SENT);
    match groups.find(|(first, end)| *first < most && most < *end) {
        Some((0, end)) => end,
        Some((first, _)) => first,
        None => most,
    }
}

/// Takes the first of these, and all the memory if they are all.
fn drain<T>(from: &mut Vec<T>, count: usize) -> Vec<T> {
    if count == from.len() { take(from) } else { from.drain(..count).collect() }
}

impl<D: DriverTypes> Batch<D> {
    /// Whether something waits for this to be persisted.
    pub(super) fn is_urgent(&self) -> bool {
        let Change { taken, sent, .. } = &self.change;
        let Waiting { commits, resumes, .. } = &self.waiting;
        !taken.messages.is_empty() || !sent.messages.is_empty() || !commits.is_empty() || !resumes.is_empty()
    }
}

/// The messages of a change that the protocol's state does not have yet. One that repairs the store begins with those that it
/// has.
pub(super) fn not_sent_yet<'a, M, D>(change: &'a Change<M>, deliveries: &[Option<D>]) -> &'a [M] {
    let messages = &change.sent.messages;
    &messages[messages.len() - deliveries.len()..]
}
