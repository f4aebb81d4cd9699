//! The record of what one end acknowledged of what it took, and the judgement.

use crate::law::{Law, Verdict};

/// As docs/protocol.md has them.
const MESSAGES: u64 = 32;
const BYTES: u64 = 262_144;
const DELAY: u64 = 200;

/// What one end took and acknowledged.
#[derive(Default)]
pub struct Acknowledgements {
    taken: u64,
    acknowledged: u64,
    bytes: u64,
    /// Since when it has had something to acknowledge and a connection to do it on.
    since: Option<u64>,
}

impl Acknowledgements {
    /// The end has this already, and it is known.
    pub fn restored(taken: u64) -> Self {
        Self { taken, acknowledged: taken, ..Self::default() }
    }

    pub fn arrived(&mut self, bytes: u32) {
        self.bytes += u64::from(bytes);
    }

    pub fn took(&mut self, count: u64) {
        self.taken = self.taken.max(count);
    }

    /// It says so in a greeting.
    pub fn greets(&mut self, received: u64) -> Verdict {
        Law::Acknowledgements
            .holds(received == self.taken, || format!("greeted with {received}, has taken {}", self.taken))?;
        self.says(received);
        Ok(())
    }

    pub fn acknowledges(&mut self, received: u64) -> Verdict {
        Law::Acknowledgements
            .holds(received > self.acknowledged, || format!("acknowledged {received} twice, and nothing new"))?;
        Law::Acknowledgements
            .holds(received <= self.taken, || format!("acknowledged {received}, has taken {}", self.taken))?;
        self.says(received);
        Ok(())
    }

    fn says(&mut self, received: u64) {
        self.acknowledged = received;
        self.bytes = 0;
        self.since = None;
    }

    /// To be called after each step.
    pub fn check(&mut self, now: u64, is_live: bool, lateness: u32) -> Verdict {
        if !is_live || self.taken == self.acknowledged {
            self.since = None;
            return Ok(());
        }
        let (count, bytes) = (self.taken - self.acknowledged, self.bytes);
        let silent = now - *self.since.get_or_insert(now);
        Law::Acknowledgements.holds(count < MESSAGES && bytes < BYTES && silent <= DELAY + u64::from(lateness), || {
            format!("has not acknowledged {count} messages, or {bytes} bytes, for {silent} ms")
        })
    }
}
