//! I8: when an attempt may be given up, and when it must be.

use super::census::Census;
use super::silence::{GRACE, GRACES, LATE};
use crate::law::{Law, Verdict};

/// The attempt that is under way.
#[derive(Default)]
pub struct Hanging {
    due: u64,
    graces: u32,
}

impl Hanging {
    pub fn began(&mut self, due: u64) {
        *self = Self { due, graces: 0 };
    }

    /// A timer fired, and the attempt was given up or was not.
    pub fn judge(&mut self, now: u64, given_up: bool, census: &mut Census) -> Verdict {
        let late = now > self.due + LATE;
        let spared = late && self.graces < GRACES;
        if given_up {
            census.takeovers += 1;
            census.late_takeovers += u64::from(late);
            Law::I8.holds(now >= self.due, || format!("it gave up an attempt at {now} that had until {}", self.due))?;
            return Law::I8.holds(!spared, || {
                format!(
                    "it gave up an attempt when its timer was {} ms late, after {} graces",
                    now - self.due,
                    self.graces
                )
            });
        }
        if now < self.due {
            return Ok(());
        }
        census.attempt_graces += 1;
        self.graces += 1;
        self.due = now + GRACE;
        Law::I4.holds(spared, || "it does not give up an attempt that hangs".to_owned())
    }
}
