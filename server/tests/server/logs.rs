//! What a session logs, and that no secret is in it at any level.

use std::process::Stdio;

use tokio::io::AsyncReadExt as _;

use crate::support::log::Log;
use crate::support::server::{Tap, config};
use crate::support::{Client, Server};
use undrop_server::Principal;

#[tokio::test]
async fn a_session_has_a_line_when_it_begins_when_it_is_resumed_and_when_it_ends() {
    let (log, _logging) = Log::start();
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "?user=ann&key=secret").await;
    let mut held = tap.next().await;
    client.cut();
    server.metric_becomes("undrop_sessions{state=\"waiting\"}", 1).await;
    client.connect().await;
    client.end().await;
    held.ends().await;
    let lines = log.lines("INFO undrop_server::sessions ");
    let id = held.session.id();
    let principal = Principal::user("ann").log_id();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, words) in lines.iter().zip([
        ["message=session begins", "address=127.0.0.1", "path=\"/\""],
        ["message=session resumes", "away=", "from=\"here\""],
        ["message=session ends", "cause=\"client\"", ""],
    ]) {
        for word in words {
            assert!(line.contains(word), "{word} is not in {line}");
        }
        assert!(line.contains(&format!("session: session={id} principal=\"{principal}\"")), "{line}");
    }
    assert!(!log.text().contains("secret") && !log.text().contains("user:ann"), "{}", log.text());
}

#[tokio::test]
async fn the_lines_of_sessions_can_be_switched_off() {
    let (log, _logging) = Log::start();
    let tap = Tap::new();
    let server = Server::new(config().log_sessions(false), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.end().await;
    held.ends().await;
    assert!(log.lines("undrop_server::sessions").is_empty(), "{}", log.text());
}

#[tokio::test]
async fn what_is_warned_of_a_session_says_which_it_is() {
    let (log, _logging) = Log::start();
    let panics = |mut session: undrop_server::Session| async move {
        session.recv().await;
        panic!("on purpose");
    };
    let server = Server::new(config(), panics).await;
    let mut client = Client::open(server.address, "?user=ann").await;
    client.send("now").await;
    client.closed().await;
    let session = client.session();
    let lines = log.lines("the handler panicked");
    assert!(lines[0].starts_with("WARN ") && lines[0].contains(&format!("session={session} ")), "{lines:?}");
    // A connection that has no session yet says where it comes from.
    let mut other = crate::support::Raw::connect(server.address, "?user=bob", Some("undrop.1")).await.unwrap();
    other.say(&format!("\u{10}resume {:032x} 0 0 2 0", client.token().0)).await;
    other.text().await;
    let lines = log.lines("the token of another principal's session");
    assert!(lines[0].contains("connection: address=127.0.0.1 path=\"/\" "), "{lines:?}");
    let bob = format!("principal=\"{}\"", Principal::user("bob").log_id());
    assert!(lines[0].contains(&bob) && lines[0].contains(&format!("session={session} ")), "{lines:?}");
}

/// A node in a process of its own logs all that it can, and all that is below it: hyper, rustls, the client of Redis, whatever
/// uses `tracing` or `log`. What its clients log is in this process.
#[cfg(feature = "redis")]
#[tokio::test]
async fn no_token_and_no_text_of_a_message_is_logged_at_any_level_by_the_server_or_what_it_is_made_of() {
    let redis = crate::support::redis::Redis::start().await;
    let mut node = crate::support::Node::command(&redis.url());
    let mut child = node.args(["--log", "trace"]).stderr(Stdio::piped()).spawn().unwrap();
    let address = crate::support::node::address(&mut child).await;
    let mut stderr = child.stderr.take().unwrap();
    let logged = tokio::spawn(async move {
        let mut text = String::new();
        stderr.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut client = Client::open(address, "echo?user=ann&key=secret-key").await;
    let session = client.session();
    let token = format!("{:032x}", client.token().0);
    client.send("secret-text").await;
    assert_eq!(client.text().await, "secret-text");
    client.send(vec![b's', b'e', b'c', b'r', b'e', b't', b'-', b'b', b'i', b'n']).await;
    client.recv().await;
    client.cut();
    client.connect().await;
    client.send("secret-text again").await;
    client.text().await;
    client.end().await;
    drop(child.stdin.take());
    let log = logged.await.unwrap();
    for line in ["session begins", "session resumes", "session ends"] {
        assert!(log.lines().any(|text| text.contains(line) && text.contains(&session.to_string())), "{line}: {log}");
    }
    // All levels are there.
    assert!(log.contains(" TRACE ") || log.contains("TRACE"), "{log}");
    for secret in [&token[..8], &token[24..], "secret-", "115, 101, 99, 114"] {
        assert!(!log.contains(secret), "{secret} is in {}", log.lines().find(|line| line.contains(secret)).unwrap());
    }
}
