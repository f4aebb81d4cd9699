//! How a connection that is silent is found to be dead.

use std::time::Duration;

use wasm_bindgen::JsValue;

use super::duration::to_some_millis;
use super::message::Message;

/// How a connection that is silent is found to be dead: the server is sent a message, and must answer.
///
/// ```
/// use undrop::{Heartbeat, Options};
///
/// let options = Options::default().heartbeat(Heartbeat::new("ping").reply("pong"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Heartbeat {
    message: Message,
    pub(super) reply: Option<Message>,
    rhythm: Rhythm,
}

impl Heartbeat {
    /// Sends this message, and takes any message for an answer.
    pub fn new(message: impl Into<Message>) -> Self {
        Self { message: message.into(), reply: None, rhythm: Rhythm::default() }
    }

    /// What the server answers. The answer is not told to the listener, and round trips are measured. Default: any
    /// message will do, and is told.
    pub fn reply(mut self, reply: impl Into<Message>) -> Self {
        self.reply = Some(reply.into());
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

    pub(super) fn ping(&self) -> JsValue {
        self.message.to_js()
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
