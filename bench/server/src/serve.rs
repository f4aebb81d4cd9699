//! The routes. Each is a WebSocket:
//!
//! - `/talk` does what its messages say, see [`talk`](crate::talk);
//! - `/centrifuge` is the same in that library's protocol;
//! - `/room` sends each message to all of its members, as does `/small-room`, with the read buffers of undrop-server;
//! - `/session` and `/session-room` are `/talk` and `/room` with the protocol `undrop.1`.

use axum::Router;
use axum::routing::any;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::broadcast::channel;
use undrop_server::Sessions;

use crate::{centrifuge, plain, sessions, stdio};

/// The most messages that a member may lag behind. A member further behind misses messages, and the crowd's run fails.
const BACKLOG: usize = 1 << 12;

/// The read buffer of undrop-server by default, in bytes.
const SMALL_BUFFER: usize = 4 << 10;

pub async fn serve() -> Result<(), String> {
    let (room, small_room, session_room) = (channel(BACKLOG).0, channel(BACKLOG).0, channel(BACKLOG).0);
    let routes = Router::new()
        .route("/talk", any(plain::talk))
        .route("/centrifuge", any(centrifuge::talk))
        .route("/room", any(move |upgrade| plain::join(upgrade, room)))
        .route("/small-room", any(move |upgrade| plain::join_with(upgrade, small_room, SMALL_BUFFER)))
        .route("/session", any(sessions::talk))
        .route("/session-room", any(move |upgrade| sessions::join(upgrade, session_room)))
        .with_state(Sessions::new(sessions::config()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    stdio::print(&format!("listening ws://{address}"))?;
    // Nagle's algorithm would delay small frames.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::select! {
        served = axum::serve(listener, routes).into_future() => served.map_err(|error| error.to_string()),
        () = stdio::closed() => Ok(()),
    }
}
