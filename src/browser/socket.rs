//! The face for Rust: a socket, and one listener that is told of everything.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell, RefCell};
use core::fmt;

use js_sys::{Array, JsString, Math, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::driver::{Driver, Face, now};
use super::native::{self, heard};
use crate::core::{
    Config, Connection, Drop as Dropped, Epoch, Event as Told, Fate, Heartbeat as Rhythm, Limits, Policy, Refusal,
    Retry, State, Stats, Verdict,
};

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
/// listener is lent the socket and may call all of its methods. What happens because of that is told when the listener
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
    /// [`Error::Invalid`] if the URL or a subprotocol can't be one. Whatever goes wrong later is an [`Event`].
    pub fn connect(url: &str, options: Options, listener: impl FnMut(&Socket, Event) + 'static) -> Result<Self, Error> {
        let Options { protocols, retry, connect_timeout, queue, heartbeat } = options;
        let config = Config {
            policy: retry.map_or(Policy::Never, Policy::Retry),
            connect_timeout,
            queue,
            heartbeat: heartbeat.as_ref().map(|&Heartbeat { interval, timeout, .. }| Rhythm { interval, timeout }),
        };
        let line = Rc::new_cyclic(|line| Line {
            driver: OnceCell::new(),
            source: source(url, &protocols),
            ear: ear(line.clone()),
            native: RefCell::new(None),
            is_live: Cell::new(false),
            timer: Cell::new(0),
            on_message: on_message(line.clone()),
            heartbeat,
            listener: Cell::new(Some(Box::new(listener))),
            untold: RefCell::new(VecDeque::new()),
            is_let_go: Cell::new(false),
        });
        let seed = Math::random() * (1u64 << 53) as f64;
        Driver::new(Rc::downgrade(&line), config, seed as u64)
            .map(|driver| {
                let _ = line.driver.set(driver);
                Self { line, holder: Holder::User }
            })
            .map_err(|thrown| Error::Invalid(words(&thrown)))
    }

    /// Sends text, now or when the line is back.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], [`Error::Full`] or [`Error::Over`]: the text was not taken.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        self.line.send(text.len(), |native| native.send_with_str(text), || text.into())
    }

    /// Sends bytes, now or when the line is back.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], [`Error::Full`] or [`Error::Over`]: the bytes were not taken.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        self.line.send(bytes.len(), |native| native.send_with_u8_array(bytes), || bytes.into())
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
        if let Some(driver) = self.line.driver.get() {
            driver.reconnect();
        }
    }

    /// Where the line stands. [`Event::State`] tells when that changes.
    pub fn state(&self) -> State {
        self.line.ask(State::Closed, Connection::state)
    }

    /// Counts for a status page.
    pub fn stats(&self) -> Stats {
        self.line.ask(Stats::default(), |connection| *connection.stats())
    }

    /// Bytes that were sent and that the network did not yet take: those that wait for the line, and those that wait
    /// in the browser.
    pub fn buffered_amount(&self) -> u64 {
        // What the last socket had not sent is no longer on its way.
        let sending = match (self.state(), self.line.native()) {
            (State::Open | State::Closing, Some(native)) => native.buffered_amount().into(),
            _ => 0,
        };
        sending + self.line.ask(0, Connection::queued)
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

/// How a [`Socket`] behaves. The defaults suit a server that knows nothing of undrop.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// The subprotocols to offer, the most wanted first. None unless given.
    pub protocols: Vec<String>,
    /// How a lost line is dialled again; with nothing it stays lost. Unless given, without limit, with waits of up to
    /// 30 s. Final close codes (1000, 1002, 1003, 1007-1010, 4400-4499) end it in any case.
    pub retry: Option<Retry>,
    /// How long a dial may take, in milliseconds. 10,000. Without `retry` that is the browser's affair. A short one
    /// makes things worse: Chromium counts dials that are given up as failures, and delays the next ones.
    pub connect_timeout: u32,
    /// What may wait while the line is down; with nothing, sending is an [`Error::NotOpen`] then. Unless given, 65,536
    /// messages and 16 MiB.
    pub queue: Option<Limits>,
    /// How a silent line is found out. None unless given, because its form is agreed with the server.
    pub heartbeat: Option<Heartbeat>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocols: Vec::new(),
            retry: Some(Retry::default()),
            connect_timeout: 10_000,
            queue: Some(Limits::default()),
            heartbeat: None,
        }
    }
}

/// How a silent line is found out: the server is asked, and must answer.
///
/// ```
/// # use undrop::Heartbeat;
/// let heartbeat = Heartbeat { reply: Some("pong".into()), ..Heartbeat::new("ping") };
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heartbeat {
    /// What to send.
    pub message: Message,
    /// What the server answers. It is not delivered. Without it any message will do, and round trips are not measured.
    pub reply: Option<Message>,
    /// How long the line may be silent before the server is asked, in milliseconds. 25,000.
    pub interval: u32,
    /// How long it may then stay silent before it is given up, in milliseconds. 10,000.
    pub timeout: u32,
}

impl Heartbeat {
    /// Sends this, and takes any message for an answer.
    pub fn new(message: impl Into<Message>) -> Self {
        Self { message: message.into(), reply: None, interval: 25_000, timeout: 10_000 }
    }
}

/// What is sent.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Message {
    /// Goes as a text frame.
    Text(String),
    /// Goes as a binary frame.
    Binary(Vec<u8>),
}

impl Message {
    /// How much it counts: its bytes, and for text those of its UTF-8.
    fn len(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Message::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Message::Text(text)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Message::Binary(bytes.into())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Message::Binary(bytes)
    }
}

/// What a [`Socket`] tells its listener.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The line stands, for the first time or again: a fresh start with the server. What waited is sent when the
    /// listener has returned, after what it sends here.
    Open,
    /// A text message arrived.
    Text(String),
    /// A binary message arrived.
    Binary(Vec<u8>),
    /// The line was lost and will be dialled again. [`Socket::close`] gives up instead.
    Drop(Dropped),
    /// This was taken, and will not be sent.
    Lost(Message, Fate),
    /// The line was not closed in order; a close follows.
    Error,
    /// It is over: the user closed, the server said so, or the retries ran out. Always the last event, unless the user
    /// asks for a new line.
    Close {
        /// The close code; 1006 where there was none.
        code: u16,
        /// What the server says; mostly empty.
        reason: String,
        /// Whether both ends agreed to close.
        clean: bool,
    },
    /// The line stands elsewhere now.
    State(State),
}

/// Why a [`Socket`] does not do what it is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The URL or a subprotocol can't be one. The browser's words.
    Invalid(String),
    /// The line is down, and without a queue nothing waits.
    NotOpen,
    /// Too much waits already.
    Full,
    /// It is over, or about to be.
    Over,
    /// An application may not close with this code.
    CloseCode(u16),
    /// A close reason of so many bytes is too long.
    CloseReason(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid(words) => write!(
                formatter,
                "undrop: the browser takes no such URL or subprotocols: {words} (a URL begins with ws: or wss: and has \
                 no #fragment; a subprotocol is a word, and each is offered once)"
            ),
            Error::NotOpen => formatter.write_str(
                "undrop: the line is down, and without a queue nothing waits: wait for Event::Open, or set Options::queue",
            ),
            Error::Full => formatter.write_str(
                "undrop: too much waits already: send less while the line is down, or raise the limits in Options::queue",
            ),
            Error::Over => formatter
                .write_str("undrop: it is over, and nothing is sent any more: Socket::reconnect dials a new line"),
            Error::CloseCode(code) => {
                write!(formatter, "undrop: {code} is not a code to close with: take 1000, or one from 3000 to 4999")
            }
            Error::CloseReason(length) => {
                write!(formatter, "undrop: a close reason has room for 123 bytes of UTF-8, and this one has {length}")
            }
        }
    }
}

impl core::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotOpen => Error::NotOpen,
            Refusal::Full => Error::Full,
            Refusal::Closed => Error::Over,
        }
    }
}

type Listener = Box<dyn FnMut(&Socket, Event)>;

/// What a socket holds. The browser holds it weakly. No cell is borrowed while anything foreign runs.
struct Line {
    driver: OnceCell<Driver<Weak<Line>>>,
    /// The URL and the subprotocols.
    source: JsValue,
    /// What the browser calls, other than with messages: see `ear`.
    ear: JsValue,
    native: RefCell<Option<WebSocket>>,
    /// Whether `native` is that of the present dial.
    is_live: Cell<bool>,
    timer: Cell<u32>,
    on_message: JsValue,
    heartbeat: Option<Heartbeat>,
    /// Absent while it runs.
    listener: Cell<Option<Listener>>,
    /// What happened while the listener ran.
    untold: RefCell<VecDeque<Event>>,
    is_let_go: Cell<bool>,
}

impl Line {
    fn native(&self) -> Option<WebSocket> {
        self.native.borrow().clone()
    }

    fn ask<R>(&self, otherwise: R, call: impl FnOnce(&Connection<Message>) -> R) -> R {
        self.driver.get().map_or(otherwise, |driver| driver.with(|connection| call(connection)))
    }

    fn tell(self: &Rc<Self>, event: Event) {
        if self.is_let_go.get() {
            return;
        }
        self.untold.borrow_mut().push_back(event);
        let Some(mut listener) = self.listener.take() else { return };
        let socket = Socket { line: self.clone(), holder: Holder::Listener };
        while let Some(event) = self.next_untold() {
            listener(&socket, event);
        }
        if !self.is_let_go.get() {
            self.listener.set(Some(listener));
        }
    }

    fn next_untold(&self) -> Option<Event> {
        self.untold.borrow_mut().pop_front()
    }

    /// What goes out at once is not copied into a message of its own.
    fn send(
        &self,
        bytes: usize,
        transmit: impl FnOnce(&WebSocket) -> Result<(), JsValue>,
        message: impl FnOnce() -> Message,
    ) -> Result<(), Error> {
        let (Some(driver), Some(native)) = (self.driver.get(), self.native()) else {
            return Err(Error::NotOpen);
        };
        let ready_state = native.ready_state();
        let goes = driver.with(|connection| {
            // The browser knows first that the other end closes.
            if ready_state > WebSocket::OPEN {
                connection.handle_ending(connection.epoch());
            }
            connection.is_writable() && ready_state == WebSocket::OPEN
        });
        if goes {
            transmit(&native).map_err(|_| Error::NotOpen)?;
            driver.with(|connection| connection.handle_sent(bytes as u64));
        } else {
            let (now, message) = (now(), message());
            driver.ask(|connection| connection.send(now, message, bytes as u64))?;
        }
        Ok(())
    }

    fn close(&self, close: impl FnOnce(&WebSocket) -> Result<(), JsValue>) {
        if let Some(native) = self.native() {
            // It throws for a code or a reason that `Socket` has refused already.
            let _ = close(&native);
        }
        if let Some(driver) = self.driver.get() {
            driver.close(self.is_live.get());
        }
    }

    fn hang_up(&self) {
        if self.is_live.replace(false)
            && let Some(native) = self.native()
        {
            native::forget(native.unchecked_ref());
        }
    }

    fn rest(&self) {
        self.hang_up();
        self.wake(-1.0);
        native::unwatch(&self.ear);
    }

    fn wake(&self, delay: f64) {
        self.timer.set(native::wake(self.timer.get(), delay, &self.ear));
    }

    fn hear_message(self: &Rc<Self>, data: &JsValue) {
        let message = match data.as_string() {
            Some(text) => Message::Text(text),
            None => Message::Binary(Uint8Array::new(data).to_vec()),
        };
        let replies = self.heartbeat.as_ref().is_some_and(|heartbeat| heartbeat.reply.as_ref() == Some(&message));
        let Some(driver) = self.driver.get() else { return };
        if replies {
            let now = now();
            driver.ask(|connection| connection.handle_reply(now, connection.epoch()));
            return;
        }
        let bytes = message.len() as u64;
        driver.with(|connection| connection.handle_message(connection.epoch(), bytes));
        self.tell(match message {
            Message::Text(text) => Event::Text(text),
            Message::Binary(bytes) => Event::Binary(bytes),
        });
    }

    /// The user has dropped the socket, perhaps from within the listener, when what called it still holds the line.
    fn let_go(&self) {
        self.is_let_go.set(true);
        self.untold.borrow_mut().clear();
        let now = now();
        if let Some(driver) = self.driver.get() {
            driver.ask(|connection| connection.close_unanswered(now));
        }
        // It may hold things of the user's whose own drop calls anything.
        drop(self.listener.take());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.rest();
    }
}

impl Face for Weak<Line> {
    type Message = Message;

    type Refusal = JsValue;

    fn dial(&self, epoch: Epoch) -> Result<(), JsValue> {
        let Some(line) = self.upgrade() else { return Ok(()) };
        line.is_live.set(false);
        // The URL is known, so there is nothing to be found first.
        if let Some(socket) = native::dial(&line.source, epoch.0, &line.ear)? {
            let native: WebSocket = socket.unchecked_into();
            native.set_binary_type(BinaryType::Arraybuffer);
            native.set_onmessage(Some(line.on_message.unchecked_ref()));
            line.native.replace(Some(native));
            line.is_live.set(true);
        }
        Ok(())
    }

    fn hang_up(&self) {
        if let Some(line) = self.upgrade() {
            line.hang_up();
        }
    }

    fn wake(&self, delay: f64) {
        if let Some(line) = self.upgrade() {
            line.wake(delay);
        }
    }

    fn watch(&self) -> u32 {
        if let Some(line) = self.upgrade() {
            native::watch(&line.ear);
        }
        native::condition()
    }

    fn end(&self, tells: bool) {
        let Some(line) = self.upgrade() else { return };
        line.rest();
        if tells {
            Face::tell(self, Told::Close);
        }
    }

    fn tell(&self, event: Told) {
        let Some(line) = self.upgrade() else { return };
        line.tell(match event {
            // It keeps no session that could go on.
            Told::Open | Told::Resume => Event::Open,
            Told::Drop(dropped) => Event::Drop(dropped),
            Told::Error => Event::Error,
            Told::Close => Event::Close { code: 1006, reason: String::new(), clean: false },
            Told::State => Event::State(line.ask(State::Closed, Connection::state)),
        });
    }

    fn tell_drop(&self, dropped: Dropped, _asks: bool) -> Verdict {
        if let Some(line) = self.upgrade() {
            line.tell(Event::Drop(dropped));
        }
        Verdict::Default
    }

    fn transmit(&self, message: Message) {
        let Some(native) = self.upgrade().and_then(|line| line.native()) else { return };
        // It throws while a socket is dialled alone, and this one is open.
        let _ = match &message {
            Message::Text(text) => native.send_with_str(text),
            Message::Binary(bytes) => native.send_with_u8_array(bytes),
        };
    }

    fn give_back(&self, message: Message, fate: Fate) {
        if let Some(line) = self.upgrade() {
            line.tell(Event::Lost(message, fate));
        }
    }

    fn ping(&self) {
        if let Some(line) = self.upgrade()
            && let Some(heartbeat) = &line.heartbeat
        {
            self.transmit(heartbeat.message.clone());
        }
    }
}

/// What the driver hears through. The garbage collector frees it, not [`Socket`]'s drop: `native.js` may be about to
/// call it, for a signal of the page that another socket's listener has just answered by dropping this one.
fn ear(line: Weak<Line>) -> JsValue {
    let hear = move |what: u32, epoch: u32, detail: u32, clean: bool, value: JsValue| {
        let Some(line) = line.upgrade() else { return false };
        let passes = line.driver.get().is_some_and(|driver| driver.hear(what, epoch, detail, clean));
        // The driver leaves it to the browser's own event to tell.
        match what {
            heard::OPENED if passes => line.tell(Event::Open),
            heard::FAILED if passes => line.tell(Event::Error),
            heard::CLOSED if passes => {
                let event: &CloseEvent = value.unchecked_ref();
                line.tell(Event::Close { code: event.code(), reason: event.reason(), clean: event.was_clean() });
            }
            _ => {}
        }
        passes
    };
    Closure::<dyn Fn(u32, u32, u32, bool, JsValue) -> bool>::new(hear).into_js_value()
}

/// What each socket of the line calls, for the same life.
fn on_message(line: Weak<Line>) -> JsValue {
    let hear = move |event: MessageEvent| {
        if let Some(line) = line.upgrade() {
            line.hear_message(&event.data());
        }
    };
    Closure::<dyn Fn(MessageEvent)>::new(hear).into_js_value()
}

/// What `dial` in `native.js` takes.
fn source(url: &str, protocols: &[String]) -> JsValue {
    let source = Object::new();
    let protocols: Array = protocols.iter().map(|protocol| JsValue::from(protocol.as_str())).collect();
    // A fresh object takes any property.
    let _ = Reflect::set(&source, &"url".into(), &url.into());
    let _ = Reflect::set(&source, &"protocols".into(), &protocols);
    source.into()
}

/// What an exception says.
fn words(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).unwrap_or_default();
    message.dyn_ref::<JsString>().map(String::from).unwrap_or_default()
}
