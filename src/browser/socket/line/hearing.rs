//! What arrives, and what becomes of each socket.

use alloc::rc::{Rc, Weak};

#[cfg(feature = "serde")]
use js_sys::JsString;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, MessageEvent};

use super::Line;
use crate::browser::driver::now;
use crate::browser::native::heard;
use crate::browser::socket::event::Event;
#[cfg(feature = "serde")]
use crate::browser::socket::heartbeat::Heartbeat;
use crate::browser::socket::message::Message;
#[cfg(feature = "serde")]
use crate::browser::socket::typed::Typed;
use crate::core::Epoch;

/// What the driver hears through. The garbage collector frees it, not the socket's drop: `native.js` may be about to
/// call it, for a signal of the page that another socket's listener has just answered by dropping this one.
pub(super) fn ear(line: Weak<Line>) -> JsValue {
    let hear = move |what: u32, epoch: u32, detail: u32, clean: bool, value: JsValue| {
        let Some(line) = line.upgrade() else { return false };
        if what == heard::OPENED && line.meets_stranger() {
            let now = now();
            line.drive(|driver| driver.ask(|connection| connection.handle_stranger(now, Epoch(epoch))));
            return false;
        }
        let passes = line.drive(|driver| driver.hear(what, epoch, detail, clean)).unwrap_or(false);
        // The driver leaves it to the browser's own event to tell.
        match what {
            heard::OPENED if passes => line.tell(Event::Open),
            heard::FAILED if passes => line.tell(Event::Error(line.fault())),
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
pub(super) fn on_message(line: Weak<Line>) -> JsValue {
    let hear = move |event: MessageEvent| {
        let Some(line) = line.upgrade() else { return };
        let frame = event.data();
        if !line.keeps_session() {
            line.hear_message(&frame);
        } else if let Some(data) = line.open_frame(frame) {
            line.hear_message(&data);
        }
    };
    Closure::<dyn Fn(MessageEvent)>::new(hear).into_js_value()
}

impl Line {
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
        if self.admits(message.len()) {
            self.tell(match message {
                Message::Text(text) => Event::Text(text),
                Message::Binary(bytes) => Event::Binary(bytes),
            });
        }
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
        if !self.admits(length) {
            return;
        }
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

    /// A message of so many bytes arrived. Whether it is the user's.
    fn admits(self: &Rc<Self>, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let Some(driver) = self.driver.get() else { return true };
        if self.keeps_session() {
            return driver.ask(|connection| connection.handle_arrival(now, connection.epoch(), bytes));
        }
        driver.with(|connection| connection.handle_message(connection.epoch(), bytes));
        true
    }
}
