//! The connection to Redis, and how another one is found when it is of no use any more.

use std::sync::Arc;

use super::failure::{RESPONSE_TIMEOUT, is_full};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, RedisError, ServerErrorKind, Value};

/// Where Redis is.
pub(super) enum Server {
    /// At one address, which may become that of another Redis.
    Single(Client),
    /// Where the sentinels say.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        service: String,
        /// How to connect to the servers that they name.
        node: Box<SentinelNodeConnectionInfo>,
    },
    /// On the nodes of a cluster.
    Cluster { client: Box<ClusterClient>, nodes: Vec<ConnectionInfo> },
}

#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// A connection that is being made, or was. All requests use the same one.
type Attempt = Shared<BoxFuture<'static, Result<Connection, RedisError>>>;

pub(super) struct Connector {
    server: Arc<Server>,
    /// Called with each new connection, and the name of its server.
    connected: fn(Connection, String),
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    present: Option<Attempt>,
    /// Whether another connection to a cluster is being made while the present one is used.
    is_replacing: bool,
}

impl Connector {
    pub(super) fn new(server: Server, connected: fn(Connection, String)) -> Self {
        Self { server: Arc::new(server), connected, state: Arc::default() }
    }

    /// Begins with this connection, which the app has.
    pub(super) fn use_connection(&self, connection: MultiplexedConnection) {
        let (server, connected) = (Arc::clone(&self.server), self.connected);
        let attempt = async move {
            let connection = Connection::Single(connection);
            connected(connection.clone(), server.to_string());
            Ok(connection)
        };
        self.state.lock().present = Some(attempt.boxed().shared());
    }

    pub(super) fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server)
    }

    /// Sends the command to Redis. It connects if need be, and after an error that may be the connection's the next request
    /// does.
    pub(super) async fn ask(&self, command: &Cmd) -> Result<Value, RedisError> {
        let attempt = self.state.lock().present.get_or_insert_with(|| self.attempt()).clone();
        let answer = match attempt.clone().await {
            Ok(mut connection) => connection.ask(command).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &answer {
            self.after(error, &attempt);
        }
        answer
    }

    fn attempt(&self) -> Attempt {
        let (server, connected) = (Arc::clone(&self.server), self.connected);
        let attempt = async move {
            let connection = server.connect().await?;
            connected(connection.clone(), server.to_string());
            Ok(connection)
        };
        attempt.boxed().shared()
    }

    /// Leaves the connection, unless that is done or the error is of no other Redis's.
    fn after(&self, error: &RedisError, attempt: &Attempt) {
        let mut state = self.state.lock();
        if is_of_the_request(error) || !state.present.as_ref().is_some_and(|present| present.ptr_eq(attempt)) {
            return;
        }
        let is_connected = matches!(attempt.peek(), Some(Ok(_)));
        match &*self.server {
            // This connection is many, to all nodes. It finds out by itself who has which keys, unless a node does not answer,
            // and what the others have is reached meanwhile.
            Server::Cluster { .. } if is_connected => {
                if error.is_io_error() && !state.is_replacing {
                    state.is_replacing = true;
                    self.replace();
                }
            }
            // A server that was the primary, that knows of no primary, that is in a cluster or that does not answer is left, and
            // so is one whose error is not known: to connect costs little.
            _ => state.present = None,
        }
    }

    fn replace(&self) {
        let (attempt, state) = (self.attempt(), Arc::clone(&self.state));
        tokio::spawn(async move {
            let is_connected = attempt.clone().await.is_ok();
            let mut state = state.lock();
            state.is_replacing = false;
            if is_connected {
                state.present = Some(attempt);
            }
        });
    }
}

/// A connection to any node of a cluster: each of them tells what is published on the others.
async fn any(nodes: &[ConnectionInfo]) -> Result<PubSub, RedisError> {
    let mut last = RedisError::from((ErrorKind::InvalidClientConfig, "the cluster has no nodes"));
    for node in nodes {
        match Client::open(node.clone())?.get_async_pubsub().await {
            Ok(subscription) => return Ok(subscription),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Server {
    /// A connection on which Redis tells what is published. It is apart from the others.
    pub(super) async fn subscribe(&self, channel: &str) -> Result<PubSub, RedisError> {
        let mut subscription = match self {
            Server::Single(client) => client.get_async_pubsub().await?,
            Server::Sentinel { sentinels, service, node } => {
                let primary = Sentinel::build(sentinels.clone())?.async_master_for(service, Some(node)).await?;
                primary.get_async_pubsub().await?
            }
            Server::Cluster { nodes, .. } => any(nodes).await?,
        };
        subscription.subscribe(channel).await?;
        Ok(subscription)
    }

    async fn connect(&self) -> Result<Connection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(RESPONSE_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let client = match self {
            Server::Single(client) => client.clone(),
            Server::Sentinel { sentinels, service, node } => {
                Sentinel::build(sentinels.clone())?.async_master_for(service, Some(node)).await?
            }
            Server::Cluster { client, .. } => return Ok(Connection::Cluster(client.get_async_connection().await?)),
        };
        Ok(Connection::Single(client.get_multiplexed_async_connection_with_config(&config).await?))
    }
}

/// As it is named in the log, without a password.
impl std::fmt::Display for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Server::Single(client) => client.get_connection_info().addr().fmt(formatter),
            Server::Sentinel { service, .. } => service.fmt(formatter),
            Server::Cluster { nodes, .. } => {
                let nodes: Vec<_> = nodes.iter().map(|node| node.addr().to_string()).collect();
                nodes.join(", ").fmt(formatter)
            }
        }
    }
}

impl Connection {
    async fn ask(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Connection::Single(connection) => command.query_async(connection).await,
            Connection::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

/// Whether another connection would not help.
fn is_of_the_request(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) || is_full(error)
}
