//! Typed messages: who waits for what arrives, and what is sent in an envelope. `src/messages/registry.js` parses
//! messages and finds their handlers, for Rust as for TypeScript; here are the handlers' types and lives.

mod answer;
mod callbacks;
mod read;
mod registry;
mod request;
mod state;
mod stream;
mod subscription;
mod write;

use std::fmt::Display;
use std::future::Future;
use std::rc::{Rc, Weak};

use js_sys::JsString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

pub(super) use self::callbacks::connect_registry;
use self::read::read;
use self::registry::caught;
pub use self::request::Request;
pub(super) use self::state::Typed;
use self::state::{Entry, Key};
pub use self::stream::Messages;
pub use self::subscription::Subscription;
use self::write::write;
use super::error::Error;
use super::inbox::{Ends, Inbox};
use super::socket::Socket;

/// Typed messages, with the feature `serde`, which is on by default.
///
/// A message is JSON with a type, data, and in requests and replies an id, as
/// [`Options::envelope`](crate::Options::envelope) has it. The browser parses it, and its data is read straight into a type
/// of Rust. Binary messages have no type: they are told as [`Event::Binary`](crate::Event::Binary).
///
/// While anything here waits for messages, each text message goes one way: to those who wait for its type, if there are
/// any; otherwise it is told as [`Event::Text`](crate::Event::Text), or if it can't be understood as
/// [`Event::Invalid`](crate::Event::Invalid). While nothing waits, nothing is parsed, and all messages are told.
///
/// JavaScript rounds integers beyond 2^53, so these are errors in both directions, within a `serde_json::Value` too: send them
/// as text. An `f64` takes any number.
impl Socket {
    /// Calls the handler with the data of each message of this type, until the [`Subscription`] is dropped.
    ///
    /// Handlers of the same type are called in the order in which they were added. A message whose data is no `T` does
    /// not reach the handler: it is an [`Event::Invalid`](crate::Event::Invalid). The type `*` stands for all.
    ///
    /// ```no_run
    /// use serde::Deserialize;
    /// use undrop::{Socket, Subscription};
    ///
    /// #[derive(Deserialize)]
    /// struct Chat {
    ///     from: String,
    ///     text: String,
    /// }
    ///
    /// fn watch(socket: &Socket) -> Subscription {
    ///     socket.on::<Chat>("chat", |socket, chat| {
    ///         show(&chat.from, &chat.text);
    ///         let _ = socket.emit("seen", &chat.from);
    ///     })
    /// }
    /// # fn show(_: &str, _: &str) {}
    /// ```
    pub fn on<T: DeserializeOwned + 'static>(
        &self,
        message_type: &str,
        mut handler: impl FnMut(&Socket, T) + 'static,
    ) -> Subscription {
        self.subscribe(message_type, None, move |socket, _, _, data| handler(socket, data))
    }

    /// Calls the handler with the type and data of every message, of whatever type, until the [`Subscription`] is
    /// dropped. The handlers of its type are called first.
    ///
    /// ```no_run
    /// # use undrop::Socket;
    /// # fn log(socket: &Socket) {
    /// // `serde_json::Value` takes any data.
    /// socket.on_any::<serde_json::Value>(|_, message_type, data| print(&format!("{message_type}: {data}"))).forget();
    /// # }
    /// # fn print(_: &str) {}
    /// ```
    pub fn on_any<T: DeserializeOwned + 'static>(
        &self,
        mut handler: impl FnMut(&Socket, &str, T) + 'static,
    ) -> Subscription {
        self.subscribe("*", None, move |socket, _, message_type, data| {
            handler(socket, &String::from(message_type), data)
        })
    }

    /// Sends a message, now or when the connection is open. One that is not sent is told as
    /// [`Event::Lost`](crate::Event::Lost), in its envelope.
    ///
    /// ```no_run
    /// # use undrop::{Error, Socket};
    /// # fn say(socket: &Socket) -> Result<(), Error> {
    /// #[derive(serde::Serialize)]
    /// struct Say<'a> {
    ///     text: &'a str,
    /// }
    ///
    /// socket.emit("say", &Say { text: "hi" })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Serialize`] if the data can't be JSON, or does not fit the envelope. [`Error::NotOpen`],
    /// [`Error::Full`] or [`Error::Closed`]: the message was not accepted.
    pub fn emit(&self, message_type: &str, data: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let data = write(data)?;
        let typed = self.inner.typed().ok_or(Error::Closed)?;
        typed.registry.emit(message_type, &data).map_err(|thrown| caught(&thrown))
    }

    /// Sends a request to the peer, and waits for its reply, which has the same id. It is sent when it is first awaited.
    ///
    /// Dropping the future withdraws the request: it is taken out of the queue if it was not sent yet, and its reply is then
    /// one that nobody waits for.
    ///
    /// Without a session a request that was sent is lost with its connection, and its reply with it. Over a session
    /// ([`Options::resume`](crate::Options::resume)) neither is, and it fails only when its session is lost.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use undrop::{Error, Socket};
    /// #[derive(serde::Serialize)]
    /// struct Query {
    ///     limit: u32,
    /// }
    ///
    /// async fn history(socket: &Socket) -> Result<Vec<String>, Error> {
    ///     socket.request("history", &Query { limit: 50 }).timeout(Duration::from_secs(5)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What keeps [`emit`](Self::emit) from sending. [`Error::Reply`] if the peer answers with an error,
    /// [`Error::Deserialize`] if its reply is no `Reply`. [`Error::Timeout`], [`Error::Dropped`], [`Error::Overflow`] or
    /// [`Error::Closed`] if no reply came.
    pub fn request<Reply: DeserializeOwned>(
        &self,
        message_type: &str,
        data: &(impl Serialize + ?Sized),
    ) -> Request<Reply> {
        Request::new(&self.inner, message_type, write(data))
    }

    /// Answers the peer's requests of this type, until the [`Subscription`] is dropped. A type has one such handler. Its
    /// answer goes to the connection on which the request arrived, or to none; over a session, to any connection of that
    /// session. A failure is sent as an error reply, `{ "message": … }`, with what it displays.
    ///
    /// A request whose data is no `Query` is an [`Event::Invalid`](crate::Event::Invalid), and answered with an error.
    ///
    /// ```no_run
    /// # use undrop::{Error, Socket};
    /// # fn serve(socket: &Socket) -> Result<(), Error> {
    /// let divide = socket.handle("divide", |_, (dividend, divisor): (f64, f64)| async move {
    ///     if divisor == 0.0 { Err("there is no such number") } else { Ok(dividend / divisor) }
    /// })?;
    /// divide.forget();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Handled`] if requests of this type are answered already, [`Error::Closed`] if the socket was dropped.
    pub fn handle<Query, Reply, Failure, Answer>(
        &self,
        message_type: &str,
        handler: impl FnMut(&Socket, Query) -> Answer + 'static,
    ) -> Result<Subscription, Error>
    where
        Query: DeserializeOwned + 'static,
        Reply: Serialize + 'static,
        Failure: Display + 'static,
        Answer: Future<Output = Result<Reply, Failure>> + 'static,
    {
        let typed = self.held_typed().ok_or(Error::Closed)?;
        let closure = answer::closure(&self.inner, handler);
        let undo =
            typed.registry.handle(message_type, closure.as_ref()).map_err(|_| Error::Handled(message_type.into()))?;
        let key = typed.next_key();
        typed.insert(key, Entry { undo, ends: None, _closure: Box::new(closure) });
        Ok(Subscription::new(Rc::downgrade(&self.inner), key))
    }

    /// The messages of this type that arrive from now on, as a `Stream`. It ends when the socket is closed or dropped, after
    /// what had arrived.
    ///
    /// It holds up to 1,024 messages for its reader, or as many as its [`limit`](Messages::limit). One more ends it: after
    /// the messages that it holds comes an [`Error::Lagged`], and then nothing.
    ///
    /// ```no_run
    /// # use futures_util::StreamExt as _;
    /// # use undrop::{Error, Socket};
    /// async fn follow(socket: &Socket) -> Result<(), Error> {
    ///     let mut prices = socket.messages::<f64>("price");
    ///     while let Some(price) = prices.next().await {
    ///         show(price?);
    ///     }
    ///     Ok(())
    /// }
    /// # fn show(_: f64) {}
    /// ```
    pub fn messages<T: DeserializeOwned + 'static>(&self, message_type: &str) -> Messages<T> {
        let inbox = Rc::new(Inbox::new());
        let ends: Rc<dyn Ends> = inbox.clone();
        let subscription = self.subscribe(message_type, Some(ends), {
            let inbox = inbox.clone();
            move |socket: &Socket, key, _: &JsString, data| {
                if !inbox.push(data)
                    && let Some(typed) = socket.inner.typed()
                {
                    typed.remove(key);
                }
            }
        });
        Messages::new(inbox, subscription)
    }

    fn subscribe<T: DeserializeOwned + 'static>(
        &self,
        message_type: &str,
        ends: Option<Rc<dyn Ends>>,
        mut handler: impl FnMut(&Socket, Key, &JsString, T) + 'static,
    ) -> Subscription {
        let Some(typed) = self.held_typed() else {
            if let Some(ends) = ends {
                ends.end();
            }
            return Subscription::new(Weak::new(), Key(0));
        };
        let key = typed.next_key();
        let inner = Rc::downgrade(&self.inner);
        let closure = Closure::<dyn FnMut(JsValue, JsValue)>::new(move |data: JsValue, message_type: JsValue| {
            let Some(inner) = inner.upgrade() else { return };
            let message_type: JsString = message_type.unchecked_into();
            match read(data) {
                Ok(data) => handler(&Socket::borrowed(inner), key, &message_type, data),
                Err(error) => {
                    if let Some(typed) = inner.typed() {
                        typed.complain_of_data(&message_type, error);
                    }
                }
            }
        });
        let undo = typed.registry.on(message_type, closure.as_ref());
        typed.insert(key, Entry { undo, ends, _closure: Box::new(closure) });
        Subscription::new(Rc::downgrade(&self.inner), key)
    }

    fn held_typed(&self) -> Option<&Typed> {
        self.inner.typed().filter(|_| !self.inner.is_released())
    }
}
