//! What a session's task, its handler and its lines leave for each other.
//!
//! The handler runs inside the task, so most of what is left here is picked up without anybody being woken.

use std::collections::VecDeque;
use std::iter::Sum;
use std::mem::take;
use std::ops::{Add, AddAssign, SubAssign};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;
use tokio::time::Instant;
use undrop::core::outbox::Bounds;

use crate::Message;
use crate::house::House;
use crate::session::{Cause, Ending, NotCommitted, SendError};
use crate::visit::Arrival;

/// What the app wants.
pub(crate) enum Command {
    Send { message: Message, delivered: Option<oneshot::Sender<()>> },
    Commit { number: u64, replies: Vec<Message>, done: oneshot::Sender<Result<(), NotCommitted>> },
    Close { code: u16, reason: String },
}

/// All that was left for the task.
#[derive(Default)]
pub(crate) struct Post {
    pub(crate) commands: Vec<Command>,
    pub(crate) arrivals: Vec<Arrival>,
    /// The handler was woken.
    pub(crate) handler: bool,
    pub(crate) evict: bool,
    pub(crate) shutdown: bool,
}

impl Post {
    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.arrivals.is_empty() && !self.handler && !self.evict && !self.shutdown
    }
}

pub(crate) struct Mailbox {
    house: Arc<House>,
    state: Mutex<State>,
}

struct State {
    post: Post,
    /// Whether there will be somebody to pick up lines, ...
    open: bool,
    /// ... or anything at all.
    attended: bool,
    driver: Option<Waker>,
    inbox: VecDeque<(u64, Message)>,
    /// How much is in it.
    unread: Held,
    reader: Option<Waker>,
    ending: Option<Ending>,
    /// What was sent and is not acknowledged: what the task has, ...
    held: Held,
    /// ... and what it has yet to collect.
    queued: Held,
    /// How many messages were ever sent.
    sent: u64,
    down_since: Option<Instant>,
}

/// So many messages with so many bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Held {
    pub(crate) messages: usize,
    pub(crate) bytes: u64,
}

impl Mailbox {
    pub(crate) fn new(house: Arc<House>) -> Self {
        let state = State {
            post: Post::default(),
            open: true,
            attended: true,
            driver: None,
            inbox: VecDeque::new(),
            unread: Held::default(),
            reader: None,
            ending: None,
            held: Held::default(),
            queued: Held::default(),
            sent: 0,
            down_since: None,
        };
        Self { house, state: Mutex::new(state) }
    }

    // The app's side.

    /// The next message, or nothing when the session is over.
    pub(crate) fn poll_received(&self, context: &mut Context<'_>) -> Poll<Option<(u64, Message)>> {
        let mut state = self.state.lock();
        if let Some(received) = state.inbox.pop_front() {
            state.unread -= Held::of(&received.1);
            // There is room again.
            wake(&mut state.driver);
            return Poll::Ready(Some(received));
        }
        if state.ending.is_some() {
            return Poll::Ready(None);
        }
        set(&mut state.reader, context);
        Poll::Pending
    }

    pub(crate) fn send(&self, message: Message, delivered: Option<oneshot::Sender<()>>) -> Result<(), SendError> {
        let mut state = self.state.lock();
        if state.final_cause().is_some() {
            return Err(SendError::Over);
        }
        self.admit(&mut state, std::slice::from_ref(&message))?;
        state.sent += 1;
        state.leave(Command::Send { message, delivered });
        Ok(())
    }

    pub(crate) fn commit(&self, number: u64, replies: Vec<Message>, done: oneshot::Sender<Result<(), NotCommitted>>) {
        let mut state = self.state.lock();
        let answer = match state.final_cause() {
            Some(cause) => cause.answer_to_commit(!replies.is_empty()),
            None => match self.admit(&mut state, &replies) {
                Ok(()) => {
                    state.sent += replies.len() as u64;
                    state.leave(Command::Commit { number, replies, done });
                    return;
                }
                Err(error) => Err(error.into()),
            },
        };
        drop(state);
        let _ = done.send(answer);
    }

    pub(crate) fn close(&self, code: u16, reason: String) {
        self.state.lock().leave(Command::Close { code, reason });
    }

    pub(crate) fn ending(&self) -> Option<Ending> {
        self.state.lock().ending.clone()
    }

    pub(crate) fn sent(&self) -> u64 {
        self.state.lock().sent
    }

    // The lines' side.

    /// Leaves a line for the session, or gives it back if the session is none any more.
    pub(crate) fn arrive(&self, arrival: Arrival) -> Result<(), Arrival> {
        let mut state = self.state.lock();
        if !state.open {
            return Err(arrival);
        }
        state.post.arrivals.push(arrival);
        wake(&mut state.driver);
        Ok(())
    }

    /// Has the session make room for another, if it has no line.
    pub(crate) fn evict(&self) {
        let mut state = self.state.lock();
        state.post.evict = true;
        wake(&mut state.driver);
    }

    /// The server ends.
    pub(crate) fn shut_down(&self) {
        let mut state = self.state.lock();
        state.post.shutdown = true;
        wake(&mut state.driver);
    }

    pub(crate) fn down_since(&self) -> Option<Instant> {
        self.state.lock().down_since
    }

    // The task's side.

    /// What was left.
    pub(crate) fn collect(&self) -> Post {
        let mut state = self.state.lock();
        let queued = take(&mut state.queued);
        state.held += queued;
        take(&mut state.post)
    }

    /// Has the task woken by what is left from now on, unless something is there already.
    pub(crate) fn sleep(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if !state.post.is_empty() {
            return Poll::Ready(());
        }
        set(&mut state.driver, context);
        Poll::Pending
    }

    /// The task is awake. Who leaves something need not wake it until it sleeps.
    pub(crate) fn awake(&self) {
        self.state.lock().driver = None;
    }

    /// Hands messages to the handler.
    pub(crate) fn deliver(&self, messages: impl IntoIterator<Item = (u64, Message)>) {
        let mut state = self.state.lock();
        for (number, message) in messages {
            state.unread += Held::of(&message);
            state.inbox.push_back((number, message));
        }
        wake_reader(state);
    }

    /// What the handler has yet to receive.
    pub(crate) fn unread(&self) -> Held {
        self.state.lock().unread
    }

    /// What was sent before this mailbox was there.
    pub(crate) fn restore(&self, sent: u64) {
        self.state.lock().sent = sent;
    }

    /// So much of what was collected is not acknowledged.
    pub(crate) fn hold(&self, held: Held) {
        let mut state = self.state.lock();
        self.release(state.held);
        self.all().fetch_add(held.bytes, Ordering::Relaxed);
        state.held = held;
    }

    pub(crate) fn set_down(&self, since: Option<Instant>) {
        self.state.lock().down_since = since;
    }

    /// There will be nobody to pick up lines: these came too late.
    pub(crate) fn shut(&self) -> Vec<Arrival> {
        let mut state = self.state.lock();
        state.open = false;
        take(&mut state.post.arrivals)
    }

    /// The task is gone. What it did not collect is answered by how the session ended.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.attended = false;
        // A task that goes without an ending was dropped with its runtime.
        let ending = Ending { cause: Cause::Shutdown, undelivered: Vec::new() };
        let cause = state.ending.get_or_insert(ending).cause;
        let commands = take(&mut state.post.commands);
        self.release(take(&mut state.queued));
        self.release(take(&mut state.held));
        wake_reader(state);
        for command in commands {
            if let Command::Commit { replies, done, .. } = command {
                let _ = done.send(cause.answer_to_commit(!replies.is_empty()));
            }
        }
    }

    /// It is over.
    pub(crate) fn end(&self, ending: Ending) {
        let mut state = self.state.lock();
        state.ending.get_or_insert(ending);
        wake_reader(state);
    }

    // How it is done.

    /// Makes room for messages that are sent.
    fn admit(&self, state: &mut State, messages: &[Message]) -> Result<(), SendError> {
        if messages.is_empty() {
            return Ok(());
        }
        let limits = &self.house.config.limits;
        let more: Held = messages.iter().map(Held::of).sum();
        let mine = state.held + state.queued + more;
        // Taken before it is looked at, so that many sessions at once do not all find the same room.
        let all = self.all().fetch_add(more.bytes, Ordering::Relaxed) + more.bytes;
        if mine.messages > limits.outbox.messages as usize
            || mine.bytes > limits.outbox.bytes
            || all > limits.outboxes as u64
        {
            self.release(more);
            return Err(SendError::Full);
        }
        state.queued += more;
        Ok(())
    }

    /// What all sessions together hold.
    fn all(&self) -> &AtomicU64 {
        &self.house.metrics.outbox_bytes
    }

    fn release(&self, held: Held) {
        self.all().fetch_sub(held.bytes, Ordering::Relaxed);
    }
}

impl Held {
    pub(crate) fn of(message: &Message) -> Self {
        Self { messages: 1, bytes: message.len() as u64 }
    }

    /// Whether there is room for one more.
    pub(crate) fn is_within(self, bounds: Bounds) -> bool {
        self.messages < bounds.messages as usize && self.bytes < bounds.bytes
    }
}

impl Add for Held {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self { messages: self.messages + more.messages, bytes: self.bytes + more.bytes }
    }
}

impl AddAssign for Held {
    fn add_assign(&mut self, more: Self) {
        *self = *self + more;
    }
}

impl SubAssign for Held {
    fn sub_assign(&mut self, less: Self) {
        *self = Self { messages: self.messages - less.messages, bytes: self.bytes - less.bytes };
    }
}

impl Sum for Held {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

/// Wakes the handler. That the task does to it is seen before the task sleeps; if the task woke itself, it would go to
/// the end of its worker's queue, and another worker would be woken to see to it.
impl Wake for Mailbox {
    fn wake(self: Arc<Self>) {
        let mut state = self.state.lock();
        state.post.handler = true;
        wake(&mut state.driver);
    }
}

impl State {
    /// Why the session takes nothing more from the app, if it does not. A session whose server ends still does, as long
    /// as its task is there.
    fn final_cause(&self) -> Option<Cause> {
        let cause = self.ending.as_ref()?.cause;
        (cause != Cause::Shutdown || !self.attended).then_some(cause)
    }

    fn leave(&mut self, command: Command) {
        self.post.commands.push(command);
        wake(&mut self.driver);
    }
}

fn set(waker: &mut Option<Waker>, context: &mut Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(context.waker()),
        None => *waker = Some(context.waker().clone()),
    }
}

/// The reader may be the handler, who takes the same lock.
fn wake_reader(mut state: MutexGuard<'_, State>) {
    let reader = state.reader.take();
    drop(state);
    if let Some(reader) = reader {
        reader.wake();
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
