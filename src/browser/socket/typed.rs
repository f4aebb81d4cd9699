//! Typed messages: who waits for what arrives, and what leaves in an envelope. `messages.js` finds the handlers and
//! parses, for Rust as for TypeScript; here are the handlers' types and lives.

mod answer;
mod data;
mod registry;
mod request;
mod stream;
mod subscription;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::fmt::Display;
use core::future::Future;
use core::mem;

use js_sys::{Function, JsString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use self::data::{read, write};
use self::registry::{Registry, caught, face, options, reason, thrown};
pub use self::request::Request;
pub use self::stream::Messages;
use self::stream::{Ends, Inbox};
pub use self::subscription::Subscription;
use super::Socket;
use super::envelope::Envelope;
use super::error::Error;
use super::event::Reason;
use super::line::{Line, words};
use super::parcel::{Content, Ticket, Told, send_kept};

/// Typed messages, with the feature `serde`, which is on by default.
///
/// A message is JSON with a type, data, and in requests and replies an id, as [`Options::envelope`](crate::Options::envelope)
/// has it. The browser parses it, and its data is read straight into a type of Rust's. Binary messages have no type:
/// they are for the listener, as [`Event::Binary`](crate::Event::Binary).
///
/// As long as anything here waits for messages, each text message goes one way: to those who wait for its type, if any
/// do; to the listener as [`Event::Text`](crate::Event::Text), if nobody does; or to the listener as
/// [`Event::Invalid`](crate::Event::Invalid), if it can't be understood. Without anyone who waits, nothing is parsed,
/// and the listener is told of all.
impl Socket {
    /// Calls the handler with the data of each message of this type, until the [`Subscription`] is dropped.
    ///
    /// Handlers of the same type are called in the order in which they came. A message whose data is no `T` does not
    /// reach the handler: it is an [`Event::Invalid`](crate::Event::Invalid). The type `*` stands for all.
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
    /// dropped. Of one message, those who wait for its type are called first.
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

    /// Sends a message, now or when the line is back. One that will not be sent comes back as
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
    /// [`Error::Full`] or [`Error::Over`]: the message was not taken.
    pub fn emit(&self, message_type: &str, data: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let data = write(data)?;
        let typed = self.line.typed().ok_or(Error::Over)?;
        typed.registry.emit(message_type, &data).map_err(|thrown| caught(&thrown))
    }

    /// Asks the other end, and waits for its reply, which bears the same id. It is sent when it is first awaited.
    ///
    /// Dropping it withdraws it: it is taken out of the queue if it has not left, and its reply is then one that nobody
    /// waits for.
    ///
    /// Without a session a request that has left is lost with its line, and its reply with it. Over a session
    /// ([`Options::resume`](crate::Options::resume)) neither is, and it fails only when its session is lost.
    ///
    /// ```no_run
    /// # use undrop::{Error, Socket};
    /// #[derive(serde::Serialize)]
    /// struct Query {
    ///     limit: u32,
    /// }
    ///
    /// async fn history(socket: &Socket) -> Result<Vec<String>, Error> {
    ///     socket.request("history", &Query { limit: 50 }).timeout(5_000).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What keeps [`emit`](Self::emit) from sending. [`Error::Reply`] if the other end says that it failed,
    /// [`Error::Deserialize`] if its reply is no `Reply`. [`Error::Timeout`], [`Error::Dropped`], [`Error::Displaced`]
    /// or [`Error::Over`] if none came.
    pub fn request<Reply: DeserializeOwned>(
        &self,
        message_type: &str,
        data: &(impl Serialize + ?Sized),
    ) -> Request<Reply> {
        Request::new(&self.line, message_type, write(data))
    }

    /// Answers the other end's requests of this type, until the [`Subscription`] is dropped. There is one such answer a
    /// type, and it goes to the line that the request came from, or to none; over a session, to any line of that session. A failure is sent as an error reply:
    /// `{ "message": … }`, with what it displays.
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
    /// [`Error::Answered`] if requests of this type are answered already, [`Error::Over`] if the socket was dropped.
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
        let typed = self.line.typed().filter(|_| !self.line.is_let_go()).ok_or(Error::Over)?;
        let closure = answer::closure(&self.line, handler);
        let undo =
            typed.registry.handle(message_type, closure.as_ref()).map_err(|_| Error::Answered(message_type.into()))?;
        let key = typed.next_key();
        typed.entries.borrow_mut().insert(key, Entry { undo, ends: None, _closure: Box::new(closure) });
        Ok(Subscription::new(Rc::downgrade(&self.line), key))
    }

    /// The messages of this type, as a stream. It takes them from now on, and ends with the socket: when it is over,
    /// after what had arrived.
    ///
    /// It holds up to 1,024 messages for its reader, or as many as its [`limit`](Messages::limit). One more ends it:
    /// after those that it holds comes an [`Error::Lagged`], and then nothing. So nothing is lost in silence, and nothing
    /// piles up.
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
                    && let Some(typed) = socket.line.typed()
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
        let Some(typed) = self.line.typed().filter(|_| !self.line.is_let_go()) else {
            if let Some(ends) = ends {
                ends.end();
            }
            return Subscription::new(Weak::new(), Key(0));
        };
        let key = typed.next_key();
        let line = Rc::downgrade(&self.line);
        let closure = Closure::<dyn FnMut(JsValue, JsValue)>::new(move |data: JsValue, message_type: JsValue| {
            let Some(line) = line.upgrade() else { return };
            let message_type: JsString = message_type.unchecked_into();
            match read(data) {
                Ok(data) => handler(&Socket::lent(line), key, &message_type, data),
                Err(words) => line.complain(&message_type, words),
            }
        });
        let undo = typed.registry.on(message_type, closure.as_ref());
        typed.entries.borrow_mut().insert(key, Entry { undo, ends, _closure: Box::new(closure) });
        Subscription::new(Rc::downgrade(&self.line), key)
    }
}

/// What a line has of typed messages.
pub(super) struct Typed {
    registry: Registry,
    is_listening: Cell<bool>,
    entries: RefCell<BTreeMap<Key, Entry>>,
    last_key: Cell<u32>,
    /// How many messages nobody had waited for.
    unhandled: Cell<f64>,
    /// What is wrong with the message that is being received.
    complaints: RefCell<Vec<Reason>>,
    /// What the registry calls.
    _face: [Box<dyn Any>; 4],
}

/// One that waits for messages.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
struct Key(u32);

struct Entry {
    undo: Function,
    /// What else ends with the line.
    ends: Option<Rc<dyn Ends>>,
    /// What the registry calls. It must not be dropped before it is undone; when it runs, it is dropped afterwards.
    _closure: Box<dyn Any>,
}

/// What became of a message.
pub(super) struct Outcome {
    /// Whether somebody had waited for it, or it could not be understood.
    pub(super) is_taken: bool,
    pub(super) complaints: Vec<Reason>,
}

impl Typed {
    pub(super) fn new(line: Weak<Line>, envelope: &Envelope) -> Result<Self, Error> {
        let withdraw = Closure::<dyn Fn(u32)>::new({
            let line = line.clone();
            move |ticket| {
                if let Some(line) = line.upgrade() {
                    line.withdraw(Ticket(ticket));
                }
            }
        });
        let post = Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new({
            let line = line.clone();
            let withdraw: Function = withdraw.as_ref().unchecked_ref::<Function>().clone();
            move |frame: JsValue, told: JsValue| {
                let posted = line.upgrade().ok_or(Error::Over).and_then(|line| line.post(frame.unchecked_into(), told));
                match posted {
                    Ok(None) => Ok(JsValue::UNDEFINED),
                    Ok(Some(Ticket(ticket))) => Ok(withdraw.bind1(&JsValue::UNDEFINED, &ticket.into()).into()),
                    Err(error) => Err(thrown(&error)),
                }
            }
        });
        let invalid = Closure::<dyn Fn(JsValue)>::new({
            let line = line.clone();
            move |complaint: JsValue| {
                if let Some(line) = line.upgrade()
                    && let Some(typed) = line.typed()
                {
                    let reason = reason(&complaint);
                    typed.complaints.borrow_mut().push(reason);
                }
            }
        });
        let listen = Closure::<dyn Fn(bool)>::new(move |listens| {
            if let Some(line) = line.upgrade()
                && let Some(typed) = line.typed()
            {
                typed.is_listening.set(listens);
            }
        });
        let face = face(post.as_ref(), invalid.as_ref(), listen.as_ref());
        let registry = Registry::new(&options(envelope), &face).map_err(|thrown| Error::Envelope(words(&thrown)))?;
        Ok(Self {
            registry,
            is_listening: Cell::new(false),
            entries: RefCell::new(BTreeMap::new()),
            last_key: Cell::new(0),
            unhandled: Cell::new(0.0),
            complaints: RefCell::new(Vec::new()),
            _face: [Box::new(post), Box::new(withdraw), Box::new(invalid), Box::new(listen)],
        })
    }

    /// Whether this is for those who wait for typed messages.
    pub(super) fn listens_to(&self, data: &JsValue) -> bool {
        self.is_listening.get() && data.is_string()
    }

    pub(super) fn receive(&self, data: &JsValue) -> Outcome {
        self.registry.receive(data);
        let unhandled = self.registry.unhandled();
        Outcome {
            is_taken: self.unhandled.replace(unhandled) == unhandled,
            complaints: mem::take(&mut *self.complaints.borrow_mut()),
        }
    }

    /// The line was lost.
    pub(super) fn dropped(&self) {
        self.registry.dropped();
    }

    /// It is over, until the user asks for a new line.
    pub(super) fn closed(&self) {
        self.registry.closed();
        let ending: Vec<Key> =
            self.entries.borrow().iter().filter(|(_, entry)| entry.ends.is_some()).map(|(&key, _)| key).collect();
        for key in ending {
            self.remove(key);
        }
    }

    /// The socket was dropped.
    pub(super) fn let_go(&self) {
        self.registry.closed();
        while let Some(key) = self.first_key() {
            self.remove(key);
        }
    }

    /// Nobody waits there any more.
    fn remove(&self, key: Key) {
        let entry = self.entries.borrow_mut().remove(&key);
        if let Some(entry) = entry {
            // It has nothing to throw.
            let _ = entry.undo.call0(&JsValue::UNDEFINED);
            if let Some(ends) = &entry.ends {
                ends.end();
            }
        }
    }

    fn next_key(&self) -> Key {
        let key = self.last_key.get().wrapping_add(1);
        self.last_key.set(key);
        Key(key)
    }

    fn first_key(&self) -> Option<Key> {
        self.entries.borrow().keys().next().copied()
    }
}

impl Line {
    /// Sends what the registry has made. A ticket if it has to wait.
    fn post(self: &Rc<Self>, frame: JsString, told: JsValue) -> Result<Option<Ticket>, Error> {
        let size = frame.length() as usize;
        if self.transmit(size, |native| send_kept(native, &frame))? {
            return Ok(None);
        }
        let told = told.dyn_into().map_or(Told::Listener, Told::Registry);
        self.wait(size, Content::Frame(frame), told, None).map(Some)
    }

    /// Tells the listener of the message that is being received, when all who waited for it have been called.
    fn complain(&self, message_type: &JsString, words: String) {
        if let Some(typed) = self.typed() {
            let message_type = String::from(message_type);
            typed.complaints.borrow_mut().push(Reason::Data { message_type, words });
        }
    }
}
