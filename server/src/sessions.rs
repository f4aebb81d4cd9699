//! The sessions of a server: how they are set up, served and ended.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::time::timeout;

use crate::house::{Authenticator, House};
use crate::metrics::Metrics;
use crate::store::{AnyStore, MemoryStore, Store};
use crate::{Config, Handshake, Principal, Refused};

/// The sessions of a server, for one kind of conversation: whoever has one of these sessions can resume it at each of the
/// routes that these serve. A clone is the same.
#[derive(Clone)]
pub struct Sessions {
    pub(crate) house: Arc<House>,
}

/// How sessions are set up.
#[must_use]
pub struct Builder {
    config: Config,
    store: Box<dyn AnyStore>,
    authenticator: Authenticator,
}

impl Sessions {
    /// Sessions of anybody's, kept in memory.
    pub fn new(config: Config) -> Self {
        Self::builder(config).build()
    }

    /// To be told more.
    pub fn builder(config: Config) -> Builder {
        let authenticator: Authenticator = Box::new(|_| Box::pin(async { Ok(Principal::Anonymous) }));
        Builder { config, store: Box::new(MemoryStore::default()), authenticator }
    }

    /// What the server counts.
    pub fn metrics(&self) -> &Metrics {
        &self.house.metrics
    }

    /// Ends all lines with 1012, which has the clients spread as their `welcome` said. Handlers are told that there is
    /// nothing more to receive, and have [`Config::grace`] to finish; what they commit and send is still stored. Returns
    /// when all is done.
    pub async fn shut_down(&self) {
        let Config { grace, farewell, .. } = self.house.config;
        // Handlers of sessions that were over before may go on for as long as they like.
        let _ = timeout(grace + 2 * farewell, self.house.shut_down()).await;
    }
}

impl Builder {
    /// Where the sessions are kept.
    pub fn store(self, store: impl Store) -> Self {
        Self { store: Box::new(store), ..self }
    }

    /// Says who dials, by the request of each line, or that they are not let in. It has to answer within
    /// [`Config::greeting`].
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

    /// The sessions.
    pub fn build(self) -> Sessions {
        let Self { config, store, authenticator } = self;
        Sessions { house: Arc::new(House::new(config, store, authenticator)) }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").field("config", &self.house.config).finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}
