//! What is different where a session is kept.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::cell::Cell;

use js_sys::JsString;
use wasm_bindgen::prelude::*;

use super::{Farewell, Line};
use crate::browser::driver::now;
use crate::browser::socket::event::{Event, Fault};
use crate::core::Deed;
use crate::core::wire::{Control, ESCAPE, PROTOCOL};

/// What a line holds for its session, beside what the core knows of it.
#[derive(Default)]
pub(super) struct Mailbox {
    /// How the user wants the socket closed once the other end has said goodbye.
    farewell: Cell<Option<Farewell>>,
    /// Whether there was a session before that did not come to its end.
    has_begun: Cell<bool>,
    /// What the server did wrong on the present line.
    fault: Cell<Option<&'static str>>,
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>, and what stands for it in docs/protocol.md: a page may not
/// close with the code itself.
const PROTOCOL_ERROR: u16 = 1002;
const PROTOCOL_ERROR_OF_A_PAGE: u16 = 4402;

/// As JavaScript gives it.
const ESCAPE_UNIT: f64 = ESCAPE as u32 as f64;

impl Mailbox {
    /// There is going to be another line.
    pub(super) fn dials(&self) {
        self.farewell.set(None);
        self.fault.set(None);
    }

    /// A fresh session begins. Whether one before it is lost.
    pub(super) fn begins(&self) -> bool {
        self.has_begun.replace(true)
    }

    /// It is over.
    pub(super) fn ends(&self) {
        self.has_begun.set(false);
    }

    /// The user closes, and the first word counts.
    pub(super) fn close(&self, farewell: Farewell) {
        self.farewell.set(self.farewell.take().or(Some(farewell)));
    }
}

impl Line {
    /// Whether the handshake succeeded with a server that has no sessions.
    pub(super) fn meets_stranger(&self) -> bool {
        self.keeps_session() && self.native().is_some_and(|native| own_part(&native.protocol()).is_none())
    }

    /// What the app sees of the subprotocol that the server chose.
    pub(in crate::browser::socket) fn protocol(&self) -> String {
        let chosen = self.native().map(|native| native.protocol()).unwrap_or_default();
        if self.keeps_session() { own_part(&chosen).unwrap_or_default().into() } else { chosen }
    }

    /// What is in a frame for the app; nothing if it is the protocol's own.
    pub(super) fn open_frame(self: &Rc<Self>, frame: JsValue) -> Option<JsValue> {
        let Some(text) = frame.dyn_ref::<JsString>() else { return Some(frame) };
        let unit = |index| text.char_code_at(index);
        if unit(0) != ESCAPE_UNIT {
            return Some(frame);
        }
        if unit(1) == ESCAPE_UNIT {
            return Some(text.slice(1, text.length()).into());
        }
        let control = Control::decode((0..text.length()).map(|index| unit(index) as u16));
        let now = now();
        self.drive(|driver| driver.ask(|connection| connection.handle_control(now, connection.epoch(), control)));
        None
    }

    /// Does this for the session.
    pub(super) fn serve(self: &Rc<Self>, mailbox: &Mailbox, deed: Deed) {
        let Some(native) = self.native() else { return };
        match deed {
            Deed::Say(control) => {
                // This socket is open.
                let _ = native.send_with_str(&control.to_text());
            }
            Deed::Delivered(count) => {
                for parcel in self.places.leave_first(count as usize) {
                    parcel.arrive();
                }
            }
            Deed::Part => {
                // Without one, the other end was first to say goodbye.
                mailbox.farewell.take().unwrap_or(Farewell::Silent).say(&native);
            }
            Deed::Reject(reason) => {
                mailbox.fault.set(Some(reason));
                // It throws for no code and no reason of ours.
                let _ = native.close_with_code_and_reason(PROTOCOL_ERROR_OF_A_PAGE, reason);
                self.hang_up();
            }
        }
    }

    /// What is wrong with the present line.
    pub(super) fn fault(&self) -> Fault {
        let fault = self.mailbox.as_ref().and_then(|mailbox| mailbox.fault.get());
        fault.map_or(Fault::Line, Fault::Server)
    }

    /// How a line ended of which the browser does not tell.
    pub(super) fn closed(&self) -> Event {
        match self.fault() {
            Fault::Line => Event::Close { code: 1006, reason: String::new(), clean: false },
            Fault::Server(reason) => Event::Close { code: PROTOCOL_ERROR, reason: reason.into(), clean: false },
        }
    }
}

/// The subprotocols that ask for a session, beside those that the app asks for.
pub(super) fn offer(protocols: &[String]) -> Vec<String> {
    if protocols.is_empty() {
        return vec![PROTOCOL.into()];
    }
    protocols.iter().map(|name| if name.is_empty() { String::new() } else { format!("{PROTOCOL}+{name}") }).collect()
}

/// The app's own part of a subprotocol that has sessions; nothing if it has none.
fn own_part(protocol: &str) -> Option<&str> {
    let rest = protocol.strip_prefix(PROTOCOL)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('+') }
}
