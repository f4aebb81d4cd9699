//! How the server behaves, and how much of anything it allows.

use std::time::Duration;

use undrop::core::outbox::Bounds;

/// How the server behaves. Spans are at most some 49 days: what is longer is cut.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long a session outlives a line. Default: 2 minutes.
    pub time_to_live: Duration,
    /// Over how long the clients should spread when all have to dial again.
    pub spread: Spread,
    /// After so long without a sign of the client the line is probed. Default: 30 s.
    pub idle: Duration,
    /// So long a client has to answer the probe. Default: 10 s.
    pub probe: Duration,
    /// So long a line has to say who it is and which session it wants. Default: 10 s.
    pub greeting: Duration,
    /// So long a client has to answer a close or an end; then the line is dropped. Default: 5 s.
    pub farewell: Duration,
    /// So long the handlers have to finish when the server ends. Default: 10 s.
    pub grace: Duration,
    /// Which pages may open lines.
    pub origins: Origins,
    /// The app's own subprotocols, the one it likes best first.
    pub protocols: Vec<String>,
    /// What becomes of a client that does not offer the protocol.
    pub strangers: Strangers,
    /// How much of anything is allowed.
    pub limits: Limits,
}

/// How much of anything is allowed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many sessions there may be on this node. Who comes after that is closed with 1013. Default: 100,000.
    pub sessions: usize,
    /// How many sessions one user may have. One more takes the place of the one whose line has been down for longest; if
    /// all of them have one, the new one is closed with 1013. Default: 32.
    pub sessions_per_user: usize,
    /// The same for those that nobody knows and that come from one address. Default: 1,000.
    pub sessions_per_address: usize,
    /// What one session may have on its way to its client. Default: 65,536 messages and 16 MiB.
    pub outbox: Bounds,
    /// How many bytes all sessions together may have on their way. Default: 1 GiB.
    pub outboxes: usize,
    /// What one session's handler may leave uncommitted. The line is not read meanwhile. Default: 1,024 messages and
    /// 4 MiB.
    pub inbox: Bounds,
    /// The largest message that a client may send. Default: 1 MiB.
    pub message_bytes: usize,
    /// How many handshakes one address may make: at once, ... Default: 1,000.
    pub handshake_burst: u32,
    /// ... and per second after that. What is more is refused with 429. Default: 100.
    pub handshakes_per_second: u32,
    /// How much is read from a line at once. Each line has a buffer of this size. Default: 4 KiB.
    pub read_buffer: usize,
}

/// Over how long the clients should spread when all have to dial again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spread {
    /// Always the same.
    Fixed(Duration),
    /// As long as it takes for the sessions there are to come back at so many a second, and at most 30 s.
    Rate(u32),
}

impl Spread {
    /// In milliseconds, where there are so many sessions.
    pub(crate) fn among(self, sessions: usize) -> u32 {
        match self {
            Spread::Fixed(span) => millis(span),
            Spread::Rate(rate) => {
                let span = (sessions as u64).saturating_mul(1_000) / u64::from(rate.max(1));
                u32::try_from(span).unwrap_or(u32::MAX).min(30_000)
            }
        }
    }
}

/// Which pages may open lines. A browser says where a page is from; other programs need not, and can say anything.
/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.2>
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Origins {
    /// Those that this server has sent: their origin's host and port are those that they dial.
    #[default]
    Same,
    /// Those of these origins, such as `https://example.org`, and those of this server.
    Listed(Vec<String>),
    /// All. For servers that know their users by something that a foreign page can't send along, which a cookie is not.
    Any,
}

/// What becomes of a client that does not offer the protocol.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Strangers {
    /// It is refused with 400.
    #[default]
    Refuse,
    /// Its line is served as a session that ends with it.
    Serve,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            time_to_live: Duration::from_secs(120),
            spread: Spread::Rate(1_000),
            idle: Duration::from_secs(30),
            probe: Duration::from_secs(10),
            greeting: Duration::from_secs(10),
            farewell: Duration::from_secs(5),
            grace: Duration::from_secs(10),
            origins: Origins::default(),
            protocols: Vec::new(),
            strangers: Strangers::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 100_000,
            sessions_per_user: 32,
            sessions_per_address: 1_000,
            outbox: Bounds::default(),
            outboxes: 1 << 30,
            inbox: Bounds { messages: 1_024, bytes: 4 << 20 },
            message_bytes: 1 << 20,
            handshake_burst: 1_000,
            handshakes_per_second: 100,
            read_buffer: 4 << 10,
        }
    }
}

impl Config {
    /// All spans as long as they can be counted, so that "never" may be said by any that is long enough.
    pub(crate) fn within_reason(mut self) -> Self {
        let Self { time_to_live, idle, probe, greeting, farewell, grace, .. } = &mut self;
        for span in [time_to_live, idle, probe, greeting, farewell, grace] {
            *span = Duration::from_millis(millis(*span).into());
        }
        self
    }
}

/// A span as the core counts it.
pub(crate) fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_grows_with_the_sessions_up_to_half_a_minute() {
        assert_eq!(Spread::Rate(1_000).among(1), 1);
        assert_eq!(Spread::Rate(1_000).among(10_000), 10_000);
        assert_eq!(Spread::Rate(0).among(usize::MAX), 30_000);
        assert_eq!(Spread::Fixed(Duration::from_secs(2)).among(7), 2_000);
    }
}
