//! The socket.

use std::fmt::{self, Display};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use undrop_proto::State;
use undrop_proto::close::CloseFrame;

use super::connect::{Where, connect};
use super::delivery::Delivery;
use super::error::Error;
use super::event::Event;
use super::flushed::Flushed;
use super::inner::{Inner, Listener};
use super::message::Message;
use super::options::Options;
use super::readable::Readable;
use super::source::{Endpoint, Source};
use super::stats::Stats;
use super::user::RustUser;
use super::writable::Writable;

/// A WebSocket that reconnects.
///
/// It is given a URL and a listener. From then on it connects, again whenever the connection drops, until the user closes
/// it or the server says that it is over; what is sent meanwhile is queued. The listener is told of all that, in order, as
/// [`Event`]s.
///
/// ```no_run
/// use undrop::{Error, Event, Options, Socket};
///
/// fn join() -> Result<Socket, Error> {
///     Socket::connect("wss://example.org/room", Options::default(), |socket, event| match event {
///         Event::Open => {
///             // Also after each reconnect: greet the server, subscribe, authenticate.
///             let _ = socket.send_text("hello");
///         }
///         Event::Text(text) => show(&text),
///         Event::Dropped(dropped) => show(&format!("The connection dropped. Reconnecting in {:?}.", dropped.delay)),
///         _ => {}
///     })
/// }
/// # fn show(_: &str) {}
/// ```
///
/// Whoever holds the socket keeps the connection: dropping the socket closes it, and the listener is not called again. The
/// listener is passed the socket and may call all of its methods; so are the handlers of typed messages. What happens
/// because of that is told when the listener has returned, never within it.
///
/// Functions and futures of the app that hold the socket weakly, or not at all, do not keep it alive, and all of them are
/// dropped with it.
#[must_use = "dropping the socket closes the connection"]
pub struct Socket {
    pub(super) inner: Rc<Inner>,
    holder: Holder,
}

/// Who holds a socket.
#[derive(PartialEq)]
enum Holder {
    User,
    /// A function of the user's, for one call.
    Callback,
}

impl Socket {
    /// Connects. The URL is absolute, or relative to the page; `http:` and `https:` mean `ws:` and `wss:`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the browser does not accept the URL or a subprotocol, [`Error::Envelope`] if the envelope is
    /// invalid, [`Error::Options`] if options exclude each other, and [`Error::Unsupported`] outside of a browser.
    /// Whatever goes wrong later is an [`Event`].
    pub fn connect(url: &str, options: Options, listener: impl FnMut(&Socket, Event) + 'static) -> Result<Self, Error> {
        let inner = connect(Where::Known(url.into()), options, with_socket(listener))?;
        Ok(Self { inner, holder: Holder::User })
    }

    /// Connects where a function says, which is called before each attempt: with a token that has to be fresh, say. It
    /// returns a URL, or an [`Endpoint`] with subprotocols.
    ///
    /// An error of it, or a URL that the browser does not accept, is a failed attempt like any other: an
    /// [`Event::Dropped`] with [`Cause::Url`](crate::Cause::Url) and the error as its reason. If it does not answer in
    /// [`Options::connect_timeout`], its future is dropped.
    ///
    /// ```no_run
    /// use undrop::{Error, Options, Socket};
    ///
    /// fn join() -> Result<Socket, Error> {
    ///     let url = || async {
    ///         let token = fetch_token().await?;
    ///         Ok::<_, String>(format!("wss://example.org/room?token={token}"))
    ///     };
    ///     Socket::connect_with(url, Options::default(), |_, event| show(&format!("{event:?}")))
    /// }
    /// # async fn fetch_token() -> Result<String, String> { Ok(String::new()) }
    /// # fn show(_: &str) {}
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect), but for [`Error::Invalid`].
    pub fn connect_with<Search, Found, Failure>(
        find: impl FnMut() -> Search + 'static,
        options: Options,
        listener: impl FnMut(&Socket, Event) + 'static,
    ) -> Result<Self, Error>
    where
        Search: Future<Output = Result<Found, Failure>> + 'static,
        Found: Into<Endpoint>,
        Failure: Display,
    {
        let inner = connect(Where::Asked(Source::new(find)), options, with_socket(listener))?;
        Ok(Self { inner, holder: Holder::User })
    }

    /// For one call of the user's code.
    pub(super) fn borrowed(inner: Rc<Inner>) -> Self {
        Self { inner, holder: Holder::Callback }
    }

    /// Sends text, now or when the connection is open.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], [`Error::Full`] or [`Error::Closed`]: the text was not accepted.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        self.inner.send_text(text)
    }

    /// Sends bytes, now or when the connection is open.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], [`Error::Full`] or [`Error::Closed`]: the bytes were not accepted.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        self.inner.send_bytes(bytes)
    }

    /// Sends over the session, and says whether the message has arrived: the future resolves when the server has
    /// acknowledged it. It is sent when it is first awaited.
    ///
    /// Dropping the future withdraws the message if it was not sent yet. One that was sent can't be withdrawn: if its
    /// session ends before the server has acknowledged it, it is told as [`Event::Lost`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use undrop::{Error, Outcome, Socket};
    ///
    /// async fn order(socket: &Socket) {
    ///     match socket.deliver("an order").time_to_live(Duration::from_secs(10)).await {
    ///         Ok(()) => show("it has arrived"),
    ///         Err(Error::Undelivered(Outcome::Unconfirmed)) => show("it may have arrived"),
    ///         Err(error) => show(&format!("it has not arrived: {error}")),
    ///     }
    /// }
    /// # fn show(_: &str) {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoSession`] without [`Options::resume`]; [`Error::Full`] or [`Error::Closed`]: the message was not
    /// accepted; [`Error::Undelivered`] if it was, and is not known to have arrived.
    pub fn deliver(&self, message: impl Into<Message>) -> Delivery {
        Delivery::new(&self.inner, message.into())
    }

    /// Closes the socket. Messages that wait are told as [`Event::Lost`], and [`Event::Close`] is the last event. Over a
    /// session what was sent before is still transmitted, if the connection is open.
    pub fn close(&self) {
        self.inner.close(CloseFrame::default());
    }

    /// The same, with a close code and a reason for the server, which hears them only if the connection is open.
    ///
    /// # Errors
    ///
    /// [`Error::CloseFrame`] unless the code is 1000 or from 3000 to 4999, and the reason has at most 123 bytes. The
    /// socket then stays as it is.
    pub fn close_with(&self, code: u16, reason: &str) -> Result<(), Error> {
        self.inner.close(CloseFrame::new(Some(code), reason.into())?);
        Ok(())
    }

    /// Connects now, whatever the state, also when closed. An attempt that is under way goes on.
    pub fn reconnect(&self) {
        if let Ok(driver) = self.inner.held_driver() {
            driver.reconnect(Rc::new(RustUser::new(&self.inner)));
        }
    }

    /// The state of the connection. [`Event::State`] tells when it changes.
    pub fn state(&self) -> State {
        self.inner.state()
    }

    /// The number of the attempt that is under way, comes next or came last. [`Retry::limit`](crate::Retry::limit) counts the
    /// same way: the last attempt that it allows has its number.
    pub fn attempt(&self) -> u32 {
        self.inner.driver().map_or(1, |driver| driver.tries())
    }

    /// The time until the next attempt, while the connection waits for it. A change of the network, say, may bring it
    /// forward.
    ///
    /// ```
    /// # use undrop::{Socket, State};
    /// // For a countdown: to be called each second, from a timer that the component has.
    /// fn status(socket: &Socket) -> String {
    ///     match (socket.state(), socket.retry_in()) {
    ///         (State::Open, _) => "connected".into(),
    ///         (State::Offline, _) => "there is no network".into(),
    ///         (_, Some(wait)) => format!("attempt {} in {} s", socket.attempt(), wait.as_secs() + 1),
    ///         (state, None) => state.name().into(),
    ///     }
    /// }
    /// ```
    pub fn retry_in(&self) -> Option<Duration> {
        self.inner.driver()?.retry_in().map(Duration::from_millis)
    }

    /// Counts for a status page.
    pub fn stats(&self) -> Stats {
        self.inner.driver().map(|driver| Stats::from_proto(driver.stats())).unwrap_or_default()
    }

    /// How many messages of the session are not acknowledged. Without a session, none.
    pub fn unacknowledged(&self) -> usize {
        self.inner.driver().map_or(0, |driver| driver.unacknowledged())
    }

    /// The bytes that were sent and have not left the page: those in the queue, and those in the browser. Over a session,
    /// what was sent and is not acknowledged waits again as soon as the connection drops, and text counts by its length in
    /// UTF-16.
    pub fn buffered_amount(&self) -> u64 {
        self.inner.buffered_amount()
    }

    /// Waits until all that was sent has left the page. That is not proof that it has arrived.
    ///
    /// ```no_run
    /// # use undrop::{Error, Socket};
    /// async fn leave(socket: Socket) -> Result<(), Error> {
    ///     socket.send_text("goodbye")?;
    ///     socket.flushed().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the socket is closed or dropped before that.
    pub fn flushed(&self) -> Flushed {
        Flushed::new(&self.inner)
    }

    /// The messages that arrive from now on, as a `Stream`. It ends when the socket is closed or dropped, after what had
    /// arrived.
    ///
    /// While there is a stream, the listener is not told of messages as [`Event::Text`] and [`Event::Binary`]; each of
    /// several streams gets all of them. Messages that handlers of typed messages take are in none.
    ///
    /// It holds up to 1,024 messages for its reader, or as many as its [`limit`](Readable::limit). One more ends it: after
    /// the messages that it holds comes an [`Error::Lagged`], and then nothing.
    ///
    /// ```no_run
    /// # use futures_util::StreamExt as _;
    /// # use undrop::{Error, Message, Socket};
    /// async fn read(socket: &Socket) -> Result<(), Error> {
    ///     let mut messages = socket.readable();
    ///     while let Some(message) = messages.next().await {
    ///         show(message?);
    ///     }
    ///     Ok(())
    /// }
    /// # fn show(_: Message) {}
    /// ```
    pub fn readable(&self) -> Readable {
        Readable::new(&self.inner)
    }

    /// A `Sink` of messages that paces its writer: see [`Writable`].
    pub fn writable(&self) -> Writable {
        Writable::new(&self.inner)
    }

    /// The URL as the browser resolved it; empty until there is one.
    pub fn url(&self) -> String {
        self.inner.native().map(|native| native.url()).unwrap_or_default()
    }

    /// The extensions of the WebSocket protocol that the server chose, such as `permessage-deflate`; empty if none.
    pub fn extensions(&self) -> String {
        self.inner.native().map(|native| native.extensions()).unwrap_or_default()
    }

    /// The subprotocol that the server chose, without what asks for a session; empty if none.
    pub fn protocol(&self) -> String {
        let chosen = self.inner.native().map(|native| native.protocol()).unwrap_or_default();
        self.inner.driver().map(|driver| driver.protocol(&chosen)).unwrap_or_default()
    }
}

/// The listener is passed the socket.
fn with_socket(mut listener: impl FnMut(&Socket, Event) + 'static) -> Listener {
    Box::new(move |inner, event| listener(&Socket::borrowed(inner.clone()), event))
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.holder == Holder::User {
            self.inner.release();
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Socket").field("url", &self.url()).field("state", &self.state()).finish_non_exhaustive()
    }
}
