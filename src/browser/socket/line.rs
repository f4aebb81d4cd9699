//! What a socket holds, and what happens to it.

mod face;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::{Cell, OnceCell, RefCell};

use js_sys::{Array, Function, JsString, Math, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use super::Socket;
use super::error::Error;
use super::event::Event;
use super::heartbeat::Heartbeat;
use super::message::Message;
use super::options::Options;
use super::parcel::{Content, Parcel, Places, Ticket};
#[cfg(feature = "serde")]
use super::typed::Typed;
use crate::browser::driver::{Driver, now};
use crate::browser::native::{self, heard};
use crate::core::{Config, Connection, Heartbeat as Rhythm, Policy, State};

/// What the user is told through.
type Listener = Box<dyn FnMut(&Socket, Event)>;

/// What a socket holds. The browser holds it weakly. No cell is borrowed while anything foreign runs.
pub(super) struct Line {
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
    /// Where each message that waits has its place in the core's queue.
    places: Places,
    #[cfg(feature = "serde")]
    typed: OnceCell<Typed>,
}

impl Line {
    pub(super) fn dial(
        url: &str,
        options: Options,
        listener: impl FnMut(&Socket, Event) + 'static,
    ) -> Result<Rc<Self>, Error> {
        let config = Config {
            policy: options.retry.map_or(Policy::Never, Policy::Retry),
            connect_timeout: options.connect_timeout,
            queue: options.queue,
            heartbeat: options
                .heartbeat
                .as_ref()
                .map(|&Heartbeat { interval, timeout, .. }| Rhythm { interval, timeout }),
        };
        let line = Rc::new_cyclic(|line| Self {
            driver: OnceCell::new(),
            source: source(url, &options.protocols),
            ear: ear(line.clone()),
            native: RefCell::new(None),
            is_live: Cell::new(false),
            timer: Cell::new(0),
            on_message: on_message(line.clone()),
            heartbeat: options.heartbeat,
            listener: Cell::new(Some(Box::new(listener))),
            untold: RefCell::new(VecDeque::new()),
            is_let_go: Cell::new(false),
            places: Places::default(),
            #[cfg(feature = "serde")]
            typed: OnceCell::new(),
        });
        #[cfg(feature = "serde")]
        let _ = line.typed.set(Typed::new(Rc::downgrade(&line), &options.envelope)?);
        let seed = Math::random() * (1u64 << 53) as f64;
        let driver =
            Driver::new(Rc::downgrade(&line), config, seed as u64).map_err(|thrown| Error::Invalid(words(&thrown)))?;
        let _ = line.driver.set(driver);
        Ok(line)
    }

    pub(super) fn native(&self) -> Option<WebSocket> {
        self.native.borrow().clone()
    }

    #[cfg(feature = "serde")]
    pub(super) fn typed(&self) -> Option<&Typed> {
        self.typed.get()
    }

    pub(super) fn is_let_go(&self) -> bool {
        self.is_let_go.get()
    }

    pub(super) fn ask<R>(&self, otherwise: R, call: impl FnOnce(&Connection<Parcel>) -> R) -> R {
        self.driver.get().map_or(otherwise, |driver| driver.with(|connection| call(connection)))
    }

    pub(super) fn state(&self) -> State {
        self.ask(State::Closed, Connection::state)
    }

    pub(super) fn buffered_amount(&self) -> u64 {
        // What the last socket had not sent is no longer on its way.
        let sending = match (self.state(), self.native()) {
            (State::Open | State::Closing, Some(native)) => native.buffered_amount().into(),
            _ => 0,
        };
        sending + self.ask(0, Connection::queued)
    }

    // What the user wants.

    pub(super) fn send_message(self: &Rc<Self>, message: Message) -> Result<(), Error> {
        let bytes = message.len();
        if !self.transmit(bytes, |native| message.transmit(native))? {
            self.wait(bytes, Content::Message(message), None)?;
        }
        Ok(())
    }

    /// Sends at once, if the line stands. False if it has to wait.
    pub(super) fn transmit(
        &self,
        bytes: usize,
        transmit: impl FnOnce(&WebSocket) -> Result<(), JsValue>,
    ) -> Result<bool, Error> {
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
        }
        Ok(goes)
    }

    /// Keeps a message until the line is back. `told` hears what becomes of it, if it is not the listener's affair.
    pub(super) fn wait(
        self: &Rc<Self>,
        bytes: usize,
        content: Content,
        told: Option<Function>,
    ) -> Result<Ticket, Error> {
        let now = now();
        let ticket = self.places.join();
        let parcel = Parcel { ticket, content, told };
        let answer = self.drive(|driver| driver.ask(|connection| connection.send(now, parcel, bytes as u64)));
        match answer {
            Some(Ok(())) => Ok(ticket),
            Some(Err(refusal)) => {
                self.places.leave(ticket);
                Err(refusal.into())
            }
            None => Err(Error::NotOpen),
        }
    }

    /// Takes a message back, if it still waits.
    #[cfg(feature = "serde")]
    pub(super) fn withdraw(&self, ticket: Ticket) {
        if let Some(place) = self.places.leave(ticket)
            && let Some(driver) = self.driver.get()
        {
            // Nothing else comes of it, and the queue must not move while the listener is saying hello. Only a timer
            // may now be early.
            drop(driver.with(|connection| connection.withdraw(place)));
        }
    }

    pub(super) fn close(self: &Rc<Self>, close: impl FnOnce(&WebSocket) -> Result<(), JsValue>) {
        if let Some(native) = self.native() {
            // It throws for a code or a reason that `Socket` has refused already.
            let _ = close(&native);
        }
        self.drive(|driver| driver.close(self.is_live.get()));
    }

    pub(super) fn reconnect(self: &Rc<Self>) {
        self.drive(Driver::reconnect);
    }

    /// The user has dropped the socket, perhaps from within the listener, when what called it still holds the line.
    pub(super) fn let_go(&self) {
        self.is_let_go.set(true);
        self.untold.borrow_mut().clear();
        let now = now();
        if let Some(driver) = self.driver.get() {
            driver.ask(|connection| connection.close_unanswered(now));
        }
        #[cfg(feature = "serde")]
        if let Some(typed) = self.typed() {
            typed.let_go();
        }
        // It may hold things of the user's whose own drop calls anything.
        drop(self.listener.take());
    }

    // What happens.

    fn hear_message(self: &Rc<Self>, data: &JsValue) {
        #[cfg(feature = "serde")]
        if let Some(typed) = self.typed()
            && typed.listens_to(data)
        {
            return self.hear_typed(typed, data);
        }
        let message = Message::received(data);
        if self.heartbeat.as_ref().is_some_and(|heartbeat| heartbeat.reply.as_ref() == Some(&message)) {
            return self.hear_reply();
        }
        self.count(message.len());
        self.tell(match message {
            Message::Text(text) => Event::Text(text),
            Message::Binary(bytes) => Event::Binary(bytes),
        });
    }

    /// Text that is copied only if the listener has to hear of it.
    #[cfg(feature = "serde")]
    fn hear_typed(self: &Rc<Self>, typed: &Typed, data: &JsValue) {
        let length = data.unchecked_ref::<JsString>().length() as usize;
        if let Some(Heartbeat { reply: Some(Message::Text(reply)), .. }) = &self.heartbeat
            // Text is never longer in UTF-16 than in UTF-8, and to compare it a copy is made.
            && length <= reply.len()
            && *data == **reply
        {
            return self.hear_reply();
        }
        self.count(length);
        let outcome = typed.receive(data);
        let text = || data.as_string().unwrap_or_default();
        if !outcome.is_taken {
            self.tell(Event::Text(text()));
        }
        for reason in outcome.complaints {
            self.tell(Event::Invalid { reason, text: text() });
        }
    }

    fn hear_reply(self: &Rc<Self>) {
        let now = now();
        self.drive(|driver| driver.ask(|connection| connection.handle_reply(now, connection.epoch())));
    }

    fn count(&self, bytes: usize) {
        if let Some(driver) = self.driver.get() {
            driver.with(|connection| connection.handle_message(connection.epoch(), bytes as u64));
        }
    }

    // How it is told.

    /// Asks the driver for something, and then tells what came of it.
    fn drive<R>(self: &Rc<Self>, act: impl FnOnce(&Driver<Weak<Self>>) -> R) -> Option<R> {
        let answer = self.driver.get().map(act);
        self.tell_untold();
        answer
    }

    fn tell(self: &Rc<Self>, event: Event) {
        self.note(event);
        self.tell_untold();
    }

    /// It is told when the listener is called next.
    fn note(&self, event: Event) {
        #[cfg(feature = "serde")]
        if let Some(typed) = self.typed() {
            match event {
                Event::Drop(_) => typed.dropped(),
                Event::Close { .. } => typed.closed(),
                _ => {}
            }
        }
        if !self.is_let_go.get() {
            self.untold.borrow_mut().push_back(event);
        }
    }

    fn tell_untold(self: &Rc<Self>) {
        let Some(mut listener) = self.listener.take() else { return };
        let socket = Socket::lent(self.clone());
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

    // What it does with the browser.

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
}

impl Drop for Line {
    fn drop(&mut self) {
        self.rest();
    }
}

/// What the driver hears through. The garbage collector frees it, not the socket's drop: `native.js` may be about to
/// call it, for a signal of the page that another socket's listener has just answered by dropping this one.
fn ear(line: Weak<Line>) -> JsValue {
    let hear = move |what: u32, epoch: u32, detail: u32, clean: bool, value: JsValue| {
        let Some(line) = line.upgrade() else { return false };
        let passes = line.drive(|driver| driver.hear(what, epoch, detail, clean)).unwrap_or(false);
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
pub(super) fn words(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).unwrap_or_default();
    message.dyn_ref::<JsString>().map(String::from).unwrap_or_default()
}
