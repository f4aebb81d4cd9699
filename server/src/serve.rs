//! A server for an axum app that clients can't wear out by being slow.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use proxy_header::ParseConfig;
use proxy_header::io::ProxiedStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tower_service::Service as _;
use tracing::{debug, warn};

use crate::admission::Connections;
use crate::metrics::{Gauge, count_accept_error};

/// How an app is served. A duration bounds what a client may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServeOptions {
    /// How long a client may take over the head of a request, from its connection or its last request on. So it is also for how
    /// long an idle connection that is no WebSocket is kept. Default: 10 s.
    pub header_timeout: Duration,
    /// How many bytes the head of a request may have. Default: 16 KiB.
    pub header_bytes: usize,
    /// How many headers a request may have. Default: 64.
    pub headers: usize,
    /// How many TCP connections there may be that are not WebSockets yet. A further one waits in the kernel's queue. Default:
    /// 10,000.
    pub connections: usize,
    /// How many of those one address may have. A further one is closed at once. Behind a proxy that has no PROXY protocol, all
    /// are the proxy's. Default: 1,000.
    pub connections_per_address: usize,
    /// Whether each connection begins with a PROXY protocol header, version 1 or 2, which a proxy in front sends, and which names
    /// the client's address. Only for a port that no one but the proxy reaches. Default: no.
    /// <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>
    pub proxy_protocol: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            header_bytes: 16 << 10,
            headers: 64,
            connections: 10_000,
            connections_per_address: 1_000,
            proxy_protocol: false,
        }
    }
}

/// Serves an app on a listener, until `shutdown` is done: then it takes no more connections, and those that are WebSockets go on
/// until [`Sessions::shut_down`](crate::Sessions::shut_down) has ended their sessions.
///
/// As `axum::serve`, with limits on what a slow client may take, TCP_NODELAY, and the client's address for the limits that count
/// by it.
///
/// ```no_run
/// # async fn chat(_: undrop_server::SessionUpgrade) {}
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use axum::{Router, routing::any};
/// use undrop_server::{Config, ServeOptions, Sessions, serve};
///
/// let sessions = Sessions::new(Config::default());
/// let app = Router::new().route("/chat", any(chat)).with_state(sessions.clone());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// let stopped = async {
///     let _ = tokio::signal::ctrl_c().await;
///     sessions.shut_down().await;
/// };
/// serve(listener, app, ServeOptions::default(), stopped).await
/// # }
/// ```
pub async fn serve(
    listener: TcpListener,
    app: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let waiting = Arc::new(Semaphore::new(options.connections.min(Semaphore::MAX_PERMITS)));
    let addresses = Connections::new(usize::MAX, options.connections_per_address, Gauge::default());
    let options = Arc::new(options);
    let accepting = async {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = waiting.clone().acquire_owned().await else { return };
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Mostly that the process has too many files open, which takes a moment to change.
                    count_accept_error(&error);
                    warn!(%error, "no connection could be accepted");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (app, options, addresses) = (app.clone(), options.clone(), addresses.clone());
            tokio::spawn(async move {
                serve_connection(stream, peer, app, &options, &addresses).await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown => {}
    }
    Ok(())
}

/// Serves the requests of a connection. Returns when it ends, or has become a WebSocket.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    options: &ServeOptions,
    addresses: &Arc<Connections>,
) {
    // It fails for a connection that is gone.
    let _ = stream.set_nodelay(true);
    if !options.proxy_protocol {
        let Ok(_admitted) = addresses.admit(Some(peer.ip())) else { return };
        return serve_stream(stream, peer, app, options).await;
    }
    let parsing = ProxiedStream::create_from_tokio(stream, ParseConfig::default());
    match timeout(options.header_timeout, parsing).await {
        Ok(Ok(stream)) => {
            // A health check of the proxy itself names no address.
            let client = stream.proxy_header().proxied_address().map_or(peer, |address| address.source);
            let Ok(_admitted) = addresses.admit(Some(client.ip())) else { return };
            serve_stream(stream, client, app, options).await;
        }
        Ok(Err(error)) => {
            debug!(address = %peer.ip(), %error, "the connection does not begin with a PROXY protocol header")
        }
        Err(_) => debug!(address = %peer.ip(), "no PROXY protocol header in time"),
    }
}

/// Serves an app on one connection of this client, whatever stream it is, with the limits of [`serve`] on a single connection.
/// Returns when it ends, or has become a WebSocket. For listeners that [`serve`] can't take: of TLS, say, or of Unix sockets.
pub async fn serve_stream<S>(stream: S, client: SocketAddr, app: Router, options: &ServeOptions)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(client));
        app.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        .max_headers(options.headers)
        // Less than this hyper does not take.
        .max_buf_size(options.header_bytes.max(8 << 10))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        debug!(address = %client.ip(), %error, "the connection failed");
    }
}
