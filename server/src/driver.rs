//! The task of a session: it owns the core, the handler and the line of the moment, and does what the core says.
//!
//! All of them are polled in one task, so that a message on its way from the line through the store to the handler and
//! back wakes nobody. Nothing blocks anything else: while the store is asked, the line is read and the handler runs.

mod books;
mod callers;
mod end;
mod link;
mod time;

use std::collections::VecDeque;
use std::future::Future;
use std::mem::take;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::CatchUnwind;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::{Instrument as _, info, info_span, warn};
use undrop::core::outbox::Ticket;
use undrop::core::session::{Host, Session as Core};
use undrop::core::{Epoch, Millis};

use crate::config::millis;
use crate::house::{Clock, House, Seat};
use crate::line::{Line, Loss};
use crate::mailbox::{Command, Held};
use crate::metrics::add;
use crate::session::{Cause, NotCommitted};
use crate::store::{Change, Fence, Numbered};
use crate::visit::{Arrival, Handling};
use crate::{Message, SessionId, codes};
use books::NotOurs;
use callers::Caller;

/// What a session begins with on this node.
pub(crate) struct Beginning {
    pub(crate) id: SessionId,
    pub(crate) fence: Fence,
    pub(crate) core: Core<Message, Host>,
    pub(crate) time_to_live: Duration,
    /// What arrived before and is not committed.
    pub(crate) inbox: Vec<(u64, Message)>,
}

pub(crate) struct Driver {
    house: Arc<House>,
    seat: Seat,
    id: SessionId,
    fence: Fence,
    time_to_live: u32,
    core: Core<Message, Host>,
    link: Link,
    epoch: Epoch,
    handler: Option<CatchUnwind<AssertUnwindSafe<Handling>>>,
    /// Whether the handler may have something to do.
    handler_is_due: bool,
    phase: Phase,
    /// What the store does not know yet.
    news: Batch,
    /// What it is being told.
    storing: Option<Storing>,
    /// How many acknowledged messages it has been told of.
    trimmed: u64,
    /// When it is to be told something at the latest, so that it keeps the session.
    refresh: Option<Millis>,
    /// What of that is sent by the app.
    unstored: Held,
    /// Who waits for their messages to be delivered.
    deliveries: VecDeque<(Ticket, oneshot::Sender<()>)>,
    committed: u64,
    /// The sizes of the messages that arrived after those and are not committed.
    uncommitted: VecDeque<u32>,
    uncommitted_bytes: u64,
    /// What came back from the core.
    undelivered: Vec<Message>,
    /// Lines that came while it was on its way to another handler, or to its end.
    late: Vec<Arrival>,
    /// Until when the handler may run, if this server ends.
    patience: Option<Millis>,
    clock: Clock,
    alarm: Pin<Box<Sleep>>,
    armed: Option<Millis>,
}

enum Link {
    Down { since: Millis },
    Up(Up),
}

struct Up {
    line: Line,
    /// Whether it has said all that there was when the task woke. It wakes the task for more.
    is_quiet: bool,
    /// When something was last heard on it.
    heard: Millis,
    /// When the client was asked whether it is there.
    probed: Option<Millis>,
}

enum Phase {
    Running,
    /// The app wants it to end, with this for the line.
    Closing {
        code: u16,
        reason: String,
        since: Millis,
    },
    /// The client has ended it, and waits for this end to agree.
    Parting,
    /// It is over, and the store forgets it, unless it says that the session has long been another node's.
    Removing {
        cause: Cause,
        work: Work,
        /// The commits that wait for that, and what each of them is answered if the session was this node's.
        commits: Vec<(Commit, Result<(), NotCommitted>)>,
    },
    /// It goes on elsewhere or later: there are no more lines here, but what the handler does is still stored.
    Leaving {
        cause: Cause,
        until: Millis,
    },
    /// There is only the handler left.
    Over {
        cause: Cause,
    },
}

type Work = Pin<Box<dyn Future<Output = Result<(), NotOurs>> + Send>>;
type Commit = oneshot::Sender<Result<(), NotCommitted>>;

/// A change on its way to the store, and who waits for it.
#[derive(Default)]
struct Batch {
    change: Change,
    waiting: Waiting,
}

#[derive(Default)]
struct Waiting {
    /// For each message sent, who waits for its delivery.
    deliveries: Vec<Option<oneshot::Sender<()>>>,
    commits: Vec<Commit>,
    callers: Vec<Caller>,
}

struct Storing {
    change: Arc<Change>,
    waiting: Waiting,
    work: Work,
}

impl Up {
    fn new(line: Line, now: Millis) -> Self {
        Self { line, is_quiet: false, heard: now, probed: None }
    }
}

impl Driver {
    /// The epoch of the line that a fresh session begins on.
    pub(crate) const FIRST_LINE: Epoch = Epoch(1);

    /// Drives a fresh session, on the line that asked for it.
    pub(crate) fn begin(house: Arc<House>, seat: Seat, beginning: Beginning, handler: Handling, line: Line) {
        let mut driver = Self::new(house, seat, beginning, handler);
        driver.link = Link::Up(Up::new(line, Millis(0)));
        driver.spawn();
    }

    /// Drives one that was stored, for the line that asked for it.
    pub(crate) fn go_on(
        house: Arc<House>,
        seat: Seat,
        beginning: Beginning,
        handler: Handling,
        line: Line,
        received: u64,
    ) {
        let mut driver = Self::new(house, seat, beginning, handler);
        driver.seat.mailbox().set_down(Some(Instant::now()));
        driver.attach(Millis(0), line, received);
        driver.spawn();
    }

    fn new(house: Arc<House>, seat: Seat, beginning: Beginning, handler: Handling) -> Self {
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
            seat.mailbox().deliver(inbox);
        }
        let driver = Self {
            time_to_live: millis(time_to_live),
            link: Link::Down { since: Millis(0) },
            epoch: Self::FIRST_LINE,
            handler: Some(AssertUnwindSafe(handler).catch_unwind()),
            handler_is_due: true,
            phase: Phase::Running,
            news: Batch { change, ..Batch::default() },
            storing: None,
            trimmed: core.acknowledged(),
            refresh: Some(Millis(0)),
            unstored: Held::default(),
            deliveries: VecDeque::new(),
            uncommitted_bytes: uncommitted.iter().map(|bytes| u64::from(*bytes)).sum(),
            committed,
            uncommitted,
            undelivered: Vec::new(),
            late: Vec::new(),
            patience: None,
            clock: Clock::start(),
            alarm: Box::pin(sleep_until(Instant::now())),
            armed: None,
            house,
            seat,
            id,
            fence,
            core,
        };
        driver.tell_what_is_held();
        driver
    }

    fn spawn(self) {
        let span = info_span!("session", id = %self.id);
        tokio::spawn(self.instrument(span));
    }

    // What was left in the mailbox.

    fn collect(&mut self, now: Millis) -> bool {
        let post = self.seat.mailbox().collect();
        if post.is_empty() {
            return false;
        }
        for command in post.commands {
            match command {
                Command::Send { message, delivered } => self.send(message, delivered),
                Command::Commit { number, replies, done } => self.commit(number, replies, done),
                Command::Close { code, reason } => self.close(now, code, reason),
            }
        }
        self.handler_is_due |= post.handler;
        for arrival in post.arrivals {
            self.arrive(now, arrival);
        }
        if post.evict {
            info!("evicted");
            self.end(Cause::Evicted, Loss::close(codes::EVICTED, "evicted"));
        }
        if post.shutdown {
            self.patience = Some(now + millis(self.house.config.grace));
            self.leave(now, Cause::Shutdown, Loss::close(codes::RESTART, "restart"));
        }
        true
    }

    fn send(&mut self, message: Message, delivered: Option<oneshot::Sender<()>>) {
        if self.takes_messages() {
            self.unstored += Held::of(&message);
            self.news.change.sent.messages.push(message);
            self.news.waiting.deliveries.push(delivered);
        } else {
            // The app could not know yet.
            self.undelivered.push(message);
            self.tell_what_is_held();
        }
    }

    fn commit(&mut self, number: u64, replies: Vec<Message>, done: Commit) {
        let answer = match &mut self.phase {
            Phase::Over { cause } => cause.answer_to_commit(!replies.is_empty()),
            Phase::Removing { cause, commits, .. } => {
                commits.push((done, cause.answer_to_commit(!replies.is_empty())));
                self.tell_what_is_held();
                return;
            }
            Phase::Closing { .. } | Phase::Parting if !replies.is_empty() => Err(NotCommitted::Over),
            _ => {
                for reply in replies {
                    self.send(reply, None);
                }
                self.news.change.committed = self.news.change.committed.max(number);
                self.news.waiting.commits.push(done);
                return;
            }
        };
        let _ = done.send(answer);
        self.handler_is_due = true;
        self.tell_what_is_held();
    }

    fn close(&mut self, now: Millis, code: u16, reason: String) {
        if matches!(self.phase, Phase::Running) {
            let code = if matches!(code, 1000 | 3000..=4999) { code } else { codes::NORMAL };
            self.phase = Phase::Closing { code, reason, since: now };
        }
    }

    fn takes_messages(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Leaving { .. })
    }

    fn is_up(&self) -> bool {
        matches!(self.link, Link::Up(_))
    }

    // The handler.

    fn handle(&mut self, now: Millis) -> bool {
        if !take(&mut self.handler_is_due) {
            return false;
        }
        let Some(handler) = &mut self.handler else { return false };
        let waker = Waker::from(self.seat.mailbox().clone());
        let Poll::Ready(result) = handler.poll_unpin(&mut Context::from_waker(&waker)) else { return false };
        self.handler = None;
        if result.is_ok() {
            // What it left behind comes before its end.
            self.collect(now);
            self.close(now, codes::NORMAL, String::new());
        } else {
            warn!("the handler panicked");
            add(&self.house.metrics.panics, 1);
            self.collect(now);
            self.leave(now, Cause::Failed, Loss::close(codes::FAILED, "handler failed"));
        }
        true
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.seat.mailbox().awake();
        if let Link::Up(up) = &mut this.link {
            up.is_quiet = false;
        }
        loop {
            let now = this.clock.now();
            let moved = [
                this.tick(context, now),
                this.read(context, now),
                // Before the store is told, so that a message and what the handler makes of it at once are one change.
                this.handle(now),
                this.collect(now),
                this.store(context, now),
                this.act(context, now),
                this.flush(context, now),
                this.wind_up(context, now),
            ];
            if matches!(this.phase, Phase::Over { .. }) && this.handler.is_none() {
                return Poll::Ready(());
            }
            let rests = !moved.contains(&true) && !this.handler_is_due;
            if rests && this.wait(context).is_pending() && this.seat.mailbox().sleep(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

fn size(message: &Message) -> u32 {
    u32::try_from(message.len()).unwrap_or(u32::MAX)
}
