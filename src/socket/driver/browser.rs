//! What a driver does with the browser: native sockets and the timer.

use gloo_timers::callback::Timeout;
use js_sys::Array;
use undrop_proto::{Attempt, Connection};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::{Driver, Target, find};
use crate::socket::clock::now;
use crate::socket::message::Message;
use crate::socket::native;

impl Driver {
    /// Makes a native socket, or has the user find out where to connect.
    pub(super) fn make_native(&self, attempt: Attempt) -> Result<(), JsValue> {
        // The last one has closed by itself, and its events must not be taken for those of this attempt.
        let was_attached = self.detach();
        #[cfg(feature = "session")]
        self.close_frame.set(None);
        #[cfg(feature = "session")]
        self.violation.set(None);
        match &self.target {
            Target::Known { url, protocols } => self.construct(url, protocols),
            Target::Asked => {
                if let Some(user) = self.user() {
                    if was_attached {
                        user.attach(None);
                    }
                    user.find(attempt);
                }
                Ok(())
            }
        }
    }

    pub(super) fn construct(&self, url: &JsValue, protocols: &Array) -> Result<(), JsValue> {
        #[cfg(feature = "session")]
        let protocols = &self.offered(protocols);
        let user = self.user();
        let hears_messages = user.as_ref().is_none_or(|user| !user.hears_native_events());
        let native = native::construct(url, protocols, self.id, &self.handler, hears_messages)?;
        self.native.replace(Some(native.clone()));
        self.is_attached.set(true);
        if let Some(user) = user {
            user.attach(Some(&native));
        }
        Ok(())
    }

    /// Nothing more is heard of the native socket, which closes when it can.
    pub(super) fn abandon(&self) {
        if self.detach()
            && let Some(native) = self.native()
        {
            if let Some(user) = self.user() {
                user.attach(None);
            }
            native::close(&native, None, "");
        }
    }

    /// Nothing more is heard of the native socket. False if nothing was.
    fn detach(&self) -> bool {
        let was_attached = self.is_attached.replace(false);
        if was_attached && let Some(native) = self.native() {
            native::detach(&native);
        }
        was_attached
    }

    pub(super) fn transmit(&self, message: &Message) {
        if let Some(native) = self.native() {
            native::send(&native, &message.data);
        }
    }

    pub(super) fn send_ping(&self) {
        if let Some(native) = self.native() {
            native::send_ping(&native, &self.ping);
        }
    }

    /// A timer that fires too early is left alone: it finds nothing to do, and is set again then. Otherwise a session
    /// would set it twice with each acknowledgement.
    pub(super) fn set_timer(&self) {
        let due = self.read(Connection::poll_timeout);
        let last = self.due.get();
        let is_soon_enough = matches!((last, due), (Some(last), Some(due)) if last <= due);
        if last == due || is_soon_enough {
            return;
        }
        self.due.set(due);
        let id = self.id;
        self.timer.set(due.map(|due| {
            Timeout::new(due.since(now()).min(MAX_DELAY) as u32, move || {
                if let Some(socket) = find(id) {
                    socket.due.set(None);
                    socket.update(|connection, now| connection.handle_timeout(now));
                }
            })
        }));
    }

    /// It is closed, or nobody holds it: nothing is heard of the native socket and the timer any more, and what JavaScript
    /// holds may be collected.
    pub(super) fn finish(&self) {
        // One that has closed by itself is telling that, maybe at this moment, to the page's listeners on it.
        if self.native().is_some_and(|native| native.ready_state() != WebSocket::CLOSED) {
            self.abandon();
        } else {
            self.detach();
        }
        self.due.set(None);
        drop(self.timer.take());
        let user = self.user.take();
        // The page's listeners on a native socket may refer to the user.
        if user.is_some_and(|user| user.hears_native_events()) {
            self.native.replace(None);
        }
    }
}

/// Timers count milliseconds in 31 bits: a longer delay is set again.
const MAX_DELAY: u64 = (1 << 31) - 1;
