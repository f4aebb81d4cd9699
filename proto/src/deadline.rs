//! The deadline of an answer, where timers can be late.

use super::Millis;

/// How much longer an answer is waited for when the timer was late.
pub(crate) const GRACE: u32 = 2_000;

/// A timer that fires later than this was held up: by a sleeping machine, a frozen page, a throttled tab. The answer may
/// have arrived meanwhile, and be the next event.
const LATE: u64 = 1_000;

/// How often in a row a late timer extends the deadline. All timers of a page that was hidden for long are late, and
/// such a page has to find a dead connection too.
const GRACES: u8 = 2;

/// What a timer that fired means.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Due {
    NotYet,
    /// The timer was late: the deadline has moved by [`GRACE`].
    Late,
    Now,
}

/// The time of a deadline, which a late timer may extend.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Deadline {
    at: Millis,
    /// How often a late timer may still extend it.
    graces: u8,
}

impl Deadline {
    pub(crate) fn at(at: Millis) -> Self {
        Self { at, graces: GRACES }
    }

    pub(crate) fn time(&self) -> Millis {
        self.at
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis) -> Due {
        if now < self.at {
            return Due::NotYet;
        }
        if self.graces == 0 || now.since(self.at) <= LATE {
            return Due::Now;
        }
        self.graces -= 1;
        self.at = now + GRACE;
        Due::Late
    }
}

#[cfg(test)]
mod tests;
