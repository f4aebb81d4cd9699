//! What is different for a socket that keeps a session.

use std::rc::Rc;

use js_sys::{Array, JsString};
use undrop_proto::close;
use undrop_proto::wire::{self, Control, ESCAPE, TextFrame};
use undrop_proto::{Attempt, Connection, MessageId, Millis, QueueOrSession, SendError, SessionAction};
use wasm_bindgen::prelude::*;

use super::{Driver, Size};
use crate::socket::clock::now;
use crate::socket::message::{Kept, Message, bytes};
use crate::socket::native;

impl Driver {
    pub(crate) fn keeps_session(&self) -> bool {
        self.read(Connection::keeps_session)
    }

    pub(crate) fn unacknowledged(&self) -> usize {
        self.read(Connection::unacknowledged)
    }

    /// The subprotocols to offer to the server, in place of these of the app.
    pub(super) fn offered(&self, protocols: &Array) -> Array {
        if !self.keeps_session() {
            return protocols.clone();
        }
        let names = protocols.iter().map(|name| String::from(name.unchecked_into::<JsString>()));
        wire::offer(names).map(JsValue::from).collect()
    }

    /// The app's part of the subprotocol that the server chose.
    pub(crate) fn protocol(&self, chosen: &str) -> String {
        if self.keeps_session() { wire::app_protocol(chosen).unwrap_or_default().into() } else { chosen.into() }
    }

    /// Sends a message over the session. With a time to live, in milliseconds, it expires if it was not sent by then.
    pub(crate) fn deliver(
        &self,
        mut message: Message,
        size: Size,
        time_to_live: Option<u32>,
    ) -> Result<MessageId, SendError> {
        if let Size::Text { first, .. } = size
            && TextFrame::needs_escape(first)
        {
            message.data = JsString::from(ESCAPE).concat(&message.data).into();
            message.is_escaped = true;
        }
        let message = Rc::new(message);
        let units = match size {
            Size::Text { units, .. } => units.into(),
            Size::Bytes(bytes) => bytes as u64,
        };
        let accepted = self.connection.borrow_mut().deliver_counted(now, message, units, time_to_live, bytes);
        self.drain(None);
        accepted
    }

    pub(super) fn handle_opened(
        &self,
        connection: &mut Connection<Kept, QueueOrSession<Kept>>,
        now: Millis,
        attempt: Attempt,
    ) {
        let protocol = self.native().map(|native| native.protocol()).unwrap_or_default();
        connection.handle_handshake(now, attempt, &protocol);
    }

    pub(super) fn arrived(&self, bytes: u64) -> bool {
        let is_users = {
            let mut connection = self.connection.borrow_mut();
            let attempt = connection.attempt();
            connection.handle_arrival(now, attempt, bytes)
        };
        self.drain(None);
        is_users
    }

    /// A text frame arrived that begins with the escape. The app's text in it, if it is no control frame.
    pub(crate) fn escaped_frame(&self, frame: &JsString) -> Option<JsString> {
        let second = frame.char_code_at(1);
        let second = (second >= 0.0).then_some(second as u16);
        match TextFrame::new(Some(ESCAPE as u16), second) {
            TextFrame::Escaped | TextFrame::Plain => Some(frame.slice(1, frame.length())),
            TextFrame::Control => {
                // No control frame is longer, and what is too long is malformed.
                let text = String::from(frame.slice(0, Control::LONGEST as u32 + 1));
                let control = Control::decode(text.bytes());
                self.update(|connection, now| {
                    let attempt = connection.attempt();
                    connection.handle_control(now, attempt, control);
                });
                None
            }
        }
    }

    pub(super) fn violation(&self) -> Option<&'static str> {
        self.violation.get()
    }

    pub(super) fn act(&self, action: SessionAction) {
        let Some(native) = self.native() else { return };
        match action {
            SessionAction::Send(control) => native::send_text(&native, &control.to_text()),
            // Without a close frame of the user, the server was first to end the session.
            SessionAction::Close => {
                let frame = self.close_frame.take().unwrap_or_default();
                native::close(&native, frame.code(), frame.reason());
            }
            SessionAction::Fail(reason) => {
                self.violation.set(Some(reason));
                // A page may not close with the code itself.
                native::close(&native, Some(close::PROTOCOL_ERROR_OF_A_PAGE), reason);
                self.abandon();
            }
        }
    }
}
