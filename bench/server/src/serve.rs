//! The routes. Below each is a WebSocket:
//!
//! - `/talk` does what its messages say, see [`talk`](crate::talk);
//! - `/centrifuge` is the same in that library's protocol;
//! - `/room` hands each message to all that are in it.
//!
//! `/features` is a JSON list of what else there is: `session`, where `/session` is `/talk` with the protocol `undrop.1`.

use std::io::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{any, get};
use axum::serve::ListenerExt as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use crate::talk::{Answer, Talk};
use crate::{centrifuge, told_to_stop};

type Room = Arc<broadcast::Sender<Message>>;

/// More than anybody here is behind by; who is behind further misses messages, and is missed by the crowd.
const BACKLOG: usize = 1 << 12;

pub async fn serve() -> Result<(), String> {
    let room: Room = Arc::new(broadcast::channel(BACKLOG).0);
    let routes = Router::new()
        .route("/features", get(|| async { "[]" }))
        .route("/talk", any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(talk) }))
        .route("/centrifuge", any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(centrifuge::talk) }))
        .route("/room", any(enter))
        .with_state(room);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening ws://{address}").and_then(|()| stdout.flush()).map_err(|error| error.to_string())?;
    // Small frames leave at once, as round trips want it.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::select! {
        served = axum::serve(listener, routes).into_future() => served.map_err(|error| error.to_string()),
        () = told_to_stop() => Ok(()),
    }
}

async fn talk(mut socket: WebSocket) {
    let mut talk = Talk::default();
    while let Some(Ok(message)) = socket.recv().await {
        let answered = match talk.hear(message) {
            Answer::Nothing => Ok(()),
            Answer::Say(message, count) => say(&mut socket, &message, count).await,
            Answer::Bye => {
                let _ = socket.send(bye()).await;
                // Until the other end has closed, too.
                while let Some(Ok(_)) = socket.recv().await {}
                return;
            }
        };
        if answered.is_err() {
            return;
        }
    }
}

/// The same message so many times, and as fast as it goes.
pub async fn say(socket: &mut WebSocket, message: &Message, count: usize) -> Result<(), axum::Error> {
    for _ in 0..count {
        socket.feed(message.clone()).await?;
    }
    socket.flush().await
}

/// A close code after which everybody here dials again.
pub fn bye() -> Message {
    Message::Close(Some(axum::extract::ws::CloseFrame { code: 4000, reason: "as asked".into() }))
}

async fn enter(State(room): State<Room>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| stay(socket, room))
}

async fn stay(socket: WebSocket, room: Room) {
    let mut shouts = room.subscribe();
    let (mut sink, mut stream) = socket.split();
    loop {
        tokio::select! {
            heard = stream.next() => match heard {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    // It fails when nobody is in the room, but here is one.
                    let _ = room.send(message);
                }
                Some(Ok(_)) => {}
                _ => return,
            },
            shout = shouts.recv() => match shout {
                Ok(message) => if sink.send(message).await.is_err() { return },
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            },
        }
    }
}
