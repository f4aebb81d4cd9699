//! Counts for a status page.

use std::time::Duration;

use undrop_proto::Cause;

/// Counts since the socket was made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Attempts to connect.
    pub attempts: u32,
    /// Attempts after which the connection was open.
    pub opens: u32,
    /// Messages received.
    pub messages_in: u64,
    /// Messages sent; with a session: accepted.
    pub messages_out: u64,
    /// The bytes of the messages received. Text counts by its length.
    pub bytes_in: u64,
    /// The bytes of the messages sent. Text counts by its length.
    pub bytes_out: u64,
    /// Round trips of the heartbeat.
    pub round_trip: RoundTrip,
    drops: [u32; Cause::ALL.len()],
}

/// Round trips of the heartbeat.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct RoundTrip {
    /// How many were measured.
    pub count: u32,
    /// The latest.
    pub last: Duration,
    /// The shortest.
    pub min: Duration,
    /// The mean of all.
    pub mean: Duration,
}

impl Stats {
    /// Connections that dropped and attempts that failed for this cause.
    pub fn drops(&self, cause: Cause) -> u32 {
        self.drops.get(cause as usize).copied().unwrap_or_default()
    }

    pub(super) fn from_proto(stats: undrop_proto::Stats) -> Self {
        let undrop_proto::RoundTrip { count, last, min, sum } = stats.round_trip;
        Self {
            attempts: stats.attempts,
            opens: stats.opens,
            messages_in: stats.messages_in,
            messages_out: stats.messages_out,
            bytes_in: stats.bytes_in,
            bytes_out: stats.bytes_out,
            round_trip: RoundTrip {
                count,
                last: Duration::from_millis(last),
                min: Duration::from_millis(min),
                mean: Duration::from_millis(sum) / count.max(1),
            },
            drops: stats.drops,
        }
    }
}
