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
            // Axum answers pings, and a close frame ends the stream.
            _ => continue,
        };
        let answered = match talk.handle(text) {
            Answer::Nothing => Ok(()),
            Answer::Echo => socket.send(message).await,
            Answer::Send(message, count) => send(&mut socket, &framed(message), count).await,
            Answer::Close => return close(socket).await,
        };
        if answered.is_err() {
            return;
        }
    }
}

/// Sends the same message so many times, as fast as possible.
pub async fn send(socket: &mut WebSocket, message: &Message, count: usize) -> Result<(), axum::Error> {
    for _ in 0..count {
        socket.feed(message.clone()).await?;
    }
    socket.flush().await
}

/// Closes with a code after which every contender reconnects.
pub async fn close(mut socket: WebSocket) {
    let _ = socket.send(Message::Close(Some(CloseFrame { code: 4000, reason: "as asked".into() }))).await;
    // The client closes too.
    while let Some(Ok(_)) = socket.recv().await {}
}

fn framed(message: undrop_server::Message) -> Message {
    match message {
        undrop_server::Message::Text(text) => Message::Text(Utf8Bytes::try_from(Bytes::from(text)).unwrap_or_default()),
        undrop_server::Message::Binary(bytes) => Message::Binary(bytes),
    }
}

/// Sends each message to all members of the room.
pub async fn join(upgrade: WebSocketUpgrade, room: Sender<Message>) -> Response {
    // Subscribed before the handshake is answered, so that a client that is connected misses nothing.
    let messages = room.subscribe();
    upgrade.on_upgrade(|socket| serve_member(socket, room, messages))
}

/// The same, with a read buffer of so many bytes.
pub async fn join_with(upgrade: WebSocketUpgrade, room: Sender<Message>, read_buffer: usize) -> Response {
    join(upgrade.read_buffer_size(read_buffer), room).await
}

async fn serve_member(socket: WebSocket, room: Sender<Message>, mut messages: Receiver<Message>) {
    let (mut sink, mut stream) = socket.split();
    loop {
        tokio::select! {
            received = stream.next() => match received {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    // It fails only in a room without members, and this is one.
                    let _ = room.send(message);
                }
                Some(Ok(_)) => {}
                _ => return,
            },
            message = messages.recv() => match message {
                Ok(message) => if sink.send(message).await.is_err() { return },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}
