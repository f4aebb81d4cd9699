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
//!
//! What concerns every phase of it is here; the rest is in the file of the phase that it begins in or leads to:
//!
//! | file | |
//! |---|---|
//! | `phase` | where it stands, and what it knows there |
//! | `dialing` | from a dial to the line |
//! | `talking` | what goes to and fro, and what waits to go |
//! | `mail` | what is sent, until it is out of this end's hands |
//! | `resuming` | the session, if it keeps one |
//! | `losing` | the one way to lose a line |
//! | `waiting` | what the user makes of that, and the wait for the next dial |
//! | `closing` | the end |
//! | `agenda` | what it has yet to say |

mod agenda;
mod closing;
mod dialing;
mod losing;
mod mail;
mod phase;
#[cfg(feature = "session")]
mod resuming;
mod talking;
mod waiting;

use self::agenda::Agenda;
use self::losing::ABNORMAL;
use self::mail::Mail;
use self::phase::{Ending, Phase, Question};
use super::backoff::Backoff;
use super::patience::{Due, Patience};
use super::pulse::Pulse;
use super::{Cause, Config, Epoch, Event, Millis, Output, Policy, Retry, Signal, State, Stats, Verdict};

pub use self::mail::Deed;

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
    mail: Mail<M>,
    stats: Stats,
    agenda: Agenda<M>,
    /// When it last dialled.
    dialed: Millis,
    /// The number of the next dial, counted from the last line that held, or from the first dial of this life.
    attempt: u32,
    hidden: bool,
    offline: bool,
    /// When something last suggested that the line is dead.
    suspected: Option<Millis>,
    /// The user has been told of an error since the last dial.
    error_told: bool,
}

impl<M: Clone> Connection<M> {
    /// A connection whose first output is its first dial. The seed is all the randomness that it has.
    pub fn new(config: Config, now: Millis, seed: u64) -> Self {
        Self::with_mail(Mail::queue(config.queue), config, now, seed)
    }

    fn with_mail(mail: Mail<M>, config: Config, now: Millis, seed: u64) -> Self {
        let mut connection = Self {
            config,
            phase: Phase::Closed,
            epoch: Epoch::default(),
            backoff: Backoff::new(seed),
            mail,
            stats: Stats::default(),
            agenda: Agenda::new(),
            dialed: now,
            attempt: 0,
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
        self.agenda.pop().or_else(|| self.consult()).or_else(|| self.flush())
    }

    /// Whether there is more to be done.
    pub fn is_drained(&self) -> bool {
        let asks = matches!(self.phase, Phase::Waiting { question: Question::New(_), .. });
        self.agenda.is_empty() && !asks && self.mail.is_drained(self.is_open())
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Millis> {
        let line = match &self.phase {
            Phase::Dialing { patience } => patience.as_ref().map(Patience::deadline),
            Phase::Open { pulse, .. } => pulse.as_ref().map(Pulse::deadline),
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Closing { deadline } => *deadline,
            Phase::Leaving { at } => Some(*at),
            Phase::Closed => None,
        };
        match (line, self.mail.deadline()) {
            (Some(line), Some(mail)) => Some(line.min(mail)),
            (line, mail) => line.or(mail),
        }
    }

    // What happened.

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
            Phase::Dialing { patience: Some(patience) } => match patience.handle_timeout(now) {
                Due::NotYet | Due::Late => {}
                Due::Now => self.lose(now, Cause::Timeout, ABNORMAL, Ending::Broken),
            },
            Phase::Open { pulse: Some(pulse), .. } => {
                let beat = pulse.handle_timeout(now);
                self.obey(now, beat);
            }
            Phase::Waiting { until, question, .. } if *until <= now => match *question {
                Question::Settled | Question::Answered => self.dial(now),
                Question::Asked(_) => self.handle_verdict(now, self.epoch, Verdict::Default),
                Question::New(_) => {}
            },
            Phase::Closing { deadline: Some(deadline) } if *deadline <= now => {
                if let Some(deed) = self.mail.end_at_last() {
                    return self.part(now, deed);
                }
                self.agenda.push(Output::HangUp(self.epoch));
                self.finish(Ending::Broken);
            }
            Phase::Leaving { at } if *at <= now => self.finish(Ending::Broken),
            _ => {}
        }
    }

    // Getters.

    /// Where it stands. Not inlined: its dozen copies would be shipped.
    #[inline(never)]
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
        self.mail.queued()
    }

    /// What it has counted.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    // How it is done.

    /// Something suggests that the line, or the reason to wait for one, is gone.
    fn suspect(&mut self, now: Millis) {
        match self.phase {
            Phase::Open { .. } => self.probe(now),
            Phase::Waiting { .. } => self.hasten(now),
            _ => {}
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
        self.agenda.push(Output::Notify(event));
    }

    /// How to dial again; nothing if the browser's own socket is left to itself.
    fn policy(&self) -> Option<&Retry> {
        match &self.config.policy {
            Policy::Never => None,
            Policy::Retry(retry) | Policy::Ask(retry) => Some(retry),
        }
    }
}

#[cfg(test)]
mod tests;
