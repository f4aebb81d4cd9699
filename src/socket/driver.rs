//! The driver of a connection: it does what the protocol decides, with the browser's means.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Array, Function};
#[cfg(feature = "session")]
use undrop_proto::close::CloseFrame;
use undrop_proto::{
    Attempt, Cause, Config, Connection, Decision, Event, Millis, Outcome, Output, Settled, Signal, State,
};
use undrop_proto::{close, wire};
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, WebSocket};

use super::clock::now;
use super::message::{Kept, Waiter};
use super::report::Report;
use super::user::{Notice, User};
use super::{native, page};

mod browser;
mod commands;
#[cfg(feature = "session")]
mod session;

#[cfg(feature = "session")]
type Delivery = undrop_proto::QueueOrSession<Kept>;
#[cfg(not(feature = "session"))]
type Delivery = undrop_proto::Queue<Kept>;

/// How a socket behaves.
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// With them the socket keeps a session.
    #[cfg(feature = "session")]
    pub(crate) bounds: Option<undrop_proto::outbox::Bounds>,
    /// The message of the heartbeat, or a function that returns it. Not used with a session.
    pub(crate) ping: JsValue,
}

/// How large a message is.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    /// A text of so many UTF-16 code units, with the first of them.
    Text {
        units: u32,
        #[cfg_attr(not(feature = "session"), expect(dead_code, reason = "only a session escapes text"))]
        first: u16,
    },
    /// So many bytes.
    Bytes(f64),
}

/// Where a socket connects.
pub(crate) enum Target {
    /// To this URL with these subprotocols of the app.
    Known { url: JsValue, protocols: Array },
    /// The user is asked at each attempt.
    Asked,
}

/// The number of a socket in its realm, be it a window or a worker. No number is given twice.
pub(crate) type SocketId = u32;

thread_local! {
    /// The sockets of this realm, by their numbers, which grow.
    static SOCKETS: RefCell<Vec<Rc<Driver>>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<SocketId> = const { Cell::new(0) };
}

/// Handles what the browser reports: an event of the native socket of this socket, or a signal, which is for all sockets.
/// True if the page's listeners may hear the event.
pub(crate) fn handle(report: Report, id: SocketId, event: &JsValue) -> bool {
    if let Some(signal) = report.signal() {
        handle_signal(signal);
        return false;
    }
    find(id).is_some_and(|socket| socket.handle_event(report, event))
}

/// The socket of this number, as long as it was not released.
pub(crate) fn find(id: SocketId) -> Option<Rc<Driver>> {
    find_from(id).filter(|socket| socket.id == id)
}

/// The socket of the least number that is not less than this.
fn find_from(id: SocketId) -> Option<Rc<Driver>> {
    SOCKETS.with_borrow(|sockets| sockets.get(sockets.partition_point(|socket| socket.id < id)).cloned())
}

fn handle_signal(signal: Signal) {
    let mut next = 0;
    // A user who is told something may make and release sockets.
    while let Some(socket) = find_from(next) {
        socket.handle_signal(signal);
        next = socket.id + 1;
    }
}

/// A connection at work. It does as the protocol decides, and tells its user.
///
/// No cell is borrowed while anything is called that may call back: JavaScript, or the user.
pub(crate) struct Driver {
    id: SocketId,
    connection: RefCell<Connection<Kept, Delivery>>,
    target: Target,
    /// [`handle`] as a function of JavaScript, made once, since a closure costs as much as a native socket.
    handler: Function,
    ping: JsValue,
    /// Absent once it is closed: the user may hold on to this socket in JavaScript, where nobody would see that both
    /// are garbage.
    user: RefCell<Option<Rc<dyn User>>>,
    /// The native socket of the present attempt, or of the last.
    native: RefCell<Option<WebSocket>>,
    /// Whether `native` is of the present attempt and was not abandoned.
    is_attached: Cell<bool>,
    timer: Cell<Option<Timeout>>,
    /// When the timer fires.
    due: Cell<Option<Millis>>,
    /// The browser's event about the native socket that closed, while that is told.
    close_event: RefCell<Option<CloseEvent>>,
    /// The bytes of the messages that were sent after the end.
    discarded: Cell<u64>,
    /// When the next attempt begins, by the clock of the protocol and by that of the page.
    #[cfg(feature = "js")]
    retry_at: Cell<Option<(Millis, f64)>>,
    /// How the user wants the native socket closed.
    #[cfg(feature = "session")]
    close_frame: Cell<Option<CloseFrame>>,
    /// What the server of the session did wrong in the present attempt.
    #[cfg(feature = "session")]
    violation: Cell<Option<&'static str>>,
}

impl Driver {
    /// Begins the first attempt. Throws what the browser's constructor throws: later attempts are made of what it
    /// accepted once.
    pub(crate) fn connect(
        settings: Settings,
        target: Target,
        handler: Function,
        user: impl FnOnce(SocketId) -> Rc<dyn User>,
    ) -> Result<Rc<Self>, JsValue> {
        let Settings { config, ping, .. } = settings;
        let id = LAST.get().wrapping_add(1);
        LAST.set(id);
        let seed = (js_sys::Math::random() * (1u64 << 53) as f64) as u64;
        #[cfg(feature = "session")]
        let connection = Connection::with_session(config, settings.bounds, now(), seed);
        #[cfg(not(feature = "session"))]
        let connection = Connection::new(config, now(), seed);
        let socket = Rc::new(Self {
            id,
            connection: RefCell::new(connection),
            target,
            handler,
            ping,
            user: RefCell::new(Some(user(id))),
            native: RefCell::new(None),
            is_attached: Cell::new(false),
            timer: Cell::new(None),
            due: Cell::new(None),
            close_event: RefCell::new(None),
            discarded: Cell::new(0),
            #[cfg(feature = "js")]
            retry_at: Cell::new(None),
            #[cfg(feature = "session")]
            close_frame: Cell::new(None),
            #[cfg(feature = "session")]
            violation: Cell::new(None),
        });
        while let Some(output) = socket.poll() {
            if let Output::Connect(attempt) = output {
                socket.make_native(attempt)?;
            }
        }
        SOCKETS.with_borrow_mut(|sockets| sockets.push(socket.clone()));
        page::listen(&socket.handler);
        socket.handle_condition();
        Ok(socket)
    }

    /// Nobody holds the socket any more. Its native socket is closed, and the user is not told anything.
    pub(crate) fn release(&self) {
        self.finish();
        SOCKETS.with_borrow_mut(|sockets| {
            if let Some(at) = sockets.iter().position(|socket| socket.id == self.id) {
                sockets.remove(at);
            }
        });
    }

    /// The user drops the socket, and is not told anything any more. Over a session what was sent is still transmitted,
    /// and the server is told that it may forget the session; nobody waits for its answer. Whoever waits for the outcome
    /// of a message is told.
    #[cfg(feature = "rust")]
    pub(crate) fn end(&self) {
        self.user.take();
        if self.keeps_session() {
            self.close_connection();
        }
        self.update(|connection, now| {
            connection.close_unanswered(now);
            connection.handle_closed(now, connection.attempt(), close::ABNORMAL, false);
            connection.handle_timeout(now);
        });
        self.release();
    }

    // What happened.

    /// An event of the native socket. True if the page's listeners on it may hear it.
    fn handle_event(&self, report: Report, event: &JsValue) -> bool {
        #[cfg(feature = "rust")]
        if report == Report::Message {
            if let Some(user) = self.user() {
                user.message(&event.unchecked_ref::<web_sys::MessageEvent>().data());
            }
            return true;
        }
        let (mut code, mut clean) = (close::ABNORMAL, false);
        if report == Report::Close {
            let event: &CloseEvent = event.unchecked_ref();
            (code, clean) = (event.code(), event.was_clean());
            self.close_event.replace(Some(event.clone()));
        }
        let now = now();
        {
            let mut connection = self.connection.borrow_mut();
            let attempt = connection.attempt();
            match report {
                Report::Open => self.handle_opened(&mut connection, now, attempt),
                Report::Error => connection.handle_error(attempt),
                Report::Close => connection.handle_closed(now, attempt, code, clean),
                _ => {}
            }
        }
        let passes = self.drain(Some(report));
        self.close_event.replace(None);
        passes
    }

    /// What the page says now.
    fn handle_condition(&self) {
        for signal in page::condition() {
            self.handle_signal(signal);
        }
    }

    fn handle_signal(&self, signal: Signal) {
        self.update(|connection, now| connection.handle_signal(now, signal));
    }

    #[cfg(not(feature = "session"))]
    fn handle_opened(&self, connection: &mut Connection<Kept, Delivery>, now: Millis, attempt: Attempt) {
        connection.handle_opened(now, attempt);
    }

    /// The user found out where to connect. Throws what the browser's constructor throws: then it was
    /// [not found](Self::not_found).
    pub(crate) fn found(&self, attempt: Attempt, url: &JsValue, protocols: &Array) -> Result<(), JsValue> {
        if self.read(|connection| connection.awaits_url(attempt)) { self.construct(url, protocols) } else { Ok(()) }
    }

    /// The user could not find out where to connect.
    pub(crate) fn not_found(&self, attempt: Attempt) {
        self.update(|connection, now| connection.handle_no_url(now, attempt));
    }

    /// The user has authenticated on the native socket of this attempt, or could not.
    pub(crate) fn authenticated(&self, attempt: Attempt, is_accepted: bool) {
        self.update(|connection, now| {
            if is_accepted {
                connection.handle_authenticated(now, attempt);
            } else {
                connection.handle_unauthenticated(now, attempt);
            }
        });
    }

    /// A message of so many bytes arrived, which may be the reply to a heartbeat. True if it is the user's.
    pub(crate) fn received(&self, bytes: f64, is_reply: bool) -> bool {
        if is_reply {
            self.update(|connection, now| connection.handle_pong(now, connection.attempt()));
            return false;
        }
        self.arrived(bytes as u64)
    }

    #[cfg(not(feature = "session"))]
    fn arrived(&self, bytes: u64) -> bool {
        let mut connection = self.connection.borrow_mut();
        let attempt = connection.attempt();
        connection.handle_message(attempt, bytes);
        connection.is_receiving()
    }

    // How it is done.

    pub(crate) fn native(&self) -> Option<WebSocket> {
        self.native.borrow().clone()
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(&Connection<Kept, Delivery>) -> R) -> R {
        read(&self.connection.borrow())
    }

    /// Tells the protocol something, and does what it says.
    fn update(&self, update: impl FnOnce(&mut Connection<Kept, Delivery>, Millis)) {
        let now = now();
        update(&mut self.connection.borrow_mut(), now);
        self.drain(None);
    }

    fn poll(&self) -> Option<Output<Kept, Action>> {
        self.connection.borrow_mut().poll()
    }

    /// Does all that the protocol wants done; also from within itself, when the user acts on what is told. True if the
    /// browser's own event tells what there is to tell, and tells it last, since its listeners are called after all that
    /// is done here.
    fn drain(&self, report: Option<Report>) -> bool {
        let mut passes = false;
        while let Some(output) = self.poll() {
            match output {
                Output::Connect(attempt) => {
                    if self.make_native(attempt).is_err() {
                        self.not_found(attempt);
                    }
                }
                Output::Abandon(_) => self.abandon(),
                Output::Authenticate(attempt) => {
                    if let Some(user) = self.user() {
                        user.authenticate(attempt);
                    }
                }
                Output::Transmit(message) => self.transmit(&message),
                Output::Ping => self.send_ping(),
                Output::Decide(attempt, dropped) => {
                    let close = self.close_event(dropped.code);
                    let decision = self.user().map_or(Decision::Default, |user| user.decide(&dropped, &close));
                    self.connection.borrow_mut().handle_decision(now(), attempt, decision);
                }
                Output::Notify(Event::Drop(dropped)) => {
                    let close = self.close_event(dropped.code);
                    if self.user().is_some_and(|user| !user.dropped(&dropped, &close)) {
                        self.connection.borrow_mut().give_up();
                    }
                }
                Output::Notify(event) => passes = self.notify(event, report),
                Output::Settle(settled) => self.settle(&settled),
                #[cfg(feature = "session")]
                Output::Session(action) => self.act(action),
                #[cfg(not(feature = "session"))]
                Output::Session(never) => match never {},
            }
        }
        self.set_timer();
        passes
    }

    /// Tells the user, or leaves it to the browser's event of this kind. True in that case.
    fn notify(&self, event: Event, report: Option<Report>) -> bool {
        let Some(user) = self.user() else { return false };
        let native_event = match event {
            Event::Open => Some(Report::Open),
            Event::Error => Some(Report::Error),
            Event::Close(_) => Some(Report::Close),
            Event::State | Event::Resume | Event::Reset(_) | Event::Unanswered | Event::Drop(_) => None,
        };
        let passes = native_event.is_some()
            && native_event == report
            && user.hears_native_events()
            && self.read(Connection::is_drained);
        let notice = match event {
            Event::Open => Notice::Open,
            Event::Resume => Notice::Resume,
            Event::Reset(reason) => Notice::Reset(reason),
            Event::Error => Notice::Error(self.violation()),
            Event::Unanswered => Notice::Error(Some(wire::NOT_SPOKEN)),
            Event::Close(cause) => return self.notify_close(&*user, cause, passes),
            Event::State | Event::Drop(_) => Notice::State,
        };
        if !passes {
            user.notify(notice);
        }
        passes
    }

    fn notify_close(&self, user: &dyn User, cause: Option<Cause>, passes: bool) -> bool {
        let close = self.close_event(close::ABNORMAL);
        // Unless the user, told of something else, has just asked for a new connection.
        if self.state() == State::Closed {
            self.finish();
        }
        user.notify(Notice::Close(&close, cause, passes));
        passes
    }

    /// How the native socket was closed: the browser's event, if it says so now.
    fn close_event(&self, code: u16) -> CloseEvent {
        self.close_event.borrow().clone().unwrap_or_else(|| {
            let reason = self.violation().unwrap_or_default();
            native::close_event(if reason.is_empty() { code } else { close::PROTOCOL_ERROR }, reason)
        })
    }

    #[cfg(not(feature = "session"))]
    fn violation(&self) -> Option<&'static str> {
        None
    }

    fn settle(&self, Settled { message, outcome, .. }: &Settled<Kept>) {
        let is_told = match &message.waiter {
            Waiter::User => false,
            #[cfg(any(feature = "js", feature = "serde"))]
            Waiter::Function(settle) => {
                native::settle(settle, outcome.name());
                true
            }
            #[cfg(feature = "rust")]
            Waiter::Callback(settle) => settle(*outcome),
        };
        let is_lost = !matches!(outcome, Outcome::Sent | Outcome::Delivered | Outcome::Withdrawn);
        if is_lost
            && !is_told
            && let Some(user) = self.user()
        {
            user.lost(&message.user_data(), *outcome);
        }
    }

    fn user(&self) -> Option<Rc<dyn User>> {
        self.user.borrow().clone()
    }
}

#[cfg(feature = "session")]
type Action = undrop_proto::SessionAction;
#[cfg(not(feature = "session"))]
type Action = core::convert::Infallible;
