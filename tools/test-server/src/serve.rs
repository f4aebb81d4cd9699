//! What each route does with a connection, from the handshake on.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::connection::{Connection, end_tcp, hold, reset};
use crate::frames::{self, close_frame};
use crate::head::Head;
use crate::response;
use crate::route::{Failure, Push, Route, Then};
use crate::session::SessionManager;
use crate::stats::Stats;

/// Does with a connection what its route says, to its end.
pub async fn serve(route: Route, head: Head, mut stream: TcpStream, stats: &Stats, sessions: &SessionManager) {
    let key = match head.websocket_key() {
        Ok(key) => key,
        Err(complaint) => return response::refuse(stream, 426, &complaint).await,
    };
    let stats = stats.accepted(head.parameter("id"));
    match route {
        Route::Stats { .. } | Route::Tally { .. } => {}
        Route::FailHandshake(failure) => fail_handshake(failure, stream).await,
        Route::Session { protocol, options } => {
            let switching = response::switching(&key, Some(&protocol));
            if stream.write_all(switching.as_bytes()).await.is_ok() {
                sessions.serve(Connection::new(stream, head.rest, stats).await, options).await;
            }
        }
        Route::Talk { protocol, after, then } => {
            let switching = response::switching(&key, protocol.as_deref());
            if stream.write_all(switching.as_bytes()).await.is_err() {
                return;
            }
            let about = about(&head);
            let mut connection = Connection::new(stream, head.rest, stats).await;
            match echo(&mut connection, after).await {
                Echoed::All => act(connection, then, about).await,
                Echoed::Some => connection.finish().await,
            }
        }
    }
}

async fn fail_handshake(failure: Failure, mut stream: TcpStream) {
    match failure {
        Failure::Status(status) => response::refuse(stream, status, "as asked").await,
        Failure::Garbage => {
            let _ = stream.write_all(frames::GARBAGE).await;
            end_tcp(&mut stream).await;
        }
        Failure::BadAccept => {
            let _ = stream.write_all(response::invalid_switching(None).as_bytes()).await;
            hold(&stream).await;
        }
        Failure::Hang => hold(&stream).await,
        Failure::Refuse => reset(stream),
    }
}

async fn act(mut connection: Connection, then: Then, about: String) {
    match then {
        Then::Echo => echo_on(connection).await,
        Then::Headers => {
            connection.send(Message::text(about)).await;
            echo_on(connection).await;
        }
        Then::Count => {
            while let Some(message) = connection.receive().await {
                connection.send(receipt(&message)).await;
            }
            connection.finish().await;
        }
        Then::Push(push) => {
            send_all(&mut connection, &push).await;
            echo_on(connection).await;
        }
        Then::Close(code) => {
            let code = code.as_ref().map(|(code, reason)| (*code, reason.as_str()));
            send_last(connection, &close_frame(code)).await;
        }
        Then::Break(frame) => send_last(connection, &frame.bytes()).await,
        Then::Fin => connection.end_tcp().await,
        Then::Reset => connection.reset(),
        Then::Blackhole => connection.hold().await,
        Then::Silent => {
            // The Close frame that ends the loop is read, but its answer is never flushed.
            echo(&mut connection, u64::MAX).await;
            connection.hold().await;
        }
    }
}

/// Whether as many messages as asked for came before the client left.
enum Echoed {
    All,
    Some,
}

async fn echo(connection: &mut Connection, messages: u64) -> Echoed {
    for _ in 0..messages {
        match connection.receive().await {
            Some(message) => connection.send(message).await,
            None => return Echoed::Some,
        };
    }
    Echoed::All
}

async fn echo_on(mut connection: Connection) {
    echo(&mut connection, u64::MAX).await;
    connection.finish().await;
}

/// Sends a frame after which the client closes, waits until it has, and ends TCP. The client's Close frame is not
/// answered: the server's was the frame, or the frame was invalid and the client fails the connection.
async fn send_last(mut connection: Connection, frame: &[u8]) {
    connection.write_raw(frame).await;
    while connection.receive().await.is_some() {}
    connection.end_tcp().await;
}

/// Sends the messages of `/push`, and echoes what comes meanwhile.
async fn send_all(connection: &mut Connection, push: &Push) {
    let mut due = Instant::now();
    for number in 0..push.count {
        // A deadline that has passed still lets a message in that is already there.
        while let Ok(message) = timeout_at(due, connection.receive()).await {
            let Some(message) = message else { return };
            connection.send(message).await;
        }
        if !connection.feed(pushed(number, push)).await {
            return;
        }
        if push.interval > 0 {
            due = Instant::now() + Duration::from_millis(push.interval);
            connection.flush().await;
        }
    }
    connection.flush().await;
}

/// Text begins with its number and is filled with dots; binary is that number's last byte, repeated.
fn pushed(number: u64, push: &Push) -> Message {
    if push.binary {
        Message::binary(vec![number.to_le_bytes()[0]; push.size])
    } else {
        let mut text = number.to_string();
        text.extend(std::iter::repeat_n('.', push.size.saturating_sub(text.len())));
        Message::text(text)
    }
}

/// What `/count` answers, by which a test knows that each byte arrived.
fn receipt(message: &Message) -> Message {
    let kind = if message.is_text() { "text" } else { "binary" };
    let digest = Sha256::digest(message.clone().into_data());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Message::text(json!({ "bytes": message.len(), "kind": kind, "sha256": hex }).to_string())
}

/// What `/headers` answers about the handshake.
fn about(head: &Head) -> String {
    json!({
        "path": head.path,
        "query": head.query,
        "sec-websocket-protocol": head.header("sec-websocket-protocol"),
        "sec-websocket-extensions": head.header("sec-websocket-extensions"),
        "origin": head.header("origin"),
        "cookie": head.header("cookie").is_some(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_counts_bytes_not_characters() {
        let receipt = receipt(&Message::text("aä")).into_text().unwrap();
        let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!((&receipt["bytes"], &receipt["kind"]), (&json!(3), &json!("text")));
    }

    #[test]
    fn a_pushed_message_is_as_long_as_asked_and_begins_with_its_number() {
        let push = |binary, size| Push { count: 1, size, binary, interval: 0 };
        assert_eq!(pushed(12, &push(false, 5)), Message::text("12..."));
        assert_eq!(pushed(12, &push(false, 0)), Message::text("12"));
        assert_eq!(pushed(258, &push(true, 2)), Message::binary(vec![2, 2]));
    }
}
