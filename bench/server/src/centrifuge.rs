//! As much of centrifuge's JSON protocol as its client needs to connect and to exchange messages: lines of JSON, several
//! in a frame. <https://centrifugal.dev/docs/transports/client_protocol>

use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};

use crate::serve::{bye, say};
use crate::talk::{Answer, Talk};

pub async fn talk(mut socket: WebSocket) {
    let mut talk = Talk::default();
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(frame) = message else { continue };
        for line in frame.lines() {
            let Ok(command) = serde_json::from_str::<Value>(line) else { return };
            let sent = if command.get("connect").is_some() {
                let reply = json!({ "id": command["id"], "connect": { "client": "a", "version": "1" } });
                say(&mut socket, &Message::text(reply.to_string()), 1).await
            } else if let Some(data) = command.pointer("/send/data") {
                match talk.hear(Message::text(data.to_string())) {
                    Answer::Nothing => Ok(()),
                    Answer::Say(message, count) => say(&mut socket, &push(&message), count).await,
                    Answer::Bye => {
                        let _ = say(&mut socket, &bye(), 1).await;
                        while let Some(Ok(_)) = socket.recv().await {}
                        return;
                    }
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

/// What the talk says, as the protocol has it.
fn push(message: &Message) -> Message {
    let data = message.to_text().unwrap_or("null");
    Message::text(format!(r#"{{"push":{{"message":{{"data":{data}}}}}}}"#))
}
