//! The record of what one end told the other of what it took, and the judgement.

use super::law::{Crime, Law, Verdict};

/// As docs/protocol.md has them.
const MESSAGES: u64 = 32;
const BYTES: u64 = 262_144;
const DELAY: u64 = 200;

/// What one end took and told.
#[derive(Default)]
pub struct Receipts {
    taken: u64,
    told: u64,
    bytes: u64,
    /// Since when it has had something to tell and a line to tell it on.
    since: Option<u64>,
}

impl Receipts {
    /// The end has this already, and it is known.
    pub fn restored(taken: u64) -> Self {
        Self { taken, told: taken, ..Self::default() }
    }

    pub fn arrived(&mut self, bytes: u32) {
        self.bytes += u64::from(bytes);
    }

    pub fn took(&mut self, count: u64) {
        self.taken = self.taken.max(count);
    }

    /// It told so in a greeting.
    pub fn greeted(&mut self, at: u64, received: u64) -> Verdict {
        if received != self.taken {
            return Crime::new(Law::Receipts, at, format!("greeted with {received}, has taken {}", self.taken));
        }
        self.told(received);
        Ok(())
    }

    pub fn acknowledged(&mut self, at: u64, received: u64) -> Verdict {
        if received <= self.told {
            return Crime::new(Law::Receipts, at, format!("told of {received} twice, and of nothing new"));
        }
        if received > self.taken {
            return Crime::new(Law::Receipts, at, format!("told of {received}, has taken {}", self.taken));
        }
        self.told(received);
        Ok(())
    }

    fn told(&mut self, received: u64) {
        self.told = received;
        self.bytes = 0;
        self.since = None;
    }

    /// To be called after each step.
    pub fn check(&mut self, at: u64, live: bool, lateness: u32) -> Verdict {
        if !live || self.taken == self.told {
            self.since = None;
            return Ok(());
        }
        if self.taken - self.told >= MESSAGES {
            return Crime::new(Law::Receipts, at, format!("has not told of {} messages", self.taken - self.told));
        }
        if self.bytes >= BYTES {
            return Crime::new(Law::Receipts, at, format!("has not told of {} bytes", self.bytes));
        }
        let since = *self.since.get_or_insert(at);
        if at - since > DELAY + u64::from(lateness) {
            return Crime::new(Law::Receipts, at, format!("has not told for {} ms", at - since));
        }
        Ok(())
    }
}
