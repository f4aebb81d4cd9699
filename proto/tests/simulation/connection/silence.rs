//! I8: what must have gone before an attempt, or a connection that is silent, may be given up, and when it must be.

use undrop_proto::{Cause, Heartbeat};

use super::census::Census;
use crate::law::{Law, Verdict};

/// The connection that is open, if it has a heartbeat.
#[derive(Default)]
pub struct Silence {
    heartbeat: Option<Heartbeat>,
    stage: Stage,
    /// When it was asked last.
    asked: u64,
    /// When it is looked at next.
    due: u64,
    /// Since it was last asked or looked at.
    heard: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Listening,
    Asked,
    /// Asked out of turn, so often in a row because a timer was late.
    Probed {
        late: u32,
    },
}

/// How long an answer to a probe may take, and what else a late timer gives.
const GRACE: u64 = 2_000;
/// A timer that fires later than this is late.
pub const LATE: u64 = 1_000;
/// How many late timers in a row may not be believed.
const GRACES: u32 = 2;

impl Silence {
    pub fn new(heartbeat: Option<Heartbeat>) -> Self {
        Self { heartbeat, ..Self::default() }
    }

    pub fn opened(&mut self, now: u64) {
        self.stage = Stage::Listening;
        self.heard = false;
        self.due = now + self.heartbeat.map_or(0, |heartbeat| u64::from(heartbeat.interval));
    }

    pub fn heard(&mut self, census: &mut Census) {
        census.saved += u64::from(matches!(self.stage, Stage::Probed { .. }) && !self.heard);
        self.heard = true;
    }

    pub fn replied(&mut self, now: u64, census: &mut Census) {
        if self.stage == Stage::Asked {
            self.opened(now);
        } else {
            self.heard(census);
        }
    }

    /// A timer fired, and the connection was not given up.
    pub fn spared(&mut self, now: u64) {
        if self.heard && now >= self.due {
            self.opened(now);
        }
    }

    /// Whether it should have answered by now, and has not.
    pub fn is_suspicious(&self, now: u64) -> bool {
        let should_have_answered = match self.stage {
            Stage::Listening => false,
            Stage::Asked => now > self.asked + GRACE,
            Stage::Probed { .. } => true,
        };
        self.heartbeat.is_some() && should_have_answered && !self.heard
    }

    /// It was asked, by a timer or for another reason.
    pub fn asked(&mut self, now: u64, by_timer: bool, census: &mut Census) -> Verdict {
        let timeout = self.heartbeat.map_or(0, |heartbeat| u64::from(heartbeat.timeout));
        let late = by_timer && now > self.due + LATE;
        self.stage = match self.stage {
            Stage::Probed { late: before } if late => Stage::Probed { late: before + 1 },
            _ if late => Stage::Probed { late: 1 },
            _ if by_timer => Stage::Asked,
            _ => Stage::Probed { late: 0 },
        };
        self.heard = false;
        self.asked = now;
        self.due = now + if self.stage == Stage::Asked { timeout } else { GRACE };
        census.pings += 1;
        census.probes += u64::from(self.stage != Stage::Asked);
        census.late_probes += u64::from(late);
        census.late_again += u64::from(self.stage == Stage::Probed { late: GRACES });
        Law::I4.holds(self.stage != Stage::Probed { late: GRACES + 1 }, || {
            "it asks a silent connection again and again".to_owned()
        })
    }

    /// A connection was given up.
    pub fn judge(&self, now: u64, cause: Cause, census: &mut Census) -> Verdict {
        Law::I8.holds(!self.heard, || "it gave up a connection that had answered".to_owned())?;
        let right = match self.stage {
            Stage::Listening => false,
            Stage::Asked => cause == Cause::Heartbeat,
            Stage::Probed { .. } => cause == Cause::Wake,
        };
        Law::I8.holds(right, || format!("it gave up a connection by {cause:?} that was {:?}", self.stage))?;
        Law::I8.holds(now >= self.due, || {
            format!("it gave up a connection at {now} that had until {} to answer", self.due)
        })?;
        let late = now > self.due + LATE;
        census.silent_deaths += 1;
        census.late_deaths += u64::from(late);
        Law::I8.holds(!late || self.stage == Stage::Probed { late: GRACES }, || {
            format!("it gave up a connection that was {:?} when its timer was late", self.stage)
        })
    }
}

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
