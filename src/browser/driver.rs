//! Drives a connection in the browser: tells the core what happened, does what it says.

use alloc::rc::{Rc, Weak};
use core::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::native::{self, Hear, Native};
use crate::core::{Connection, Epoch, Event, Output, ReadyState};

/// Who is told, in JavaScript or in Rust.
pub(crate) trait Face {
    /// From now on the line is this socket.
    fn carry(&self, socket: &Native);
    /// It is over.
    fn release(&self);
}

/// A connection at work. Dropping it closes its socket, and nothing is called after that.
pub(crate) struct Driver<F: Face> {
    url: JsValue,
    protocols: JsValue,
    connection: RefCell<Connection>,
    line: RefCell<Line<F>>,
    hear: Closure<Hear>,
}

/// What is held of the world outside. It is let go when the line is over, since through it the page's listeners,
/// and so the page's objects, are kept alive.
struct Line<F> {
    face: Option<Rc<F>>,
    socket: Option<Native>,
}

impl<F: Face + 'static> Driver<F> {
    /// Dials. What the browser's own constructor throws is returned.
    pub(crate) fn new(face: F, url: JsValue, protocols: JsValue) -> Result<Rc<Self>, JsValue> {
        let driver = Rc::new_cyclic(|this: &Weak<Self>| {
            let this = this.clone();
            Self {
                url,
                protocols,
                connection: RefCell::new(Connection::new()),
                line: RefCell::new(Line { face: Some(Rc::new(face)), socket: None }),
                hear: Closure::new(move |epoch, kind, _code, _clean| {
                    this.upgrade().is_some_and(|driver| driver.hear(epoch, kind))
                }),
            }
        });
        driver.drain(None)?;
        Ok(driver)
    }

    pub(crate) fn ready_state(&self) -> ReadyState {
        self.with(|connection| connection.ready_state()).unwrap_or(ReadyState::Closed)
    }

    /// Whatever the browser thinks wrong with the arguments is returned.
    pub(crate) fn close(&self, code: &JsValue, reason: &JsValue) -> Result<(), JsValue> {
        let socket = self.line.try_borrow().ok().and_then(|line| line.socket.clone());
        if let Some(socket) = socket {
            socket.hang_up(code, reason)?;
        }
        self.with(Connection::close);
        self.drain(None).map(drop)
    }

    fn hear(&self, epoch: Epoch, kind: u32) -> bool {
        let event = self.with(|connection| match kind {
            0 => {
                connection.handle_opened(epoch);
                Event::Open
            }
            1 => {
                connection.handle_error(epoch);
                Event::Error
            }
            _ => {
                connection.handle_closed(epoch);
                Event::Close
            }
        });
        self.drain(event).unwrap_or_default()
    }

    /// Does all that the core wants done. True if that includes telling the user of `event`.
    fn drain(&self, event: Option<Event>) -> Result<bool, JsValue> {
        let mut passes = false;
        while let Some(output) = self.with(Connection::poll).flatten() {
            match output {
                Output::Dial(epoch) => self.dial(epoch)?,
                Output::Notify(told) => {
                    passes |= event == Some(told);
                    if told == Event::Close {
                        self.release();
                    }
                }
            }
        }
        Ok(passes)
    }

    fn dial(&self, epoch: Epoch) -> Result<(), JsValue> {
        let socket = Native::new(&self.url, &self.protocols)?;
        native::listen(&socket, epoch, &self.hear);
        let face = self.line.try_borrow_mut().ok().and_then(|mut line| {
            line.socket = Some(socket.clone());
            line.face.clone()
        });
        if let Some(face) = face {
            face.carry(&socket);
        }
        Ok(())
    }

    fn release(&self) {
        if let Ok(mut line) = self.line.try_borrow_mut() {
            if let Some(socket) = line.socket.take() {
                native::ignore(&socket);
            }
            if let Some(face) = line.face.take() {
                face.release();
            }
        }
    }

    /// Lends the core for one call. Nothing foreign runs in there, so it is never lent twice; saying so with
    /// `borrow_mut` would ship the text of a panic that can't happen.
    fn with<R>(&self, call: impl FnOnce(&mut Connection) -> R) -> Option<R> {
        self.connection.try_borrow_mut().ok().map(|mut connection| call(&mut connection))
    }
}

impl<F: Face> Drop for Driver<F> {
    fn drop(&mut self) {
        if let Some(socket) = self.line.get_mut().socket.take() {
            native::ignore(&socket);
            // Without a code and a reason there is nothing that it could refuse.
            let _ = socket.hang_up(&JsValue::UNDEFINED, &JsValue::UNDEFINED);
        }
    }
}
