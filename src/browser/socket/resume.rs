//! A session with the server, in which nothing is lost.

use super::error::Error;
use super::options::Options;
use crate::core::Heartbeat;
use crate::core::outbox::Bounds;

/// Keeps a session with a server that speaks `undrop.1`, the crate `undrop-server` for one: what either end sends arrives
/// exactly once and in order, over any number of lines.
///
/// ```no_run
/// use undrop::{Error, Event, Options, Resume, Socket};
///
/// fn join() -> Result<Socket, Error> {
///     let options = Options { resume: Some(Resume::default()), ..Options::default() };
///     Socket::connect("wss://example.org/room", options, |socket, event| match event {
///         // A fresh session: say hello.
///         Event::Open => drop(socket.send_text("hello")),
///         // The line is back, and nothing was lost: there is nothing to do.
///         Event::Resume => {}
///         // The server had forgotten the session. What it had not delivered has come back before.
///         Event::Reset => show("what follows is a new beginning"),
///         Event::Lost(message, fate) => show(&format!("{message:?} was not delivered: {fate:?}")),
///         Event::Text(text) => show(&text),
///         _ => {}
///     })
/// }
/// # fn show(_: &str) {}
/// ```
///
/// What is sent leaves in the order of sending, what waited for the line included, and is kept until the server has
/// acknowledged it. [`Socket::deliver`](crate::Socket::deliver) says when that is. A server that does not know the
/// protocol is an [`Event::Error`](crate::Event::Error) that says so, and never a silent downgrade; Chromium itself fails
/// such a handshake, which is then dialled again like any that fails.
///
/// [`Socket::close`](crate::Socket::close) says goodbye: what was sent before still leaves, the server says what it has,
/// and then the line is closed, after a second at the latest. So does dropping the socket, without waiting for an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resume {
    /// How many messages may be sent and not yet acknowledged: one more is an [`Error::Full`]. 65,536.
    pub limit_messages: u32,
    /// How many bytes those may have. A typed message counts by its length in UTF-16. 16 MiB.
    pub limit_bytes: u64,
    /// How a silent line is found out. The question is the protocol's own, so there is no message to agree on. Every 25 s,
    /// with 10 s for the answer; with nothing, only the browser can tell.
    pub heartbeat: Option<Heartbeat>,
}

impl Resume {
    /// What may be on its way, if the other options go with a session.
    pub(super) fn bounds(&self, options: &Options) -> Result<Bounds, Error> {
        if options.retry.is_none() {
            return Err(Error::Options(
                "Options::resume needs Options::retry: a line that is not dialled again resumes nothing",
            ));
        }
        if options.heartbeat.is_some() {
            return Err(Error::Options(
                "with Options::resume the heartbeat is the protocol's own: leave Options::heartbeat out, and set \
                 Resume::heartbeat for its rhythm",
            ));
        }
        if options.queue != Options::default().queue {
            return Err(Error::Options(
                "Options::resume has limits of its own, Resume::limit_messages and limit_bytes: leave Options::queue out",
            ));
        }
        Ok(Bounds { messages: self.limit_messages, bytes: self.limit_bytes })
    }
}

impl Default for Resume {
    fn default() -> Self {
        let Bounds { messages, bytes } = Bounds::default();
        Self {
            limit_messages: messages,
            limit_bytes: bytes,
            heartbeat: Some(Heartbeat { interval: 25_000, timeout: 10_000 }),
        }
    }
}
