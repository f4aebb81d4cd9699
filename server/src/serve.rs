//! A server for an axum app that clients can't wear out by being slow.

use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
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
use tokio::sync::{Semaphore, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};
use tower_service::Service as _;
use tracing::{debug, warn};

use crate::admission::{Admitted, Connections};
use crate::hints::Hints;
use crate::metrics::{Gauge, count_accept_error};
use crate::reminder::Reminder;

/// How an app is served. A duration bounds what a client may take.
///
/// ```
/// use std::time::Duration;
/// use undrop_server::ServeOptions;
///
/// let options = ServeOptions::default().header_timeout(Duration::from_secs(5)).proxy_protocol(true);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServeOptions {
    pub(crate) header_timeout: Duration,
    pub(crate) header_bytes: usize,
    pub(crate) headers: usize,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) proxy_protocol: bool,
}

impl ServeOptions {
    /// How long a client may take over the head of a request, from its connection or its last request on. So it is also for how
    /// long an idle connection that is no WebSocket is kept. Default: 10 s.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// How many bytes the head of a request may have. Default: 16 KiB.
    pub fn header_bytes(mut self, bytes: usize) -> Self {
        self.header_bytes = bytes;
        self
    }

    /// How many headers a request may have. Default: 64.
    pub fn headers(mut self, headers: usize) -> Self {
        self.headers = headers;
        self
    }

    /// How many TCP connections there may be that are not WebSockets yet. A further one waits in the kernel's queue. Default:
    /// 10,000.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How many TCP connections one address may have that are not WebSockets yet. A further one is closed at once. Behind a proxy
    /// that has no PROXY protocol, all are the proxy's: there a [`Server`](crate::Server) whose sessions have
    /// [`Config::proxies`](crate::Config::proxies) has no such limit. Default: 1,000.
    pub fn connections_per_address(mut self, connections: usize) -> Self {
        self.connections_per_address = connections;
        self
    }

    /// Whether each connection begins with a PROXY protocol header, version 1 or 2, which a proxy in front sends, and which names
    /// the client's address. Only for a port that no one but the proxy reaches. Default: no.
    /// <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>
    pub fn proxy_protocol(mut self, proxy_protocol: bool) -> Self {
        self.proxy_protocol = proxy_protocol;
        self
    }
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
/// by it. A [`Server`](crate::Server) does this, and ends in order by itself.
///
/// ```no_run
/// # async fn chat(_: undrop_server::SessionUpgrade) {}
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use axum::{Router, routing::any};
/// use undrop_server::{Config, ServeOptions, Sessions, serve, until_signal};
///
/// let sessions = Sessions::new(Config::default());
/// let app = Router::new().route("/chat", any(chat)).with_state(sessions.clone());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// let stopped = async {
///     until_signal().await;
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
    let _requests = serve_until(listener, app, options, shutdown).await;
    Ok(())
}

/// The requests that are being answered after the listener was closed.
pub(crate) struct Requests(watch::Sender<bool>);

impl Requests {
    /// Waits until all are answered. Connections that are WebSockets are none any more.
    pub(crate) async fn finished(&self) {
        self.0.closed().await;
    }
}

/// As [`serve`], and returns the requests that are being answered then: their connections take no further ones.
pub(crate) async fn serve_until(
    listener: TcpListener,
    app: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Requests {
    let waiting = Arc::new(Semaphore::new(options.connections.min(Semaphore::MAX_PERMITS)));
    let addresses = Connections::new(usize::MAX, options.connections_per_address, Gauge::default());
    let (closing, is_closing) = watch::channel(false);
    let hints = Arc::new(Hints::default());
    let options = Arc::new(options);
    let mut reminder = Reminder::default();
    let accepting = async {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = waiting.clone().acquire_owned().await else { return };
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Mostly that the process has too many files open, which takes a moment to change.
                    count_accept_error(&error);
                    if let Some(failures) = reminder.note(Instant::now()) {
                        warn!(%error, failures, "no connection could be accepted");
                    }
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (app, options, addresses, hints) = (app.clone(), options.clone(), addresses.clone(), hints.clone());
            let mut is_closing = is_closing.clone();
            tokio::spawn(async move {
                let admission = Admission { options: &options, addresses: &addresses, hints: &hints };
                let closing = async {
                    let _ = is_closing.wait_for(|is_closing| *is_closing).await;
                };
                serve_connection(stream, peer, app, admission, closing).await;
                drop((permit, is_closing));
            });
            // A thousand that come at once do not hold up those that are there.
            yield_now().await;
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown => {}
    }
    drop((listener, is_closing));
    closing.send_replace(true);
    Requests(closing)
}

/// What a connection has to pass.
struct Admission<'a> {
    options: &'a ServeOptions,
    addresses: &'a Arc<Connections>,
    hints: &'a Hints,
}

impl Admission<'_> {
    fn admit(&self, client: SocketAddr) -> Option<Admitted> {
        let admitted = self.addresses.admit(Some(client.ip()));
        if admitted.is_err() {
            debug!(%client, "the address has too many connections that are no WebSockets");
            self.hints.address_exhausted(client.ip(), "ServeOptions::connections_per_address");
        }
        admitted.ok()
    }
}

/// Serves the requests of a connection, after `closing` no further one. Returns when it ends, or has become a WebSocket.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    admission: Admission<'_>,
    closing: impl Future<Output = ()>,
) {
    let options = admission.options;
    // It fails for a connection that is gone.
    let _ = stream.set_nodelay(true);
    if !options.proxy_protocol {
        let Some(_admitted) = admission.admit(peer) else { return };
        return serve_stream_until(stream, peer, app, options, closing).await;
    }
    let parsing = ProxiedStream::create_from_tokio(stream, ParseConfig::default());
    match timeout(options.header_timeout, parsing).await {
        Ok(Ok(stream)) => {
            // A health check of the proxy itself names no address.
            let client = stream.proxy_header().proxied_address().map_or(peer, |address| address.source);
            let Some(_admitted) = admission.admit(client) else { return };
            serve_stream_until(stream, client, app, options, closing).await;
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
    serve_stream_until(stream, client, app, options, pending()).await;
}

async fn serve_stream_until<S>(
    stream: S,
    client: SocketAddr,
    app: Router,
    options: &ServeOptions,
    closing: impl Future<Output = ()>,
) where
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
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = closing => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        debug!(address = %client.ip(), %error, "the connection failed");
    }
}
