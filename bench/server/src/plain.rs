//! The routes without a session: axum's own WebSocket.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::broadcast::{Receiver, Sender, error::RecvError};

use crate::talk::{Answer, Talk};

pub async fn talk(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(converse)
}

async fn converse(mut socket: WebSocket) {
    let mut talk = Talk::default();
    while let Some(Ok(message)) = socket.recv().await {
        let text = match &message {
            Message::Text(text) => Some(text.as_str()),
            Message::Binary(_) => None,
            // Pings are answered below, and a close ends the stream.
            _ => continue,
        };
        let answered = match talk.hear(text) {
            Answer::Nothing => Ok(()),
            Answer::Echo => socket.send(message).await,
            Answer::Say(said, count) => say(&mut socket, &framed(said), count).await,
            Answer::Bye => return bid_farewell(socket).await,
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

/// With a close code after which everybody here dials again.
pub async fn bid_farewell(mut socket: WebSocket) {
    let _ = socket.send(Message::Close(Some(CloseFrame { code: 4000, reason: "as asked".into() }))).await;
    // Until the other end has closed, too.
    while let Some(Ok(_)) = socket.recv().await {}
}

fn framed(message: undrop_server::Message) -> Message {
    match message {
        undrop_server::Message::Text(text) => Message::Text(Utf8Bytes::try_from(Bytes::from(text)).unwrap_or_default()),
        undrop_server::Message::Binary(bytes) => Message::Binary(bytes),
    }
}

/// Hands each message to all that are in the room.
pub async fn enter(upgrade: WebSocketUpgrade, room: Sender<Message>) -> Response {
    // Whoever has been let in hears what is said from then on.
    let shouts = room.subscribe();
    upgrade.on_upgrade(|socket| stay(socket, room, shouts))
}

/// The same, reading so many bytes at once.
pub async fn enter_with(upgrade: WebSocketUpgrade, room: Sender<Message>, read_buffer: usize) -> Response {
    enter(upgrade.read_buffer_size(read_buffer), room).await
}

async fn stay(socket: WebSocket, room: Sender<Message>, mut shouts: Receiver<Message>) {
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
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}
