//! The options of a server, and its limits.

use std::time::Duration;

use http::HeaderName;
use undrop_proto::outbox::Bounds;
use undrop_proto::wire::Control;

use crate::proxies::Proxies;

/// The least that [`Config::time_to_live`] can be.
const LEAST_TIME_TO_LIVE: Duration = Duration::from_millis(10);

/// The options of a server. A duration is at most some 49 days: a longer one is cut.
///
/// ```
/// use std::time::Duration;
/// use undrop_server::{Config, Limits, Sessions};
///
/// let config = Config::default().time_to_live(Duration::from_secs(60)).limits(Limits::default().sessions(10_000));
/// let sessions = Sessions::new(config);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    pub(crate) time_to_live: Duration,
    pub(crate) spread: Spread,
    pub(crate) idle: Duration,
    pub(crate) probe: Duration,
    pub(crate) greeting: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) origins: Origins,
    pub(crate) proxies: Proxies,
    pub(crate) kept_headers: Vec<HeaderName>,
    pub(crate) protocols: Vec<String>,
    pub(crate) plain_connections: PlainConnections,
    pub(crate) log_sessions: bool,
    pub(crate) limits: Limits,
}

impl Config {
    /// How long a session lives without a connection, 10 ms at least. Default: 2 minutes.
    pub fn time_to_live(mut self, duration: Duration) -> Self {
        self.time_to_live = duration;
        self
    }

    /// Over how long the clients spread when all have to reconnect. Default: `Rate(1_000)`.
    pub fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// How long a client may be silent before it is sent a ping. Default: 30 s.
    pub fn idle(mut self, duration: Duration) -> Self {
        self.idle = duration;
        self
    }

    /// How long a client has to answer the ping. Then its connection is dropped. Default: 10 s.
    pub fn probe(mut self, duration: Duration) -> Self {
        self.probe = duration;
        self
    }

    /// How long a client has to authenticate and to say which session it wants, and how long the store has to answer then.
    /// Default: 10 s.
    pub fn greeting(mut self, duration: Duration) -> Self {
        self.greeting = duration;
        self
    }

    /// How long a client has to answer a close frame or an `end`. Then its connection is dropped. Default: 5 s.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// How long the handlers have to finish when the server shuts down. Default: 10 s.
    pub fn grace(mut self, duration: Duration) -> Self {
        self.grace = duration;
        self
    }

    /// Which pages may connect. Default: those of this server's own origin.
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Which proxies stand in front, and name the client's address. Default: none.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Which headers of its handshake a session keeps, for [`Session::handshake`](crate::Session::handshake). Default: none.
    pub fn kept_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.kept_headers = names.into_iter().collect();
        self
    }

    /// The app's own subprotocols, the preferred one first. Default: none.
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// What happens to a client that does not offer the protocol. Default: it is refused.
    pub fn plain_connections(mut self, plain_connections: PlainConnections) -> Self {
        self.plain_connections = plain_connections;
        self
    }

    /// Whether each session has a line in the log, at `info` and under the target `undrop_server::sessions`, when it begins, is
    /// resumed and ends. Default: yes.
    pub fn log_sessions(mut self, log_sessions: bool) -> Self {
        self.log_sessions = log_sessions;
        self
    }

    /// The limits. Default: those of [`Limits`], for a server with 8 GiB.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Cuts all durations to what can be counted, so that any long one may mean "never", and gives each client room for one
    /// message.
    pub(crate) fn within_reason(mut self) -> Self {
        let Self { time_to_live, idle, probe, greeting, close_timeout, grace, .. } = &mut self;
        for span in [time_to_live, idle, probe, greeting, close_timeout, grace] {
            *span = Duration::from_millis(millis(*span).into());
        }
        // The store is written each time half of it has passed.
        self.time_to_live = self.time_to_live.max(LEAST_TIME_TO_LIVE);
        let Limits { message_bytes, inboxes, inboxes_per_owner, .. } = &mut self.limits;
        // Otherwise nobody could send the largest message.
        *inboxes_per_owner = (*inboxes_per_owner).max(*message_bytes + (16 << 10));
        *inboxes = (*inboxes).max(*inboxes_per_owner);
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            time_to_live: Duration::from_secs(120),
            spread: Spread::Rate(1_000),
            idle: Duration::from_secs(30),
            probe: Duration::from_secs(10),
            greeting: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            grace: Duration::from_secs(10),
            origins: Origins::default(),
            proxies: Proxies::default(),
            kept_headers: Vec::new(),
            protocols: Vec::new(),
            plain_connections: PlainConnections::default(),
            log_sessions: true,
            limits: Limits::default(),
        }
    }
}

/// How much a client, and all clients together, may make the server hold.
///
/// ```
/// use undrop_server::{Config, Limits};
///
/// let limits = Limits::default().message_bytes(64 << 10).outbox_messages(1_000).outbox_bytes(1 << 20);
/// let config = Config::default().limits(limits);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    pub(crate) sessions: usize,
    pub(crate) sessions_per_user: usize,
    pub(crate) sessions_per_address: usize,
    pub(crate) outbox: Bounds,
    pub(crate) outboxes: usize,
    pub(crate) outboxes_per_owner: usize,
    pub(crate) inbox: Bounds,
    pub(crate) inboxes: usize,
    pub(crate) inboxes_per_owner: usize,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) message_bytes: usize,
    pub(crate) handshake_burst: u32,
    pub(crate) handshakes_per_second: u32,
    pub(crate) read_buffer: usize,
}

impl Limits {
    /// How many sessions there may be on this node. A client that wants one more is closed with 1013. Default: 100,000.
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }

    /// How many sessions one user may have. One more takes the place of the one that has been without a connection for longest;
    /// if all of them have a connection, the new one is closed with 1013. Default: 32.
    pub fn sessions_per_user(mut self, sessions: usize) -> Self {
        self.sessions_per_user = sessions;
        self
    }

    /// How many sessions the anonymous clients of one address may have. One more takes the place of the one that has been without
    /// a connection for longest, if that is 30 s at least; otherwise the new one is closed with 1013. Default: 1,000.
    pub fn sessions_per_address(mut self, sessions: usize) -> Self {
        self.sessions_per_address = sessions;
        self
    }

    /// How many messages one session may have sent without an acknowledgement: one more is a
    /// [`SendError::Full`](crate::SendError::Full). Default: 65,536.
    pub fn outbox_messages(mut self, messages: u32) -> Self {
        self.outbox.messages = messages;
        self
    }

    /// How many bytes the messages may have that one session has sent without an acknowledgement. Default: 16 MiB.
    pub fn outbox_bytes(mut self, bytes: u64) -> Self {
        self.outbox.bytes = bytes;
        self
    }

    /// How many bytes all sessions together may have sent without an acknowledgement, with 256 bytes for each message. When it is
    /// used up, whoever has most of it makes room: the session that takes most of that is closed with 4002, and begins anew.
    /// Default: 1 GiB.
    pub fn outboxes(mut self, bytes: usize) -> Self {
        self.outboxes = bytes;
        self
    }

    /// How many bytes of [`outboxes`](Self::outboxes) the sessions of one user may have, or of the anonymous clients of one
    /// address. Default: 128 MiB.
    pub fn outboxes_per_owner(mut self, bytes: usize) -> Self {
        self.outboxes_per_owner = bytes;
        self
    }

    /// How many messages one session may have received that its handler has not committed. The connection is not read while
    /// there are as many. Default: 1,024.
    pub fn inbox_messages(mut self, messages: u32) -> Self {
        self.inbox.messages = messages;
        self
    }

    /// How many bytes the messages may have that one session has received and its handler has not committed. The connection is
    /// not read while there are as many. Default: 4 MiB.
    pub fn inbox_bytes(mut self, bytes: u64) -> Self {
        self.inbox.bytes = bytes;
        self
    }

    /// How many bytes all clients together may have sent that no handler has committed, whole messages and unfinished ones, with
    /// 256 bytes for each message. When it is used up, only those who have none of it are read. Default: 512 MiB.
    pub fn inboxes(mut self, bytes: usize) -> Self {
        self.inboxes = bytes;
        self
    }

    /// How many bytes of [`inboxes`](Self::inboxes) one user may have, or the anonymous clients of one address. The connections
    /// of whoever has as many are not read until there are fewer. Default: 64 MiB.
    pub fn inboxes_per_owner(mut self, bytes: usize) -> Self {
        self.inboxes_per_owner = bytes;
        self
    }

    /// How many connections there may be, with and without a session. A further one is refused with 503. Default: 120,000.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How many connections one address may have, whoever its users are. A further one is refused with 429. Default: 4,000.
    pub fn connections_per_address(mut self, connections: usize) -> Self {
        self.connections_per_address = connections;
        self
    }

    /// How many bytes a message may have that a client sends. Default: 1 MiB.
    pub fn message_bytes(mut self, bytes: usize) -> Self {
        self.message_bytes = bytes;
        self
    }

    /// How many handshakes one address may make at once. A further one is refused with 429. Default: 1,000.
    pub fn handshake_burst(mut self, handshakes: u32) -> Self {
        self.handshake_burst = handshakes;
        self
    }

    /// How many handshakes one address may make per second when it has used up its
    /// [`handshake_burst`](Self::handshake_burst). Default: 100.
    pub fn handshakes_per_second(mut self, handshakes: u32) -> Self {
        self.handshakes_per_second = handshakes;
        self
    }

    /// How many bytes are read from a connection at once. Each connection has a buffer of this size. Default: 4 KiB.
    pub fn read_buffer(mut self, bytes: usize) -> Self {
        self.read_buffer = bytes;
        self
    }

    /// How large a message of a WebSocket may be. A control frame of the protocol is no message of the app.
    pub(crate) fn most_bytes(&self) -> usize {
        self.message_bytes.max(Control::LONGEST)
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
            outboxes_per_owner: 128 << 20,
            inbox: Bounds { messages: 1_024, bytes: 4 << 20 },
            inboxes: 512 << 20,
            inboxes_per_owner: 64 << 20,
            connections: 120_000,
            connections_per_address: 4_000,
            message_bytes: 1 << 20,
            handshake_burst: 1_000,
            handshakes_per_second: 100,
            read_buffer: 4 << 10,
        }
    }
}

/// Over how long the clients spread when all have to reconnect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Spread {
    /// Always the same.
    Fixed(Duration),
    /// As long as the sessions there are take to come back at this rate a second: 1, 2, 4, 8, 16 or 30 s.
    Rate(u32),
}

impl Spread {
    /// In milliseconds, for this number of sessions.
    pub(crate) fn among(self, sessions: usize) -> u32 {
        match self {
            Spread::Fixed(span) => millis(span),
            Spread::Rate(rate) => {
                let seconds = (sessions as u64).div_ceil(rate.max(1).into());
                // In coarse steps: how many sessions there are is nobody's business.
                seconds.min(30).next_power_of_two().min(30) as u32 * 1_000
            }
        }
    }
}

/// Which pages may connect. A browser says of which origin a page is; other programs need not, and can say anything.
/// <https://www.rfc-editor.org/rfc/rfc6455#section-10.2>
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Origins {
    /// Those of this server: their origin's host and port are those that they connect to.
    #[default]
    Same,
    /// Those of these origins, such as `https://example.org`, and those of this server.
    Listed(Vec<String>),
    /// All. For servers that know their users by something that a page of another origin can't send along, which a cookie is
    /// not.
    Any,
}

/// What happens to a client that does not offer the protocol.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum PlainConnections {
    /// It is refused with 400.
    #[default]
    Refuse,
    /// Its connection is served as a session that ends with it.
    Serve,
}

/// A duration as the protocol counts it.
pub(crate) fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_grows_with_the_sessions_up_to_half_a_minute() {
        let rate = Spread::Rate(1_000);
        assert_eq!(
            [0, 1, 1_000, 1_001, 5_000, 9_000].map(|sessions| rate.among(sessions)),
            [1_000, 1_000, 1_000, 2_000, 8_000, 16_000]
        );
        assert_eq!(Spread::Rate(0).among(usize::MAX), 30_000);
        assert_eq!(Spread::Fixed(Duration::from_secs(2)).among(7), 2_000);
    }
}
