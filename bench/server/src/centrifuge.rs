//! As much of centrifuge's JSON protocol as its client needs to connect and to exchange messages: lines of JSON, several
//! in a frame. <https://centrifugal.dev/docs/transports/client_protocol>

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};

use crate::plain::{close, send};
use crate::talk::{Answer, Talk};

pub async fn talk(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(converse)
}

async fn converse(mut socket: WebSocket) {
    let mut talk = Talk::default();
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(frame) = message else { continue };
        for line in frame.lines() {
            let Ok(command) = serde_json::from_str::<Value>(line) else { return };
            let sent = if command.get("connect").is_some() {
                let reply = json!({ "id": command["id"], "connect": { "client": "a", "version": "1" } });
                send(&mut socket, &Message::text(reply.to_string()), 1).await
            } else if let Some(data) = command.pointer("/send/data") {
                let data = data.to_string();
                match talk.handle(Some(&data)) {
                    Answer::Nothing => Ok(()),
                    Answer::Echo => send(&mut socket, &push(&data), 1).await,
                    Answer::Send(message, count) => {
                        send(&mut socket, &push(message.as_text().unwrap_or("null")), count).await
                    }
                    Answer::Close => return close(socket).await,
                }
            } else {
                Ok(())
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

/// A message of the server in the protocol.
fn push(data: &str) -> Message {
    Message::text(format!(r#"{{"push":{{"message":{{"data":{data}}}}}}}"#))
}
