//! A connection on its way to its session.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use js_sys::{Function, Object, Promise, Reflect};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::session::ServerSession;
use super::socket::{Inbound, NativeSocket, ServerSocket};
use super::values::text_of;
use crate::admission::Admitted;
use crate::connection::{Broken, Frame};
use crate::handshake::ConnectionKind;
use crate::incoming::{Failed, Handler};
use crate::runtime::spawn;
use crate::{Handshake, Sessions};

/// A connection that is accepted, and not a WebSocket yet.
#[wasm_bindgen]
pub struct ServerAdmission {
    sessions: Sessions,
    kind: (ConnectionKind, Admitted),
    handshake: Handshake,
    answer: Option<String>,
}

impl ServerAdmission {
    pub(super) fn new(sessions: Sessions, mut handshake: Handshake) -> Result<Self, JsValue> {
        match sessions.manager.admit(&handshake) {
            Ok((agreed, admitted)) => {
                handshake.protocol = agreed.protocol;
                Ok(Self { sessions, kind: (agreed.kind, admitted), handshake, answer: agreed.answer })
            }
            Err(rejection) => {
                let thrown = Object::new();
                // Neither fails for an object that was just made.
                let _ = Reflect::set(&thrown, &"status".into(), &rejection.status.as_u16().into());
                let _ = Reflect::set(&thrown, &"text".into(), &rejection.text.into());
                Err(thrown.into())
            }
        }
    }
}

#[wasm_bindgen]
impl ServerAdmission {
    /// The subprotocol to answer.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> Option<String> {
        self.answer.clone()
    }

    /// The connection is a WebSocket now. A fresh session gets this handler, which returns a promise.
    pub fn serve(self, socket: ServerSocket, handler: Function) -> ServerConnection {
        let inbound = Rc::<RefCell<Inbound>>::default();
        let native = NativeSocket::new(socket.clone(), inbound.clone());
        let manager = self.sessions.manager.clone();
        spawn(manager.receive(Box::new(native), self.kind, self.handshake, handler_of(handler)));
        ServerConnection { inbound, socket }
    }
}

fn handler_of(function: Function) -> Handler {
    let function = SendWrapper::new(function);
    Box::new(move |session| {
        Box::pin(SendWrapper::new(async move {
            let session = ServerSession::new(session);
            let promise = function.call1(&JsValue::UNDEFINED, &session.into()).map_err(|_| Failed)?;
            JsFuture::from(Promise::resolve(&promise)).await.map_err(|_| Failed)?;
            Ok(())
        }))
    })
}

/// What an adapter tells of a WebSocket.
#[wasm_bindgen]
pub struct ServerConnection {
    inbound: Rc<RefCell<Inbound>>,
    socket: ServerSocket,
}

#[wasm_bindgen]
impl ServerConnection {
    /// A message arrived: the bytes of a text, or any bytes.
    pub fn message(&self, bytes: Vec<u8>, is_text: bool) {
        if !is_text {
            return self.push(Frame::Binary(Bytes::from(bytes)));
        }
        match text_of(bytes) {
            Some(text) => self.push(Frame::Text(text)),
            None => self.inbound.borrow_mut().end(Broken::NotUtf8),
        }
    }

    /// A text arrived.
    pub fn text(&self, text: String) {
        self.push(Frame::Text(text.into()));
    }

    /// A ping or a pong arrived.
    pub fn alive(&self) {
        self.push(Frame::Other);
    }

    /// So many bytes are held of a message that is not there in whole.
    pub fn unfinished(&self, bytes: usize) {
        let is_enough = self.inbound.borrow_mut().hold(bytes);
        if is_enough {
            self.socket.pause(true);
        }
    }

    /// The WebSocket takes messages again.
    pub fn drained(&self) {
        self.inbound.borrow_mut().drained();
    }

    /// The client sent what can't be read: a message that is too large (1009), a text that is not UTF-8 (1007), or no frame.
    pub fn unreadable(&self, code: u16) {
        self.inbound.borrow_mut().end(match code {
            crate::codes::TOO_LARGE => Broken::TooLarge,
            crate::codes::NOT_UTF8 => Broken::NotUtf8,
            _ => Broken::BadFrame,
        });
    }

    /// The WebSocket is closed: with the client's close frame, or without one (1006).
    pub fn closed(&self, code: u16, reason: String) {
        self.inbound.borrow_mut().close(code, reason);
    }

    fn push(&self, frame: Frame) {
        let is_enough = self.inbound.borrow_mut().push(frame);
        if is_enough {
            self.socket.pause(true);
        }
    }
}
