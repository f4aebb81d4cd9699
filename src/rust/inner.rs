//! What a socket holds, beside what its driver holds.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, JsString, Reflect, Uint8Array};
use undrop_proto::close::CloseFrame;
use undrop_proto::wire::TextFrame;
use undrop_proto::{Attempt, MessageId, State};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::authenticate::{Authenticated, Authentication};
use super::duration::to_millis;
use super::error::Error;
use super::event::{Event, Fault};
use super::heartbeat::{Heartbeat, Ping, Reply};
use super::inbox::Inboxes;
use super::message::Message;
use super::options::Options;
use super::retry::{Decide, Retry};
use super::source::{Endpoint, Found, Source};
#[cfg(feature = "serde")]
use super::typed::Typed;
use crate::socket::{self, Driver, Size, Waiter};

/// What the app is told through.
pub(super) type Listener = Box<dyn FnMut(&Rc<Inner>, Event)>;

/// What a socket holds, beside what its driver holds. The driver refers to it weakly. No cell is borrowed while anything
/// of the app runs.
pub(super) struct Inner {
    /// Absent while the first attempt begins.
    driver: OnceCell<Rc<Driver>>,
    /// Those of the options.
    protocols: Vec<String>,
    source: Option<Source>,
    authentication: Option<Authentication>,
    /// Why a function of the app that an attempt needs has failed, while the drop that comes of it is told.
    failure: RefCell<Option<Fault>>,
    pub(super) decide: Option<Decide>,
    heartbeat: Option<Heartbeat>,
    /// What the driver calls for the message of the heartbeat, if a function makes it.
    make_ping: OnceCell<Closure<dyn Fn() -> JsValue>>,
    /// Absent while it runs, and once the socket is dropped.
    listener: Cell<Option<Listener>>,
    /// What happened while the listener ran.
    untold: RefCell<VecDeque<Event>>,
    is_released: Cell<bool>,
    /// The streams of messages.
    pub(super) readers: Inboxes,
    #[cfg(feature = "serde")]
    typed: OnceCell<Typed>,
}

impl Inner {
    /// Its driver is [set](Self::set_driver) when the first attempt has begun.
    pub(super) fn new(options: Options, source: Option<Source>, listener: Listener) -> Self {
        Self {
            driver: OnceCell::new(),
            protocols: options.protocols,
            source,
            authentication: options.authenticate.map(Authentication::new),
            failure: RefCell::new(None),
            decide: options.retry.and_then(|Retry { decide, .. }| decide),
            heartbeat: options.heartbeat,
            make_ping: OnceCell::new(),
            listener: Cell::new(Some(listener)),
            untold: RefCell::new(VecDeque::new()),
            is_released: Cell::new(false),
            readers: Inboxes::default(),
            #[cfg(feature = "serde")]
            typed: OnceCell::new(),
        }
    }

    pub(super) fn set_driver(&self, driver: Rc<Driver>) {
        let _ = self.driver.set(driver);
    }

    #[cfg(feature = "serde")]
    pub(super) fn set_typed(&self, typed: Typed) {
        let _ = self.typed.set(typed);
    }

    pub(super) fn driver(&self) -> Option<&Rc<Driver>> {
        self.driver.get()
    }

    /// The driver of a socket that was not dropped.
    pub(super) fn held_driver(&self) -> Result<&Rc<Driver>, Error> {
        self.driver().filter(|_| !self.is_released()).ok_or(Error::Closed)
    }

    /// The message of the heartbeat, as the driver takes it.
    pub(super) fn ping(&self) -> JsValue {
        let Some(heartbeat) = &self.heartbeat else { return JsValue::UNDEFINED };
        match &heartbeat.ping {
            Ping::Message(message) => message.to_js(),
            Ping::Function(make) => {
                let make = make.clone();
                self.make_ping.get_or_init(|| Closure::new(move || make().to_js())).as_ref().clone()
            }
        }
    }

    fn reply(&self) -> &Reply {
        self.heartbeat.as_ref().map_or(&Reply::Anything, |heartbeat| &heartbeat.reply)
    }

    pub(super) fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    pub(super) fn authentication(&self) -> Option<&Authentication> {
        self.authentication.as_ref()
    }

    /// Why a function of the app that an attempt needs has failed, while the drop that comes of it is told.
    pub(super) fn failure(&self) -> Option<Fault> {
        self.failure.borrow().clone()
    }

    #[cfg(feature = "serde")]
    pub(super) fn typed(&self) -> Option<&Typed> {
        self.typed.get()
    }

    pub(super) fn is_released(&self) -> bool {
        self.is_released.get()
    }

    pub(super) fn state(&self) -> State {
        self.driver().map_or(State::Connecting, |driver| driver.state())
    }

    pub(super) fn native(&self) -> Option<WebSocket> {
        self.driver()?.native()
    }

    pub(super) fn buffered_amount(&self) -> u64 {
        let Some(driver) = self.driver() else { return 0 };
        // What a closed socket did not send is lost.
        let native = self.native().filter(|_| driver.state() != State::Closed);
        driver.buffered(native.map_or(0, |native| native.buffered_amount()).into()) as u64
    }

    // What the app wants.

    pub(super) fn send(&self, message: &Message) -> Result<(), Error> {
        match message {
            Message::Text(text) => self.send_text(text),
            Message::Binary(bytes) => self.send_bytes(bytes),
        }
    }

    pub(super) fn send_text(&self, text: &str) -> Result<(), Error> {
        // Text that is sent at once is not kept, and the browser reads it from wasm memory.
        if !self.transmit(text.len(), |native| native.send_with_str(text))? {
            let text = JsString::from(text);
            let size = text_size(&text);
            self.queue(text.into(), size, Waiter::User)?;
        }
        Ok(())
    }

    pub(super) fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        if !self.transmit(bytes.len(), |native| native.send_with_u8_array(bytes))? {
            self.queue(Uint8Array::from(bytes).into(), Size::Bytes(bytes.len() as f64), Waiter::User)?;
        }
        Ok(())
    }

    /// Sends at once, if the connection is open. False if the message has to be queued, as each is over a session.
    pub(super) fn transmit(
        &self,
        bytes: usize,
        send: impl FnOnce(&WebSocket) -> Result<(), JsValue>,
    ) -> Result<bool, Error> {
        let driver = self.held_driver()?;
        let Some(native) = driver.native() else { return Ok(false) };
        let ready_state = native.ready_state();
        let is_admitted = driver.admits(ready_state, bytes as f64) && ready_state == WebSocket::OPEN;
        if is_admitted {
            send(&native).map_err(|_| Error::NotOpen)?;
        }
        Ok(is_admitted)
    }

    /// Keeps a message until the connection is open, or over a session until the server has acknowledged it.
    pub(super) fn queue(&self, data: JsValue, size: Size, waiter: Waiter) -> Result<MessageId, Error> {
        let driver = self.held_driver()?;
        // What the browser's class would discard is refused here.
        if matches!(driver.state(), State::Closing | State::Closed) {
            return Err(Error::Closed);
        }
        driver.send(socket::Message::new(data, waiter), size).map_err(Error::refused)
    }

    /// Sends over the session.
    pub(super) fn deliver(
        &self,
        message: &Message,
        time_to_live: Option<Duration>,
        waiter: Waiter,
    ) -> Result<MessageId, Error> {
        let driver = self.held_driver()?;
        if !driver.keeps_session() {
            return Err(Error::NoSession);
        }
        let data = message.to_js();
        let size = data.dyn_ref().map_or(Size::Bytes(message.len() as f64), text_size);
        driver.deliver(socket::Message::new(data, waiter), size, time_to_live.map(to_millis)).map_err(Error::refused)
    }

    pub(super) fn close(&self, frame: CloseFrame) {
        if let Ok(driver) = self.held_driver() {
            driver.close(frame);
        }
    }

    /// The app has dropped the socket, perhaps from within the listener, when its caller still holds this.
    pub(super) fn release(&self) {
        self.is_released.set(true);
        self.untold.borrow_mut().clear();
        if let Some(driver) = self.driver() {
            driver.end();
        }
        #[cfg(feature = "serde")]
        if let Some(typed) = self.typed() {
            typed.release();
        }
        self.readers.end();
        if let Some(source) = &self.source {
            source.end();
        }
        if let Some(authentication) = &self.authentication {
            authentication.end();
        }
        // What it holds of the app's may call anything when it is dropped.
        drop(self.listener.take());
    }

    // What happened.

    /// A search for this attempt has come to its end.
    pub(super) fn found(&self, attempt: Attempt, found: Found) {
        let Ok(driver) = self.held_driver() else { return };
        let found = found.and_then(|Endpoint { url, protocols }| {
            let protocols = array(protocols.as_ref().unwrap_or(&self.protocols));
            driver.found(attempt, &url.into(), &protocols).map_err(|thrown| error_text(&thrown))
        });
        if let Err(error) = found {
            self.fail(Fault::Url(error), || driver.not_found(attempt));
        }
    }

    /// The function of the app has authenticated in this attempt, or has failed.
    pub(super) fn authenticated(self: &Rc<Self>, attempt: Attempt, authenticated: Authenticated) {
        let (Ok(driver), Some(authentication)) = (self.held_driver(), &self.authentication) else { return };
        let unread = authentication.finish();
        if let Err(error) = authenticated {
            return self.fail(Fault::Authenticate(error), || driver.authenticated(attempt, false));
        }
        driver.authenticated(attempt, true);
        for data in unread {
            self.receive(&data);
        }
    }

    /// A function of the app that an attempt needs has failed: `drop_connection` ends the attempt.
    fn fail(&self, failure: Fault, drop_connection: impl FnOnce()) {
        self.failure.replace(Some(failure));
        drop_connection();
        self.failure.take();
    }

    /// The native socket has received this.
    pub(super) fn receive(self: &Rc<Self>, data: &JsValue) {
        let Some(driver) = self.driver() else { return };
        if self.authentication.as_ref().is_some_and(|authentication| authentication.hear(data)) {
            return;
        }
        if driver.keeps_session()
            && let Some(frame) = data.dyn_ref::<JsString>()
            && TextFrame::needs_escape(first_unit(frame))
        {
            if let Some(text) = driver.escaped_frame(frame) {
                self.receive_message(driver, &text);
            }
        } else {
            self.receive_message(driver, data);
        }
    }

    fn receive_message(self: &Rc<Self>, driver: &Driver, data: &JsValue) {
        #[cfg(feature = "serde")]
        if let Some(typed) = self.typed()
            && typed.listens()
            && let Some(text) = data.dyn_ref::<JsString>()
        {
            return self.receive_typed(driver, typed, text);
        }
        let message = Message::from_js(data);
        if driver.received(message.len() as f64, self.reply().is(&message)) {
            self.tell_message(message);
        }
    }

    /// Text is only copied if the listener has to be told of it.
    #[cfg(feature = "serde")]
    fn receive_typed(self: &Rc<Self>, driver: &Driver, typed: &Typed, text: &JsString) {
        if !driver.received(text.length().into(), self.reply().is_text(text)) {
            return;
        }
        let received = typed.receive(text);
        if !received.is_taken {
            self.tell_message(Message::Text(text.into()));
        }
        for reason in received.complaints {
            self.tell(Event::Invalid { reason, text: text.into() });
        }
    }

    // How the app is told.

    fn tell_message(self: &Rc<Self>, message: Message) {
        if let Some(message) = self.readers.push(message) {
            self.tell(match message {
                Message::Text(text) => Event::Text(text),
                Message::Binary(bytes) => Event::Binary(bytes),
            });
        }
    }

    /// Tells the listener now, or when it has returned.
    pub(super) fn tell(self: &Rc<Self>, event: Event) {
        if self.is_released() {
            return;
        }
        #[cfg(feature = "serde")]
        self.tell_typed(&event);
        if matches!(event, Event::State(_)) {
            self.cancel_what_is_over();
        }
        if matches!(event, Event::Close(_)) {
            self.readers.end();
        }
        self.untold.borrow_mut().push_back(event);
        let Some(mut listener) = self.listener.take() else { return };
        while let Some(event) = self.next_untold() {
            listener(self, event);
        }
        if !self.is_released() {
            self.listener.set(Some(listener));
        }
    }

    #[cfg(feature = "serde")]
    fn tell_typed(&self, event: &Event) {
        let Some(typed) = self.typed() else { return };
        let keeps_session = self.driver().is_some_and(|driver| driver.keeps_session());
        match event {
            Event::Dropped(_) if !keeps_session => typed.dropped(),
            // What was requested over a session is answered over any of its connections, and not over the next session.
            Event::Open if keeps_session => typed.dropped(),
            Event::Close(_) => typed.closed(),
            _ => {}
        }
    }

    /// Drops the futures of the app for an attempt that is over.
    fn cancel_what_is_over(&self) {
        let Some(driver) = self.driver() else { return };
        if let Some(source) = &self.source
            && let Some(attempt) = source.search.attempt()
            && !driver.read(|connection| connection.awaits_url(attempt))
        {
            source.search.cancel();
        }
        if let Some(authentication) = &self.authentication
            && let Some(attempt) = authentication.task.attempt()
            && !driver.read(|connection| connection.is_authenticating(attempt))
        {
            authentication.cancel();
        }
    }

    fn next_untold(&self) -> Option<Event> {
        self.untold.borrow_mut().pop_front()
    }
}

/// Texts as JavaScript has them.
pub(super) fn array(texts: &[String]) -> Array {
    texts.iter().map(JsValue::from).collect()
}

/// The size of text that JavaScript has.
pub(super) fn text_size(text: &JsString) -> Size {
    Size::Text { units: text.length(), first: first_unit(text) }
}

/// The first UTF-16 code unit; 0 for empty text.
fn first_unit(text: &JsString) -> u16 {
    text.char_code_at(0) as u16
}

/// What an exception says.
pub(super) fn error_text(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).unwrap_or_default();
    message.as_string().unwrap_or_default()
}
