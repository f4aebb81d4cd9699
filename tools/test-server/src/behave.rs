//! What happens on a connection, from the handshake on: each route's conduct.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::answer;
use crate::crimes::{self, close_frame};
use crate::head::Head;
use crate::line::{Line, hang_up, hold, reset};
use crate::route::{Failure, Push, Route, Then};
use crate::session::Hall;
use crate::stats::Stats;

/// Does with a connection what its route says, to its end.
pub async fn perform(route: Route, head: Head, mut stream: TcpStream, stats: &Stats, hall: &Hall) {
    let key = match head.websocket_key() {
        Ok(key) => key,
        Err(complaint) => return answer::refuse(stream, 426, &complaint).await,
    };
    let visit = stats.arrive(head.parameter("id"));
    match route {
        Route::Stats { .. } | Route::Tally { .. } => {}
        Route::FailHandshake(failure) => fail_handshake(failure, stream).await,
        Route::Session { protocol, conduct } => {
            let switching = answer::switching(&key, Some(&protocol));
            if stream.write_all(switching.as_bytes()).await.is_ok() {
                hall.serve(Line::new(stream, head.rest, visit).await, conduct).await;
            }
        }
        Route::Talk { protocol, after, then } => {
            let switching = answer::switching(&key, protocol.as_deref());
            if stream.write_all(switching.as_bytes()).await.is_err() {
                return;
            }
            let about = about(&head);
            let mut line = Line::new(stream, head.rest, visit).await;
            match echo(&mut line, after).await {
                Told::All => talk(line, then, about).await,
                Told::Some => line.finish().await,
            }
        }
    }
}

async fn fail_handshake(failure: Failure, mut stream: TcpStream) {
    match failure {
        Failure::Status(status) => answer::refuse(stream, status, "as asked").await,
        Failure::Garbage => {
            let _ = stream.write_all(crimes::GARBAGE).await;
            hang_up(&mut stream).await;
        }
        Failure::BadAccept => {
            let _ = stream.write_all(answer::forged_switching(None).as_bytes()).await;
            hold(&stream).await;
        }
        Failure::Hang => hold(&stream).await,
        Failure::Refuse => reset(stream),
    }
}

async fn talk(mut line: Line, then: Then, about: String) {
    match then {
        Then::Echo => echo_on(line).await,
        Then::Headers => {
            line.send(Message::text(about)).await;
            echo_on(line).await;
        }
        Then::Count => {
            while let Some(message) = line.receive().await {
                line.send(receipt(&message)).await;
            }
            line.finish().await;
        }
        Then::Push(push) => {
            send_all(&mut line, &push).await;
            echo_on(line).await;
        }
        Then::Close(code) => {
            let code = code.as_ref().map(|(code, reason)| (*code, reason.as_str()));
            break_off(line, &close_frame(code)).await;
        }
        Then::Commit(crime) => break_off(line, &crime.frame()).await,
        Then::Fin => line.hang_up().await,
        Then::Reset => line.reset(),
        Then::Blackhole => line.hold().await,
        Then::Silent => {
            // The Close frame that ends this is read, but its answer is never flushed.
            echo(&mut line, u64::MAX).await;
            line.hold().await;
        }
    }
}

/// Whether as many messages as wanted came before the client left.
enum Told {
    All,
    Some,
}

async fn echo(line: &mut Line, messages: u64) -> Told {
    for _ in 0..messages {
        match line.receive().await {
            Some(message) => line.send(message).await,
            None => return Told::Some,
        };
    }
    Told::All
}

async fn echo_on(mut line: Line) {
    echo(&mut line, u64::MAX).await;
    line.finish().await;
}

/// Sends a frame that ends the conversation, waits for the client's last word, and ends TCP. The
/// client's Close frame is not answered: ours has been sent already, or the client is the injured one.
async fn break_off(mut line: Line, frame: &[u8]) {
    line.write_raw(frame).await;
    while line.receive().await.is_some() {}
    line.hang_up().await;
}

/// Sends what `/push` promised, and echoes what comes meanwhile.
async fn send_all(line: &mut Line, push: &Push) {
    let mut due = Instant::now();
    for number in 0..push.count {
        // A deadline that has passed still lets a message in that is already there.
        while let Ok(message) = timeout_at(due, line.receive()).await {
            let Some(message) = message else { return };
            line.send(message).await;
        }
        if !line.feed(pushed(number, push)).await {
            return;
        }
        if push.interval > 0 {
            due = Instant::now() + Duration::from_millis(push.interval);
            line.flush().await;
        }
    }
    line.flush().await;
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

/// What `/count` answers: by it a test knows that each byte arrived.
fn receipt(message: &Message) -> Message {
    let kind = if message.is_text() { "text" } else { "binary" };
    let digest = Sha256::digest(message.clone().into_data());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Message::text(json!({ "bytes": message.len(), "kind": kind, "sha256": hex }).to_string())
}

/// What `/headers` tells of the handshake.
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
    fn a_receipt_names_bytes_not_letters() {
        let receipt = receipt(&Message::text("aä")).into_text().unwrap();
        let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!((&receipt["bytes"], &receipt["kind"]), (&json!(3), &json!("text")));
    }

    #[test]
    fn a_pushed_message_is_as_long_as_asked_and_tells_its_number() {
        let push = |binary, size| Push { count: 1, size, binary, interval: 0 };
        assert_eq!(pushed(12, &push(false, 5)), Message::text("12..."));
        assert_eq!(pushed(12, &push(false, 0)), Message::text("12"));
        assert_eq!(pushed(258, &push(true, 2)), Message::binary(vec![2, 2]));
    }
}
