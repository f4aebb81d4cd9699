//! The servers in which a store can keep sessions: a Redis alone, one that sentinels name, or a cluster.

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::sentinel::SentinelNodeConnectionInfo;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisError, TlsMode};

use super::connection::{Connector, Server};
use super::failure::{RESPONSE_TIMEOUT, unavailable};
use super::{RedisStore, settings};
use crate::store::{Unavailable, UnavailableCause};

impl RedisStore {
    /// A store in the Redis of this URL, such as `redis://127.0.0.1/`.
    ///
    /// It connects when it is first asked. When the connection is lost, Redis does not answer, or it answers that it is not the
    /// one to ask (it is a replica now, say), the host's name is resolved and a connection is made anew.
    ///
    /// ```
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # use undrop_server::{Config, Sessions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Unavailable> {
    /// let store = RedisStore::new("redis://127.0.0.1/")?;
    /// let sessions = Sessions::builder(Config::default()).store(store).build();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// With `rediss://` (the feature `tls`) it is encrypted, and Redis shows a certificate that this system trusts. For others see
    /// [`from_client`](Self::from_client).
    pub fn new(url: &str) -> Result<Self, Unavailable> {
        Ok(Self::from_client(Client::open(url).map_err(invalid)?))
    }

    /// A store in the Redis of a client that the app has made, with certificates of its own, say. The crate `redis` is
    /// [`undrop_server::redis`](crate::redis).
    ///
    /// ```
    /// # #[cfg(feature = "tls")] {
    /// use undrop_server::redis::{Client, RedisResult, TlsCertificates};
    /// use undrop_server::store::RedisStore;
    ///
    /// fn store(authority: Vec<u8>) -> RedisResult<RedisStore> {
    ///     let certificates = TlsCertificates { client_tls: None, root_cert: Some(authority) };
    ///     Ok(RedisStore::from_client(Client::build_with_tls("rediss://redis.internal:6380/", certificates)?))
    /// }
    /// # }
    /// ```
    ///
    /// Where Redis wants a certificate from its clients as well:
    ///
    /// ```no_run
    /// # #[cfg(feature = "tls")]
    /// # async fn store() -> Result<(), Box<dyn std::error::Error>> {
    /// # use undrop_server::store::RedisStore;
    /// use undrop_server::redis::{Client, ClientTlsConfig, TlsCertificates};
    ///
    /// let certificates = TlsCertificates {
    ///     root_cert: Some(std::fs::read("authority.pem")?),
    ///     client_tls: Some(ClientTlsConfig { client_cert: std::fs::read("client.pem")?, client_key: std::fs::read("client-key.pem")? }),
    /// };
    /// let client = Client::build_with_tls("rediss://redis.internal:6380/", certificates)?;
    /// let store = RedisStore::from_client(client).check().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_client(client: Client) -> Self {
        Self::on(Server::Single(client))
    }

    /// Uses this connection, which the app has already, until it fails; then the store makes one of its own, as it does to hear
    /// of messages for its sessions.
    ///
    /// ```
    /// use undrop_server::redis::{Client, RedisResult};
    /// use undrop_server::store::RedisStore;
    ///
    /// async fn store(client: Client) -> RedisResult<RedisStore> {
    ///     let connection = client.get_multiplexed_async_connection().await?;
    ///     Ok(RedisStore::from_client(client).with_connection(connection))
    /// }
    /// ```
    #[must_use]
    pub fn with_connection(self, connection: MultiplexedConnection) -> Self {
        self.connector.use_connection(connection);
        self
    }

    /// A store in the primary that these sentinels name for a service, whichever it is at the time.
    ///
    /// The service is its name, or a URL with the name in the place of the host, if its servers want a user, a password, another
    /// database or TLS (`rediss`): those of the sentinels' URLs are for the sentinels.
    ///
    /// ```
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # fn main() -> Result<(), Unavailable> {
    /// let sentinels = ["redis://10.0.0.1:26379/", "redis://10.0.0.2:26379/", "redis://10.0.0.3:26379/"];
    /// let store = RedisStore::sentinel(sentinels, "mymaster")?;
    /// // Or, if the servers want a password:
    /// let store = RedisStore::sentinel(sentinels, "redis://:secret@mymaster/")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sentinel(sentinels: impl IntoIterator<Item = impl AsRef<str>>, service: &str) -> Result<Self, Unavailable> {
        let sentinels = addresses(sentinels)?;
        if sentinels.is_empty() {
            return Err(Unavailable::new(UnavailableCause::Other, "there has to be a sentinel"));
        }
        let mut node = SentinelNodeConnectionInfo::default();
        let mut name = service.to_owned();
        if service.contains("://") {
            let info = service.into_connection_info().map_err(invalid)?;
            node = node.set_redis_connection_info(info.redis_settings().clone());
            name = match info.addr() {
                ConnectionAddr::Tcp(host, _) => host.clone(),
                ConnectionAddr::TcpTls { host, insecure, .. } => {
                    node = node.set_tls_mode(if *insecure { TlsMode::Insecure } else { TlsMode::Secure });
                    host.clone()
                }
                _ => {
                    let text = "the URL of a service has its name in the place of the host";
                    return Err(Unavailable::new(UnavailableCause::Other, text));
                }
            };
        }
        Ok(Self::on(Server::Sentinel { sentinels, service: name, node: Box::new(node) }))
    }

    /// A store in a Redis Cluster. These are some of its nodes, from which it learns of the others.
    ///
    /// ```
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # fn main() -> Result<(), Unavailable> {
    /// let store = RedisStore::cluster(["redis://10.0.0.1:6379/", "redis://10.0.0.2:6379/", "redis://10.0.0.3:6379/"])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cluster(nodes: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Unavailable> {
        let nodes = addresses(nodes)?;
        let client = ClusterClientBuilder::new(nodes.clone())
            .connection_timeout(RESPONSE_TIMEOUT)
            .response_timeout(RESPONSE_TIMEOUT)
            .overall_response_timeout(Some(RESPONSE_TIMEOUT))
            // For redirections, and slots that are on their way. The session's node repeats its requests by itself.
            .retries(4)
            .min_retry_wait(10)
            .max_retry_wait(100)
            .build()
            .map_err(unavailable)?;
        Ok(Self::on(Server::Cluster { client: Box::new(client), nodes }))
    }

    fn on(server: Server) -> Self {
        #[cfg(feature = "tls")]
        has_cryptography();
        Self::with_connector(Connector::new(server, |connection, name| {
            drop(tokio::spawn(settings::check(connection, name)));
        }))
    }
}

/// rustls needs an implementation of its cryptography, one for the process: what the app has chosen, or else ring.
#[cfg(feature = "tls")]
fn has_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn addresses(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<ConnectionInfo>, Unavailable> {
    urls.into_iter().map(|url| url.as_ref().into_connection_info().map_err(invalid)).collect()
}

/// A URL, or what else the app has set, is of no use.
fn invalid(error: RedisError) -> Unavailable {
    let text = format!(
        "{error}. The URL of a Redis is redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// with the feature `tls`"
    );
    Unavailable::new(UnavailableCause::Other, text)
}
