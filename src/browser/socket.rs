//! The face for Rust: a socket, and one listener that is told of everything.

mod delivery;
#[cfg(feature = "serde")]
mod envelope;
mod error;
mod event;
mod farewell;
mod heartbeat;
mod line;
mod message;
mod options;
mod parcel;
mod resume;
#[cfg(feature = "serde")]
mod typed;
mod writable;

use alloc::rc::Rc;
use alloc::string::String;
use core::fmt;

pub use self::delivery::Delivery;
#[cfg(feature = "serde")]
pub use self::envelope::{Envelope, Fields};
pub use self::error::Error;
pub use self::event::{Event, Fault, Reason};
use self::farewell::Farewell;
pub use self::heartbeat::Heartbeat;
use self::line::Line;
pub use self::message::Message;
pub use self::options::Options;
pub use self::resume::Resume;
#[cfg(feature = "serde")]
pub use self::typed::{Messages, Request, Subscription};
pub use self::writable::Writable;
use crate::core::{Connection, State, Stats};

/// A WebSocket that mends its own line.
///
/// It is told where to connect and who listens. From then on it dials, again whenever the line is lost, until the
/// user closes it or the server says that it is over; what is sent meanwhile waits. The listener is told of all of it,
/// in order, as [`Event`]s.
///
/// ```no_run
/// use undrop::{Error, Event, Options, Socket};
///
/// fn join() -> Result<Socket, Error> {
///     Socket::connect("wss://example.org/room", Options::default(), |socket, event| match event {
///         Event::Open => {
///             // Also after each reconnect: say hello, subscribe, authenticate.
///             let _ = socket.send_text("hello");
///         }
///         Event::Text(text) => show(&text),
///         Event::Drop(drop) => show(&format!("The line is lost. It is dialled again in {} ms.", drop.delay)),
///         _ => {}
///     })
/// }
/// # fn show(_: &str) {}
/// ```
///
/// Whoever holds the socket holds the line: dropping it closes the line, and the listener is not called again. The
/// listener is lent the socket and may call all of its methods; so is whoever waits for typed messages. What happens because of that is told when the listener
/// has returned, never within it.
#[must_use = "dropping the socket closes its line"]
pub struct Socket {
    line: Rc<Line>,
    holder: Holder,
}

/// Whose a socket is.
#[derive(PartialEq)]
enum Holder {
    User,
    /// Lent to the listener for one call.
    Listener,
}

impl Socket {
    /// Dials. The URL is absolute, or relative to the page; `http:` and `https:` mean `ws:` and `wss:`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the URL or a subprotocol can't be one, [`Error::Envelope`] if the envelope can't,
    /// [`Error::Options`] if options do not go with one another. Whatever goes wrong later is an [`Event`].
    pub fn connect(url: &str, options: Options, listener: impl FnMut(&Socket, Event) + 'static) -> Result<Self, Error> {
        Ok(Self { line: Line::dial(url, options, listener)?, holder: Holder::User })
    }

    /// For one call of the user's code.
    fn lent(line: Rc<Line>) -> Self {
        Self { line, holder: Holder::Listener }
    }

    /// Sends text, now or when the line is back.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], [`Error::Full`] or [`Error::Over`]: the text was not taken.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        self.line.send_text(text)
    }

    /// Sends bytes, now or when the line is back.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], [`Error::Full`] or [`Error::Over`]: the bytes were not taken.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        self.line.send_bytes(bytes)
    }

    /// Sends over the session, and says whether it has arrived: the future resolves when the server has taken the message.
    /// It is sent when it is first awaited.
    ///
    /// Dropping the future takes the message back if it has not left. One that has left can't be taken back: it is then
    /// like one that was sent, and if its session ends before the server has acknowledged it, it comes back as
    /// [`Event::Lost`].
    ///
    /// ```no_run
    /// use undrop::core::Fate;
    /// use undrop::{Error, Socket};
    ///
    /// async fn order(socket: &Socket) {
    ///     match socket.deliver("an order").time_to_live(10_000).await {
    ///         Ok(()) => show("it has arrived"),
    ///         Err(Error::Undelivered(Fate::Unconfirmed)) => show("nobody knows"),
    ///         Err(error) => show(&format!("it has not arrived: {error}")),
    ///     }
    /// }
    /// # fn show(_: &str) {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoSession`] without [`Options::resume`]; [`Error::Full`] or [`Error::Over`]: the message was not taken;
    /// [`Error::Undelivered`] if it was, and is not known to have arrived.
    pub fn deliver(&self, message: impl Into<Message>) -> Delivery {
        Delivery::new(&self.line, message.into())
    }

    /// Ends it. Whatever still waits comes back as [`Event::Lost`], and [`Event::Close`] is the last event. Over a session
    /// what was sent before still leaves, if there is a line.
    pub fn close(&self) {
        self.line.close(Farewell::Silent);
    }

    /// The same, and tells the server why. The server hears it only if there is a line.
    ///
    /// # Errors
    ///
    /// [`Error::CloseCode`] unless the code is 1000 or in 3000-4999; [`Error::CloseReason`] if the reason is longer
    /// than the 123 bytes that a Close frame has room for. It then stays open.
    pub fn close_with(&self, code: u16, reason: &str) -> Result<(), Error> {
        self.line.close(Farewell::new(code, reason)?);
        Ok(())
    }

    /// Dials now, whatever the line is doing, also after the end. A dial that is under way goes on.
    pub fn reconnect(&self) {
        self.line.reconnect();
    }

    /// Where the line stands. [`Event::State`] tells when that changes.
    pub fn state(&self) -> State {
        self.line.state()
    }

    /// Counts for a status page.
    pub fn stats(&self) -> Stats {
        self.line.ask(Stats::default(), |connection| *connection.stats())
    }

    /// How many messages were sent over the session and are not known to have arrived. Without one, none.
    pub fn unacknowledged(&self) -> usize {
        self.line.ask(0, Connection::unacknowledged)
    }

    /// Bytes that were sent and that the network did not yet take: those that wait for the line, and those that wait
    /// in the browser. A typed message that waits for the line counts by its length in UTF-16, its bytes being unknown. Over
    /// a session, what has left and is not acknowledged waits again as soon as the line is lost.
    pub fn buffered_amount(&self) -> u64 {
        self.line.buffered_amount()
    }

    /// A `Sink` of messages that paces who fills it: see [`Writable`].
    pub fn writable(&self) -> Writable {
        Writable::new(&self.line)
    }

    /// The URL as the browser resolved it.
    pub fn url(&self) -> String {
        self.line.native().map(|native| native.url()).unwrap_or_default()
    }

    /// The subprotocol that the server chose, without what asked for a session; empty if none.
    pub fn protocol(&self) -> String {
        self.line.protocol()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.holder == Holder::User {
            self.line.let_go();
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Socket").field("url", &self.url()).field("state", &self.state()).finish()
    }
}
