//! A session with the server, in which nothing is lost.

use undrop_proto::outbox::Bounds;

use super::heartbeat::Rhythm;

/// Keeps a session with a server that speaks `undrop.1`, the crate `undrop-server` for one: what either end sends arrives
/// exactly once and in order, over any number of connections.
///
/// ```no_run
/// use undrop::{Error, Event, Options, Resume, Socket};
///
/// fn join() -> Result<Socket, Error> {
///     let options = Options::default().resume(Resume::default());
///     Socket::connect("wss://example.org/room", options, |socket, event| match event {
///         // A new session: greet the server.
///         Event::Open => drop(socket.send_text("hello")),
///         // The connection is open again, and nothing was lost: there is nothing to do.
///         Event::Resume => {}
///         // The session is over. What was not delivered was told before.
///         Event::Reset(reason) => show(&format!("a new session begins: {}", reason.name())),
///         Event::Lost(message, outcome) => show(&format!("{message:?} was not delivered: {outcome}")),
///         Event::Text(text) => show(&text),
///         _ => {}
///     })
/// }
/// # fn show(_: &str) {}
/// ```
///
/// Messages are sent in the order of sending, and kept until the server has acknowledged them.
/// [`Socket::deliver`](crate::Socket::deliver) says when that is. A server that does not know the protocol is an
/// [`Event::Error`](crate::Event::Error) that says so, and never a silent downgrade; Chromium itself fails such a
/// handshake, and then the socket reconnects as after any handshake that fails.
///
/// [`Socket::close`](crate::Socket::close) ends the session: what was sent before is still transmitted, the server
/// acknowledges what it has, and then the connection is closed. Dropping the socket does the same without waiting for the
/// server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Resume {
    pub(super) bounds: Bounds,
    pub(super) heartbeat: Option<Rhythm>,
}

impl Resume {
    /// How many messages may be unacknowledged: one more is an [`Error::Full`](crate::Error::Full). Default: 65,536.
    pub fn limit_messages(mut self, messages: u32) -> Self {
        self.bounds.messages = messages;
        self
    }

    /// How many bytes those may have. Text counts by its length in UTF-16. Default: 16 MiB.
    pub fn limit_bytes(mut self, bytes: u64) -> Self {
        self.bounds.bytes = bytes;
        self
    }

    /// How a connection that is silent is found to be dead. The messages are the protocol's own. With `None` only the
    /// browser can tell. Default: a ping after 25 s, with 10 s for the answer.
    pub fn heartbeat(mut self, heartbeat: impl Into<Option<Rhythm>>) -> Self {
        self.heartbeat = heartbeat.into();
        self
    }
}

impl Default for Resume {
    fn default() -> Self {
        Self { bounds: Bounds::default(), heartbeat: Some(Rhythm::default()) }
    }
}
