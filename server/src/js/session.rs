//! What a handler in JavaScript has of its session.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures_util::FutureExt as _;
use js_sys::{Array, Function, Promise};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::handshake::ServerHandshake;
use super::values::{coded, message_of, messages_of, value_of};
use crate::ending::{CloseFrame, Ending, NotCommitted, SendError};
use crate::runtime::Instant;
use crate::{Principal, Received, Session};

/// A conversation with one client.
#[wasm_bindgen]
pub struct ServerSession {
    session: Session,
    received: u64,
    /// When that came to the handler.
    at: Instant,
    waker: Option<Waker>,
}

impl ServerSession {
    pub(super) fn new(session: Session) -> Self {
        Self { session, received: 0, at: Instant::now(), waker: None }
    }
}

#[wasm_bindgen]
impl ServerSession {
    /// Its id, which is the same on all nodes.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> String {
        self.session.id().to_string()
    }

    /// Whose it is.
    #[wasm_bindgen(getter)]
    pub fn user(&self) -> Option<String> {
        match self.session.principal() {
            Principal::User(id) => Some(id.to_string()),
            Principal::Anonymous => None,
        }
    }

    /// The request that it began with.
    #[wasm_bindgen(getter)]
    pub fn handshake(&self) -> ServerHandshake {
        ServerHandshake::new(self.session.shared_handshake())
    }

    /// Whether another handler had it before.
    #[wasm_bindgen(getter, js_name = isRestored)]
    pub fn is_restored(&self) -> bool {
        self.session.is_restored()
    }

    /// How many messages were sent in it.
    #[wasm_bindgen(getter)]
    pub fn sent(&self) -> f64 {
        self.session.sent() as f64
    }

    /// Calls this function once each time that `next` has something after it had nothing.
    #[wasm_bindgen(js_name = onReadable)]
    pub fn on_readable(&mut self, function: Function) {
        self.waker = Some(Arc::new(Readable(SendWrapper::new(function))).into());
    }

    /// The next message; undefined if there is none yet, and null if the session is over for this handler.
    pub fn next(&mut self) -> JsValue {
        let Some(waker) = &self.waker else { return JsValue::UNDEFINED };
        match self.session.poll_received(&mut Context::from_waker(waker)) {
            Poll::Pending => JsValue::UNDEFINED,
            Poll::Ready(None) => JsValue::NULL,
            Poll::Ready(Some(Received { message, number, at, .. })) => {
                (self.received, self.at) = (number, at);
                value_of(&message)
            }
        }
    }

    /// Which of the session's messages the last one was.
    #[wasm_bindgen(getter)]
    pub fn received(&self) -> f64 {
        self.received as f64
    }

    /// Commits the messages up to this number, and sends these replies in the same step. The function is told when that is done:
    /// nothing, or the error.
    pub fn commit(&self, number: f64, replies: &JsValue, done: Function) -> Result<(), JsValue> {
        let committed = self.session.commit_up_to((number as u64, self.at), messages_of(replies)?);
        tell(committed, done, |refused| coded(&refused.to_string(), refused.name()));
        Ok(())
    }

    /// Sends a message.
    pub fn send(&self, message: &JsValue) -> Result<(), JsValue> {
        self.session.send(message_of(message)?).map_err(not_sent)
    }

    /// Sends a message. The function is told when the client has it: nothing, or the error.
    pub fn deliver(&self, message: &JsValue, done: Function) -> Result<(), JsValue> {
        let (sender, message) = (self.session.sender(), message_of(message)?);
        tell(async move { sender.deliver(message).await }, done, not_sent);
        Ok(())
    }

    /// Ends the session.
    pub fn close(&self, code: u16, reason: String) {
        self.session.close(code, reason);
    }

    /// How many bytes of what was sent the client has not acknowledged.
    #[wasm_bindgen(getter, js_name = unacknowledgedBytes)]
    pub fn unacknowledged_bytes(&self) -> f64 {
        self.session.unacknowledged_bytes() as f64
    }

    /// How the client has closed the last connection, once it has.
    #[wasm_bindgen(js_name = clientClose)]
    pub fn client_close(&self) -> Promise {
        let sender = self.session.sender();
        future_to_promise(async move { Ok(sender.client_close().await.map(ServerCloseFrame::from).into()) })
    }

    /// The handler has ended. An object of JavaScript is dropped some time later, and what it holds counts for nobody.
    pub fn release(&self) {
        self.session.release();
    }

    /// How the session ended, if it has.
    pub fn ending(&self) -> Option<ServerEnding> {
        let Ending { cause, undelivered } = self.session.ending()?;
        let (name, undelivered) = (cause.name().to_owned(), undelivered.iter().map(value_of).collect());
        Some(ServerEnding { cause: name, code: cause.code(), undelivered })
    }
}

/// How a session ended.
#[wasm_bindgen(getter_with_clone)]
pub struct ServerEnding {
    /// Why.
    pub cause: String,
    /// The close code of a WebSocket in whose place the session is.
    pub code: u16,
    /// The messages that were not delivered.
    pub undelivered: Array,
}

/// The close frame of a client.
#[wasm_bindgen(getter_with_clone)]
pub struct ServerCloseFrame {
    /// Its code.
    pub code: u16,
    /// Its reason.
    pub reason: String,
}

impl From<CloseFrame> for ServerCloseFrame {
    fn from(CloseFrame { code, reason }: CloseFrame) -> Self {
        Self { code, reason }
    }
}

fn not_sent(refused: SendError) -> JsValue {
    coded(&format!("not sent: {refused}"), NotCommitted::from(refused).name())
}

/// Calls a function with nothing or with an error, once this is ready.
fn tell<E>(
    answer: impl Future<Output = Result<(), E>> + 'static,
    done: Function,
    error_of: impl Fn(E) -> JsValue + 'static,
) {
    let told = answer.map(move |answer| {
        // The package's function only settles a promise.
        let _ = match answer {
            Ok(()) => done.call0(&JsValue::UNDEFINED),
            Err(error) => done.call1(&JsValue::UNDEFINED, &error_of(error)),
        };
    });
    Arc::new(Telling(SendWrapper::new(RefCell::new(Box::pin(told.fuse()))))).wake();
}

/// A future that is polled where it is woken: a task for each message would take longer than the rest of its commit. It waits for an
/// answer alone, which comes once, and it is given by whoever holds no lock. It is not woken by what it does then: the function that it
/// calls only settles a promise.
struct Telling<F>(SendWrapper<RefCell<Pin<Box<F>>>>);

impl<F: Future<Output = ()> + 'static> Wake for Telling<F> {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let _ = self.0.borrow_mut().as_mut().poll(&mut Context::from_waker(&waker));
    }
}

/// Calls a function of JavaScript. The function must not call the session at once, which may be at work.
struct Readable(SendWrapper<Function>);

impl Wake for Readable {
    fn wake(self: Arc<Self>) {
        // The package's function only resolves a promise.
        let _ = self.0.call0(&JsValue::UNDEFINED);
    }
}
