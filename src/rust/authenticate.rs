//! What the app does on a connection before anything else is sent.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use undrop_proto::Attempt;
use wasm_bindgen::JsValue;
use web_sys::WebSocket;

use super::error::Error;
use super::for_attempt::{AppFuture, ForAttempt};
use super::inbox::{Ends as _, Inbox};
use super::message::Message;

/// The function of the app that authenticates.
#[derive(Clone)]
pub(super) struct Authenticate(Rc<dyn Fn(Connection) -> AppFuture<Authenticated>>);

/// Whether the app has authenticated, or the error of its function as text.
pub(super) type Authenticated = Result<(), String>;

impl Authenticate {
    pub(super) fn new<Authenticating, Failure>(authenticate: impl Fn(Connection) -> Authenticating + 'static) -> Self
    where
        Authenticating: Future<Output = Result<(), Failure>> + 'static,
        Failure: Display,
    {
        Self(Rc::new(move |connection| {
            let authenticating = authenticate(connection);
            Box::pin(async move { authenticating.await.map_err(|error| error.to_string()) })
        }))
    }
}

impl fmt::Debug for Authenticate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authenticate")
    }
}

/// A connection that is open, as [`Options::authenticate`](crate::Options::authenticate) has it: nothing is sent on it but
/// what is sent here, and what arrives is received here alone.
#[must_use = "a connection does nothing by itself"]
pub struct Connection {
    shared: Rc<Shared>,
}

/// What the app and the socket have of the connection.
struct Shared {
    native: WebSocket,
    /// What has arrived and was not received by the app. It ends with the connection, or with the function of the app.
    arrived: Inbox<JsValue>,
}

impl Connection {
    /// Sends text at once.
    ///
    /// # Errors
    ///
    /// [`Error::NotAuthenticating`] once the connection or the function is over.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        self.send(|native| native.send_with_str(text))
    }

    /// Sends bytes at once.
    ///
    /// # Errors
    ///
    /// [`Error::NotAuthenticating`] once the connection or the function is over.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        self.send(|native| native.send_with_u8_array(bytes))
    }

    /// Waits for the next message. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// [`Error::NotAuthenticating`] once the connection or the function is over.
    pub async fn receive(&mut self) -> Result<Message, Error> {
        let next = poll_fn(|context| self.shared.arrived.poll_next(context)).await;
        next.map_or(Err(Error::NotAuthenticating), |data| data.map(|data| Message::from_js(&data)))
    }

    fn send(&self, send: impl FnOnce(&WebSocket) -> Result<(), JsValue>) -> Result<(), Error> {
        if self.shared.arrived.has_ended() {
            return Err(Error::NotAuthenticating);
        }
        send(&self.shared.native).map_err(|_| Error::NotAuthenticating)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("waiting", &self.shared.arrived.len()).finish_non_exhaustive()
    }
}

/// The app's function at work, in each attempt anew.
pub(super) struct Authentication {
    /// Absent once the socket is dropped.
    authenticate: RefCell<Option<Authenticate>>,
    pub(super) task: ForAttempt<Authenticated>,
    /// The connection that the app authenticates on, while it does.
    connection: RefCell<Option<Rc<Shared>>>,
}

impl Authentication {
    pub(super) fn new(authenticate: Authenticate) -> Self {
        Self { authenticate: RefCell::new(Some(authenticate)), task: ForAttempt::new(), connection: RefCell::new(None) }
    }

    /// Begins on this native socket. Nothing of the app is called before the first [`poll`](Self::poll).
    pub(super) fn begin(&self, attempt: Attempt, native: WebSocket) {
        self.cancel();
        // As many as the server sends until the attempt is over.
        let arrived = Inbox::new();
        arrived.set_limit(usize::MAX);
        self.connection.replace(Some(Rc::new(Shared { native, arrived })));
        self.task.begin(attempt);
    }

    pub(super) fn poll(&self, attempt: Attempt, context: &mut Context<'_>) -> Poll<Option<Authenticated>> {
        self.task.poll(attempt, context, || {
            let Authenticate(authenticate) = self.authenticate.borrow().clone()?;
            let shared = self.connection.borrow().clone()?;
            Some(authenticate(Connection { shared }))
        })
    }

    /// A message has arrived. False if it is not for the app's function.
    pub(super) fn hear(&self, data: &JsValue) -> bool {
        let connection = self.connection.borrow().clone();
        connection.is_some_and(|connection| connection.arrived.push(data.clone()))
    }

    /// The app's function has returned. What it has not received.
    pub(super) fn finish(&self) -> Vec<JsValue> {
        let connection = self.connection.take();
        self.cancel();
        let Some(connection) = connection else { return Vec::new() };
        connection.arrived.end();
        let context = Context::from_waker(Waker::noop());
        let next = || match connection.arrived.poll_next(&context) {
            Poll::Ready(Some(Ok(data))) => Some(data),
            _ => None,
        };
        std::iter::from_fn(next).collect()
    }

    /// The attempt is over, and the future of the app is dropped.
    pub(super) fn cancel(&self) {
        if let Some(connection) = self.connection.take() {
            connection.arrived.end();
        }
        self.task.cancel();
    }

    /// The socket is dropped, and with it all that the function and its future hold.
    pub(super) fn end(&self) {
        self.cancel();
        drop(self.authenticate.take());
    }
}
