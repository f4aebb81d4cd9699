//! What has arrived, what of it was taken, and when to say so.

use super::super::Millis;

/// An acknowledgement is due after so many messages, ...
const MESSAGES: u64 = 32;
/// ... so many bytes, ...
const BYTES: u64 = 256 << 10;
/// ... or so many milliseconds, whichever comes first.
const DELAY: u32 = 200;

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Receipts {
    arrived: u64,
    /// How many of those can't be lost any more.
    taken: u64,
    /// How many of those the other end was told of.
    told: u64,
    /// How many bytes have arrived since then.
    bytes: u64,
    due: Due,
}

/// When the other end is to be told.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
enum Due {
    #[default]
    Never,
    At(Millis),
    Now,
}

impl Receipts {
    pub(super) fn restore(taken: u64) -> Self {
        Self { arrived: taken, taken, told: taken, ..Self::default() }
    }

    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn told(&self) -> u64 {
        self.told
    }

    pub(super) fn arrive(&mut self, bytes: u64) -> u64 {
        self.arrived = self.arrived.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        self.hasten();
        self.arrived
    }

    /// Without a clock there is nobody to tell: the greeting will.
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

    /// What to tell the other end, which then knows.
    pub(super) fn tell(&mut self) -> u64 {
        self.pause();
        self.told = self.taken;
        self.bytes = 0;
        self.taken
    }

    /// The same, once all that has arrived is taken.
    pub(super) fn settle(&mut self) -> Option<u64> {
        if self.taken == self.arrived { Some(self.tell()) } else { None }
    }

    /// What there is to tell is told at once if it is much.
    fn hasten(&mut self) {
        if self.due != Due::Never && (self.taken - self.told >= MESSAGES || self.bytes >= BYTES) {
            self.due = Due::Now;
        }
    }

    /// There is nobody to tell.
    pub(super) fn pause(&mut self) {
        self.due = Due::Never;
    }
}

#[cfg(test)]
mod tests;
