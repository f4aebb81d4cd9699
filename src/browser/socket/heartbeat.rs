//! How a silent line is found out.

use super::message::Message;

/// How a silent line is found out: the server is asked, and must answer.
///
/// ```no_run
/// # use undrop::Heartbeat;
/// let heartbeat = Heartbeat { reply: Some("pong".into()), ..Heartbeat::new("ping") };
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heartbeat {
    /// What to send.
    pub message: Message,
    /// What the server answers. It is not delivered. Without it any message will do, and round trips are not measured.
    pub reply: Option<Message>,
    /// How long the line may be silent before the server is asked, in milliseconds. 25,000.
    pub interval: u32,
    /// How long it may then stay silent before it is given up, in milliseconds. 10,000.
    pub timeout: u32,
}

impl Heartbeat {
    /// Sends this, and takes any message for an answer.
    pub fn new(message: impl Into<Message>) -> Self {
        Self { message: message.into(), reply: None, interval: 25_000, timeout: 10_000 }
    }
}
