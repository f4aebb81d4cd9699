//! A server that ends in order.

use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::Sessions;
use crate::proxies::Proxies;
use crate::serve::{ServeOptions, serve_until};
use crate::signal::until_signal;

/// Serves an app until the process is told to end, and then ends in order, so that no client loses anything and each is away for
/// no longer than it takes to reconnect:
///
/// 1. [`Sessions::ready`], and so `/readyz` of [`Sessions::health`], says that the server shuts down.
/// 2. For [`drain`](Self::drain), all goes on as before, until load balancers have noticed.
/// 3. The listener is closed. Requests that are being answered are finished.
/// 4. All sessions are closed with 1012. Their handlers learn that by [`Session::recv`](crate::Session::recv) and
///    [`Session::ended`](crate::Session::ended), and have [`Config::grace`](crate::Config::grace) to finish.
/// 5. What they commit and what was sent is stored.
///
/// That is over as soon as the last handler has returned, and after [`stop_within`](Self::stop_within) at the latest.
///
/// ```no_run
/// # async fn chat(_: undrop_server::SessionUpgrade) {}
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use axum::{Router, routing::any};
/// use undrop_server::{Config, Server, Sessions};
///
/// let sessions = Sessions::new(Config::default());
/// let app = Router::new().route("/chat", any(chat)).with_state(sessions.clone()).merge(sessions.health());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// Server::new(sessions).serve(listener, app).await
/// # }
/// ```
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    sessions: Vec<Sessions>,
    options: ServeOptions,
    drain: Duration,
    stop_within: Duration,
    /// What ends it; a signal if there is nothing.
    until: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Server {
    /// A server of an app with these sessions, which ends at SIGTERM and SIGINT. A second signal ends it at once.
    pub fn new(sessions: Sessions) -> Self {
        Self {
            sessions: vec![sessions],
            options: ServeOptions::default(),
            drain: Duration::ZERO,
            stop_within: Duration::from_secs(25),
            until: None,
        }
    }

    /// Adds further sessions of the app.
    pub fn and(mut self, sessions: Sessions) -> Self {
        self.sessions.push(sessions);
        self
    }

    /// Sets the limits on what a slow client may take.
    pub fn options(self, options: ServeOptions) -> Self {
        Self { options, ..self }
    }

    /// Sets for how long all goes on after the server has said that it is not ready. For load balancers that would send it new
    /// connections meanwhile, and do not try another server. Default: 0 s.
    pub fn drain(self, drain: Duration) -> Self {
        Self { drain, ..self }
    }

    /// Sets how long the whole end may take, [`drain`](Self::drain) included:
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use undrop_server::{Server, Sessions};
    /// # async fn run(sessions: Sessions, listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
    /// // systemd and Kubernetes wait for longer than that.
    /// let server = Server::new(sessions).drain(Duration::from_secs(5)).stop_within(Duration::from_secs(25));
    /// server.serve(listener, app).await
    /// # }
    /// ```
    ///
    /// What is not stored then, was not acknowledged. Give
    /// Kubernetes (`terminationGracePeriodSeconds`) and systemd (`TimeoutStopSec`) a few seconds more. It should be longer than
    /// `drain`, [`Config::grace`](crate::Config::grace) and twice [`Config::close_timeout`](crate::Config::close_timeout)
    /// together. Default: 25 s.
    pub fn stop_within(self, stop_within: Duration) -> Self {
        Self { stop_within, ..self }
    }

    /// Has the server end when this is done, and not at a signal.
    pub fn until(self, until: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { until: Some(Box::pin(until)), ..self }
    }

    /// Serves the app, and returns when all is ended.
    ///
    /// When an address uses up its limit that is one of a private network, all clients may have that of a proxy:
    /// [`Config::proxies`](crate::Config::proxies).
    pub async fn serve(self, listener: TcpListener, app: Router) -> io::Result<()> {
        let Self { sessions, mut options, drain, stop_within, until } = self;
        let mut proxies = sessions.iter().map(|sessions| sessions.manager.shared.config.proxies);
        if !options.proxy_protocol && proxies.any(|proxies| proxies != Proxies::None) {
            // All connections are the proxy's.
            options.connections_per_address = options.connections;
        }
        let is_signalled = until.is_none();
        let mut begun = Instant::now();
        let drained = async {
            match until {
                Some(until) => until.await,
                None => until_signal().await,
            }
            begun = Instant::now();
            info!("the server shuts down");
            for sessions in &sessions {
                sessions.manager.stop();
            }
            sleep(drain.min(stop_within)).await;
        };
        let requests = serve_until(listener, app, options, drained).await;
        let again = async { if is_signalled { until_signal().await } else { pending().await } };
        let ended = async {
            tokio::join!(requests.finished(), join_all(sessions.iter().map(Sessions::shut_down)));
        };
        tokio::select! {
            () = ended => {}
            () = sleep(stop_within.saturating_sub(begun.elapsed())) => {
                let left: u64 = sessions.iter().map(|sessions| sessions.manager.shared.sessions.get()).sum();
                warn!(sessions = left, ?stop_within, "the server did not end in time");
            }
            () = again => warn!("a second signal: the server ends at once"),
        }
        Ok(())
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sessions, options, drain, stop_within, until: _ } = self;
        let mut debug = formatter.debug_struct("Server");
        debug.field("sessions", sessions).field("options", options);
        debug.field("drain", drain).field("stop_within", stop_within).finish_non_exhaustive()
    }
}
