//! The task of a session: it does for a [`Serve`] what that says, with the handler, the current connection and the store.
//!
//! All of them are polled in one task, so that a message on its way from the connection through the store to the handler
//! and back wakes no other task. Nothing waits for anything else: while the store writes, the connection is read and the
//! handler runs. What to do is decided in `undrop_proto::server`.

use std::future::Future;
use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tracing::Instrument as _;
use undrop_proto::server::{Amount, Disconnect, DriverTypes, Frame, Rest, Serve, StoreError, StoreRequest, Work};
use undrop_proto::{Attempt, Millis};

use crate::budget::Purse;
use crate::channel::{Command, Commit};
use crate::connection::Connection;
use crate::incoming::{Handling, ResumeRequest};
use crate::log::{self, Origin};
use crate::runtime::{HandlerTurn, Instant, Sleep, sleep_until, spawn};
use crate::shared::Shared;
use crate::slots::Slot;
use crate::store::{Failure, Fence, Forwarded, Written};
use crate::turns::{Place, Working};
use crate::{Handshake, Message, SessionId};

mod actions;

/// How many frames are read before everything else has its turn, and written before it is asked how long that has taken.
const FRAMES_A_TURN: usize = 16;

/// How long a connection is not read whose client has used up its share of what may come in, in milliseconds.
const THROTTLE: u32 = 50;

/// What the sessions of this server hand in and get back.
pub(crate) struct Tokio;

impl DriverTypes for Tokio {
    type Message = Message;
    type Commit = Commit;
    type Delivery = oneshot::Sender<()>;
    type Request = ResumeRequest;

    fn bytes(message: &Message) -> u64 {
        message.len() as u64
    }
}

pub(crate) struct Driver<S> {
    shared: Arc<Shared>,
    slot: Slot,
    id: SessionId,
    fence: Fence,
    session: S,
    connection: Option<Attached>,
    handler: Option<Handling>,
    /// Whether the handler may have something to do.
    handler_is_due: bool,
    /// Whether it has had its turn since it was given a message.
    handler_turn: HandlerTurn,
    request: Option<Request>,
    /// What the channel was told to be unacknowledged, unless something was collected since.
    unacknowledged: Option<Amount>,
    /// Since when the table of slots knows that there is no connection.
    detached_since: Option<Millis>,
    /// What the session has of the budget for what comes in.
    inbox: Arc<Purse>,
    /// When a connection that is not read for want of that is looked at again.
    throttled_until: Option<Millis>,
    place: Place,
    alarm: Pin<Box<Sleep>>,
    armed: Option<Millis>,
    /// Whether the session comes from the store, and its first connection has still to resume it.
    is_restored: bool,
}

/// How a session begins on this node.
pub(crate) struct Begin {
    pub(crate) origin: Origin,
    /// The request of the connection that it begins on.
    pub(crate) handshake: Arc<Handshake>,
}

struct Attached {
    attempt: Attempt,
    connection: Connection,
    /// Whether all that had come when the task woke is read. More of it wakes the task.
    is_drained: bool,
    /// Whether nothing was read of it or written to it.
    is_new: bool,
}

/// A request to the store.
struct Request {
    number: u64,
    answer: Pin<Box<dyn Future<Output = Result<Answer, StoreError>> + Send>>,
}

/// What the store has done.
enum Answer {
    Written(Written),
    Forwarded(Forwarded),
    Removed,
}

impl<S: Serve<Tokio> + Send + Unpin + 'static> Driver<S> {
    /// Spawns the task of a session. A fresh one has the connection that asked for it.
    pub(crate) fn spawn(
        shared: Arc<Shared>,
        slot: Slot,
        (id, fence): (SessionId, Fence),
        session: S,
        Begin { origin, handshake }: Begin,
        connection: Option<(Attempt, Connection)>,
        handler: Handling,
    ) {
        let inbox = slot.open_inbox();
        let span = log::session_span(id, slot.principal());
        if connection.is_some() {
            span.in_scope(|| log::begins(shared.config.log_sessions, origin, &handshake));
        }
        let driver = Self {
            place: Place::new(inbox.turns()),
            inbox,
            throttled_until: None,
            shared,
            slot,
            id,
            fence,
            session,
            connection: connection.map(|(attempt, connection)| Attached::new(attempt, connection)),
            handler: Some(handler),
            handler_is_due: true,
            handler_turn: HandlerTurn::new(),
            request: None,
            unacknowledged: None,
            detached_since: None,
            alarm: Box::pin(sleep_until(Instant::now())),
            armed: None,
            is_restored: origin == Origin::Store,
        };
        spawn(driver.instrument(span));
    }

    /// Reads what has come, as long as there is room for it in the inbox.
    fn read(&mut self, context: &mut Context<'_>, now: Millis, working: &Working) -> bool {
        for turn in 0..FRAMES_A_TURN {
            self.throttle(now);
            let Some(attached) = self.connection.as_mut().filter(|attached| !attached.is_drained) else {
                return turn > 0;
            };
            if !self.session.has_room() {
                return turn > 0;
            }
            if turn > 0 && working.is_over(Instant::now()) {
                return true;
            }
            let attempt = attached.attempt;
            match attached.connection.poll_inbound(context) {
                Poll::Pending => attached.is_drained = true,
                Poll::Ready(Ok(inbound)) => self.session.handle_inbound(now, attempt, inbound),
                Poll::Ready(Err(Disconnect::Gone | Disconnect::Silent)) => self.session.handle_lost(now, attempt),
                Poll::Ready(Err(disconnect)) => self.session.handle_unreadable(now, attempt, disconnect),
            }
            self.act(now);
        }
        true
    }

    /// Reads what has come behind a `resume`, before that is answered: it breaks the protocol.
    fn read_first(&mut self, context: &mut Context<'_>, now: Millis, working: &Working) -> bool {
        let is_new = self.connection.as_mut().is_some_and(|attached| take(&mut attached.is_new));
        is_new && self.read(context, now, working)
    }

    /// Stops reading where too much has come that nobody has committed, and looks again in a while. A message that counts and has
    /// not come in whole is read on: it comes to its end, or is too much, and otherwise those of many clients would wait for each
    /// other's room.
    fn throttle(&mut self, now: Millis) {
        if self.throttled_until.is_none_or(|until| until <= now) {
            let meter = self.connection.as_mut().map(|attached| attached.connection.meter());
            let is_throttled = !self.inbox.has_room() && !meter.is_some_and(|meter| meter.is_counting());
            self.throttled_until = is_throttled.then(|| now + THROTTLE);
            self.session.throttle(is_throttled);
        }
    }

    fn poll_handler(&mut self, now: Millis) -> bool {
        if !take(&mut self.handler_is_due) {
            return false;
        }
        let Some(handler) = &mut self.handler else { return false };
        let waker = Waker::from(self.slot.channel().clone());
        let Poll::Ready(result) = handler.poll_unpin(&mut Context::from_waker(&waker)) else { return false };
        self.handler = None;
        // Its last commands come before its end.
        self.collect_commands(now);
        self.session.handle_handler_done(now, result.is_err());
        true
    }

    fn collect(&mut self, now: Millis) -> bool {
        let commands = self.collect_commands(now);
        let requests = self.slot.requests().collect();
        if requests.is_empty() {
            return commands;
        }
        for request in requests.resumes {
            let known = request.known;
            self.session.request_resume(now, request, known, self.shared.terms());
        }
        if requests.evict {
            self.session.evict(now);
        }
        if requests.revoke {
            self.session.revoke(now);
        }
        if requests.forwarded {
            self.session.look_for_forwarded();
        }
        if requests.shutdown {
            self.session.shut_down(now);
        }
        true
    }

    fn collect_commands(&mut self, now: Millis) -> bool {
        let collected = self.slot.channel().collect();
        let had_room = self.session.has_room();
        self.session.handle_read(collected.read);
        if collected.is_empty() {
            return !had_room && self.session.has_room();
        }
        self.unacknowledged = None;
        for command in collected.commands {
            match command {
                Command::Send { message, delivered } => self.session.send(message, delivered),
                Command::Commit { number, replies, commit } => {
                    self.shared.metrics.handling.observe(commit.asked - commit.received);
                    self.session.commit(number, replies, commit);
                }
                Command::Close { code, reason } => self.session.close(now, code, reason),
            }
        }
        self.handler_is_due |= collected.handler;
        true
    }

    /// Makes this request to the store, in place of the one before.
    fn ask(&mut self, StoreRequest { number, work }: StoreRequest<Message>) {
        let (shared, id, fence) = (self.shared.clone(), self.id, self.fence);
        let answer = Box::pin(async move {
            let answer = match work {
                Work::Write(change) => shared.store.write(id, fence, &change).await.map(Answer::Written),
                Work::ReadForwarded => shared.store.forwarded(id, fence).await.map(Answer::Forwarded),
                Work::Remove => shared.store.remove(id, fence).await.map(|()| Answer::Removed),
            };
            answer.map_err(|failure| match failure {
                Failure::Fenced => StoreError::Fenced,
                Failure::Behind => StoreError::Behind,
                Failure::Revoked => StoreError::Revoked,
                Failure::Unavailable(_) => StoreError::Unavailable,
            })
        });
        self.request = Some(Request { number, answer });
    }

    /// Has the store write what is unpersisted, once the handler has had its turn.
    fn persist(&mut self, context: &mut Context<'_>, now: Millis) {
        if self.handler_turn.poll(context).is_ready() {
            self.session.persist(now);
            self.act(now);
        }
    }

    fn poll_store(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        let mut progress = false;
        while let Some(Request { number, answer }) = &mut self.request {
            let Poll::Ready(result) = answer.as_mut().poll(context) else { break };
            let number = *number;
            self.request = None;
            self.answered(now, number, result);
            self.act(now);
            self.persist(context, now);
            progress = true;
        }
        progress
    }

    fn answered(&mut self, now: Millis, number: u64, result: Result<Answer, StoreError>) {
        match result {
            Ok(Answer::Written(Written { has_forwarded })) => {
                if has_forwarded {
                    self.session.look_for_forwarded();
                }
                self.session.handle_stored(now, number, Ok(()));
            }
            Ok(Answer::Removed) => self.session.handle_stored(now, number, Ok(())),
            Ok(Answer::Forwarded(mut forwarded)) => {
                let messages = &mut forwarded.messages.messages;
                let fitting = self.slot.channel().reserve_forwarded(messages);
                if fitting < messages.len() {
                    messages.truncate(fitting);
                    forwarded.rest = Rest::NoRoom;
                }
                self.session.handle_forwarded(now, number, Ok(forwarded));
                // What was reserved and not sent after all is given back.
                self.unacknowledged = None;
            }
            Err(error) => self.session.handle_stored(now, number, Err(error)),
        }
    }

    /// Writes what there is to send, as fast as the connection takes it.
    fn transmit(&mut self, context: &mut Context<'_>, now: Millis, working: &Working) -> bool {
        let mut frames = 0;
        while self.session.has_frames() {
            if frames >= FRAMES_A_TURN && working.is_over(Instant::now()) {
                break;
            }
            match self.connection.as_mut().map(|attached| attached.connection.poll_ready(context)) {
                Some(Poll::Pending) => break,
                Some(Poll::Ready(Err(_))) => self.lose_connection(now),
                Some(Poll::Ready(Ok(()))) | None => self.transmit_next(now),
            }
            frames += 1;
        }
        frames > 0
    }

    fn transmit_next(&mut self, now: Millis) {
        let frame = self.session.poll_frame(now);
        self.act(now);
        let (Some(frame), Some(attached)) = (frame, &mut self.connection) else { return };
        if let Frame::Message(message) = &frame {
            self.shared.metrics.sent(message.len());
        }
        if attached.connection.write(frame).is_err() {
            self.lose_connection(now);
        }
    }

    fn lose_connection(&mut self, now: Millis) {
        if let Some(Attached { attempt, .. }) = self.connection {
            self.session.handle_lost(now, attempt);
            self.act(now);
        }
    }

    /// Flushes what was written, once the handler has answered all there was or has nothing to do: acknowledgements and
    /// answers leave in one packet, as a second small one would wait for the client's TCP, unless the app has turned that off.
    /// <https://www.rfc-editor.org/rfc/rfc9293#section-3.7.4>
    fn flush(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        if (self.handler_is_due || self.handler_turn.poll(context).is_pending()) && self.handler.is_some() {
            return false;
        }
        let Some(attached) = &mut self.connection else { return false };
        let Poll::Ready(Err(_)) = attached.connection.poll_flush(context) else { return false };
        self.lose_connection(now);
        true
    }

    /// Waits for the next deadline. The alarm is not put off with its deadline: one that rings early is set again.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadlines = [self.session.poll_timeout(), self.throttled_until];
        let Some(deadline) = deadlines.into_iter().flatten().min() else { return Poll::Pending };
        if self.armed.is_none_or(|armed| deadline < armed) {
            self.armed = Some(deadline);
            self.alarm.as_mut().reset(self.shared.clock.at(deadline));
        }
        let rang = self.alarm.as_mut().poll(context);
        if rang.is_ready() {
            self.armed = None;
        }
        rang
    }

    fn handle_timeout(&mut self, now: Millis) -> bool {
        if self.session.poll_timeout().is_none_or(|at| now < at) {
            return false;
        }
        self.session.handle_timeout(now);
        self.act(now);
        true
    }

    /// Waits for something to do. What the handler asks for during its turn is collected when that is over.
    fn sleep(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.handler_turn.poll(context).is_ready() && self.slot.channel().sleep(context).is_ready() {
            return Poll::Ready(());
        }
        self.slot.requests().sleep(context)
    }
}

impl<S: Serve<Tokio> + Send + Unpin + 'static> Future for Driver<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // A client that floods is never done.
        let working = ready!(this.place.poll_work(context));
        this.slot.channel().awake();
        if let Some(attached) = &mut this.connection {
            attached.is_drained = false;
        }
        // Each time around has one reading of the clock.
        let mut instant = working.since;
        loop {
            let now = this.shared.clock.shows(instant);
            this.act(now);
            let mut progress = this.handle_timeout(now) | this.read(context, now, &working);
            // Before the store writes, so that a message and what the handler answers at once are one change.
            progress |= this.poll_handler(now) | this.collect(now);
            this.persist(context, now);
            progress |= this.poll_store(context, now) | this.read_first(context, now, &working);
            progress |= this.transmit(context, now, &working) | this.flush(context, now);
            if this.session.is_over() && this.handler.is_none() {
                return Poll::Ready(());
            }
            let rests = !progress && !this.handler_is_due;
            if rests && this.poll_alarm(context).is_pending() && this.sleep(context).is_pending() {
                return Poll::Pending;
            }
            instant = Instant::now();
            if working.is_over(instant) {
                break;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Attached {
    fn new(attempt: Attempt, connection: Connection) -> Self {
        Self { attempt, connection, is_drained: false, is_new: true }
    }
}
