//! What a session's task holds.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::CatchUnwind;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};
use undrop_proto::session::{Server, Session as Core};
use undrop_proto::{Attempt, MessageId, Millis};

use super::clock::Clock;
use super::retry::Fenced;
use crate::amount::Amount;
use crate::config::millis;
use crate::connection::Connection;
use crate::ending::{Cause, NotCommitted};
use crate::incoming::{Handling, ResumeRequest};
use crate::shared::Shared;
use crate::slots::Slot;
use crate::store::{Change, Fence, Numbered};
use crate::{Message, SessionId};

/// What a session begins with on this node.
pub(crate) struct Beginning {
    pub(crate) id: SessionId,
    pub(crate) fence: Fence,
    pub(crate) core: Core<Message, Server>,
    pub(crate) time_to_live: Duration,
    /// The messages that were received before and are not committed.
    pub(crate) inbox: Vec<(u64, Message)>,
}

pub(crate) struct Driver {
    pub(super) shared: Arc<Shared>,
    pub(super) slot: Slot,
    pub(super) id: SessionId,
    pub(super) fence: Fence,
    pub(super) time_to_live: u32,
    pub(super) core: Core<Message, Server>,
    pub(super) attachment: Attachment,
    /// The number of the newest connection.
    pub(super) number: Attempt,
    pub(super) handler: Option<CatchUnwind<AssertUnwindSafe<Handling>>>,
    /// Whether the handler may have something to do.
    pub(super) handler_is_due: bool,
    pub(super) phase: Phase,
    /// What the store has not been asked to write yet.
    pub(super) unpersisted: Batch,
    /// What the store is writing.
    pub(super) persisting: Option<Persisting>,
    /// How many acknowledged messages the store knows of.
    pub(super) trimmed: u64,
    /// When the store is to be written at the latest, so that it keeps the session.
    pub(super) refresh: Option<Millis>,
    /// How much the app has sent that is not persisted.
    pub(super) unpersisted_amount: Amount,
    /// The calls that wait for their messages to be acknowledged.
    pub(super) deliveries: VecDeque<(MessageId, oneshot::Sender<()>)>,
    pub(super) committed: u64,
    /// The sizes of the messages that were received after those and are not committed.
    pub(super) uncommitted: VecDeque<u32>,
    pub(super) uncommitted_bytes: u64,
    /// The messages that the session ends without an acknowledgement of.
    pub(super) undelivered: Vec<Message>,
    /// Resume requests that came when the session was leaving this node or ending.
    pub(super) late: Vec<ResumeRequest>,
    /// Until when the handler may run, if the server shuts down.
    pub(super) handler_deadline: Option<Millis>,
    pub(super) clock: Clock,
    pub(super) alarm: Pin<Box<Sleep>>,
    pub(super) armed: Option<Millis>,
}

pub(super) enum Attachment {
    Detached { since: Millis },
    Attached(Attached),
}

pub(super) struct Attached {
    pub(super) connection: Connection,
    /// Whether all that had come when the task woke is read. More of it wakes the task.
    pub(super) is_drained: bool,
    /// When the last frame came.
    pub(super) heard: Millis,
    /// When the client was sent a probe that it has not answered.
    pub(super) probed: Option<Millis>,
}

pub(super) enum Phase {
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
    Removing {
        cause: Cause,
        work: Work,
        /// The commits that wait for that, and what each of them is answered if the session was this node's.
        commits: Vec<(Commit, Result<(), NotCommitted>)>,
    },
    /// The session goes on elsewhere or later: it takes no more connections here, but persists what the handler does.
    Leaving {
        cause: Cause,
        until: Millis,
    },
    /// Only the handler is left.
    Over {
        cause: Cause,
    },
}

pub(super) type Work = Pin<Box<dyn Future<Output = Result<(), Fenced>> + Send>>;
pub(super) type Commit = oneshot::Sender<Result<(), NotCommitted>>;

/// A change for the store, and what waits for it.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) change: Change,
    pub(super) waiting: Waiting,
}

#[derive(Default)]
pub(super) struct Waiting {
    /// For each message sent, the call that waits for its delivery.
    pub(super) deliveries: Vec<Option<oneshot::Sender<()>>>,
    pub(super) commits: Vec<Commit>,
    pub(super) resumes: Vec<PendingResume>,
}

/// A resume request that waits for the store: the session may have been on another node since its last connection here, and
/// only the store knows.
pub(super) struct PendingResume {
    pub(super) request: ResumeRequest,
    /// When its client is told to try later.
    pub(super) until: Millis,
}

pub(super) struct Persisting {
    pub(super) change: Arc<Change>,
    pub(super) waiting: Waiting,
    pub(super) work: Work,
}

impl Attached {
    pub(super) fn new(connection: Connection, now: Millis) -> Self {
        Self { connection, is_drained: false, heard: now, probed: None }
    }
}

impl Driver {
    /// The number of the connection that a fresh session begins on.
    pub(crate) const FIRST_CONNECTION: Attempt = Attempt(1);

    pub(super) fn new(shared: Arc<Shared>, slot: Slot, beginning: Beginning, handler: Handling) -> Self {
        let Beginning { id, fence, core, time_to_live, inbox } = beginning;
        let committed = core.taken() - inbox.len() as u64;
        let uncommitted: VecDeque<u32> = inbox.iter().map(|(_, message)| size(message)).collect();
        let change = Change {
            taken: Numbered { after: core.taken(), messages: Vec::new() },
            committed,
            sent: Numbered { after: core.acknowledged() + core.unacknowledged() as u64, messages: Vec::new() },
            acknowledged: core.acknowledged(),
        };
        if !inbox.is_empty() {
            slot.channel().deliver(inbox);
        }
        let driver = Self {
            time_to_live: millis(time_to_live),
            attachment: Attachment::Detached { since: Millis(0) },
            number: Self::FIRST_CONNECTION,
            handler: Some(AssertUnwindSafe(handler).catch_unwind()),
            handler_is_due: true,
            phase: Phase::Running,
            unpersisted: Batch { change, ..Batch::default() },
            persisting: None,
            trimmed: core.acknowledged(),
            refresh: Some(Millis(0)),
            unpersisted_amount: Amount::default(),
            deliveries: VecDeque::new(),
            uncommitted_bytes: uncommitted.iter().map(|bytes| u64::from(*bytes)).sum(),
            committed,
            uncommitted,
            undelivered: Vec::new(),
            late: Vec::new(),
            handler_deadline: None,
            clock: Clock::start(),
            alarm: Box::pin(sleep_until(Instant::now())),
            armed: None,
            shared,
            slot,
            id,
            fence,
            core,
        };
        driver.report_unacknowledged();
        driver
    }

    pub(super) fn takes_messages(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Leaving { .. })
    }

    pub(super) fn takes_connections(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Closing { .. }) && !self.core.is_ending()
    }

    pub(super) fn is_attached(&self) -> bool {
        matches!(self.attachment, Attachment::Attached(_))
    }

    /// Tells the channel how much of what the app sent is not acknowledged, persisted or not.
    pub(super) fn report_unacknowledged(&self) {
        self.slot.channel().set_unacknowledged(Amount {
            messages: self.core.unacknowledged() + self.unpersisted_amount.messages,
            bytes: self.core.unacknowledged_bytes() + self.unpersisted_amount.bytes,
        });
    }
}

/// A message's size as it is kept for each uncommitted message.
pub(super) fn size(message: &Message) -> u32 {
    u32::try_from(message.len()).unwrap_or(u32::MAX)
}
