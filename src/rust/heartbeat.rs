//! How a connection that is silent is found to be dead.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

#[cfg(feature = "serde")]
use js_sys::JsString;

use super::duration::to_some_millis;
use super::message::Message;

/// How a connection that is silent is found to be dead: the server is sent a message, and must answer.
///
/// ```
/// use undrop::{Heartbeat, Options};
///
/// let options = Options::default().heartbeat(Heartbeat::new("ping").reply("pong"));
/// ```
///
/// Where the messages differ from one time to the next, functions make and recognize them:
///
/// ```
/// use undrop::{Heartbeat, Message};
///
/// let heartbeat = Heartbeat::from_fn(|| format!("ping {}", seconds()))
///     .reply_if(|message| matches!(message, Message::Text(text) if text.starts_with("pong ")));
/// # fn seconds() -> u64 { 0 }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Heartbeat {
    pub(super) ping: Ping,
    pub(super) reply: Reply,
    rhythm: Rhythm,
}

/// What is sent.
#[derive(Clone)]
pub(super) enum Ping {
    Message(Message),
    Function(Rc<dyn Fn() -> Message>),
}

/// What the server answers.
#[derive(Clone)]
pub(super) enum Reply {
    Anything,
    Message(Message),
    Function(Rc<dyn Fn(&Message) -> bool>),
}

impl Heartbeat {
    /// Sends this message, and takes any message for an answer.
    pub fn new(message: impl Into<Message>) -> Self {
        Self::with(Ping::Message(message.into()))
    }

    /// Sends what this function returns, and takes any message for an answer.
    pub fn from_fn<M: Into<Message>>(message: impl Fn() -> M + 'static) -> Self {
        Self::with(Ping::Function(Rc::new(move || message().into())))
    }

    /// What the server answers. The answer is not told to the listener, and round trips are measured. Default: any
    /// message will do, and is told.
    pub fn reply(mut self, reply: impl Into<Message>) -> Self {
        self.reply = Reply::Message(reply.into());
        self
    }

    /// The same, recognized by a function, which is called for each message that arrives.
    pub fn reply_if(mut self, is_reply: impl Fn(&Message) -> bool + 'static) -> Self {
        self.reply = Reply::Function(Rc::new(is_reply));
        self
    }

    /// How long the connection may be silent before the message is sent. Default: 25 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.rhythm = self.rhythm.interval(interval);
        self
    }

    /// How long the connection may stay silent after that before it is given up. Default: 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.rhythm = self.rhythm.timeout(timeout);
        self
    }

    pub(super) fn to_proto(&self) -> undrop_proto::Heartbeat {
        self.rhythm.0
    }

    fn with(ping: Ping) -> Self {
        Self { ping, reply: Reply::Anything, rhythm: Rhythm::default() }
    }
}

impl Reply {
    pub(super) fn is(&self, message: &Message) -> bool {
        match self {
            Reply::Anything => false,
            Reply::Message(reply) => reply == message,
            Reply::Function(is_reply) => is_reply(message),
        }
    }

    /// The same for text that JavaScript has, of which no copy is made unless a function asks for one.
    #[cfg(feature = "serde")]
    pub(super) fn is_text(&self, text: &JsString) -> bool {
        match self {
            Reply::Anything | Reply::Message(Message::Binary(_)) => false,
            // To compare text a copy is made; text is never longer in UTF-16 than in UTF-8.
            Reply::Message(Message::Text(reply)) => text.length() as usize <= reply.len() && *text == **reply,
            Reply::Function(is_reply) => is_reply(&Message::Text(text.into())),
        }
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Heartbeat");
        match &self.ping {
            Ping::Message(message) => fields.field("message", message),
            Ping::Function(_) => fields.field("message", &"a function"),
        };
        match &self.reply {
            Reply::Anything => fields.field("reply", &"anything"),
            Reply::Message(reply) => fields.field("reply", reply),
            Reply::Function(_) => fields.field("reply", &"a function"),
        };
        fields.field("rhythm", &self.rhythm).finish()
    }
}

/// How the heartbeat of a session checks a connection: see [`Resume::heartbeat`](crate::Resume::heartbeat).
///
/// ```
/// use std::time::Duration;
/// use undrop::Rhythm;
///
/// let rhythm = Rhythm::default().interval(Duration::from_secs(60)).timeout(Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rhythm(pub(super) undrop_proto::Heartbeat);

impl Rhythm {
    /// How long the connection may be silent before the server is asked. Default: 25 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.0.interval = to_some_millis(interval);
        self
    }

    /// How long the connection may stay silent after that before it is given up. Default: 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = to_some_millis(timeout);
        self
    }
}
