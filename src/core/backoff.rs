//! How long to wait before the next dial: exponential backoff with full jitter.
//!
//! Each wait is drawn from a whole window, since what a returning server has to bear is the number of its clients
//! divided by the first window. That one depends on why the line was lost; each further one is twice as wide.

/// How a lost line is dialled again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Retry {
    /// How many losses in a row, without a line that held in between, end it. Those of a page that is hidden or offline do not count.
    pub limit: u32,
    /// The first window after a plain loss, in milliseconds.
    pub first: u32,
    /// The widest window, in milliseconds.
    pub cap: u32,
    /// How long a line must have held, in milliseconds, for the next loss to start anew.
    pub reset_after: u32,
}

impl Default for Retry {
    /// Without limit; 5 s, as RFC 6455 7.2.3 asks; 30 s; 5 s.
    fn default() -> Self {
        Self { limit: u32::MAX, first: 5_000, cap: 30_000, reset_after: 5_000 }
    }
}

/// What the first wait after a loss is drawn from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Window {
    /// No wait: the trouble was this end's own, nobody else dials now.
    None,
    /// From nothing to [`Retry::first`].
    Plain,
    /// From [`Retry::first`] to [`Retry::cap`]: the server said that it restarts or is overloaded.
    Restart,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Backoff {
    /// Losses in a row, without a line that held in between.
    failed: u32,
    /// Those of them that count against [`Retry::limit`].
    spent: u32,
    random: u64,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { failed: 0, spent: 0, random: seed }
    }

    pub(crate) fn reset(&mut self) {
        self.failed = 0;
        self.spent = 0;
    }

    pub(crate) fn spend(&mut self) {
        self.spent = self.spent.saturating_add(1);
    }

    pub(crate) fn is_spent(&self, retry: &Retry) -> bool {
        self.spent >= retry.limit
    }

    /// Draws the wait before the next dial.
    pub(crate) fn draw(&mut self, retry: &Retry, window: Window) -> u32 {
        // From nothing no window grows, and a URL that is missing at once would be looked for without end.
        let widened = retry.first.max(1).saturating_mul(1u32.checked_shl(self.failed).unwrap_or(u32::MAX));
        let (from, to) = match window {
            Window::None if self.failed == 0 => (0, 0),
            Window::Restart => (retry.first, retry.cap),
            _ => (0, widened),
        };
        self.failed = self.failed.saturating_add(1);
        let to = to.min(retry.cap);
        let from = from.min(to);
        from + self.below(to - from)
    }

    /// A random number from 0 to `limit`. SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn below(&mut self, limit: u32) -> u32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((bits >> 32) * (u64::from(limit) + 1)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests;
