//! One connection, as its user sees it: any number of dials, from the first to the last event.
//!
//! The methods are of four kinds:
//!
//! - `handle_*` takes what happened.
//! - [`close`](Connection::close), [`reconnect`](Connection::reconnect), [`give_up`](Connection::give_up) and
//!   [`send`](Connection::send) take what the user wants. That is a thing apart from the state of the network: after
//!   `close` nothing dials until the user asks.
//! - [`poll`](Connection::poll) gives what is to be done, until there is nothing left; its answer can change after
//!   each of those. [`poll_timeout`](Connection::poll_timeout) says when to call
//!   [`handle_timeout`](Connection::handle_timeout); its answer can change after each of them but `handle_message`.
//! - All others are plain getters.

use alloc::collections::VecDeque;

use super::backoff::{Backoff, Window};
use super::pulse::{Beat, PROBE, Pulse};
use super::queue::Queue;
use super::{
    Cause, Config, Drop, Epoch, Event, Fate, Millis, Output, Policy, Refusal, Retry, Signal, State, Stats, Verdict,
};

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Ending {
    Clean,
    Broken,
}

/// How long the other end may take to answer a close. A user who wants to leave is not kept waiting by a dead line.
const CLOSE_TIMEOUT: u32 = 1_000;

/// How far apart dials are that a signal brings forward. Signals come in bursts, and lie.
const HASTE: u32 = 1_000;

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Phase {
    Dialing {
        since: Millis,
    },
    Open {
        since: Millis,
        pulse: Option<Pulse>,
        /// The socket is about to close and takes nothing more.
        ending: bool,
    },
    Waiting {
        until: Millis,
        ending: Ending,
        question: Question,
    },
    /// The user has closed, and a socket may still answer.
    Closing {
        deadline: Option<Millis>,
    },
    /// The user has closed, and there is none.
    Leaving {
        at: Millis,
    },
    Closed,
}

/// Whether the user has to say what is to become of a lost line.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Question {
    New(Drop),
    Asked(Drop),
    Settled,
}

/// One connection, as its user sees it: any number of dials, from the first to the last event.
///
/// Mutate, then drain: after each call [`poll`](Self::poll) until there is nothing left to be done, and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Connection<M> {
    config: Config,
    phase: Phase,
    epoch: Epoch,
    backoff: Backoff,
    queue: Queue<M>,
    stats: Stats,
    /// What is to be done outside. It goes before all that the user is told, so that a user who acts on what was told
    /// finds it done: a dial that was still to come would follow the `close` of its own `statechange`.
    acts: VecDeque<Output<M>>,
    /// What the user is to be told, asked or given back.
    tells: VecDeque<Output<M>>,
    /// When it last dialled.
    dialed: Millis,
    hidden: bool,
    offline: bool,
    /// When something last suggested that the line is dead.
    suspected: Option<Millis>,
    /// The user has been told of an error since the last dial.
    error_told: bool,
}

impl<M> Connection<M> {
    /// A connection whose first output is its first dial. The seed is all the randomness that it has.
    pub fn new(config: Config, now: Millis, seed: u64) -> Self {
        let mut connection = Self {
            config,
            phase: Phase::Closed,
            epoch: Epoch::default(),
            backoff: Backoff::new(seed),
            queue: Queue::new(config.queue.unwrap_or_default()),
            stats: Stats::default(),
            acts: VecDeque::new(),
            tells: VecDeque::new(),
            dialed: now,
            hidden: false,
            offline: false,
            suspected: None,
            error_told: false,
        };
        connection.dial(now);
        connection
    }

    // What is to be done.

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output<M>> {
        let output = self.acts.pop_front().or_else(|| self.tells.pop_front());
        output.or_else(|| self.consult()).or_else(|| self.flush())
    }

    /// Whether there is more to be done.
    pub fn is_drained(&self) -> bool {
        let asks = matches!(self.phase, Phase::Waiting { question: Question::New(_), .. });
        let flushes = self.is_open() && self.queue.holds_any();
        self.acts.is_empty() && self.tells.is_empty() && !asks && !flushes
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Millis> {
        let line = match &self.phase {
            Phase::Dialing { since } => self.policy().map(|_| *since + self.config.connect_timeout),
            Phase::Open { pulse, .. } => pulse.as_ref().map(Pulse::deadline),
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Closing { deadline } => *deadline,
            Phase::Leaving { at } => Some(*at),
            Phase::Closed => None,
        };
        match (line, self.queue.deadline()) {
            (Some(line), Some(queue)) => Some(line.min(queue)),
            (line, queue) => line.or(queue),
        }
    }

    // What the user wants.

    /// Sends a message, now or when the line is back.
    pub fn send(&mut self, now: Millis, message: M, bytes: u64) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open { ending: false, .. } => self.transmit(message, bytes),
            Phase::Closing { .. } | Phase::Leaving { .. } | Phase::Closed => return Err(Refusal::Closed),
            Phase::Open { .. } | Phase::Dialing { .. } | Phase::Waiting { .. } => {
                if self.config.queue.is_none() {
                    return Err(Refusal::NotOpen);
                }
                // The timer whose task this is may be late.
                self.return_expired(now);
                self.queue.takes(bytes)?;
                while let Some(oldest) = self.queue.overflow(bytes) {
                    self.output(Output::Return(oldest, Fate::Overflow));
                }
                self.queue.push(now, message, bytes);
            }
        }
        Ok(())
    }

    /// Whether a message needs no [`send`](Self::send) and may go straight to the socket, to be reported to
    /// [`handle_sent`](Self::handle_sent). Under [`Policy::Never`] the socket itself says what becomes of a message.
    pub fn is_writable(&self) -> bool {
        self.is_open() || self.config.policy == Policy::Never && self.config.queue.is_none()
    }

    /// It shall end. A socket that may still answer has been told; it has a moment to do so.
    pub fn close(&mut self, now: Millis) {
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } => {
                let deadline = self.policy().map(|_| now + CLOSE_TIMEOUT);
                self.enter(Phase::Closing { deadline });
            }
            _ => self.close_unanswered(now),
        }
    }

    /// The same when there is no socket yet, and so nobody to wait for.
    pub fn close_unanswered(&mut self, now: Millis) {
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } => self.output(Output::HangUp(self.epoch)),
            Phase::Waiting { .. } => {}
            Phase::Closing { .. } | Phase::Leaving { .. } | Phase::Closed => return,
        }
        self.enter(Phase::Leaving { at: now });
    }

    /// Dial now, whatever the line is doing, also after the end. A dial that is under way goes on.
    pub fn reconnect(&mut self, now: Millis) {
        self.backoff.reset();
        match self.phase {
            Phase::Dialing { .. } => return,
            // The loss that the user was asked about is told like any other.
            Phase::Waiting { question: Question::New(drop) | Question::Asked(drop), .. } => {
                self.notify(Event::Drop(Drop { delay: 0, last: false, ..drop }))
            }
            Phase::Waiting { .. } | Phase::Leaving { .. } | Phase::Closed => {}
            Phase::Closing { .. } => self.output(Output::HangUp(self.epoch)),
            Phase::Open { .. } => {
                self.count(Cause::Reconnect);
                self.output(Output::HangUp(self.epoch));
                self.notify(Event::Drop(Drop {
                    cause: Cause::Reconnect,
                    code: ABNORMAL,
                    attempt: 1,
                    delay: 0,
                    last: false,
                }));
            }
        }
        self.dial(now);
    }

    /// Do not dial again. Of no effect but on a line that waits.
    pub fn give_up(&mut self) {
        if let Phase::Waiting { ending, .. } = self.phase {
            self.finish(ending);
        }
    }

    // What happened.

    /// The handshake of this dial succeeded.
    pub fn handle_opened(&mut self, now: Millis, epoch: Epoch) {
        if epoch != self.epoch || !matches!(self.phase, Phase::Dialing { .. }) {
            return;
        }
        self.stats.opens += 1;
        let pulse = self.config.heartbeat.map(|heartbeat| Pulse::new(heartbeat, now));
        self.enter(Phase::Open { since: now, pulse, ending: false });
        self.return_expired(now);
        self.notify(Event::Open);
    }

    /// A message arrived.
    pub fn handle_message(&mut self, epoch: Epoch, bytes: u64) {
        if epoch != self.epoch || !self.is_hearing() {
            return;
        }
        if let Phase::Open { pulse: Some(pulse), .. } = &mut self.phase {
            pulse.hear();
        }
        self.stats.messages_in += 1;
        self.stats.bytes_in += bytes;
    }

    /// Whether what arrives now is of this line. A socket that was hung up may still have something to say.
    pub fn is_hearing(&self) -> bool {
        matches!(self.phase, Phase::Open { .. } | Phase::Closing { .. })
    }

    /// A message went straight to the socket.
    pub fn handle_sent(&mut self, bytes: u64) {
        self.stats.messages_out += 1;
        self.stats.bytes_out += bytes;
    }

    /// The reply to a heartbeat arrived.
    pub fn handle_reply(&mut self, now: Millis, epoch: Epoch) {
        if epoch != self.epoch {
            return;
        }
        if let Phase::Open { pulse: Some(pulse), .. } = &mut self.phase
            && let Some(took) = pulse.hear_reply(now)
        {
            self.stats.round_trip.measured(took);
        }
    }

    /// The socket of this dial is about to close: whatever it were given would be lost.
    pub fn handle_ending(&mut self, epoch: Epoch) {
        if let Phase::Open { ending, .. } = &mut self.phase
            && epoch == self.epoch
        {
            *ending = true;
        }
    }

    /// The socket of this dial failed; that it closed is still to come.
    pub fn handle_error(&mut self, epoch: Epoch) {
        if epoch != self.epoch {
            return;
        }
        // Whether the user is concerned shows when it has closed, unless nothing can come between.
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } if self.policy().is_none() => self.tell_error(),
            Phase::Closing { .. } => self.tell_error(),
            _ => {}
        }
    }

    /// The socket of this dial closed, or could not be opened.
    pub fn handle_closed(&mut self, now: Millis, epoch: Epoch, code: u16, clean: bool) {
        if epoch != self.epoch {
            return;
        }
        // A socket that is left to itself tells of its errors itself.
        let ending = if clean || self.policy().is_none() { Ending::Clean } else { Ending::Broken };
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } => self.lose(now, Cause::Close, code, ending),
            Phase::Closing { .. } => self.finish(ending),
            Phase::Waiting { .. } | Phase::Leaving { .. } | Phase::Closed => {}
        }
    }

    /// There was no URL for this dial.
    pub fn handle_no_url(&mut self, now: Millis, epoch: Epoch) {
        if epoch == self.epoch && matches!(self.phase, Phase::Dialing { .. }) {
            self.lose(now, Cause::Url, ABNORMAL, Ending::Broken);
        }
    }

    /// What the user made of a lost line. Of no effect if that has been settled otherwise.
    pub fn handle_verdict(&mut self, now: Millis, drop: Drop, verdict: Verdict) {
        let Phase::Waiting { until, question, .. } = &mut self.phase else {
            return;
        };
        if *question != Question::Asked(drop) {
            return;
        }
        *question = Question::Settled;
        let delay = match verdict {
            Verdict::GiveUp => return self.give_up(),
            Verdict::Default if drop.last => return self.give_up(),
            Verdict::Default | Verdict::Retry => drop.delay,
            Verdict::After(delay) => delay,
        };
        *until = now + delay;
        self.notify(Event::Drop(Drop { delay, last: false, ..drop }));
    }

    /// The page said something of itself.
    pub fn handle_signal(&mut self, now: Millis, signal: Signal) {
        let state = self.state();
        match signal {
            Signal::Hidden => self.hidden = true,
            Signal::Visible => self.hidden = false,
            Signal::Offline => self.offline = true,
            Signal::Online => self.offline = false,
            Signal::Wake => {}
        }
        self.notify_since(state);
        if !matches!(signal, Signal::Hidden | Signal::Offline) {
            self.suspect(now);
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come, or may have.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.return_expired(now);
        match &mut self.phase {
            Phase::Dialing { since }
                if self.config.policy != Policy::Never
                    && now.since(*since) >= u64::from(self.config.connect_timeout) =>
            {
                self.lose(now, Cause::Timeout, ABNORMAL, Ending::Broken);
            }
            Phase::Open { pulse: Some(pulse), .. } => {
                let beat = pulse.handle_timeout(now);
                self.obey(now, beat);
            }
            Phase::Waiting { until, question, .. } if *until <= now => match *question {
                Question::Settled => self.dial(now),
                Question::Asked(drop) => self.handle_verdict(now, drop, Verdict::Default),
                Question::New(_) => {}
            },
            Phase::Closing { deadline: Some(deadline) } if *deadline <= now => {
                self.output(Output::HangUp(self.epoch));
                self.finish(Ending::Broken);
            }
            Phase::Leaving { at } if *at <= now => self.finish(Ending::Broken),
            _ => {}
        }
    }

    // Getters.

    /// Where it stands.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Dialing { .. } => State::Connecting,
            Phase::Open { .. } => State::Open,
            Phase::Waiting { .. } if self.offline => State::Offline,
            Phase::Waiting { .. } => State::Waiting,
            Phase::Closing { .. } | Phase::Leaving { .. } => State::Closing,
            Phase::Closed => State::Closed,
        }
    }

    /// The number of the last dial.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// How many bytes wait for the line to come back.
    pub fn queued(&self) -> u64 {
        self.queue.bytes()
    }

    /// What it has counted.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    // How it is done.

    fn dial(&mut self, now: Millis) {
        self.epoch = Epoch(self.epoch.0.wrapping_add(1));
        self.stats.dials += 1;
        self.dialed = now;
        self.error_told = false;
        self.enter(Phase::Dialing { since: now });
        self.output(Output::Dial(self.epoch));
    }

    /// The one way to lose a line.
    fn lose(&mut self, now: Millis, cause: Cause, code: u16, ending: Ending) {
        self.count(cause);
        if !matches!(cause, Cause::Close | Cause::Url) {
            self.output(Output::HangUp(self.epoch));
        }
        let Some(retry) = self.policy().copied() else {
            return self.finish(ending);
        };
        let patient = self.hidden || self.offline;
        match self.phase {
            Phase::Open { since, .. } if now.since(since) >= u64::from(retry.reset_after) => self.backoff.reset(),
            _ if patient => {}
            _ => self.backoff.spend(),
        }
        // What died in its sleep may be noticed by the browser a moment after the page woke.
        let woke = self.suspected.is_some_and(|at| now.since(at) <= u64::from(PROBE))
            && matches!(self.phase, Phase::Open { .. });
        let window = match (cause, code) {
            (Cause::Wake, _) => Window::None,
            (Cause::Close, ABNORMAL) if woke => Window::None,
            (_, 1012 | 1013) => Window::Restart,
            _ => Window::Plain,
        };
        let last = is_final(code) || self.backoff.is_spent(&retry);
        let mut delay = self.backoff.draw(&retry, window);
        if self.hidden && self.backoff.attempt() > 1 {
            // Nobody looks, and there may be many such pages.
            delay = delay.saturating_add(retry.cap);
        }
        let drop = Drop { cause, code, attempt: self.backoff.attempt(), delay, last };
        if matches!(self.config.policy, Policy::Ask(_)) {
            self.enter(Phase::Waiting { until: now + delay, ending, question: Question::New(drop) });
        } else if last {
            self.finish(ending);
        } else {
            self.enter(Phase::Waiting { until: now + delay, ending, question: Question::Settled });
            self.notify(Event::Drop(drop));
        }
    }

    fn finish(&mut self, ending: Ending) {
        while let Some(message) = self.queue.pop() {
            self.output(Output::Return(message, Fate::Closed));
        }
        self.enter(Phase::Closed);
        if ending == Ending::Broken {
            self.tell_error();
        }
        self.notify(Event::Close);
    }

    /// Something suggests that the line, or the reason to wait for one, is gone.
    fn suspect(&mut self, now: Millis) {
        match &mut self.phase {
            Phase::Open { pulse, .. } => {
                self.suspected = Some(now);
                if let Some(pulse) = pulse {
                    let beat = pulse.probe(now);
                    self.obey(now, beat);
                }
            }
            Phase::Waiting { until, question: Question::Settled, .. } => {
                *until = (*until).min(now.max(self.dialed + HASTE));
                if *until <= now {
                    self.dial(now);
                }
            }
            _ => {}
        }
    }

    fn obey(&mut self, now: Millis, beat: Beat) {
        match beat {
            Beat::Nothing => {}
            Beat::Ask => self.output(Output::Ping),
            Beat::Dead(cause) => self.lose(now, cause, ABNORMAL, Ending::Broken),
        }
    }

    /// What has waited leaves after the user has heard that the line is open, and has said hello.
    fn flush(&mut self) -> Option<Output<M>> {
        if !self.is_open() {
            return None;
        }
        let (message, bytes) = self.queue.pop_sized()?;
        self.handle_sent(bytes);
        Some(Output::Transmit(message))
    }

    /// Whether the socket takes messages.
    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { ending: false, .. })
    }

    /// Asks only now: what the user has done since the loss may have settled the question.
    fn consult(&mut self) -> Option<Output<M>> {
        let Phase::Waiting { question, .. } = &mut self.phase else {
            return None;
        };
        let Question::New(drop) = *question else {
            return None;
        };
        *question = Question::Asked(drop);
        Some(Output::Consult(drop))
    }

    fn transmit(&mut self, message: M, bytes: u64) {
        self.handle_sent(bytes);
        self.output(Output::Transmit(message));
    }

    fn return_expired(&mut self, now: Millis) {
        while let Some(message) = self.queue.pop_expired(now) {
            self.output(Output::Return(message, Fate::Expired));
        }
    }

    fn tell_error(&mut self) {
        if !self.error_told {
            self.error_told = true;
            self.notify(Event::Error);
        }
    }

    fn enter(&mut self, phase: Phase) {
        let state = self.state();
        self.phase = phase;
        self.notify_since(state);
    }

    fn notify_since(&mut self, state: State) {
        if self.state() != state {
            self.notify(Event::State);
        }
    }

    fn notify(&mut self, event: Event) {
        self.output(Output::Notify(event));
    }

    /// Not inlined: its two dozen copies would be shipped.
    #[inline(never)]
    fn output(&mut self, output: Output<M>) {
        let queue = match output {
            Output::Dial(_) | Output::HangUp(_) | Output::Transmit(_) | Output::Ping => &mut self.acts,
            Output::Consult(_) | Output::Notify(_) | Output::Return(..) => &mut self.tells,
        };
        queue.push_back(output);
    }

    fn count(&mut self, cause: Cause) {
        if let Some(count) = self.stats.drops.get_mut(cause as usize) {
            *count += 1;
        }
    }

    /// How to dial again; nothing if the browser's own socket is left to itself.
    fn policy(&self) -> Option<&Retry> {
        match &self.config.policy {
            Policy::Never => None,
            Policy::Retry(retry) | Policy::Ask(retry) => Some(retry),
        }
    }
}

/// What a line is said to have closed with when it did not say so itself.
const ABNORMAL: u16 = 1006;

/// The server, or what this end did, makes another try pointless.
/// <https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number>
fn is_final(code: u16) -> bool {
    matches!(code, 1000 | 1002 | 1003 | 1007..=1010 | 4400..=4499)
}

#[cfg(test)]
mod tests;
