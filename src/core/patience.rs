//! Until when something is waited for, where timers can be late.

use super::Millis;

/// How much longer it is waited for when the timer was late.
pub(crate) const GRACE: u32 = 2_000;

/// A timer that fires later than this was held up: by a sleeping machine, a frozen page, a throttled tab. What is
/// waited for may have come meanwhile, and be next to have its turn.
const LATE: u64 = 1_000;

/// How often in a row. All timers of a page that has been hidden for long are late, and it has to find out as well.
const GRACES: u8 = 2;

/// What a timer that fired means.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Due {
    NotYet,
    /// It was late: it is waited for a little longer.
    Late,
    Now,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Patience {
    deadline: Millis,
    graces: u8,
}

impl Patience {
    pub(crate) fn until(deadline: Millis) -> Self {
        Self { deadline, graces: GRACES }
    }

    pub(crate) fn deadline(&self) -> Millis {
        self.deadline
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis) -> Due {
        if now < self.deadline {
            return Due::NotYet;
        }
        if self.graces == 0 || now.since(self.deadline) <= LATE {
            return Due::Now;
        }
        self.graces -= 1;
        self.deadline = now + GRACE;
        Due::Late
    }
}

#[cfg(test)]
mod tests;
