//! Drives a connection in the browser: tells the core what happened, does what it says.

use wasm_bindgen::prelude::*;

use super::lent::Lent;
use super::native::{self, Native, heard};
use crate::core::{Config, Connection, Drop as Dropped, Epoch, Event, Fate, Millis, Output, Signal, State, Verdict};

/// Who is told, in JavaScript or in Rust.
pub(crate) trait Face: Clone {
    /// What the core has of a message.
    type Message;
    /// The URL and the subprotocols, or how to find them: see `dial` in `native.js`.
    fn source(&self) -> JsValue;
    /// From now on the line is this socket.
    fn carry(&self, socket: &Native);
    /// Tells the user of something that the browser does not tell by itself.
    fn tell(&self, event: Event);
    /// Tells the user of a lost line, and asks what to make of it if it is up to the user. `native` is the event
    /// behind it, if any.
    fn tell_drop(&self, dropped: Dropped, asks: bool, native: &JsValue) -> Verdict;
    /// Sends a message that has waited.
    fn transmit(&self, message: Self::Message);
    /// Hands a message back.
    fn give_back(&self, message: Self::Message, fate: Fate);
    /// Sends a heartbeat.
    fn ping(&self);
}

/// A connection at work. Dropping it closes its socket, and nothing is called after that.
pub(crate) struct Driver<F: Face> {
    /// The function that calls [`hear`](Self::hear). It is held for good, so it must not hold on to the page.
    ear: JsValue,
    connection: Lent<Connection<F::Message>>,
    outside: Lent<Outside<F>>,
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
    pub(crate) fn new(face: F, ear: JsValue, config: Config, seed: u64) -> Result<Self, JsValue> {
        let driver = Self {
            ear,
            connection: Lent::new(Connection::new(config, now(), seed)),
            outside: Lent::new(Outside { face: Some(face), socket: None, timer: 0, due: None }),
        };
        // Only now can the browser refuse: later dials are made of what it took once.
        while let Some(output) = driver.connection.with(Connection::poll) {
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
            self.outside.with(|outside| outside.due = None);
        }
        let event = match what {
            heard::OPENED => Some(Event::Open),
            heard::FAILED => Some(Event::Error),
            heard::CLOSED => Some(Event::Close),
            _ => None,
        };
        self.drain(event, value) || wanted
    }

    /// Calls into the core, and does what it then wants done.
    pub(crate) fn ask<R>(&self, call: impl FnOnce(&mut Connection<F::Message>) -> R) -> R {
        let answer = self.with(call);
        self.drain(None, &JsValue::UNDEFINED);
        answer
    }

    /// Calls into the core where that leaves nothing to be done.
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Connection<F::Message>) -> R) -> R {
        self.connection.with(call)
    }

    /// The socket, if there is one, has been told.
    pub(crate) fn close(&self) {
        let now = now();
        let answers = self.outside.with(|outside| outside.socket.is_some());
        self.ask(|connection| if answers { connection.close(now) } else { connection.close_unanswered(now) });
    }

    /// The face had been let go if it was over.
    pub(crate) fn reconnect(&self, face: F) {
        let _last = self.outside.with(|outside| outside.face.replace(face));
        self.watch();
        let now = now();
        self.ask(|connection| connection.reconnect(now));
    }

    /// Does all that the core wants done, and so is called after every call into it, also from within itself when the
    /// user acts on what is told. True if the browser's own `event` may reach the page: it tells what there
    /// is to tell, and tells it last, since the page sees it after all that is done here.
    #[inline(never)]
    fn drain(&self, event: Option<Event>, native: &JsValue) -> bool {
        let mut passes = false;
        let Some(face) = self.outside.with(|outside| outside.face.clone()) else {
            return false;
        };
        while let Some((output, is_last)) =
            self.with(|connection| connection.poll().map(|output| (output, connection.is_drained())))
        {
            match output {
                Output::Dial(epoch) => {
                    if self.dial(epoch).is_err() {
                        let now = now();
                        self.with(|connection| connection.handle_no_url(now, epoch));
                    }
                }
                Output::HangUp(_) => self.hang_up(),
                Output::Transmit(message) => face.transmit(message),
                Output::Consult(dropped) => {
                    let verdict = face.tell_drop(dropped, true, native);
                    let now = now();
                    self.with(|connection| connection.handle_verdict(now, dropped, verdict));
                }
                Output::Notify(Event::Drop(dropped)) => {
                    if face.tell_drop(dropped, false, native) == Verdict::GiveUp {
                        self.with(Connection::give_up);
                    }
                }
                Output::Notify(told) => {
                    // Unless the user, told of something else, has just asked for a new line.
                    if told == Event::Close && self.with(|connection| connection.state()) == State::Closed {
                        self.hang_up();
                        native::unwatch(&self.ear);
                        // Dropped outside of the cell.
                        let _face = self.outside.with(|outside| outside.face.take());
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
        self.set_timer();
        passes
    }

    fn dial(&self, epoch: Epoch) -> Result<(), JsValue> {
        let face = self.outside.with(|outside| {
            outside.socket = None;
            outside.face.clone()
        });
        if let Some(face) = face
            && let Some(socket) = native::dial(&face.source(), epoch.0, &self.ear)?
        {
            self.place(&socket);
        }
        Ok(())
    }

    fn place(&self, socket: &Native) {
        let face = self.outside.with(|outside| {
            outside.socket = Some(socket.clone());
            outside.face.clone()
        });
        if let Some(face) = face {
            face.carry(socket);
        }
    }

    fn hang_up(&self) {
        if let Some(socket) = self.outside.with(|outside| outside.socket.take()) {
            native::forget(&socket);
        }
    }

    fn watch(&self) {
        native::watch(&self.ear);
        let now = now();
        let condition = native::condition();
        let sight = if condition & 1 != 0 { Signal::Hidden } else { Signal::Visible };
        let network = if condition & 2 != 0 { Signal::Offline } else { Signal::Online };
        self.with(|connection| {
            connection.handle_signal(now, sight);
            connection.handle_signal(now, network);
        });
    }

    fn set_timer(&self) {
        let due = self.with(|connection| connection.poll_timeout());
        let (last, timer) = self.outside.with(|outside| (core::mem::replace(&mut outside.due, due), outside.timer));
        if last != due {
            let delay = due.map_or(-1.0, |due| due.since(now()) as f64);
            let timer = native::wake(timer, delay, &self.ear);
            self.outside.with(|outside| outside.timer = timer);
        }
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
