//! I2 and I9: what lets the next attempt happen.

use crate::law::{Law, Verdict};

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
