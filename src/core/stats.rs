//! What a status page wants to know.

/// Counts since the connection was made.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Stats {
    /// Sockets asked for.
    pub dials: u32,
    /// Handshakes that succeeded.
    pub opens: u32,
    /// Lines and dials lost, by [`Cause`](super::Cause).
    pub drops: [u32; 6],
    /// Messages that arrived.
    pub messages_in: u64,
    /// Messages handed to a socket.
    pub messages_out: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Heartbeats that were answered.
    pub round_trip: RoundTrip,
}

/// Milliseconds from a heartbeat to its reply.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct RoundTrip {
    /// How many were measured.
    pub count: u32,
    /// Of the latest one.
    pub last: u64,
    /// Of the shortest one.
    pub min: u64,
    /// Of all together.
    pub sum: u64,
}

impl RoundTrip {
    pub(crate) fn measured(&mut self, took: u64) {
        self.min = if self.count == 0 { took } else { self.min.min(took) };
        self.count = self.count.saturating_add(1);
        self.last = took;
        self.sum = self.sum.saturating_add(took);
    }
}

#[cfg(test)]
mod tests;
