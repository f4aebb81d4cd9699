//! Drives a connection in the browser: tells the core what happened, does what it says.

use core::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::native::{self, Native, heard};
use crate::core::{Config, Connection, Drop as Dropped, Epoch, Event, Fate, Millis, Output, Signal, State, Verdict};

/// Who is told, in JavaScript or in Rust.
pub(crate) trait Face: Clone {
    /// From now on the line is this socket.
    fn carry(&self, socket: &Native);
    /// Tells the user of something that the browser does not tell by itself.
    fn tell(&self, event: Event);
    /// Tells the user of a lost line, and asks what to make of it if it is up to the user. `native` is the event
    /// behind it, if any.
    fn tell_drop(&self, dropped: Dropped, asks: bool, native: &JsValue) -> Verdict;
    /// Hands a message back.
    fn give_back(&self, message: JsValue, fate: Fate);
    /// Sends a heartbeat.
    fn ping(&self);
    /// There is nothing more to do for now.
    fn rest(&self);
}

/// A connection at work. Dropping it closes its socket, and nothing is called after that.
pub(crate) struct Driver<F: Face> {
    /// The URL and the protocols, or how to find them: see `dial` in `native.js`.
    source: JsValue,
    /// The function that calls [`hear`](Self::hear).
    ear: JsValue,
    connection: RefCell<Connection<JsValue>>,
    outside: RefCell<Outside<F>>,
}

/// What is held of the world. The face is let go when the line is over: through it the page's listeners, and so the
/// page's objects, are kept alive.
struct Outside<F> {
    face: Option<F>,
    socket: Option<Native>,
    timer: u32,
    due: Option<Millis>,
}

impl<F: Face> Driver<F> {
    /// Dials. What the browser's own constructor throws is returned.
    pub(crate) fn new(face: F, ear: JsValue, source: JsValue, config: Config, seed: u64) -> Result<Self, JsValue> {
        let driver = Self {
            source,
            ear,
            connection: RefCell::new(Connection::new(config, now(), seed)),
            outside: RefCell::new(Outside { face: Some(face), socket: None, timer: 0, due: None }),
        };
        // Only now can the browser refuse: later dials are made of what it took once.
        while let Some(output) = driver.with(Connection::poll).flatten() {
            if let Output::Dial(epoch) = output {
                driver.dial(epoch)?;
            }
        }
        driver.watch();
        driver.set_timer();
        Ok(driver)
    }

    /// Something happened outside. True if the browser's own event may reach the page.
    pub(crate) fn hear(&self, what: u32, epoch: u32, detail: u32, clean: bool, value: &JsValue) -> bool {
        let epoch = Epoch(epoch);
        let now = now();
        if what == heard::SOCKET {
            self.place(value.unchecked_ref());
        }
        let wanted = self.with(|connection| {
            match what {
                heard::OPENED => connection.handle_opened(now, epoch),
                heard::FAILED => connection.handle_error(epoch),
                heard::CLOSED => connection.handle_closed(now, epoch, detail as u16, clean),
                heard::NOT_FOUND => connection.handle_no_url(now, epoch),
                heard::TIME => connection.handle_timeout(now),
                heard::SIGNAL => connection.handle_signal(now, signal(detail)),
                _ => {}
            }
            what == heard::FOUND && connection.epoch() == epoch && connection.state() == State::Connecting
        });
        if what == heard::TIME {
            self.outside(|outside| outside.due = None);
        }
        let event = match what {
            heard::OPENED => Some(Event::Open),
            heard::FAILED => Some(Event::Error),
            heard::CLOSED => Some(Event::Close),
            _ => None,
        };
        self.drain(event, value) || wanted == Some(true)
    }

    /// Calls into the core, and does what it then wants done.
    pub(crate) fn ask<R>(&self, call: impl FnOnce(&mut Connection<JsValue>) -> R) -> Option<R> {
        let answer = self.with(call);
        self.drain(None, &JsValue::UNDEFINED);
        answer
    }

    /// Lends the core for one call. Nothing foreign runs in there, so it is never lent twice; saying so with
    /// `borrow_mut` would ship the text of a panic that can't happen.
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Connection<JsValue>) -> R) -> Option<R> {
        self.connection.try_borrow_mut().ok().map(|mut connection| call(&mut connection))
    }

    /// What the browser finds wrong with the arguments is returned.
    pub(crate) fn close(&self, code: &JsValue, reason: &JsValue) -> Result<(), JsValue> {
        let socket = self.socket();
        if let Some(socket) = &socket {
            socket.hang_up(code, reason)?;
        }
        self.ask(|connection| match socket {
            Some(_) => connection.close(now()),
            None => connection.close_unanswered(now()),
        });
        Ok(())
    }

    /// The face had been let go if it was over.
    pub(crate) fn reconnect(&self, face: F) {
        self.outside(|outside| outside.face = Some(face));
        self.watch();
        self.ask(|connection| connection.reconnect(now()));
    }

    /// Does all that the core wants done. True if the browser's own `event` may reach the page: it tells what there
    /// is to tell, and tells it last, since the page sees it after all that is done here.
    fn drain(&self, event: Option<Event>, native: &JsValue) -> bool {
        let mut passes = false;
        let Some(face) = self.outside(|outside| outside.face.clone()).flatten() else {
            return false;
        };
        while let Some((output, is_last)) =
            self.with(|connection| connection.poll().map(|output| (output, connection.is_drained()))).flatten()
        {
            match output {
                Output::Dial(epoch) => {
                    if self.dial(epoch).is_err() {
                        self.with(|connection| connection.handle_no_url(now(), epoch));
                    }
                }
                Output::HangUp(_) => self.hang_up(),
                Output::Transmit(message) => {
                    if let Some(socket) = self.socket() {
                        // It has nothing to throw: what is queued has been converted, and the socket is open.
                        let _ = socket.send(&message);
                    }
                }
                Output::Consult(dropped) => {
                    let verdict = face.tell_drop(dropped, true, native);
                    self.with(|connection| connection.handle_verdict(now(), dropped, verdict));
                }
                Output::Notify(Event::Drop(dropped)) => {
                    if face.tell_drop(dropped, false, native) == Verdict::GiveUp {
                        self.with(Connection::give_up);
                    }
                }
                Output::Notify(told) => {
                    if told == Event::Close {
                        self.hang_up();
                        native::unwatch(&self.ear);
                        self.outside(|outside| outside.face = None);
                    }
                    if is_last && event == Some(told) {
                        passes = true;
                    } else {
                        face.tell(told);
                    }
                }
                Output::Return(message, fate) => face.give_back(message, fate),
                Output::Ping => face.ping(),
            }
        }
        face.rest();
        self.set_timer();
        passes
    }

    fn dial(&self, epoch: Epoch) -> Result<(), JsValue> {
        self.outside(|outside| outside.socket = None);
        if let Some(socket) = native::dial(&self.source, epoch.0, &self.ear)? {
            self.place(&socket);
        }
        Ok(())
    }

    fn place(&self, socket: &Native) {
        if let Some(face) = self
            .outside(|outside| {
                outside.socket = Some(socket.clone());
                outside.face.clone()
            })
            .flatten()
        {
            face.carry(socket);
        }
    }

    fn hang_up(&self) {
        if let Some(socket) = self.outside(|outside| outside.socket.take()).flatten() {
            native::forget(&socket);
        }
    }

    fn watch(&self) {
        native::watch(&self.ear);
        self.with(|connection| {
            if native::is_hidden() {
                connection.handle_signal(now(), Signal::Hidden);
            }
            if native::is_offline() {
                connection.handle_signal(now(), Signal::Offline);
            }
        });
    }

    fn set_timer(&self) {
        let due = self.with(|connection| connection.poll_timeout()).flatten();
        self.outside(|outside| {
            if outside.due != due {
                outside.due = due;
                let delay = due.map_or(-1.0, |due| due.since(now()) as f64);
                outside.timer = native::wake(outside.timer, delay, &self.ear);
            }
        });
    }

    fn socket(&self) -> Option<Native> {
        self.outside(|outside| outside.socket.clone()).flatten()
    }

    /// As [`with`](Self::with).
    fn outside<R>(&self, call: impl FnOnce(&mut Outside<F>) -> R) -> Option<R> {
        self.outside.try_borrow_mut().ok().map(|mut outside| call(&mut outside))
    }
}

impl<F: Face> Drop for Driver<F> {
    fn drop(&mut self) {
        let outside = self.outside.get_mut();
        if let Some(socket) = &outside.socket {
            native::forget(socket);
        }
        native::wake(outside.timer, -1.0, &self.ear);
        native::unwatch(&self.ear);
    }
}

pub(crate) fn now() -> Millis {
    Millis(native::now() as u64)
}

fn signal(detail: u32) -> Signal {
    match detail {
        0 => Signal::Online,
        1 => Signal::Offline,
        2 => Signal::Visible,
        3 => Signal::Hidden,
        _ => Signal::Wake,
    }
}
