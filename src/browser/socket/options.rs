//! How a socket behaves.

use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "serde")]
use super::envelope::Envelope;
use super::heartbeat::Heartbeat;
use super::resume::Resume;
use crate::core::{Limits, Retry};

/// How a [`Socket`](crate::Socket) behaves. The defaults suit a server that knows nothing of undrop.
///
/// ```no_run
/// # use undrop::{Heartbeat, Options};
/// let options = Options { heartbeat: Some(Heartbeat::new("ping")), ..Options::default() };
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// The subprotocols to offer, the most wanted first. None unless given.
    pub protocols: Vec<String>,
    /// How a lost line is dialled again; with nothing it stays lost. Unless given, without limit, with waits of up to
    /// 30 s. Final close codes (1000, 1002, 1003, 1007-1010, 4400-4499) end it in any case.
    pub retry: Option<Retry>,
    /// How long a dial may take, in milliseconds. 10,000. Without `retry` that is the browser's affair. A short one
    /// makes things worse: Chromium counts dials that are given up as failures, and delays the next ones.
    pub connect_timeout: u32,
    /// What may wait while the line is down; with nothing, sending is an [`Error::NotOpen`](crate::Error::NotOpen)
    /// then. Unless given, 65,536 messages and 16 MiB.
    pub queue: Option<Limits>,
    /// How a silent line is found out. None unless given, because its form is agreed with the server.
    pub heartbeat: Option<Heartbeat>,
    /// Keeps a session with a server that has sessions too, in which nothing is lost. Not unless given. It needs `retry`,
    /// and has limits and a heartbeat of its own in place of `queue` and `heartbeat`.
    pub resume: Option<Resume>,
    /// How typed messages are written. `{ "type": …, "data": …, "id": … }` unless given.
    #[cfg(feature = "serde")]
    pub envelope: Envelope,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocols: Vec::new(),
            retry: Some(Retry::default()),
            connect_timeout: 10_000,
            queue: Some(Limits::default()),
            heartbeat: None,
            resume: None,
            #[cfg(feature = "serde")]
            envelope: Envelope::default(),
        }
    }
}
