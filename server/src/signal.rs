//! When the process is told to end.

use std::future::pending;

use tracing::warn;

/// Waits for the next SIGTERM or SIGINT, as systemd, Kubernetes and Ctrl+C send them; elsewhere than on Unix for Ctrl+C. From
/// the first call on they do not end the process any more by themselves.
pub async fn until_signal() {
    if let Err(error) = signalled().await {
        warn!(%error, "signals can't be listened for: SIGTERM does not end the server in order");
        pending().await
    }
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
