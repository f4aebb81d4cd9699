//! Whether the other end is still there: the heartbeat of an open line.
//!
//! Nothing is done for a message but to note that there was one. The deadline stays where it is; when it is reached,
//! the note is read.

use super::{Cause, Millis};

/// The rhythm of the heartbeat, in milliseconds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Heartbeat {
    /// How long a line may be silent before it is asked.
    pub interval: u32,
    /// How long it may then stay silent before it is given up.
    pub timeout: u32,
}

/// How long a probe waits for an answer.
pub(crate) const PROBE: u32 = 2_000;

/// A timer that fires later than this was held up: by a sleeping machine, a frozen page, a throttled tab. What the
/// other end said meanwhile may still be on its way to us.
const LATE: u64 = 1_000;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Phase {
    Listening,
    Asked {
        at: Millis,
    },
    /// Asked out of turn, because something suggests that the line is dead.
    Probing {
        at: Millis,
    },
}

/// What a deadline that was reached means.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
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
    deadline: Millis,
    heard: bool,
}

impl Pulse {
    pub(crate) fn new(heartbeat: Heartbeat, now: Millis) -> Self {
        Self { heartbeat, phase: Phase::Listening, deadline: now + heartbeat.interval, heard: false }
    }

    pub(crate) fn deadline(&self) -> Millis {
        self.deadline
    }

    /// Something arrived, whatever it was.
    pub(crate) fn hear(&mut self) {
        self.heard = true;
    }

    /// The answer to what was asked arrived. How long that took; nothing if nothing had been asked.
    pub(crate) fn hear_reply(&mut self, now: Millis) -> Option<u64> {
        self.heard = true;
        match self.phase {
            Phase::Listening => None,
            Phase::Asked { at } | Phase::Probing { at } => {
                self.listen(now);
                Some(now.since(at))
            }
        }
    }

    /// Something suggests that the line is dead.
    pub(crate) fn probe(&mut self, now: Millis) -> Beat {
        match self.phase {
            Phase::Probing { .. } => Beat::Nothing,
            _ => self.ask(Phase::Probing { at: now }, now + PROBE),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis) -> Beat {
        if now < self.deadline {
            return Beat::Nothing;
        }
        if self.heard {
            self.listen(now);
            return Beat::Nothing;
        }
        let late = now.since(self.deadline) > LATE;
        match self.phase {
            Phase::Probing { .. } => Beat::Dead(Cause::Wake),
            _ if late => self.probe(now),
            Phase::Listening => self.ask(Phase::Asked { at: now }, now + self.heartbeat.timeout),
            Phase::Asked { .. } => Beat::Dead(Cause::Heartbeat),
        }
    }

    fn listen(&mut self, now: Millis) {
        self.phase = Phase::Listening;
        self.deadline = now + self.heartbeat.interval;
        self.heard = false;
    }

    fn ask(&mut self, phase: Phase, deadline: Millis) -> Beat {
        self.phase = phase;
        self.deadline = deadline;
        self.heard = false;
        Beat::Ask
    }
}

#[cfg(test)]
mod tests;
