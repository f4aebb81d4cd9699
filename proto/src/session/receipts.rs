//! How many messages have arrived, how many of those were taken, and when to acknowledge them.

use crate::Millis;

/// An acknowledgement is due after so many messages, or [`BYTES`] or [`DELAY`], whichever comes first.
const MESSAGES: u64 = 32;
const BYTES: u64 = 256 << 10;
/// In milliseconds.
const DELAY: u32 = 200;

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Receipts {
    arrived: u64,
    /// How many of those were taken: they can't be lost any more.
    taken: u64,
    /// How many of those were acknowledged.
    acknowledged: u64,
    /// How many bytes have arrived since the last acknowledgement.
    bytes: u64,
    due: Due,
}

/// When the next acknowledgement is due.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
enum Due {
    #[default]
    Never,
    At(Millis),
    Now,
}

impl Receipts {
    pub(super) fn restore(taken: u64) -> Self {
        Self { arrived: taken, taken, acknowledged: taken, ..Self::default() }
    }

    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// A message of so many bytes arrived. Returns its number.
    pub(super) fn arrive(&mut self, bytes: u64) -> u64 {
        self.arrived = self.arrived.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        self.hasten();
        self.arrived
    }

    /// The first `count` messages are taken. Without a clock there is no connection to acknowledge them on, and the next
    /// greeting does.
    pub(super) fn take(&mut self, count: u64, now: Option<impl FnOnce() -> Millis>) {
        let count = count.min(self.arrived);
        let Some(now) = now.filter(|_| count > self.taken) else {
            self.taken = self.taken.max(count);
            return;
        };
        self.taken = count;
        if self.due == Due::Never {
            self.due = Due::At(now() + DELAY);
        }
        self.hasten();
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        match self.due {
            Due::At(at) => Some(at),
            Due::Never | Due::Now => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Millis) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.due = Due::Now;
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.due == Due::Now
    }

    /// Returns the count to acknowledge, which counts as acknowledged from then on.
    pub(super) fn acknowledge(&mut self) -> u64 {
        self.pause();
        self.acknowledged = self.taken;
        self.bytes = 0;
        self.taken
    }

    /// The same, or nothing as long as a message that has arrived is not taken.
    pub(super) fn acknowledge_all(&mut self) -> Option<u64> {
        if self.taken == self.arrived { Some(self.acknowledge()) } else { None }
    }

    /// Many messages or bytes are acknowledged at once.
    fn hasten(&mut self) {
        if self.due != Due::Never && (self.taken - self.acknowledged >= MESSAGES || self.bytes >= BYTES) {
            self.due = Due::Now;
        }
    }

    /// There is no connection to acknowledge on.
    pub(super) fn pause(&mut self) {
        self.due = Due::Never;
    }
}

#[cfg(test)]
mod tests;
