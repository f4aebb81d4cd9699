//! A line that was lost: why, and what comes of it.

/// Why a line was lost.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Cause {
    /// The socket closed.
    Close,
    /// A heartbeat was not answered.
    Heartbeat,
    /// A dial took too long.
    Timeout,
    /// There was no URL to dial.
    Url,
    /// After a wake, or with a network come back, the line did not answer a probe.
    Wake,
    /// The user asked for a new one.
    Reconnect,
}

/// A line that was lost.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Drop {
    /// Why.
    pub cause: Cause,
    /// The close code, 1006 where there was none.
    pub code: u16,
    /// The number of the next dial, counted from the last line that held.
    pub attempt: u32,
    /// The wait before it, in milliseconds.
    pub delay: u32,
    /// Whether it is given up if nobody objects.
    pub last: bool,
}

/// What the user makes of a lost line.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// As it would be without being asked.
    Default,
    /// Dial again, whatever the close code.
    Retry,
    /// Dial again after so many milliseconds.
    After(u32),
    /// It is over.
    GiveUp,
}
