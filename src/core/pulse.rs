//! Whether the other end is still there: the heartbeat of an open line.
//!
//! Nothing is done for a message but to note that there was one. The deadline stays where it is; when it is reached,
//! the note is read.

use super::patience::{Due, GRACE, Patience};
use super::{Cause, Millis};

/// The rhythm of the heartbeat, in milliseconds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Heartbeat {
    /// How often a line is looked at. One that has been silent since the last look is asked.
    pub interval: u32,
    /// How long it may then stay silent before it is given up.
    pub timeout: u32,
}

// Its tag stands apart, as that of an `Event`: where there may be no pulse, that too is told by a tag and not by a time.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
enum Phase {
    Listening,
    Asked {
        at: Millis,
    },
    /// Asked out of turn, because something suggests that the line is dead. How long the answer takes is not measured:
    /// the first to come may be the one to an earlier question.
    Probing,
}

/// What a deadline that was reached means.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub(crate) enum Beat {
    Nothing,
    Ask,
    /// It did not answer.
    Dead(Cause),
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Pulse {
    heartbeat: Heartbeat,
    phase: Phase,
    patience: Patience,
    heard: bool,
}

impl Pulse {
    pub(crate) fn new(heartbeat: Heartbeat, now: Millis) -> Self {
        let patience = Patience::until(now + heartbeat.interval);
        Self { heartbeat, phase: Phase::Listening, patience, heard: false }
    }

    pub(crate) fn deadline(&self) -> Millis {
        self.patience.deadline()
    }

    /// Something arrived, whatever it was.
    pub(crate) fn hear(&mut self) {
        self.heard = true;
    }

    /// The answer to what was asked arrived. How long that took, if that can be said.
    pub(crate) fn hear_reply(&mut self, now: Millis) -> Option<u64> {
        self.heard = true;
        let Phase::Asked { at } = self.phase else {
            return None;
        };
        self.listen(now);
        Some(now.since(at))
    }

    /// Something suggests that the line is dead.
    pub(crate) fn probe(&mut self, now: Millis) -> Beat {
        match self.phase {
            Phase::Probing => Beat::Nothing,
            _ => self.ask(Phase::Probing, now + GRACE),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis) -> Beat {
        match (self.patience.handle_timeout(now), self.phase) {
            (Due::NotYet, _) => Beat::Nothing,
            _ if self.heard => {
                self.listen(now);
                Beat::Nothing
            }
            (Due::Late, _) => {
                self.phase = Phase::Probing;
                Beat::Ask
            }
            (Due::Now, Phase::Listening) => self.ask(Phase::Asked { at: now }, now + self.heartbeat.timeout),
            (Due::Now, Phase::Asked { .. }) => Beat::Dead(Cause::Heartbeat),
            (Due::Now, Phase::Probing) => Beat::Dead(Cause::Wake),
        }
    }

    fn listen(&mut self, now: Millis) {
        *self = Self::new(self.heartbeat, now);
    }

    fn ask(&mut self, phase: Phase, deadline: Millis) -> Beat {
        self.phase = phase;
        self.patience = Patience::until(deadline);
        self.heard = false;
        Beat::Ask
    }
}

#[cfg(test)]
mod tests;
