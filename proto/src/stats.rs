//! Counts for a status page.

/// Counts since the connection was made.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Stats {
    /// Attempts to connect.
    pub attempts: u32,
    /// Attempts after which the connection was open.
    pub opens: u32,
    /// Open connections that dropped and attempts that failed, by cause, in the order of [`Cause::ALL`](super::Cause::ALL).
    pub drops: [u32; 7],
    /// Messages received.
    pub messages_in: u64,
    /// Messages handed to a native socket; with a session, messages accepted.
    pub messages_out: u64,
    /// Bytes of the messages received. A text counts by its length in UTF-16 code units.
    pub bytes_in: u64,
    /// Bytes of [`messages_out`](Self::messages_out). A text counts by its length in UTF-16 code units.
    pub bytes_out: u64,
    /// Pings that were answered.
    pub round_trip: RoundTrip,
}

/// Round trips of the heartbeat, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct RoundTrip {
    /// How many were measured.
    pub count: u32,
    /// The latest.
    pub last: u64,
    /// The shortest.
    pub min: u64,
    /// The sum of all.
    pub sum: u64,
}

impl RoundTrip {
    pub(crate) fn add(&mut self, took: u64) {
        self.min = if self.count == 0 { took } else { self.min.min(took) };
        self.count = self.count.saturating_add(1);
        self.last = took;
        self.sum = self.sum.saturating_add(took);
    }
}

#[cfg(test)]
mod tests;
