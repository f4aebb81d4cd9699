//! Serves the site over connections with injectable faults.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use undrop_server::{ServeOptions, serve_stream};

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

async fn serve_connection(stream: FaultyStream, address: SocketAddr, site: Router) {
    let site = site.layer(Extension(ConnectInfo(stream.peer(address))));
    serve_stream(stream, address, site, &ServeOptions::default()).await;
}
