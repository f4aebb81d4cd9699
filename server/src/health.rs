//! Whether a server can serve: for load balancers, Kubernetes and people.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::Sessions;
use crate::runtime::timeout;
use crate::store::{Unavailable, UnavailableCause};

/// How long the store has to answer. Kubernetes, by default, waits for a second as well.
const STORE_ANSWERS: Duration = Duration::from_millis(900);

/// Why a server is to get no new connections.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotReady {
    /// It shuts down.
    Stopping,
    /// Its store does not answer: a client would be closed with 1013.
    Store(Unavailable),
}

impl fmt::Display for NotReady {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotReady::Stopping => formatter.write_str("the server shuts down"),
            NotReady::Store(unavailable) => unavailable.fmt(formatter),
        }
    }
}

impl Error for NotReady {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            NotReady::Stopping => None,
            NotReady::Store(unavailable) => Some(unavailable),
        }
    }
}

impl Sessions {
    /// Whether new connections are of use here: the server does not shut down, and its store answers within a second.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.manager.is_stopping() {
            return Err(NotReady::Stopping);
        }
        match timeout(STORE_ANSWERS, self.manager.shared.store.check()).await {
            Ok(answer) => answer.map_err(NotReady::Store),
            Err(elapsed) => Err(NotReady::Store(Unavailable::new(UnavailableCause::Timeout, elapsed))),
        }
    }

    /// Two routes for whoever watches the server: `/healthz` answers 200 as long as the process does, `/readyz` as long as it is
    /// [ready](Self::ready), and 503 otherwise. Each answer is a line of text, which names no addresses.
    ///
    /// ```
    /// # use axum::Router;
    /// # use undrop_server::{Config, Sessions};
    /// let sessions = Sessions::new(Config::default());
    /// let app: Router = Router::new().merge(sessions.health());
    /// ```
    #[cfg(feature = "axum")]
    pub fn health<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        use axum::routing::get;
        use http::StatusCode;
        let sessions = self.clone();
        let readiness = async move || match sessions.ready().await {
            Ok(()) => (StatusCode::OK, "ready\n"),
            Err(NotReady::Stopping) => (StatusCode::SERVICE_UNAVAILABLE, "the server shuts down\n"),
            Err(NotReady::Store(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
        };
        axum::Router::new().route("/healthz", get(async || "alive\n")).route("/readyz", get(readiness))
    }
}
