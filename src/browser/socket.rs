//! The face for Rust: a socket, and one listener that is told of everything.

#[cfg(feature = "serde")]
mod envelope;
mod error;
mod event;
mod heartbeat;
mod line;
mod message;
mod options;
mod parcel;
#[cfg(feature = "serde")]
mod typed;
mod writable;

use alloc::rc::Rc;
use alloc::string::String;
use core::fmt;

#[cfg(feature = "serde")]
pub use self::envelope::{Envelope, Fields};
pub use self::error::Error;
pub use self::event::{Event, Reason};
pub use self::heartbeat::Heartbeat;
use self::line::Line;
pub use self::message::Message;
pub use self::options::Options;
use self::parcel::Content;
#[cfg(feature = "serde")]
pub use self::typed::{Messages, Request, Subscription};
pub use self::writable::Writable;
use crate::core::{State, Stats};

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
    /// [`Error::Invalid`] if the URL or a subprotocol can't be one, [`Error::Envelope`] if the envelope can't. Whatever goes wrong later is an [`Event`].
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
        // What goes out at once is not copied into a message of its own.
        if !self.line.transmit(text.len(), |native| native.send_with_str(text))? {
            self.line.wait(text.len(), Content::Message(text.into()), None)?;
        }
        Ok(())
    }

    /// Sends bytes, now or when the line is back.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], [`Error::Full`] or [`Error::Over`]: the bytes were not taken.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        if !self.line.transmit(bytes.len(), |native| native.send_with_u8_array(bytes))? {
            self.line.wait(bytes.len(), Content::Message(bytes.into()), None)?;
        }
        Ok(())
    }

    /// Ends it. Whatever still waits comes back as [`Event::Lost`], and [`Event::Close`] is the last event.
    pub fn close(&self) {
        self.line.close(|native| native.close());
    }

    /// The same, and tells the server why. The server hears it only if there is a line.
    ///
    /// # Errors
    ///
    /// [`Error::CloseCode`] unless the code is 1000 or in 3000-4999; [`Error::CloseReason`] if the reason is longer
    /// than the 123 bytes that a Close frame has room for. It then stays open.
    pub fn close_with(&self, code: u16, reason: &str) -> Result<(), Error> {
        if code != 1000 && !(3000..=4999).contains(&code) {
            return Err(Error::CloseCode(code));
        }
        if reason.len() > 123 {
            return Err(Error::CloseReason(reason.len()));
        }
        self.line.close(|native| native.close_with_code_and_reason(code, reason));
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

    /// Bytes that were sent and that the network did not yet take: those that wait for the line, and those that wait
    /// in the browser. A typed message that waits for the line counts by its length in UTF-16, its bytes being unknown.
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

    /// The subprotocol that the server chose; empty if none.
    pub fn protocol(&self) -> String {
        self.line.native().map(|native| native.protocol()).unwrap_or_default()
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
