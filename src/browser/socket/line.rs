//! What a socket holds, and what happens to it.

mod face;
mod hearing;
mod sending;
mod session;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::{Cell, OnceCell, RefCell};

use js_sys::{Array, JsString, Math, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use self::hearing::{ear, on_message};
use self::session::{Mailbox, offer};
use super::Socket;
use super::error::Error;
use super::event::Event;
use super::farewell::Farewell;
use super::heartbeat::Heartbeat;
use super::options::Options;
use super::parcel::{Parcel, Places};
#[cfg(feature = "serde")]
use super::typed::Typed;
use crate::browser::driver::{Driver, now};
use crate::browser::native;
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
    /// The messages that were taken, in the order in which the core has them.
    places: Places,
    /// There if it keeps a session.
    mailbox: Option<Mailbox>,
    #[cfg(feature = "serde")]
    typed: OnceCell<Typed>,
}

impl Line {
    pub(super) fn dial(
        url: &str,
        options: Options,
        listener: impl FnMut(&Socket, Event) + 'static,
    ) -> Result<Rc<Self>, Error> {
        let bounds = options.resume.as_ref().map(|resume| resume.bounds(&options)).transpose()?;
        let rhythm = match &options.resume {
            Some(resume) => resume.heartbeat,
            None => options.heartbeat.as_ref().map(|&Heartbeat { interval, timeout, .. }| Rhythm { interval, timeout }),
        };
        let protocols = if bounds.is_some() { offer(&options.protocols) } else { options.protocols };
        let config = Config {
            policy: options.retry.map_or(Policy::Never, Policy::Retry),
            connect_timeout: options.connect_timeout,
            queue: options.queue,
            heartbeat: rhythm,
        };
        let line = Rc::new_cyclic(|line| Self {
            driver: OnceCell::new(),
            source: source(url, &protocols),
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
            mailbox: bounds.map(|_| Mailbox::default()),
            #[cfg(feature = "serde")]
            typed: OnceCell::new(),
        });
        #[cfg(feature = "serde")]
        let _ = line.typed.set(Typed::new(Rc::downgrade(&line), &options.envelope)?);
        let seed = (Math::random() * (1u64 << 53) as f64) as u64;
        let face = Rc::downgrade(&line);
        let driver = match bounds {
            Some(bounds) => Driver::with_session(face, config, bounds, seed),
            None => Driver::new(face, config, seed),
        };
        driver.start().map_err(|thrown| Error::Invalid(words(&thrown)))?;
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

    pub(super) fn keeps_session(&self) -> bool {
        self.mailbox.is_some()
    }

    pub(super) fn is_let_go(&self) -> bool {
        self.is_let_go.get()
    }

    pub(super) fn ask<R>(&self, otherwise: R, call: impl FnOnce(&Connection<Rc<Parcel>>) -> R) -> R {
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

    pub(super) fn close(self: &Rc<Self>, farewell: Farewell) {
        if let Some(mailbox) = &self.mailbox {
            // The core says when.
            mailbox.close(farewell);
        } else if let Some(native) = self.native() {
            farewell.say(&native);
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
            if self.keeps_session() {
                // What was sent still leaves, and the other end hears that it may forget the session. Nobody is there to
                // wait for its answer: what it has not yet acknowledged comes back to those who wait for a delivery.
                driver.close(self.is_live.get());
                driver.ask(|connection| {
                    connection.handle_closed(now, connection.epoch(), 1006, false);
                    connection.handle_timeout(now);
                });
            } else {
                driver.ask(|connection| connection.close_unanswered(now));
            }
        }
        #[cfg(feature = "serde")]
        if let Some(typed) = self.typed() {
            typed.let_go();
        }
        // It may hold things of the user's whose own drop calls anything.
        drop(self.listener.take());
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
                Event::Drop(_) if !self.keeps_session() => typed.dropped(),
                // What was asked over a session is answered over any of its lines, and not over the next session.
                Event::Open if self.keeps_session() => typed.dropped(),
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
