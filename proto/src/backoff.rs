//! How long to wait before the next attempt: exponential backoff with full jitter.
//!
//! Each delay is drawn from a whole window: a server that returns has to bear the number of its clients divided by the
//! width of the first window. The first window depends on why the connection dropped; each further one is twice as wide.

/// How a connection that dropped reconnects.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Retry {
    /// After how many drops in a row, without a connection that lasted in between, it is closed. The drops of a page that
    /// is hidden or offline do not count.
    pub limit: u32,
    /// The first window, in milliseconds, unless the server said that it restarts, or asks its clients for a wider one.
    pub first: u32,
    /// The widest window, in milliseconds.
    pub cap: u32,
    /// How long a connection has to be open, in milliseconds, to have lasted. The drop after that is the first again.
    pub reset_after: u32,
}

impl Default for Retry {
    /// No limit; a first window of 5 s, as <https://www.rfc-editor.org/rfc/rfc6455#section-7.2.3> asks; at most 30 s; a
    /// connection has lasted after 5 s.
    fn default() -> Self {
        Self { limit: u32::MAX, first: 5_000, cap: 30_000, reset_after: 5_000 }
    }
}

/// What the first delay after a drop is drawn from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Window {
    /// No delay: the cause was the client's own, so the server's other clients do not reconnect now.
    None,
    /// From nothing to [`Retry::first`], or to this many milliseconds if that is wider: the server has asked its clients
    /// to spread over them.
    Plain(u32),
    /// From [`Retry::first`] to [`Retry::cap`]: the server said that it restarts or is overloaded, and has not said over how
    /// many milliseconds its clients should spread.
    Restart,
}

/// The widest spread that a client follows, in milliseconds. A wider one is taken for a mistake of the server.
const WIDEST_SPREAD: u32 = 300_000;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Backoff {
    /// Drops in a row, without a connection that lasted in between.
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

    /// Whether there was a drop since the last connection that lasted.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// The number of the next attempt; that of the last one if there may be no more.
    pub(crate) fn next_try(&self, retry: &Retry) -> u32 {
        self.spent.saturating_add(1).min(retry.limit.max(1))
    }

    /// Draws the delay before the next attempt.
    pub(crate) fn draw(&mut self, retry: &Retry, window: Window) -> u32 {
        // A window of nothing would stay one, and a URL that is missing at once would be asked for without end.
        let widened = retry.first.max(1).saturating_mul(1u32.checked_shl(self.failed).unwrap_or(u32::MAX));
        let (from, to) = match window {
            Window::None if self.failed == 0 => (0, 0),
            Window::Restart => (retry.first.min(retry.cap), retry.cap),
            Window::Plain(spread) => (0, widened.min(retry.cap).max(spread.min(WIDEST_SPREAD))),
            Window::None => (0, widened.min(retry.cap)),
        };
        self.failed = self.failed.saturating_add(1);
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
