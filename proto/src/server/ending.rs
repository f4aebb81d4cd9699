//! How a session ends on this node: for good, for now, or because another node has it.

use alloc::vec::Vec;
use core::mem::{replace, take};

use super::action::{Action, Disconnect, Report};
use super::amount::Amount;
use super::cause::{Cause, NotCommitted};
use super::persistence::not_sent_yet;
use super::slot::{Asking, Attachment, Handler, PendingCommit, Phase, Removal, Slot, Waiting};
use super::{DriverTypes, codes};
use crate::session::Output;
use crate::{Millis, Outcome, Settled};

impl<D: DriverTypes> Slot<D> {
    /// The protocol's state is over. The phase says why, and what that means for the connection.
    pub(super) fn finish(&mut self, now: Millis) {
        match &mut self.phase {
            Phase::Closing { code, reason, .. } => {
                let disconnect = Disconnect::Close(*code, take(reason).into());
                self.end(now, Cause::App, disconnect);
            }
            // The client has asked for the end, and closes the connection.
            Phase::Parting => self.end(now, Cause::Client, Disconnect::Gone),
            Phase::Running => self.end(now, Cause::Violation, Disconnect::Gone),
            Phase::Removing(_) | Phase::Leaving { .. } | Phase::Over { .. } => {}
        }
    }

    /// Ends the session for good, if the store says that it is this node's.
    pub(super) fn end(&mut self, now: Millis, cause: Cause, disconnect: Disconnect) {
        if matches!(self.phase, Phase::Removing(_) | Phase::Over { .. }) {
            return;
        }
        let stored = self.clear(disconnect).into_iter().map(|commit| (commit, Ok(())));
        let refused = take(&mut self.refused).into_iter().map(|commit| (commit, Err(NotCommitted::Over)));
        let commits = stored.chain(refused).collect();
        self.phase =
            Phase::Removing(Removal { cause, commits, until: now + self.config.close_timeout, asked_before: false });
        self.remove();
    }

    /// The store has removed the session, or did not answer in time: then the session expires there, unless its client comes
    /// back before.
    pub(super) fn ended(&mut self, cause: Cause, is_certain: bool) {
        let commits = self.go_over(cause, is_certain);
        let mut undelivered = take(&mut self.undelivered);
        undelivered.append(&mut self.too_late);
        self.actions.push_back(Action::End(cause, undelivered));
        for (commit, answer) in commits {
            let answer = if is_certain { answer } else { Err(NotCommitted::Unknown) };
            self.actions.push_back(Action::Committed(commit, answer));
        }
        self.release();
    }

    /// Returns the commits that waited for the store to forget the session.
    fn go_over(&mut self, cause: Cause, is_certain: bool) -> Vec<(D::Commit, Result<(), NotCommitted>)> {
        match replace(&mut self.phase, Phase::Over { cause, is_certain }) {
            Phase::Removing(removal) => removal.commits,
            _ => Vec::new(),
        }
    }

    /// The session goes on, but not with this handler.
    pub(super) fn leave(&mut self, now: Millis, cause: Cause, disconnect: Disconnect) {
        if self.session.is_ending() {
            self.session.break_off();
            self.finish(now);
        }
        if !self.is_running() {
            return;
        }
        self.phase = Phase::Leaving { cause, until: now + self.config.grace };
        self.detach(now, disconnect);
        self.actions.push_back(Action::End(cause, Vec::new()));
        self.stop_waiting_for_deliveries();
        // The session is not over after all.
        let refused = take(&mut self.refused).into_iter();
        self.actions.extend(refused.map(|commit| Action::Committed(commit, Err(NotCommitted::Moved))));
    }

    /// The store says that the session is not this node's: it goes on elsewhere.
    pub(super) fn fenced(&mut self) {
        self.report(Report::Fenced);
        let pending = self.clear(Disconnect::close(codes::TAKEN_OVER, "taken over"));
        let waited = self.go_over(Cause::Moved, true).into_iter().map(|(commit, _)| commit);
        self.undelivered.clear();
        self.too_late.clear();
        self.actions.push_back(Action::End(Cause::Moved, Vec::new()));
        for commit in pending.into_iter().chain(take(&mut self.refused)).chain(waited) {
            self.actions.push_back(Action::Committed(commit, Err(NotCommitted::Moved)));
        }
        self.release();
    }

    /// The app has ended all sessions of this user, on another node: the store has removed this one already.
    pub(super) fn revoked(&mut self, now: Millis) {
        if matches!(self.phase, Phase::Over { .. }) {
            return;
        }
        self.end(now, Cause::Revoked, Disconnect::close(codes::REVOKED, "revoked"));
        let cause = if let Phase::Removing(removal) = &self.phase { removal.cause } else { Cause::Revoked };
        self.ended(cause, true);
    }

    /// The store has answered whether it has removed the session, or that there is none of this node's.
    pub(super) fn removed(&mut self, is_removed: bool) {
        let Phase::Removing(Removal { cause, asked_before, .. }) = self.phase else { return };
        // An earlier request may have removed the session although its answer was lost; or another node has claimed it since.
        if is_removed || asked_before { self.ended(cause, is_removed) } else { self.fenced() }
    }

    /// The store did not answer whether it has removed the session.
    pub(super) fn removed_perhaps(&mut self) {
        if let Phase::Removing(removal) = &mut self.phase {
            removal.asked_before = true;
        }
    }

    /// Remembers a message that was not delivered, for whoever asks how the session ended.
    pub(super) fn settle(&mut self, settled: Settled<D::Message>) {
        if settled.outcome != Outcome::Delivered {
            self.undelivered.push(settled.message);
        }
    }

    /// Drops what the session holds, and returns the commits, which are answered when it is known whose the session is.
    #[must_use]
    fn clear(&mut self, disconnect: Disconnect) -> Vec<D::Commit> {
        self.session.break_off();
        while let Some(output) = self.session.poll() {
            if let Output::Settle(settled) = output {
                self.settle(settled);
            }
        }
        if let Attachment::Attached { .. } = replace(&mut self.attachment, Attachment::Detached { since: Millis(0) }) {
            self.actions.push_back(Action::Disconnect(disconnect));
        }
        let unpersisted = take(&mut self.unpersisted);
        let mut waiting = Waiting::default();
        self.undelivered.append(&mut self.unsent);
        if let Asking::Write(writing) = replace(&mut self.asking, Asking::Nothing) {
            self.undelivered.extend_from_slice(not_sent_yet(&writing.change, &writing.waiting.deliveries));
            waiting = writing.waiting;
        }
        self.undelivered.extend(unpersisted.change.sent.messages);
        self.undelivered.append(&mut self.too_late);
        let resumes = waiting.resumes.into_iter().chain(unpersisted.waiting.resumes);
        self.late.extend(resumes.map(|resume| resume.request));
        self.unpersisted_amount = Amount::default();
        self.give_up(waiting.deliveries.into_iter().chain(unpersisted.waiting.deliveries));
        let commits = waiting.commits.into_iter().chain(unpersisted.waiting.commits);
        commits.map(|pending| pending.commit).collect()
    }

    /// Answers the calls that wait for their messages to be acknowledged: this node has no connection that could. The messages
    /// stay, for the next node.
    fn stop_waiting_for_deliveries(&mut self) {
        let writing = match &mut self.asking {
            Asking::Write(writing) => writing.waiting.deliveries.as_mut_slice(),
            _ => &mut [],
        };
        let unsent = writing.iter_mut().chain(&mut self.unpersisted.waiting.deliveries);
        let unsent: Vec<_> = unsent.map(Option::take).collect();
        self.give_up(unsent.into_iter());
    }

    /// Nobody will hear whether these messages arrive, nor those before them.
    fn give_up(&mut self, unsent: impl Iterator<Item = Option<D::Delivery>>) {
        let sent = take(&mut self.deliveries).into_iter().map(|(_, delivery)| delivery);
        self.actions.extend(sent.chain(unsent.flatten()).map(|delivery| Action::Delivered(delivery, false)));
    }

    /// Frees the slot. Connections that asked for the session are admitted again, and find it in the store; what else waits
    /// for the store is given up.
    pub(super) fn release(&mut self) {
        self.actions.push_back(Action::Release);
        let writing = match replace(&mut self.asking, Asking::Nothing) {
            Asking::Write(writing) => writing.waiting,
            _ => Waiting::default(),
        };
        let unpersisted = take(&mut self.unpersisted.waiting);
        self.give_up(writing.deliveries.into_iter().chain(unpersisted.deliveries));
        for PendingCommit { commit, .. } in writing.commits.into_iter().chain(unpersisted.commits) {
            self.actions.push_back(Action::Committed(commit, Err(NotCommitted::Unknown)));
        }
        let resumes = writing.resumes.into_iter().chain(unpersisted.resumes);
        let requests = take(&mut self.late).into_iter().chain(resumes.map(|resume| resume.request));
        self.actions.extend(requests.map(Action::Readmit));
    }

    /// What is left to do of a session that leaves this node or is removed.
    pub(super) fn finish_in_time(&mut self, now: Millis) {
        if let Handler::Until(until) = self.handler
            && until <= now
        {
            self.handler = Handler::Done;
            self.actions.push_back(Action::StopHandler);
        }
        match &self.phase {
            Phase::Removing(Removal { cause, until, .. }) if *until <= now => self.ended(*cause, false),
            // A store that does not answer is not waited for any longer than a handler.
            Phase::Leaving { until, .. } if *until + self.config.close_timeout <= now => self.left(),
            _ => {}
        }
    }

    /// Leaves the node once the handler has returned and all that it did is persisted.
    pub(super) fn leave_when_done(&mut self) {
        if self.handler == Handler::Done && self.is_persisted() {
            self.left();
        }
    }

    fn left(&mut self) {
        if let Phase::Leaving { cause, .. } = self.phase {
            self.phase = Phase::Over { cause, is_certain: true };
            self.release();
        }
    }
}
