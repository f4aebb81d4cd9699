//! Why a connection dropped, and what the user decides about it.

/// Why a connection dropped, or could not be opened.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// The native socket closed, or its handshake failed.
    Close,
    /// The server did not answer a ping of the heartbeat.
    Heartbeat,
    /// The handshake took too long.
    Timeout,
    /// The function for the URL or the subprotocols failed.
    Url,
    /// The user could not authenticate.
    Authenticate,
    /// After a sleep, or with the network back, the server did not answer a probe.
    Wake,
    /// The user asked for a new connection.
    Reconnect,
}

impl Cause {
    /// All of them, in the order of [`Stats::drops`](super::Stats::drops).
    pub const ALL: [Cause; 7] = [
        Cause::Close,
        Cause::Heartbeat,
        Cause::Timeout,
        Cause::Url,
        Cause::Authenticate,
        Cause::Wake,
        Cause::Reconnect,
    ];

    /// Its name in JavaScript, the docs and the logs.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Close => "close",
            Cause::Heartbeat => "heartbeat",
            Cause::Timeout => "timeout",
            Cause::Url => "url",
            Cause::Authenticate => "authenticate",
            Cause::Wake => "wake",
            Cause::Reconnect => "reconnect",
        }
    }
}

/// A connection that dropped.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// Why.
    pub cause: Cause,
    /// The close code, 1006 where there was none.
    pub code: u16,
    /// The number of the next attempt, as [`Retry::limit`](super::Retry::limit) counts: from 1 after a connection that lasted,
    /// and when the user reconnects. The first attempt of all was the first.
    pub attempt: u32,
    /// The delay before it, in milliseconds.
    pub delay: u32,
    /// Whether the connection is closed unless the user decides otherwise.
    pub last: bool,
}

/// What the user decides about a connection that dropped.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Decision {
    /// What happens without a decision: it reconnects, unless [`Dropped::last`].
    Default,
    /// Reconnect, whatever the close code; but not beyond [`Retry::limit`](super::Retry::limit).
    Retry,
    /// The same, after so many milliseconds.
    After(u32),
    /// Close.
    GiveUp,
}

#[cfg(test)]
mod tests;
