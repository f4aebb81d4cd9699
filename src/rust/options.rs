//! How a socket behaves.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use undrop_proto::outbox::Bounds;
use undrop_proto::{Config, Lifetime, Policy};

use super::authenticate::{Authenticate, Connection};
use super::duration::{from_millis, to_millis, to_some_millis};
use super::error::Error;
use super::heartbeat::Heartbeat;
use super::queue::Queue;
use super::resume::Resume;
use super::retry::Retry;
#[cfg(feature = "serde")]
use undrop_proto::envelope::Envelope;

/// How a [`Socket`](crate::Socket) behaves. The defaults suit a server that knows nothing of undrop.
///
/// ```
/// use std::time::Duration;
/// use undrop::{Heartbeat, Options};
///
/// let options = Options::default().heartbeat(Heartbeat::new("ping")).connect_timeout(Duration::from_secs(20));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    pub(super) protocols: Vec<String>,
    pub(super) retry: Option<Retry>,
    connect_timeout: Duration,
    close_timeout: Duration,
    /// Absent unless it was set: a session has limits of its own.
    queue: Option<Option<Queue>>,
    pub(super) heartbeat: Option<Heartbeat>,
    resume: Option<Resume>,
    pub(super) authenticate: Option<Authenticate>,
    #[cfg(feature = "serde")]
    pub(super) envelope: Envelope,
    #[cfg(feature = "serde")]
    /// Absent unless it was set: then it is that of the registry.
    pub(super) request_timeout: Option<Duration>,
}

impl Options {
    /// The subprotocols to offer, the preferred one first. Default: none.
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// How the socket reconnects. With `None` it does not: a connection that drops is closed. The final close codes (1000,
    /// 1002, 1003, 1007-1010, 4400-4499) close it in any case, unless [`Retry::decide`] says otherwise. Default:
    /// `Retry::default()`.
    pub fn retry(mut self, retry: impl Into<Option<Retry>>) -> Self {
        self.retry = retry.into();
        self
    }

    /// How long a handshake may take. Without `retry` that is left to the browser. A short timeout makes things worse:
    /// Chromium counts attempts that are given up as failures, and delays the next ones. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the server may take to answer a close. Without `retry` that is left to the browser. A connection that is
    /// suspected to be dead is not waited for. Default: 5 s.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// What may be queued while the connection is not open. With `None` nothing may: sending is an
    /// [`Error::NotOpen`] then. Default: `Queue::default()`.
    pub fn queue(mut self, queue: impl Into<Option<Queue>>) -> Self {
        self.queue = Some(queue.into());
        self
    }

    /// How a connection that is silent is found to be dead. Default: none, because its messages are agreed with the
    /// server.
    pub fn heartbeat(mut self, heartbeat: impl Into<Option<Heartbeat>>) -> Self {
        self.heartbeat = heartbeat.into();
        self
    }

    /// Says who the app is, on each connection anew, before anything else is sent: for a server that wants a token as the first
    /// message. The function is called when a connection is open, and `Event::Open` is told when it has returned `Ok`; then
    /// what is queued is sent, and what has arrived meanwhile, and was not received here, is told.
    ///
    /// An error of it is a failed attempt: an [`Event::Dropped`](crate::Event::Dropped) with
    /// [`Cause::Authenticate`](crate::Cause::Authenticate) and the error as its reason. What is queued stays. If the function
    /// takes longer than [`connect_timeout`](Self::connect_timeout), or the connection ends meanwhile, its future is dropped.
    /// It does not go with [`resume`](Self::resume), since a session begins with frames of its own. Default: none.
    ///
    /// ```
    /// use undrop::{Message, Options};
    ///
    /// let options = Options::default().authenticate(|mut connection| async move {
    ///     connection.send_text("a token").map_err(|error| error.to_string())?;
    ///     match connection.receive().await {
    ///         Ok(Message::Text(answer)) if answer == "welcome" => Ok(()),
    ///         answer => Err(format!("not welcome: {answer:?}")),
    ///     }
    /// });
    /// ```
    pub fn authenticate<Authenticating, Failure>(
        mut self,
        authenticate: impl Fn(Connection) -> Authenticating + 'static,
    ) -> Self
    where
        Authenticating: Future<Output = Result<(), Failure>> + 'static,
        Failure: Display,
    {
        self.authenticate = Some(Authenticate::new(authenticate));
        self
    }

    /// Keeps a session with a server that has sessions too, in which nothing is lost. It needs `retry`, and has limits and
    /// a heartbeat of its own in place of `queue` and `heartbeat`. Default: none.
    pub fn resume(mut self, resume: impl Into<Option<Resume>>) -> Self {
        self.resume = resume.into();
        self
    }

    /// How typed messages are written. Default: `{ "type": …, "data": …, "id": … }`. For a server with names of its own:
    ///
    /// ```
    /// use undrop::{Envelope, Options};
    ///
    /// let options = Options::default().envelope(Envelope::nested("event", "payload", "ref").reply("ok"));
    /// ```
    ///
    /// For one that writes arrays, as Phoenix does:
    ///
    /// ```
    /// # use undrop::Envelope;
    /// let envelope = Envelope::array(3, 4, 1);
    /// ```
    #[cfg(feature = "serde")]
    pub fn envelope(mut self, envelope: Envelope) -> Self {
        self.envelope = envelope;
        self
    }

    /// How long the reply to a request may take that has no [`timeout`](crate::Request::timeout) of its own. Default: 30 s.
    #[cfg(feature = "serde")]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    pub(super) fn config(&self) -> Config {
        let queue = self.queue.unwrap_or_else(|| Some(Queue::default()));
        Config {
            policy: self.retry.as_ref().map_or(Policy::Never, Retry::policy),
            lifetime: Lifetime::Unlimited,
            connect_timeout: to_some_millis(self.connect_timeout),
            close_timeout: to_millis(self.close_timeout),
            queue: queue.map(|queue| queue.limits),
            authenticates: self.authenticate.is_some(),
            heartbeat: match &self.resume {
                Some(resume) => resume.heartbeat.map(|rhythm| rhythm.0),
                None => self.heartbeat.as_ref().map(Heartbeat::to_proto),
            },
        }
    }

    /// The bounds of the outbox, if a session is wanted and the other options allow one.
    pub(super) fn bounds(&self) -> Result<Option<Bounds>, Error> {
        let Some(resume) = &self.resume else { return Ok(None) };
        if self.retry.is_none() {
            return Err(Error::Options("Options::resume needs Options::retry: set it, or leave out Options::resume"));
        }
        if self.heartbeat.is_some() {
            return Err(Error::Options(
                "with Options::resume the messages of the heartbeat are the protocol's own: leave out \
                 Options::heartbeat, and set Resume::heartbeat",
            ));
        }
        if self.authenticate.is_some() {
            return Err(Error::Options(
                "Options::resume excludes Options::authenticate, since a session begins with frames of its own: have the URL \
                 carry the token, with Socket::connect_with",
            ));
        }
        if self.queue.is_some() {
            return Err(Error::Options(
                "Options::resume has limits of its own: leave out Options::queue, and set Resume::limit_messages and \
                 Resume::limit_bytes",
            ));
        }
        Ok(Some(resume.bounds))
    }
}

impl Default for Options {
    fn default() -> Self {
        let Config { connect_timeout, close_timeout, .. } = Config::default();
        Self {
            protocols: Vec::new(),
            retry: Some(Retry::default()),
            connect_timeout: from_millis(connect_timeout),
            close_timeout: from_millis(close_timeout),
            queue: None,
            heartbeat: None,
            resume: None,
            authenticate: None,
            #[cfg(feature = "serde")]
            envelope: Envelope::default(),
            #[cfg(feature = "serde")]
            request_timeout: None,
        }
    }
}
