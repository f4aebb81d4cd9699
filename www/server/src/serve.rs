//! Serves the site over connections with injectable faults, and bounds what a client may take that is slow or has many headers.
//! `undrop_server::serve` does the same for connections without faults.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tower_service::Service as _;
use undrop_server::ServeOptions;

use crate::faults::FaultyStream;

/// The most TCP connections that are not WebSockets yet. A further one waits in the kernel's queue.
const CONNECTIONS: usize = 1_000;
/// How long to wait when no connection can be accepted, which mostly means that too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the site for ever.
pub async fn serve(listener: TcpListener, site: Router) {
    let waiting = Arc::new(Semaphore::new(CONNECTIONS));
    // The semaphore is never closed.
    while let Ok(permit) = waiting.clone().acquire_owned().await {
        let Ok((stream, address)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Nagle's algorithm would lengthen the round trips that the page shows. Where the option fails the chat still works.
        let _ = stream.set_nodelay(true);
        let site = site.clone();
        tokio::spawn(async move {
            serve_connection(FaultyStream::new(stream), address, site).await;
            drop(permit);
        });
    }
}

/// Serves the requests of a connection. Returns when it ends, or has become a WebSocket.
async fn serve_connection(stream: FaultyStream, address: SocketAddr, site: Router) {
    let ServeOptions { header_timeout, header_bytes, headers, .. } = ServeOptions::default();
    let peer = stream.peer(address);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer.clone()));
        // For the limits by address of the session manager.
        request.extensions_mut().insert(ConnectInfo(address));
        site.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(headers)
        .max_buf_size(header_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    // A connection that fails has nobody to tell.
    let _ = connection.await;
}
