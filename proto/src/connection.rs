//! One connection, as its user sees it: any number of native sockets, from the first attempt to the last event.
//!
//! The methods are of four kinds:
//!
//! - `handle_*` takes what happened.
//! - [`close`](Connection::close), [`reconnect`](Connection::reconnect), [`give_up`](Connection::give_up),
//!   [`send`](Connection::send), [`deliver`](Connection::deliver) and [`withdraw`](Connection::withdraw) take what the
//!   user wants. The user's intent is apart from the state of the network: after `close` nothing connects until the user
//!   asks.
//! - [`poll`](Connection::poll) gives what is to be done, until there is nothing left; its answer can change after each
//!   method of the first two kinds. [`poll_timeout`](Connection::poll_timeout) says when to call
//!   [`handle_timeout`](Connection::handle_timeout); its answer can change after each of them but
//!   [`handle_message`](Connection::handle_message).
//! - All others are plain getters.
//!
//! This file has what concerns every state. The rest is in the file of the state that it begins in or leads to:
//!
//! | file | |
//! |---|---|
//! | `phase` | the state, with the data that only this state needs |
//! | `connecting` | from an attempt to an open connection |
//! | `messages` | what is sent and received |
//! | `delivery` | how messages are kept until they come to their end: a queue, or a session |
//! | `session` | the session, if the connection keeps one |
//! | `dropping` | the one way in which an attempt or an open connection drops |
//! | `waiting` | the user's decision, and the wait for the next attempt |
//! | `closing` | the end |
//! | `actions` | what is to be done, in order |

mod actions;
mod closing;
mod connecting;
mod delivery;
mod dropping;
mod messages;
mod phase;
mod session;
mod waiting;

use self::actions::Actions;
pub use self::delivery::{Delivery, QueueOrSession};
use self::phase::{Ending, Phase, Plan};
use super::backoff::Backoff;
use super::close::ABNORMAL;
use super::deadline::{Deadline, Due};
use super::heartbeat::Monitor;
use super::queue::Queue;
use super::{
    Attempt, Cause, Config, Decision, Event, Lifetime, Millis, Output, Policy, Retry, Settled, Signal, State, Stats,
};

/// One connection, as its user sees it: any number of native sockets, from the first attempt to the last event.
///
/// Mutate, then drain: after each call [`poll`](Self::poll) until there is nothing left to be done, and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so.
///
/// `D` is how it keeps messages until they come to their end: a [`Queue`], or a [`QueueOrSession`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Connection<M, D: Delivery<M> = Queue<M>> {
    config: Config,
    phase: Phase,
    attempt: Attempt,
    backoff: Backoff,
    delivery: D,
    stats: Stats,
    actions: Actions<M, D::Action>,
    /// When the last attempt began.
    attempted: Millis,
    /// The number of the attempt that is under way, comes next or came last, as [`Retry::limit`] counts.
    tries: u32,
    /// The state that the user was notified of last.
    notified: State,
    hidden: bool,
    offline: bool,
    /// When something last suggested that the connection is dead.
    suspected: Option<Millis>,
    /// The user was notified of an error since the last attempt began.
    error_notified: bool,
    /// The user was notified that the server of the session does not answer.
    silence_notified: bool,
    /// Why the last connection dropped, until the next attempt begins.
    last_cause: Option<Cause>,
}

impl<M: Clone> Connection<M> {
    /// A connection without a session, whose first output is its first attempt. All its randomness comes from the seed.
    pub fn new(config: Config, now: Millis, seed: u64) -> Self {
        Self::with_delivery(Queue::new(config.queue), config, now, seed)
    }
}

impl<M: Clone, D: Delivery<M>> Connection<M, D> {
    fn with_delivery(delivery: D, config: Config, now: Millis, seed: u64) -> Self {
        let mut connection = Self {
            config,
            phase: Phase::Closed,
            attempt: Attempt::default(),
            backoff: Backoff::new(seed),
            delivery,
            stats: Stats::default(),
            actions: Actions::new(),
            attempted: now,
            tries: 1,
            notified: State::Closed,
            hidden: false,
            offline: false,
            suspected: None,
            error_notified: false,
            silence_notified: false,
            last_cause: None,
        };
        connection.connect(now);
        connection
    }

    // What is to be done.

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output<M, D::Action>> {
        self.actions.pop().or_else(|| self.ask_for_decision()).or_else(|| self.flush())
    }

    /// Whether there is nothing to be done.
    pub fn is_drained(&self) -> bool {
        let asks = matches!(self.phase, Phase::Waiting { plan: Plan::Undecided(_), .. });
        self.actions.is_empty() && !asks && self.delivery.is_drained(self.is_open())
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Millis> {
        let phase = match &self.phase {
            Phase::Connecting { deadline } => deadline.as_ref().map(Deadline::time),
            Phase::Authenticating { deadline } => Some(deadline.time()),
            Phase::Open { monitor, .. } => monitor.as_ref().map(Monitor::deadline),
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Closing { deadline } => *deadline,
            Phase::ClosingWithoutSocket { at } => Some(*at),
            Phase::Closed => None,
        };
        match (phase, self.delivery.deadline()) {
            (Some(phase), Some(delivery)) => Some(phase.min(delivery)),
            (phase, delivery) => phase.or(delivery),
        }
    }

    // What happened.

    /// The page said something of itself.
    pub fn handle_signal(&mut self, now: Millis, signal: Signal) {
        match signal {
            Signal::Hidden => self.hidden = true,
            Signal::Visible => self.hidden = false,
            Signal::Offline => self.offline = true,
            Signal::Online => self.offline = false,
            Signal::Wake => {}
        }
        self.notify_state();
        if !matches!(signal, Signal::Hidden | Signal::Offline) {
            self.suspect(now);
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come, or may have.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.delivery.expire(now);
        self.settle_all();
        match &mut self.phase {
            Phase::Connecting { deadline: Some(deadline) } | Phase::Authenticating { deadline } => {
                match deadline.handle_timeout(now) {
                    Due::NotYet | Due::Late => {}
                    Due::Now => {
                        if !self.silence_notified && self.delivery.is_unanswered() {
                            self.silence_notified = true;
                            self.notify(Event::Unanswered);
                        }
                        self.drop_connection(now, Cause::Timeout, ABNORMAL, Ending::Broken);
                    }
                }
            }
            Phase::Open { monitor: Some(monitor), .. } => {
                let check = monitor.handle_timeout(now);
                self.obey(now, check);
            }
            Phase::Waiting { until, plan, .. } if *until <= now => match *plan {
                Plan::Backoff | Plan::Fixed => self.connect(now),
                Plan::Asked(_) => self.handle_decision(now, self.attempt, Decision::Default),
                Plan::Undecided(_) => {}
            },
            Phase::Closing { deadline: Some(deadline) } if *deadline <= now => {
                if let Some(close) = self.delivery.end_without_answer() {
                    return self.close_socket(now, close);
                }
                self.actions.push(Output::Abandon(self.attempt));
                self.finish(Ending::Broken);
            }
            Phase::ClosingWithoutSocket { at } if *at <= now => self.finish(Ending::Broken),
            _ => {}
        }
    }

    // Getters.

    /// The state of the connection.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Connecting { .. } | Phase::Authenticating { .. } => State::Connecting,
            Phase::Open { .. } => State::Open,
            Phase::Waiting { .. } if self.offline => State::Offline,
            Phase::Waiting { .. } => State::Waiting,
            Phase::Closing { .. } | Phase::ClosingWithoutSocket { .. } => State::Closing,
            Phase::Closed => State::Closed,
        }
    }

    /// The state as its user sees it, given the `readyState` of the native socket of the present attempt, if there is one.
    /// Where nothing reconnects, the browser is right: Chromium reports nothing of an address that it has blocked.
    pub fn visible_state(&self, native: Option<u16>) -> State {
        match native.filter(|_| self.mirrors_native()) {
            Some(native) => State::of_ready_state(native),
            None => self.state(),
        }
    }

    /// The `readyState`, given that of the native socket of the present attempt, if there is one. The browser knows first
    /// when the peer closes, and is right in everything where nothing reconnects. A connection that ends with its session
    /// is open as long as it has one, whatever becomes of its native sockets.
    pub fn ready_state(&self, native: Option<u16>) -> u16 {
        let state = self.state();
        let has_session = self.ends_with_session() && self.delivery.has_session();
        match native {
            _ if has_session && self.is_down(native) => State::Open.ready_state(),
            _ if has_session => state.ready_state(),
            Some(native) if self.mirrors_native() || state == State::Open => native,
            _ => state.ready_state(),
        }
    }

    /// Whether there is no connection, and one is to come, as its user sees it, given the `readyState` of the native socket of
    /// the present attempt, if there is one.
    pub fn is_down(&self, native: Option<u16>) -> bool {
        matches!(self.visible_state(native), State::Connecting | State::Waiting | State::Offline)
    }

    /// Whether it reconnects when it drops.
    pub fn reconnects(&self) -> bool {
        self.retry().is_some()
    }

    /// The number of the last attempt.
    pub fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// The number of the attempt that is under way, comes next or came last. [`Retry::limit`] counts the same way: the last
    /// attempt that it allows has its number.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// When the next attempt begins, while the connection waits for it. A signal may bring it forward.
    pub fn next_attempt(&self) -> Option<Millis> {
        match self.phase {
            Phase::Waiting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// How many bytes wait for the connection to open; with a session, how many are unacknowledged while it is not open.
    /// A text that [`send_text`](Self::send_text) queued has three bytes for each code unit until
    /// [`count_queued`](Self::count_queued) has counted it.
    pub fn queued(&self) -> u64 {
        self.delivery.queued()
    }

    /// Counts for a status page.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Something suggests that the connection is dead, or that an attempt would succeed now.
    fn suspect(&mut self, now: Millis) {
        match self.phase {
            Phase::Open { .. } => self.probe(now),
            Phase::Waiting { .. } => self.hasten(now),
            _ => {}
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.notify_state();
    }

    /// The user who has yet to decide whether to wait, and for how long, is notified after that: so what a user reads when
    /// the state changes is what comes.
    fn notify_state(&mut self) {
        let state = self.state();
        let is_undecided = matches!(self.phase, Phase::Waiting { plan: Plan::Undecided(_) | Plan::Asked(_), .. });
        if !is_undecided && self.notified != state {
            self.notified = state;
            self.notify(Event::State);
        }
    }

    fn notify(&mut self, event: Event) {
        self.actions.push(Output::Notify(event));
    }

    /// Reports the messages that have come to their end, before what happens next is reported.
    fn settle_all(&mut self) {
        while let Some(settled) = self.delivery.pop_settled() {
            self.settle(settled);
        }
    }

    fn settle(&mut self, settled: Settled<M>) {
        self.actions.push(Output::Settle(settled));
    }

    /// Whether an attempt, and a close, have to succeed in time.
    fn has_timeouts(&self) -> bool {
        self.retry().is_some() || self.config.lifetime == Lifetime::Connection
    }

    /// Whether the state is that of the native socket.
    fn mirrors_native(&self) -> bool {
        !self.reconnects() && !self.is_authenticating(self.attempt)
    }

    fn ends_with_session(&self) -> bool {
        self.config.lifetime == Lifetime::Session
    }

    /// How to reconnect; nothing under [`Policy::Never`].
    fn retry(&self) -> Option<&Retry> {
        match &self.config.policy {
            _ if self.config.lifetime == Lifetime::Connection => None,
            Policy::Never => None,
            Policy::Retry(retry) | Policy::Ask(retry) => Some(retry),
        }
    }
}

#[cfg(test)]
mod tests;
