//! Hostile clients, and clients that fail.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::{ask, closed, connect, join, key, piece, receive, receive_type, say, start, tell};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use undrop_chat::Switches;

#[tokio::test]
async fn a_bad_message_is_answered_and_the_connection_stays_open() {
    let (address, _) = start(Switches::Off);
    let mut ada = join(address, 1, "Ada").await;
    let bad = [
        (Message::text("hello"), "not a message"),
        (Message::text(r#"{"type":"shout","data":{}}"#), "shout"),
        (Message::text(r#"{"type":"__proto__","data":{}}"#), "__proto__"),
        (Message::text("[".repeat(10_000)), "not a message"),
        (Message::text("x".repeat(65 << 10)), "64 KiB"),
        (Message::binary(vec![1, 2, 3]), "piece of a file"),
    ];
    for (message, complaint) in bad {
        ada.send(message).await.unwrap();
        let error = receive_type(&mut ada, "error").await;
        assert!(error["reason"].as_str().unwrap().contains(complaint), "{error}");
    }
    assert_eq!(
        ask(&mut ada, "upload", json!({ "key": key(1), "name": "f", "kind": "", "size": 9 << 20 })).await["code"],
        "file-large"
    );
    // Pieces of a file that the client does not upload are ignored.
    ada.send(piece(1, 0, &[0; 100])).await.unwrap();
    ada.send(piece(u32::MAX.into(), u32::MAX, &[])).await.unwrap();
    assert_eq!(ask(&mut ada, "fetch", json!({ "file": 1, "from": u32::MAX })).await["code"], "file-gone");
    let said = ask(&mut ada, "say", json!({ "key": key(1), "text": "still here" })).await;
    assert_eq!(said["item"]["text"], "still here");
}

#[tokio::test]
async fn an_address_that_is_no_room_is_closed_for_good() {
    let (address, _) = start(Switches::Off);
    let tab = key(1);
    for path in [
        format!("/chat/Lobby?tab={tab}"),
        format!("/chat/..%2flobby?tab={tab}"),
        format!("/chat/{}?tab={tab}", "x".repeat(41)),
        "/chat/lobby".into(),
        "/chat/lobby?tab=short".into(),
    ] {
        let mut client = connect(address, &path).await.unwrap();
        assert_eq!(closed(&mut client).await, 4404, "{path}");
    }
}

/// The status of a handshake with these headers instead of a browser's.
async fn handshake(address: SocketAddr, route: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = format!("ws://{address}/{route}/lobby?tab={}", key(1)).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    match client_async(request, stream).await {
        Ok((_, response)) => response.status().into(),
        Err(Error::Http(response)) => response.status().into(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_whatever_its_headers_claim() {
    let (address, _) = start(Switches::Off);
    let own = format!("http://{address}");
    for route in ["chat", "session"] {
        let evil = ("origin", "https://evil.example");
        assert_eq!(handshake(address, route, &[evil]).await, 403);
        assert_eq!(handshake(address, route, &[evil, ("x-forwarded-host", "evil.example")]).await, 403);
        assert_eq!(handshake(address, route, &[evil, ("forwarded", "host=evil.example")]).await, 403);
        assert_eq!(handshake(address, route, &[("origin", "null")]).await, 403);
    }
    assert_eq!(handshake(address, "chat", &[("origin", &own)]).await, 101);
    // The name by which a proxy serves it, which passes it on or does not.
    let public = ("origin", "https://chat.example");
    assert_eq!(handshake(address, "chat", &[public]).await, 101);
    assert_eq!(handshake(address, "chat", &[public, ("host", "chat.example")]).await, 101);
}

/// A page whose name was made to lead to this server has the server's origin, as far as a browser knows.
#[tokio::test]
async fn a_request_for_another_host_is_refused() {
    let (address, _) = start(Switches::On);
    let port = address.port();
    let host = format!("evil.example:{port}");
    let rebound = [("host", host.as_str()), ("origin", &format!("http://{host}"))];
    assert_eq!(handshake(address, "chat", &rebound).await, 421);
    assert_eq!(handshake(address, "session", &rebound).await, 421);
    let _ada = join(address, 1, "Ada").await;
    for (method, path) in [("GET", "/"), ("GET", "/main.js"), ("GET", "/demo"), ("POST", "/demo/lobby/restart?tab=0")] {
        let head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n");
        for hosts in [format!("Host: {host}\r\n"), format!("Host: {address}\r\nHost: {host}\r\n"), String::new()] {
            let answer = exchange(address, &format!("{head}{hosts}\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 421 "), "{path} {hosts}: {answer}");
        }
    }
}

/// A switch is thrown by a request without a preflight, so other sites' pages could send it too.
#[tokio::test]
async fn a_page_of_another_site_throws_no_switch() {
    let (address, _) = start(Switches::On);
    let _ada = join(address, 1, "Ada").await;
    let request = format!(
        "POST /demo/lobby/cut?tab={} HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example\r\n\
         Connection: close\r\nContent-Length: 0\r\n\r\n",
        key(1)
    );
    assert!(exchange(address, &request).await.starts_with("HTTP/1.1 403 "));
}

// The clock is turned on whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_end_or_has_too_many_headers_ends_its_connection() {
    let (address, _) = start(Switches::Off);
    assert!(exchange(address, &format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-Slow: ")).await.is_empty());
    assert!(exchange(address, "").await.is_empty());
    let many = format!("GET / HTTP/1.1\r\nHost: {address}\r\n{}\r\n", "x: y\r\n".repeat(100));
    assert!(exchange(address, &many).await.starts_with("HTTP/1.1 431 "));
}

/// What the server answers to these bytes until it ends the connection.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_frame_that_is_far_too_large_closes_no_connection_but_its_own() {
    let (address, _) = start(Switches::Off);
    let ada = join(address, 1, "Ada").await;
    let mut bob = join(address, 2, "Bob").await;
    // The server closes before it has received all of it.
    let (mut writer, mut reader) = ada.split();
    let flood = tokio::spawn(async move { writer.send(Message::binary(vec![0; 3 << 20])).await });
    let close = loop {
        match reader.next().await.unwrap().unwrap() {
            Message::Close(frame) => break frame.unwrap(),
            _ => continue,
        }
    };
    assert_eq!(u16::from(close.code), 1009);
    flood.abort();
    drop(reader);
    while receive_type(&mut bob, "people").await["people"] != json!(["Bob"]) {}
}

#[tokio::test]
async fn a_client_that_sends_too_fast_is_read_slowly_and_loses_nothing() {
    let (address, _) = start(Switches::Off);
    let mut ada = join(address, 1, "Ada").await;
    let start = Instant::now();
    for number in 0..30 {
        say(&mut ada, number, "again").await;
    }
    let last = ask(&mut ada, "say", json!({ "key": key(99), "text": "last" })).await;
    assert_eq!(last["item"]["number"], 31);
    // 31 messages and a join at 10 units each, of which 200 are free, and then one each 20 ms: less time is not possible.
    assert!(start.elapsed() > Duration::from_millis(1_900), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_reader_that_stalls_is_removed_and_nobody_waits_for_it() {
    let (address, _) = start(Switches::Off);
    // Its receive buffer is as small as the server's send buffer.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let url = format!("ws://{address}/chat/lobby?tab={}", key(100));
    let (mut stalled, _) = client_async(url, stream).await.unwrap();
    ask(&mut stalled, "join", json!({ "name": "Stalled" })).await;
    let mut speakers = Vec::new();
    for number in 0..16 {
        speakers.push(join(address, number, &format!("Speaker {number}")).await);
    }
    let mut witness = join(address, 99, "Witness").await;
    // All of it together is larger than any buffer, and everybody but the stalled reader reads each round.
    let text = "ä".repeat(4_000);
    for round in 0..19 {
        for speaker in &mut speakers {
            say(speaker, round, &text).await;
        }
        for (place, reader) in speakers.iter_mut().chain([&mut witness]).enumerate() {
            let expected = if place < 16 { 15 } else { 16 };
            let mut chats = 0;
            while chats < expected {
                let message = receive(reader).await;
                chats += usize::from(message["type"] == "chat");
                if message["type"] == "people" {
                    let people = message["data"]["people"].as_array().unwrap();
                    if !people.contains(&json!("Stalled")) && people.len() == 17 {
                        return;
                    }
                }
            }
        }
    }
    panic!("the stalled reader is still a member");
}

#[tokio::test]
async fn nobody_can_add_to_a_file_of_somebody_else() {
    let (address, _) = start(Switches::Off);
    let mut ada = join(address, 1, "Ada").await;
    let mut mallory = join(address, 2, "Mallory").await;
    let offer = json!({ "key": key(1), "name": "f", "kind": "text/plain", "size": 6 });
    let number = ask(&mut ada, "upload", offer.clone()).await["number"].as_u64().unwrap();
    mallory.send(piece(number, 0, b"evil")).await.unwrap();
    ask(&mut mallory, "typing", json!({})).await;
    assert_eq!(ask(&mut ada, "upload", offer.clone()).await["have"], 0);
    // The same key of another tab is another file.
    assert_ne!(ask(&mut mallory, "upload", offer).await["number"], number);
    tell(&mut mallory, "typing", json!({})).await;
    assert_eq!(receive_type(&mut ada, "typing").await["name"], "Mallory");
}
