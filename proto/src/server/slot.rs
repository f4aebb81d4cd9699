//! A session as one node has it.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::action::{Action, Disconnect, Frame, Inbound, Report};
use super::amount::Amount;
use super::cause::{Cause, NotCommitted};
use super::record::{Change, Forwarded, Numbered};
use super::request::StoreError;
use super::{Config, DriverTypes, Known, Serve, codes};
use crate::session::{NotResumed, Server, Session};
use crate::wire::Terms;
use crate::{Attempt, MessageId, Millis, close};

/// What a session begins with on a node.
pub struct Beginning<M> {
    /// The protocol's state: new, or restored from what the store has kept.
    pub session: Session<M, Server>,
    /// How long the session outlives a connection, in milliseconds.
    pub time_to_live: u32,
    /// The messages that were received before and are not committed.
    pub inbox: Numbered<M>,
    /// How many of the messages that were forwarded to the session are among those that were sent before.
    pub forwarded: u64,
}

/// A session as one node has it.
pub struct Slot<D: DriverTypes> {
    pub(super) config: Config,
    pub(super) time_to_live: u32,
    pub(super) session: Session<D::Message, Server>,
    pub(super) attachment: Attachment,
    /// The number of the newest connection.
    pub(super) attempt: Attempt,
    pub(super) phase: Phase<D>,
    pub(super) handler: Handler,
    /// What the store has not been asked to write yet.
    pub(super) unpersisted: Batch<D>,
    /// What the store is doing.
    pub(super) asking: Asking<D>,
    /// The number of the last request to the store.
    pub(super) asked: u64,
    /// How many acknowledged messages the store knows of.
    pub(super) trimmed: u64,
    /// When the store is to be written at the latest, so that it keeps the session.
    pub(super) refresh: Option<Millis>,
    /// Whether messages that were forwarded to the session are to be read from the store.
    pub(super) forwarding: Forwarding,
    /// How much the app has sent that is not persisted.
    pub(super) unpersisted_amount: Amount,
    /// The calls that wait for their messages to be acknowledged.
    pub(super) deliveries: VecDeque<(MessageId, D::Delivery)>,
    /// How many messages the app has committed.
    pub(super) committed: u64,
    /// How many messages the app had committed when the session began on this node.
    began: u64,
    /// The messages that were received and are not committed. A store that has lost them is told again.
    pub(super) uncommitted: VecDeque<D::Message>,
    pub(super) uncommitted_bytes: u64,
    /// Whether the node has no room for more that comes in.
    is_throttled: bool,
    /// The messages that the session ends without an acknowledgement of.
    pub(super) undelivered: Vec<D::Message>,
    /// The messages after `undelivered` that were persisted when the session was ending already.
    pub(super) unsent: Vec<D::Message>,
    /// The messages after `unsent` that the app has sent.
    pub(super) too_late: Vec<D::Message>,
    /// The commits with replies that came when the session was ending already. Only its end shows whether it has not moved.
    pub(super) refused: Vec<D::Commit>,
    /// Requests that came when the session was leaving this node or ending.
    pub(super) late: Vec<D::Request>,
    pub(super) actions: VecDeque<Action<D>>,
}

pub(super) enum Attachment {
    Detached {
        since: Millis,
    },
    Attached {
        /// When the last frame came.
        heard: Millis,
        probe: Probe,
    },
}

/// Whether a silent client is still there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Probe {
    /// There was no reason to ask.
    None,
    /// The client is to be asked as soon as the connection takes a frame. It has the same time to answer as one that was asked.
    Due(Millis),
    /// The client was asked.
    Sent(Millis),
}

/// Whether the handler has returned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Handler {
    Runs,
    /// It has to return by then, since the server shuts down.
    Until(Millis),
    Done,
}

/// Whether messages that were forwarded to the session are to be read from the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Forwarding {
    Nothing,
    Due,
    /// There was no room for them, or the store did not answer.
    Later(Millis),
}

pub(super) enum Phase<D: DriverTypes> {
    Running,
    /// The app has closed the session, and its connection is to be closed with this code and reason.
    Closing {
        code: u16,
        reason: String,
        since: Millis,
    },
    /// The client has ended the session, and waits for the server's `end`.
    Parting,
    /// The session is over. The store removes it, unless it says that the session has moved to another node.
    Removing(Removal<D>),
    /// The session goes on elsewhere or later: it takes no more connections here, but persists what the handler does.
    Leaving {
        cause: Cause,
        until: Millis,
    },
    /// Only the handler is left.
    Over {
        cause: Cause,
        /// Whether it is known that the session is not this node's any more, or that no node will ever have it.
        is_certain: bool,
    },
}

pub(super) struct Removal<D: DriverTypes> {
    pub(super) cause: Cause,
    /// The commits that wait for that, and what each of them is answered if the session was this node's.
    pub(super) commits: Vec<(D::Commit, Result<(), NotCommitted>)>,
    /// Until when the store may take to answer.
    pub(super) until: Millis,
    /// Whether the store was asked before and did not answer.
    pub(super) asked_before: bool,
}

/// A change for the store, and what waits for it.
pub(super) struct Batch<D: DriverTypes> {
    pub(super) change: Change<D::Message>,
    pub(super) waiting: Waiting<D>,
}

pub(super) struct Waiting<D: DriverTypes> {
    /// For each message sent, the call that waits for its delivery.
    pub(super) deliveries: Vec<Option<D::Delivery>>,
    pub(super) commits: Vec<PendingCommit<D::Commit>>,
    pub(super) resumes: Vec<PendingResume<D::Request>>,
    /// The forwarded messages among those that are sent.
    pub(super) forwarded: Option<PendingForwarded>,
}

/// What the store is doing.
pub(super) enum Asking<D: DriverTypes> {
    Nothing,
    Write(Writing<D>),
    ReadForwarded,
    Remove { again: Option<Millis> },
}

/// A change that the store is writing.
pub(super) struct Writing<D: DriverTypes> {
    pub(super) change: Arc<Change<D::Message>>,
    pub(super) waiting: Waiting<D>,
    /// When the store is asked again, if it did not answer.
    pub(super) again: Option<Millis>,
    /// How long to wait before that.
    pub(super) wait: u32,
}

/// A commit that waits for the store. It and its replies are one change.
pub(super) struct PendingCommit<C> {
    pub(super) commit: C,
    /// Up to which message it commits.
    pub(super) number: u64,
    /// Where its replies begin among the messages that are sent with it, and where they end.
    pub(super) replies: (usize, usize),
}

/// Forwarded messages that are to be sent. That they are, and that the store need not keep them as forwarded ones, is one change.
pub(super) struct PendingForwarded {
    /// How many were forwarded up to the last of them.
    pub(super) number: u64,
    /// Where they begin among the messages that are sent, and where they end.
    pub(super) messages: (usize, usize),
}

/// A connection that asks for the session and waits for the store: the session may have been on another node since its last
/// connection here, and only the store knows.
pub(super) struct PendingResume<R> {
    pub(super) request: R,
    /// What its client knows of the session.
    pub(super) known: Known,
    /// What its client is told.
    pub(super) terms: Terms,
    /// When its client is told to try later.
    pub(super) until: Millis,
}

impl<D: DriverTypes> Slot<D> {
    /// The number of the connection that a session begins on.
    pub const FIRST_CONNECTION: Attempt = Attempt(1);

    /// A fresh session, on the connection that asked for it.
    pub fn open(config: Config, now: Millis, beginning: Beginning<D::Message>) -> Self {
        let mut slot = Self::new(config, now, beginning);
        slot.attachment = Attachment::Attached { heard: now, probe: Probe::None };
        slot
    }

    /// A session from the store, which the connection that asked for it resumes, under the number that is returned. The store
    /// has checked what its client knows of the session; a connection that can't resume it is to be closed, and the session
    /// has none.
    pub fn restore(
        config: Config,
        now: Millis,
        beginning: Beginning<D::Message>,
        known: Known,
        terms: Terms,
    ) -> (Self, Result<Attempt, NotResumed>) {
        let mut slot = Self::new(config, now, beginning);
        let resumed = slot.resume(now, known, terms);
        (slot, resumed)
    }

    fn new(config: Config, now: Millis, beginning: Beginning<D::Message>) -> Self {
        let Beginning { session, time_to_live, inbox, forwarded } = beginning;
        let change = Change {
            taken: Numbered::none(inbox.last()),
            committed: inbox.after,
            sent: Numbered::none(session.acknowledged() + session.unacknowledged() as u64),
            acknowledged: session.acknowledged(),
            attempt: session.resumed(),
            forwarded,
        };
        let uncommitted: VecDeque<_> = inbox.messages.into();
        let received = uncommitted.iter().zip(inbox.after + 1..);
        Self {
            config,
            time_to_live,
            attachment: Attachment::Detached { since: now },
            attempt: Self::FIRST_CONNECTION,
            phase: Phase::Running,
            handler: Handler::Runs,
            trimmed: session.acknowledged(),
            unpersisted: Batch { change, waiting: Waiting::default() },
            asking: Asking::Nothing,
            asked: 0,
            refresh: Some(now),
            forwarding: Forwarding::Nothing,
            unpersisted_amount: Amount::default(),
            deliveries: VecDeque::new(),
            committed: inbox.after,
            began: inbox.after,
            uncommitted_bytes: uncommitted.iter().map(D::bytes).sum(),
            is_throttled: false,
            undelivered: Vec::new(),
            unsent: Vec::new(),
            too_late: Vec::new(),
            refused: Vec::new(),
            late: Vec::new(),
            actions: received.map(|(message, number)| Action::Receive(number, message.clone())).collect(),
            uncommitted,
            session,
        }
    }

    /// Whether the session is neither over nor leaving this node.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Closing { .. } | Phase::Parting)
    }

    pub(super) fn takes_messages(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Leaving { .. })
    }

    pub(super) fn takes_connections(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Closing { .. }) && !self.session.is_ending()
    }

    pub(super) fn is_attached(&self) -> bool {
        matches!(self.attachment, Attachment::Attached { .. })
    }

    pub(super) fn report(&mut self, report: Report) {
        self.actions.push_back(Action::Report(report));
    }
}

impl<D: DriverTypes> Serve<D> for Slot<D> {
    fn poll(&mut self) -> Option<Action<D>> {
        if self.actions.is_empty() {
            self.leave_when_done();
        }
        let action = self.actions.pop_front();
        if action.is_none() {
            // An idle session should not keep the memory.
            self.actions.shrink_to_fit();
        }
        action
    }

    fn poll_frame(&mut self, now: Millis) -> Option<Frame<D::Message>> {
        self.next_frame(now)
    }

    fn has_frames(&self) -> bool {
        let finishes = self.session.is_over() && self.is_running();
        !self.session.is_drained() || self.ends_next() || self.probe_is_due() || finishes
    }

    fn persist(&mut self, now: Millis) {
        self.write_if_needed(now);
    }

    fn poll_timeout(&self) -> Option<Millis> {
        self.deadline()
    }

    fn send(&mut self, message: D::Message, delivery: Option<D::Delivery>) {
        self.send_one(message, delivery);
    }

    fn handle_read(&mut self, _: u64) {
        // What counts is what the app has committed.
    }

    fn commit(&mut self, number: u64, replies: impl IntoIterator<Item = D::Message>, commit: D::Commit) {
        self.commit_up_to(number, replies.into_iter().collect(), commit);
    }

    fn close(&mut self, now: Millis, code: u16, reason: String) {
        if matches!(self.phase, Phase::Running) {
            self.phase = Phase::Closing { code: codes::of_app(code), reason, since: now };
        }
    }

    fn handle_handler_done(&mut self, now: Millis, panicked: bool) {
        self.handler = Handler::Done;
        if panicked {
            let progressed = self.committed > self.began;
            self.report(Report::Panicked { progressed });
            self.leave(now, Cause::Failed, Disconnect::close(codes::FAILED, "handler failed"));
        } else {
            self.close(now, close::NORMAL, String::new());
        }
    }

    fn request_resume(&mut self, now: Millis, request: D::Request, known: Known, terms: Terms) {
        self.consider(now, request, known, terms);
    }

    fn evict(&mut self, now: Millis) {
        self.end(now, Cause::Evicted, Disconnect::close(codes::EVICTED, "evicted"));
    }

    fn revoke(&mut self, now: Millis) {
        self.end(now, Cause::Revoked, Disconnect::close(codes::REVOKED, "revoked"));
    }

    fn look_for_forwarded(&mut self) {
        self.forwarding = Forwarding::Due;
    }

    fn throttle(&mut self, is_throttled: bool) {
        self.is_throttled = is_throttled;
    }

    fn shut_down(&mut self, now: Millis) {
        if self.handler == Handler::Runs {
            self.handler = Handler::Until(now + self.config.grace);
        }
        self.leave(now, Cause::Shutdown, Disconnect::close(close::RESTART, "restart"));
    }

    fn handle_inbound(&mut self, now: Millis, attempt: Attempt, inbound: Inbound<D::Message>) {
        self.hear(now, attempt, inbound);
    }

    fn handle_lost(&mut self, now: Millis, attempt: Attempt) {
        if attempt == self.attempt {
            self.detach(now, Disconnect::Gone);
        }
    }

    fn handle_unreadable(&mut self, now: Millis, attempt: Attempt, disconnect: Disconnect) {
        if attempt == self.attempt && self.is_attached() {
            self.report(Report::Unreadable);
            self.end(now, Cause::Violation, disconnect);
        }
    }

    fn handle_stored(&mut self, now: Millis, number: u64, answer: Result<(), StoreError>) {
        self.answered(now, number, answer);
    }

    fn handle_forwarded(&mut self, now: Millis, number: u64, answer: Result<Forwarded<D::Message>, StoreError>) {
        self.forwarded_read(now, number, answer);
    }

    fn handle_timeout(&mut self, now: Millis) {
        self.handle_deadlines(now);
    }

    fn has_room(&self) -> bool {
        !self.is_throttled && self.uncommitted().is_within(self.config.inbox)
    }

    fn uncommitted(&self) -> Amount {
        Amount { messages: self.uncommitted.len(), bytes: self.uncommitted_bytes }
    }

    fn unacknowledged(&self) -> Amount {
        let persisted = Amount { messages: self.session.unacknowledged(), bytes: self.session.unacknowledged_bytes() };
        persisted + self.unpersisted_amount
    }

    fn detached_since(&self) -> Option<Millis> {
        match self.attachment {
            Attachment::Detached { since } => Some(since),
            Attachment::Attached { .. } => None,
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over { .. }) && self.actions.is_empty()
    }
}

impl<D: DriverTypes> Default for Batch<D> {
    fn default() -> Self {
        Self { change: Change::default(), waiting: Waiting::default() }
    }
}

impl<D: DriverTypes> Default for Waiting<D> {
    fn default() -> Self {
        Self { deliveries: Vec::new(), commits: Vec::new(), resumes: Vec::new(), forwarded: None }
    }
}
