//! Whether the peer is still there: the heartbeat of an open connection.
//!
//! A message that arrives only sets a flag, which is read when the deadline is reached: no timer moves with a message.

use super::deadline::{Deadline, Due, GRACE};
use super::{Cause, Millis};

/// How often a connection is checked, and how long an answer may take, in milliseconds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Heartbeat {
    /// How often a connection is checked. A ping is sent if nothing has arrived since the last check.
    pub interval: u32,
    /// How long the connection may stay silent after a ping before it is dropped.
    pub timeout: u32,
}

impl Default for Heartbeat {
    /// 25 s and 10 s.
    fn default() -> Self {
        Self { interval: 25_000, timeout: 10_000 }
    }
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Phase {
    /// Nothing is to be answered.
    Listening,
    /// A ping was sent.
    Pinged { at: Millis },
    /// A ping was sent out of turn, because something suggests that the connection is dead. The round trip of such a
    /// probe is not measured: the first pong may be that of an earlier ping.
    Probing,
}

/// What a deadline that was reached means.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Check {
    Nothing,
    Ping,
    /// The peer did not answer.
    Dead(Cause),
}

/// The heartbeat of one open connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Monitor {
    heartbeat: Heartbeat,
    phase: Phase,
    deadline: Deadline,
    /// Something has arrived since the last check, or since the last ping.
    heard: bool,
}

impl Monitor {
    pub(crate) fn new(heartbeat: Heartbeat, now: Millis) -> Self {
        let deadline = Deadline::at(now + heartbeat.interval);
        Self { heartbeat, phase: Phase::Listening, deadline, heard: false }
    }

    pub(crate) fn deadline(&self) -> Millis {
        self.deadline.time()
    }

    /// Whether the peer may be gone: it was probed, or has not answered a ping for as long as a probe may take.
    pub(crate) fn is_suspicious(&self, now: Millis) -> bool {
        let should_have_answered = match self.phase {
            Phase::Listening => false,
            Phase::Pinged { at } => now.since(at) > u64::from(GRACE),
            Phase::Probing => true,
        };
        should_have_answered && !self.heard
    }

    /// Something arrived, whatever it was.
    pub(crate) fn hear(&mut self) {
        self.heard = true;
    }

    /// The pong arrived. Returns the round trip, if it was measured.
    pub(crate) fn hear_pong(&mut self, now: Millis) -> Option<u64> {
        self.heard = true;
        let Phase::Pinged { at } = self.phase else {
            return None;
        };
        self.listen(now);
        Some(now.since(at))
    }

    /// Something suggests that the connection is dead. Returns whether a ping is to be sent.
    pub(crate) fn probe(&mut self, now: Millis) -> Check {
        match self.phase {
            Phase::Probing => Check::Nothing,
            _ => self.ping(Phase::Probing, now + GRACE),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis) -> Check {
        match (self.deadline.handle_timeout(now), self.phase) {
            (Due::NotYet, _) => Check::Nothing,
            _ if self.heard => {
                self.listen(now);
                Check::Nothing
            }
            (Due::Late, _) => {
                self.phase = Phase::Probing;
                Check::Ping
            }
            (Due::Now, Phase::Listening) => self.ping(Phase::Pinged { at: now }, now + self.heartbeat.timeout),
            (Due::Now, Phase::Pinged { .. }) => Check::Dead(Cause::Heartbeat),
            (Due::Now, Phase::Probing) => Check::Dead(Cause::Wake),
        }
    }

    fn listen(&mut self, now: Millis) {
        *self = Self::new(self.heartbeat, now);
    }

    fn ping(&mut self, phase: Phase, deadline: Millis) -> Check {
        self.phase = phase;
        self.deadline = Deadline::at(deadline);
        self.heard = false;
        Check::Ping
    }
}

#[cfg(test)]
mod tests;
