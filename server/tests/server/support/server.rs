//! A server on a real port.

use std::any::Any;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use undrop_server::store::Store;
use undrop_server::{Builder, Config, Origins, Principal, Received, Refused, Session, SessionUpgrade, Sessions};

use super::{soon, until};

/// A server on a real port. A client with `?user=NAME` is that user; one with `?user=` is refused.
pub struct Server {
    pub address: SocketAddr,
    pub sessions: Sessions,
    /// What its store needs to live.
    _store: Option<Box<dyn Any>>,
}

impl Server {
    pub async fn new<F, Fut>(config: Config, handler: F) -> Self
    where
        F: Fn(Session) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::build(Sessions::builder(config), handler).await
    }

    pub async fn with_store<F, Fut>(config: Config, store: impl Store, handler: F) -> Self
    where
        F: Fn(Session) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::build(Sessions::builder(config).store(store), handler).await
    }

    async fn build<F, Fut>(builder: Builder, handler: F) -> Self
    where
        F: Fn(Session) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let authenticate = |handshake: Arc<undrop_server::Handshake>| async move {
            match handshake.query("user").as_deref() {
                None => Ok(Principal::Anonymous),
                Some("") => Err(Refused::unauthorized()),
                Some(user) => Ok(Principal::user(user)),
            }
        };
        let sessions = builder.authenticate(authenticate).build();
        let serve = move |upgrade: SessionUpgrade| async move { upgrade.on_session(handler) };
        let app = Router::new().route("/", any(serve)).with_state(sessions.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { address, sessions, _store: None }
    }

    /// A server for each store there is.
    pub async fn on_each_store<F, Fut>(config: Config, handler: F) -> Vec<Self>
    where
        F: Fn(Session) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        #[cfg_attr(not(feature = "redis"), expect(unused_mut, reason = "Redis is the other store"))]
        let mut servers = vec![Self::new(config.clone(), handler.clone()).await];
        #[cfg(feature = "redis")]
        {
            let redis = super::redis::Redis::start().await;
            let mut server = Self::with_store(config, redis.store(), handler).await;
            server._store = Some(Box::new(redis));
            servers.push(server);
        }
        servers
    }

    /// The sum of all samples of a metric that have these labels: `name` or `name{label="value"}`.
    pub fn metric(&self, wanted: &str) -> u64 {
        let parts = |series: &str| {
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels: Vec<_> = labels.trim_end_matches('}').split(',').map(str::to_owned).collect();
            (name.to_owned(), labels)
        };
        let (name, labels) = parts(wanted);
        let text = self.sessions.metrics().render();
        let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        let matching = samples.filter(|(series, _)| {
            let (other, others) = parts(series);
            other == name && labels.iter().all(|label| label.is_empty() || others.contains(label))
        });
        let values: Vec<u64> = matching.map(|(_, value)| value.parse().unwrap()).collect();
        assert!(!values.is_empty(), "there is no metric {wanted}");
        values.iter().sum()
    }

    /// Waits until a metric has this value.
    pub async fn metric_becomes(&self, name: &str, value: u64) {
        until(&format!("{name} {value}"), || self.metric(name) == value).await;
    }
}

pub fn config() -> Config {
    Config::default().origins(Origins::Any)
}

/// Answers each message with itself.
pub async fn echo(mut session: Session) {
    while let Some(received) = session.recv().await {
        if received.commit_with([received.message.clone()]).await.is_err() {
            break;
        }
    }
}

/// Hands the sessions of a server to the test.
#[derive(Clone)]
pub struct Tap {
    sender: mpsc::UnboundedSender<Held>,
    receiver: Arc<Mutex<mpsc::UnboundedReceiver<Held>>>,
}

/// A session in the test's hands. Its handler returns when this is dropped.
pub struct Held {
    pub session: Session,
    _hold: tokio::sync::oneshot::Sender<()>,
}

impl Tap {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver: Arc::new(Mutex::new(receiver)) }
    }

    /// A handler for [`Server::new`].
    pub fn handler(
        &self,
    ) -> impl Fn(Session) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Clone + Send + Sync + use<> {
        let sender = self.sender.clone();
        move |session| {
            let (hold, held) = tokio::sync::oneshot::channel::<()>();
            let _ = sender.send(Held { session, _hold: hold });
            Box::pin(async move {
                let _ = held.await;
            })
        }
    }

    /// The next session that begins.
    pub async fn next(&self) -> Held {
        soon("a session", async { self.receiver.lock().await.recv().await.unwrap() }).await
    }
}

impl Held {
    /// The next message, which there must be.
    pub async fn recv(&mut self) -> Received {
        soon("a message", self.session.recv()).await.unwrap()
    }

    /// Waits until there is nothing more to receive.
    pub async fn ends(&mut self) -> undrop_server::Ending {
        soon("the end", async {
            while self.session.recv().await.is_some() {}
            self.session.ending().unwrap()
        })
        .await
    }
}
