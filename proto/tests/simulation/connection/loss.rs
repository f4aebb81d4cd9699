//! I2, I3 and I9: a connection that was lost, what the user may be told of it, and what lets the next attempt happen.

use undrop_proto::{Attempt, Cause, Dropped, Retry, Signal, State};

use crate::law::{Law, Verdict};

#[derive(Debug)]
pub struct Loss {
    pub attempt: Attempt,
    pub cause: Cause,
    pub code: u16,
    pub at: u64,
    /// What the wait has to be drawn from.
    pub window: (u32, u32),
    pub tries: u32,
    pub last: bool,
    /// The limit of attempts is reached: nobody can decide otherwise.
    pub spent: bool,
    /// The user was asked.
    pub asked: bool,
    /// The wait, if the user said one.
    pub delay: Option<u32>,
    pub report: Report,
}

/// How the user hears of a loss.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Report {
    /// It is for the user to say.
    Undecided,
    /// As a drop.
    Drop,
    /// As a drop, though the user has asked for a connection or given up before that was told.
    IdleDrop,
    /// By the end that is to come.
    End,
    /// By the end that has come.
    Ended,
}

impl Loss {
    /// Whether the user was asked about the connection of this attempt and has yet to answer.
    pub fn awaits(&self, attempt: Attempt) -> bool {
        self.report == Report::Undecided && self.asked && self.attempt == attempt
    }

    /// Whether this was told of it.
    pub fn is_of(&self, drop: &Dropped) -> Verdict {
        let Self { cause, code, tries, .. } = *self;
        Law::I3.holds((cause, code, tries) == (drop.cause, drop.code, drop.attempt), || {
            format!("{cause:?} {code} before attempt {tries} was told as {drop:?}")
        })
    }

    /// Whether it was told as it was.
    pub fn matches(&self, drop: &Dropped) -> Verdict {
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
    /// When the page last woke, was seen again or got a network, with a connection open.
    suspected: Option<u64>,
}

/// For how long after that the end of a connection counts as found out by it.
const SUSPICION: u64 = 2_000;

impl Tries {
    pub fn reset(&mut self) {
        self.failed = 0;
        self.spent = 0;
    }

    /// Whether a connection lasted that was open for so long. Without retries each does.
    fn lasted(&self, retry: Option<&Retry>, lasted: u64) -> bool {
        retry.is_none_or(|retry| lasted >= u64::from(retry.reset_after))
    }

    pub fn signal(&mut self, now: u64, signal: Signal, state: State) {
        if state == State::Open && !matches!(signal, Signal::Hidden | Signal::Offline) {
            self.suspected = Some(now);
        }
        match signal {
            Signal::Hidden => self.hidden = true,
            Signal::Visible => self.hidden = false,
            Signal::Offline => self.offline = true,
            Signal::Online => self.offline = false,
            Signal::Wake => {}
        }
    }

    /// A connection or an attempt was lost; `lasted` is for how long the connection had been open.
    pub fn lose(&mut self, retry: &Retry, loss: &mut Loss, from: State, lasted: u64) {
        if from == State::Open && self.lasted(Some(retry), lasted) {
            self.reset();
        } else if !self.hidden && !self.offline {
            self.spent += 1;
        }
        let suspected = from == State::Open && self.suspected.is_some_and(|at| loss.at - at <= SUSPICION);
        loss.window = self.window(retry, loss.cause, loss.code, suspected);
        self.failed += 1;
        // The attempt of the number of the limit is the last.
        loss.tries = (self.spent + 1).min(retry.limit.max(1));
        loss.spent = self.spent >= retry.limit;
        loss.last = is_final(loss.code) || loss.spent;
    }

    fn window(&self, retry: &Retry, cause: Cause, code: u16, suspected: bool) -> (u32, u32) {
        let wide = u64::from(retry.first.max(1)) << self.failed.min(32);
        let wide = wide.min(u64::from(retry.cap)) as u32;
        let (from, to) = match (cause, code) {
            (Cause::Wake, _) if self.failed == 0 => (0, 0),
            (Cause::Close, 1006) if self.failed == 0 && suspected => (0, 0),
            (_, 1012 | 1013) => (retry.first.min(retry.cap), retry.cap),
            _ => (0, wide),
        };
        if self.hidden && self.failed > 0 { (from + retry.cap, to + retry.cap) } else { (from, to) }
    }
}

/// Codes after which another try is pointless.
pub fn is_final(code: u16) -> bool {
    [1000, 1002, 1003, 1007, 1008, 1009, 1010].contains(&code) || (4400..4500).contains(&code)
}

/// What lets the next attempt happen.
#[derive(Debug, Default)]
pub struct Permit {
    /// The time drawn, or said by the user.
    pub from: u64,
    /// The user said it: no signal knows better.
    pub said: bool,
    /// A signal came meanwhile.
    pub hastened: bool,
    /// The user asked for it.
    pub asked: bool,
    /// The user has closed.
    pub never: bool,
}

/// How far apart attempts are that a signal brings forward.
const HASTE: u64 = 1_000;

impl Permit {
    pub fn of_the_user() -> Self {
        Self { asked: true, ..Self::default() }
    }

    /// It attempted at `now`, and before that at `last`.
    pub fn judge(&self, now: u64, last: u64) -> Verdict {
        Law::I2.holds(!self.never, || "it connected after close()".to_owned())?;
        let hastened = self.hastened && !self.said && now >= last + HASTE;
        Law::I9.holds(self.asked || now >= self.from || hastened, || {
            format!("it connected at {now}, {} ms after the attempt before, with {self:?}", now - last)
        })
    }
}
