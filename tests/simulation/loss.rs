//! I3 and I9: a lost line as the court saw it, and what the user may be told of it.

use undrop::core::{Cause, Drop, Epoch, Retry, Signal, State};

use super::law::{Law, Outcome};

#[derive(Debug)]
pub struct Loss {
    pub epoch: Epoch,
    pub cause: Cause,
    pub code: u16,
    pub at: u64,
    /// What the wait has to be drawn from.
    pub window: (u32, u32),
    pub attempt: u32,
    pub last: bool,
    /// The user was asked.
    pub consulted: bool,
    /// The wait, if the user said one.
    pub delay: Option<u32>,
    pub telling: Telling,
}

/// How the user hears of a loss.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Telling {
    /// It is for the user to say.
    Undecided,
    /// As a drop.
    Drop,
    /// As a drop, though the user has dialled or given up before that was told.
    IdleDrop,
    /// By the end that is to come.
    End,
    /// By the end that has come.
    Ended,
}

impl Loss {
    /// Whether the user was asked about the line of this dial and has yet to answer.
    pub fn awaits(&self, epoch: Epoch) -> bool {
        self.telling == Telling::Undecided && self.consulted && self.epoch == epoch
    }

    /// Whether this was told of it.
    pub fn is_of(&self, drop: &Drop) -> Outcome {
        let Self { cause, code, attempt, .. } = *self;
        Law::I3.holds((cause, code, attempt) == (drop.cause, drop.code, drop.attempt), || {
            format!("{cause:?} {code} before dial {attempt} was told as {drop:?}")
        })
    }

    /// Whether it was told as it was.
    pub fn matches(&self, drop: &Drop) -> Outcome {
        self.is_of(drop)?;
        let (from, to) = self.window;
        Law::I9.holds(from <= drop.delay && drop.delay <= to, || {
            format!("{drop:?} should have been drawn from {from}..={to}")
        })
    }
}

/// What the waits and the end of the retries depend on.
#[derive(Default)]
pub struct Tries {
    pub hidden: bool,
    pub offline: bool,
    /// Losses in a row, and those of them that count against the limit.
    failed: u32,
    spent: u32,
    /// The number of the next dial, counted from the last line that held, or from the first dial of a life.
    pub attempt: u32,
    /// When the page last woke, was seen again or got a network, with a line open.
    stirred: Option<u64>,
}

/// For how long after that the end of a line counts as found out by it.
const STIRRING: u64 = 2_000;

impl Tries {
    pub fn reset(&mut self) {
        self.failed = 0;
        self.spent = 0;
    }

    /// Whether a line held that was open for so long. Without retries each does.
    pub fn held(&mut self, retry: Option<&Retry>, held: u64) -> bool {
        let held = retry.is_none_or(|retry| held >= u64::from(retry.reset_after));
        if held {
            self.attempt = 1;
        }
        held
    }

    pub fn signal(&mut self, now: u64, signal: Signal, state: State) {
        if state == State::Open && !matches!(signal, Signal::Hidden | Signal::Offline) {
            self.stirred = Some(now);
        }
        match signal {
            Signal::Hidden => self.hidden = true,
            Signal::Visible => self.hidden = false,
            Signal::Offline => self.offline = true,
            Signal::Online => self.offline = false,
            Signal::Wake => {}
        }
    }

    /// A line or a dial was lost; `held` is for how long the line had been open.
    pub fn lose(&mut self, retry: &Retry, loss: &mut Loss, from: State, held: u64) {
        if from == State::Open && self.held(Some(retry), held) {
            self.reset();
        } else if !self.hidden && !self.offline {
            self.spent += 1;
        }
        let stirred = from == State::Open && self.stirred.is_some_and(|at| loss.at - at <= STIRRING);
        loss.window = self.window(retry, loss.cause, loss.code, stirred);
        self.failed += 1;
        loss.attempt = self.attempt;
        loss.last = is_final(loss.code) || self.spent >= retry.limit;
    }

    fn window(&self, retry: &Retry, cause: Cause, code: u16, stirred: bool) -> (u32, u32) {
        let wide = u64::from(retry.first.max(1)) << self.failed.min(32);
        let wide = wide.min(u64::from(retry.cap)) as u32;
        let (from, to) = match (cause, code) {
            (Cause::Wake, _) if self.failed == 0 => (0, 0),
            (Cause::Close, 1006) if self.failed == 0 && stirred => (0, 0),
            (_, 1012 | 1013) => (retry.first.min(retry.cap), retry.cap),
            _ => (0, wide),
        };
        if self.hidden && self.attempt > 1 { (from + retry.cap, to + retry.cap) } else { (from, to) }
    }
}

/// Codes after which another try is pointless.
pub fn is_final(code: u16) -> bool {
    [1000, 1002, 1003, 1007, 1008, 1009, 1010].contains(&code) || (4400..4500).contains(&code)
}
