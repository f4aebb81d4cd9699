//! The channel between the app and a session's task: the app's commands one way, the client's messages the other.
//!
//! The handler runs inside the task, so most commands are collected without a wake-up.

use std::collections::VecDeque;
use std::mem::{replace, take};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};
use undrop_proto::outbox::Bounds;
use undrop_proto::server::Amount;

use crate::Message;
use crate::budget::{Purse, cost};
use crate::ending::{Cause, CloseFrame, Ending, NotCommitted, SendError};
use crate::runtime::Instant;

pub(crate) enum Command {
    Send { message: Message, delivered: Option<oneshot::Sender<()>> },
    Commit { number: u64, replies: Vec<Message>, commit: Commit },
    Close { code: u16, reason: String },
}

/// How long a message is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Until {
    /// Until the session is over for its handler, if only because the server shuts down.
    Ending,
    /// Also while the handlers of a server that shuts down finish.
    Gone,
}

/// A call of the app that waits for a commit.
pub(crate) struct Commit {
    done: oneshot::Sender<Result<(), NotCommitted>>,
    /// When the handler received the message.
    pub(crate) received: Instant,
    /// When the handler asked for the commit.
    pub(crate) asked: Instant,
}

impl Commit {
    /// A commit of a message that was received then.
    pub(crate) fn new(received: Instant) -> (Self, oneshot::Receiver<Result<(), NotCommitted>>) {
        let (done, is_done) = oneshot::channel();
        (Self { done, received, asked: Instant::now() }, is_done)
    }

    pub(crate) fn answer(self, answer: Result<(), NotCommitted>) {
        // The app may not wait any more.
        let _ = self.done.send(answer);
    }
}

/// What the task has yet to collect.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) commands: Vec<Command>,
    /// The handler was woken.
    pub(crate) handler: bool,
    /// The number of the message that the handler has received last.
    pub(crate) read: u64,
}

impl Collected {
    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty() && !self.handler
    }
}

pub(crate) struct Channel {
    /// How much of what the app sent may be unacknowledged.
    outbox: Bounds,
    /// What it takes of the budget for all.
    purse: Arc<Purse>,
    /// Told when there is an ending.
    ends: Notify,
    state: Mutex<State>,
}

struct State {
    pending: Collected,
    /// Whether the task is still there.
    attended: bool,
    task: Option<Waker>,
    inbox: VecDeque<(u64, Message)>,
    reader: Option<Waker>,
    ending: Option<Ending>,
    /// How the client closes the last connection that the session was on.
    closing: Option<Shared<oneshot::Receiver<Option<CloseFrame>>>>,
    /// How much of what the app sent is not acknowledged, of what the task has collected.
    collected: Amount,
    /// How much the app sent that the task has not collected.
    queued: Amount,
    /// How many messages the app has sent since the session began.
    sent: u64,
    /// Nobody asks any more for what the client has sent, nor for what was not delivered.
    is_released: bool,
}

impl Channel {
    pub(crate) fn new(outbox: Bounds, purse: Arc<Purse>) -> Self {
        let state = State {
            pending: Collected::default(),
            attended: true,
            task: None,
            inbox: VecDeque::new(),
            reader: None,
            ending: None,
            closing: None,
            collected: Amount::default(),
            queued: Amount::default(),
            sent: 0,
            is_released: false,
        };
        Self { outbox, purse, ends: Notify::new(), state: Mutex::new(state) }
    }

    // The app's side.

    /// The next message, or nothing when the session is over.
    pub(crate) fn poll_received(&self, context: &mut Context<'_>) -> Poll<Option<(u64, Message)>> {
        let mut state = self.state.lock();
        if let Some(received) = state.inbox.pop_front() {
            state.pending.read = received.0;
            // There is room again.
            wake(&mut state.task);
            return Poll::Ready(Some(received));
        }
        if state.ending.is_some() {
            return Poll::Ready(None);
        }
        set(&mut state.reader, context);
        Poll::Pending
    }

    pub(crate) fn send(&self, message: Message, until: Until) -> Result<(), SendError> {
        self.push_message(message, None, until)
    }

    /// Sends a message, and tells when the client has it: only a session that has connections here can.
    pub(crate) fn deliver_to_client(&self, message: Message, delivered: oneshot::Sender<()>) -> Result<(), SendError> {
        self.push_message(message, Some(delivered), Until::Ending)
    }

    fn push_message(
        &self,
        message: Message,
        delivered: Option<oneshot::Sender<()>>,
        until: Until,
    ) -> Result<(), SendError> {
        let mut state = self.state.lock();
        let is_over = match until {
            Until::Ending => state.ending.is_some(),
            Until::Gone => state.final_cause().is_some(),
        };
        if is_over {
            return Err(SendError::Over);
        }
        self.reserve(&mut state, std::slice::from_ref(&message))?;
        state.sent += 1;
        state.push(Command::Send { message, delivered });
        Ok(())
    }

    pub(crate) fn commit(&self, number: u64, replies: Vec<Message>, commit: Commit) {
        let mut state = self.state.lock();
        let cause = state.ending.as_ref().map(|ending| ending.cause);
        let answer = match cause.filter(|_| !state.attended) {
            Some(cause) => cause.answer_to_commit(!replies.is_empty()),
            // What became of a session that is over is known to its task.
            None => match self.reserve(&mut state, &replies) {
                Ok(()) => {
                    state.sent += replies.len() as u64;
                    state.push(Command::Commit { number, replies, commit });
                    return;
                }
                Err(error) => Err(error.into()),
            },
        };
        drop(state);
        commit.answer(answer);
    }

    pub(crate) fn close(&self, code: u16, reason: String) {
        self.state.lock().push(Command::Close { code, reason });
    }

    pub(crate) fn ending(&self) -> Option<Ending> {
        self.state.lock().ending.clone()
    }

    /// Waits until there is an ending.
    pub(crate) async fn ended(&self) -> Ending {
        loop {
            let ends = self.ends.notified();
            if let Some(ending) = self.ending() {
                return ending;
            }
            ends.await;
        }
    }

    /// Waits until there is an ending and the last connection is closed.
    pub(crate) async fn client_close(&self) -> Option<CloseFrame> {
        self.ended().await;
        let closing = self.state.lock().closing.clone();
        closing?.await.ok().flatten()
    }

    pub(crate) fn sent(&self) -> u64 {
        self.state.lock().sent
    }

    /// How many bytes of what the app sent are not acknowledged.
    pub(crate) fn unacknowledged_bytes(&self) -> u64 {
        let state = self.state.lock();
        (state.collected + state.queued).bytes
    }

    /// The handler has ended, and nobody else asks for messages. What is left of the session may stay for as long as the runtime
    /// likes, without them.
    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn release(&self) {
        let mut state = self.state.lock();
        state.is_released = true;
        state.inbox = VecDeque::new();
        if let Some(ending) = &mut state.ending {
            ending.undelivered = Vec::new();
        }
    }

    // The task's side.

    pub(crate) fn collect(&self) -> Collected {
        let mut state = self.state.lock();
        let queued = take(&mut state.queued);
        state.collected += queued;
        let collected = take(&mut state.pending);
        state.pending.read = collected.read;
        collected
    }

    /// Has the task woken by the next command, unless there is one already.
    pub(crate) fn sleep(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if !state.pending.is_empty() {
            return Poll::Ready(());
        }
        set(&mut state.task, context);
        Poll::Pending
    }

    /// The task is awake: no command need wake it until it sleeps.
    pub(crate) fn awake(&self) {
        self.state.lock().task = None;
    }

    /// Hands a message to the handler.
    pub(crate) fn deliver(&self, number: u64, message: Message) {
        let mut state = self.state.lock();
        state.inbox.push_back((number, message));
        wake_reader(state);
    }

    /// The connection is being closed. Returns what is to be told how the client has.
    pub(crate) fn disconnect(&self) -> oneshot::Sender<Option<CloseFrame>> {
        let (closed, is_closed) = oneshot::channel();
        self.state.lock().closing = Some(is_closed.shared());
        closed
    }

    /// Sets how many messages were sent before the session was restored.
    pub(crate) fn restore(&self, sent: u64) {
        self.state.lock().sent = sent;
    }

    /// Sets how much of what was collected is not acknowledged.
    pub(crate) fn set_unacknowledged(&self, amount: Amount) {
        let mut state = self.state.lock();
        state.collected = amount;
        self.purse.set(cost(amount + state.queued));
    }

    /// Reserves room for the first of these messages, which were forwarded to the session, and returns for how many there was.
    pub(crate) fn reserve_forwarded(&self, messages: &[Message]) -> usize {
        let mut state = self.state.lock();
        let queued = state.queued;
        let fitting =
            messages.iter().take_while(|message| self.reserve(&mut state, std::slice::from_ref(*message)).is_ok());
        let fitting = fitting.count();
        state.sent += fitting as u64;
        // The task has them already.
        let mut reserved = replace(&mut state.queued, queued);
        reserved -= queued;
        state.collected += reserved;
        fitting
    }

    /// The task is gone. What it did not collect is answered by how the session ended.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.attended = false;
        // A task that goes without an ending was dropped with its runtime.
        let ending = Ending { cause: Cause::Shutdown, undelivered: Vec::new() };
        let cause = state.ending.get_or_insert(ending).cause;
        let commands = take(&mut state.pending.commands);
        (state.queued, state.collected) = Default::default();
        self.purse.set(0);
        wake_reader(state);
        self.ends.notify_waiters();
        for command in commands {
            if let Command::Commit { replies, commit, .. } = command {
                commit.answer(cause.answer_to_commit(!replies.is_empty()));
            }
        }
    }

    /// Records how the session ended. The first ending stays. What the app has sent and the task has not collected was not
    /// delivered either.
    pub(crate) fn end(&self, mut ending: Ending) {
        // Whoever waits for these is told by their drop, and may do anything then: the lock is given back before.
        let mut waiting = Vec::new();
        let mut state = self.state.lock();
        if ending.cause.goes_on() {
            // The next handler receives them.
            state.inbox = VecDeque::new();
        } else {
            for command in state.pending.commands.extract_if(.., |command| matches!(command, Command::Send { .. })) {
                if let Command::Send { message, delivered } = command {
                    ending.undelivered.push(message);
                    waiting.push(delivered);
                }
            }
        }
        if state.is_released {
            ending.undelivered = Vec::new();
        }
        state.ending.get_or_insert(ending);
        wake_reader(state);
        self.ends.notify_waiters();
    }

    // Helpers.

    /// Reserves room for messages that are sent.
    fn reserve(&self, state: &mut State, messages: &[Message]) -> Result<(), SendError> {
        if messages.is_empty() {
            return Ok(());
        }
        let more: Amount = messages.iter().map(|message| Amount::one(message.len() as u64)).sum();
        let own = state.collected + state.queued + more;
        let fits = own.messages <= self.outbox.messages as usize && own.bytes <= self.outbox.bytes;
        if !fits || !self.purse.take(cost(more)) {
            return Err(SendError::Full);
        }
        state.queued += more;
        Ok(())
    }
}

/// Wakes the handler. The task sees that before it sleeps; if the task woke itself instead, it would go to the end of its
/// worker's queue, and tokio would wake another worker for it.
impl Wake for Channel {
    fn wake(self: Arc<Self>) {
        let mut state = self.state.lock();
        state.pending.handler = true;
        wake(&mut state.task);
    }
}

impl State {
    /// Why the session takes nothing more from the app, if it does not. A session whose server shuts down still does, as
    /// long as its task is there.
    fn final_cause(&self) -> Option<Cause> {
        let cause = self.ending.as_ref()?.cause;
        (cause != Cause::Shutdown || !self.attended).then_some(cause)
    }

    fn push(&mut self, command: Command) {
        self.pending.commands.push(command);
        wake(&mut self.task);
    }
}

fn set(waker: &mut Option<Waker>, context: &mut Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(context.waker()),
        None => *waker = Some(context.waker().clone()),
    }
}

/// Wakes without the lock: the reader may be the handler, whose waker takes the same lock.
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::*;
    use crate::budget::{Budget, Owner};
    use crate::metrics::Gauge;

    /// Looks whether the lock is free when it is woken, as what wakes may need it.
    struct Looking {
        channel: Channel,
        found_it_free: AtomicBool,
    }

    impl Wake for Looking {
        fn wake(self: Arc<Self>) {
            self.found_it_free.store(self.channel.state.try_lock().is_some(), Relaxed);
        }
    }

    #[test]
    fn who_waits_for_a_delivery_is_told_of_the_end_without_the_lock() {
        let budget = Budget::new(1_000, 1_000, Gauge::default());
        let bounds = Bounds { messages: 1, bytes: 100 };
        let channel = Channel::new(bounds, budget.open(&Owner::Unknown, None));
        let looking = Arc::new(Looking { channel, found_it_free: AtomicBool::new(false) });
        let (delivered, mut is_delivered) = oneshot::channel();
        looking.channel.deliver_to_client(Message::text("hello"), delivered).unwrap();
        let waker = Waker::from(looking.clone());
        assert!(is_delivered.poll_unpin(&mut Context::from_waker(&waker)).is_pending());

        looking.channel.end(Ending { cause: Cause::Expired, undelivered: Vec::new() });

        assert!(looking.found_it_free.load(Relaxed));
        assert_eq!(looking.channel.ending().unwrap().undelivered, [Message::text("hello")]);
    }
}
