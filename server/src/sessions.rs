//! The sessions of a server: how they are set up, served and ended.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::manager::{Authenticator, Manager};
use crate::metrics::Metrics;
use crate::runtime::timeout;
use crate::store::{AnyStore, MemoryStore, NotForwarded, Store, Unavailable};
use crate::{Config, Handshake, Message, Principal, Refused, SessionId};

/// The sessions of a server, for one kind of conversation: a client can resume its session at each of the routes that these
/// serve. A clone refers to the same sessions.
#[derive(Clone)]
pub struct Sessions {
    pub(crate) manager: Arc<Manager>,
}

/// How sessions are set up.
#[must_use]
pub struct Builder {
    config: Config,
    store: Box<dyn AnyStore>,
    authenticator: Authenticator,
    name: Arc<str>,
}

impl Sessions {
    /// Anonymous sessions, kept in memory.
    pub fn new(config: Config) -> Self {
        Self::builder(config).build()
    }

    /// Begins to set up sessions with a store or an authentication of the app's.
    pub fn builder(config: Config) -> Builder {
        let authenticator: Authenticator = Box::new(|_| Box::pin(async { Ok(Principal::Anonymous) }));
        Builder { config, store: Box::new(MemoryStore::default()), authenticator, name: "default".into() }
    }

    /// What the server counts.
    pub fn metrics(&self) -> &Metrics {
        &self.manager.shared.metrics
    }

    /// The sessions of a user, on all nodes, also those without a connection at present, in no particular order. Of anonymous
    /// clients nobody can say whose sessions they have: there are none.
    ///
    /// ```
    /// # use undrop_server::{Principal, Sessions, store::Unavailable};
    /// # async fn notify(sessions: &Sessions) -> Result<(), Unavailable> {
    /// for id in sessions.of(&Principal::user("ann")).await? {
    ///     if let Err(error) = sessions.send_to(id, "you have mail").await {
    ///         eprintln!("session {id}: {error}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn of(&self, principal: &Principal) -> Result<Vec<SessionId>, Unavailable> {
        self.manager.shared.store.sessions_of(principal).await
    }

    /// Sends a message to a session, whichever node has it, or has it next. Returns when the store has the message. The session's
    /// node then sends it like one of its own: it arrives once, in an order with all others, and after those that this task
    /// sent to the session in the same way before. If the session ends before that, the message is lost with it.
    ///
    /// At most 1,024 messages wait for a session that has no node, or whose client acknowledges too little:
    /// [`NotForwarded::Full`]. While the store does not answer, it is asked again until [`Config::greeting`] has passed, at most 30 s; a message
    /// that it had taken then is not taken twice.
    ///
    /// If the future is dropped, it is not known whether the message was sent. A plain connection has no session that
    /// could be found.
    pub async fn send_to(&self, session: SessionId, message: impl Into<Message>) -> Result<(), NotForwarded> {
        self.manager.forward(session, message.into()).await
    }

    /// Ends all sessions of a user, on all nodes, with 4403, after which clients do not reconnect: the user has logged out, say, or
    /// has lost the right to be here. Those of this node end at once; those of another one when it writes next to the store, at the
    /// latest after half of [`Config::time_to_live`]. That the user begins no new ones is up to [`Builder::authenticate`].
    ///
    /// Of anonymous clients nobody can say whose sessions they have: nothing happens to them.
    pub async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        self.manager.revoke(principal).await
    }

    /// Closes all connections with 1012, which has the clients spread their reconnects. Handlers receive nothing more, and have
    /// [`Config::grace`] to finish; what they commit and send is still stored. Returns when all is done.
    pub async fn shut_down(&self) {
        let Config { grace, close_timeout, .. } = self.manager.shared.config;
        // The handlers of sessions that were over before have no deadline.
        let _ = timeout(grace + 2 * close_timeout, self.manager.shut_down()).await;
    }
}

impl Builder {
    /// Sets where the sessions are kept. Default: a [`MemoryStore`](crate::store::MemoryStore).
    pub fn store(self, store: impl Store) -> Self {
        Self { store: Box::new(store), ..self }
    }

    /// Sets the function that says whose a connection is, by its request, or refuses it. It has to answer within
    /// [`Config::greeting`]. Default: every client is anonymous.
    ///
    /// ```
    /// # use undrop_server::{Config, Principal, Refused, Sessions};
    /// let sessions = Sessions::builder(Config::default())
    ///     .authenticate(|handshake| async move {
    ///         // Here an app looks its session cookie up.
    ///         handshake.cookie("user").map(Principal::user).ok_or(Refused::unauthorized())
    ///     })
    ///     .build();
    /// ```
    pub fn authenticate<F, Fut>(self, authenticate: F) -> Self
    where
        F: Fn(Arc<Handshake>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Principal, Refused>> + Send + 'static,
    {
        Self { authenticator: Box::new(move |handshake| Box::pin(authenticate(handshake))), ..self }
    }

    /// Sets what these sessions are called in the metrics, where the label `sessions` tells them from others in the same process,
    /// and in the log. Default: `default`.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Makes the sessions.
    pub fn build(self) -> Sessions {
        let Self { config, store, authenticator, name } = self;
        Sessions { manager: Arc::new(Manager::new(config, store, authenticator, name)) }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").field("config", &self.manager.shared.config).finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}
