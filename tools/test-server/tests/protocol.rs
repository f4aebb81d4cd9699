//! The routes that keep to the protocol.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Server, hear, hear_json, say, text_frame};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

#[tokio::test]
async fn echo_gives_back_text_and_binary_and_answers_a_close() {
    let server = Server::start();
    let mut client = server.open("/echo?id=a").await;
    say(&mut client, "grüß dich").await;
    assert_eq!(hear(&mut client).await, Message::text("grüß dich"));
    client.send(Message::binary(vec![0, 255])).await.unwrap();
    assert_eq!(hear(&mut client).await, Message::binary(vec![0, 255]));

    let close_frame = CloseFrame { code: 4001.into(), reason: "enough".into() };
    client.send(Message::Close(Some(close_frame.clone()))).await.unwrap();
    assert_eq!(hear(&mut client).await, Message::Close(Some(close_frame)));
    assert!(client.next().await.is_none(), "TCP ends after the close handshake");
    drop(client);

    let expected = json!({
        "accepted": 1, "handshakes": 1, "open": 0, "max_open": 1, "messages_in": 2, "messages_out": 2,
        "closes": [{ "code": 4001, "reason": "enough" }],
    });
    assert_eq!(server.stats_at_rest("a").await, expected);
}

#[tokio::test]
async fn echo_takes_a_large_message() {
    let server = Server::start();
    let mut client = server.open("/echo").await;
    let large = Message::binary(vec![7; 15 << 20]);
    client.send(large.clone()).await.unwrap();
    assert!(hear(&mut client).await == large);
}

#[tokio::test]
async fn the_first_subprotocol_is_chosen_unless_another_is_demanded() {
    let server = Server::start();
    for (target, offered, answered) in
        [("/echo", Some("a, b"), Some("a")), ("/echo?protocol=b", Some("a, b"), Some("b")), ("/echo", None, None)]
    {
        let (_client, response) = server.try_connect(target, offered).await.unwrap();
        let protocol = response.headers().get("sec-websocket-protocol");
        assert_eq!(protocol.map(|name| name.to_str().unwrap()), answered, "{target} {offered:?}");
    }
    // A client that keeps to the protocol refuses these answers, so that they are read by hand.
    for (query, answered) in [("protocol=never-offered", true), ("protocol=", false)] {
        let mut stream = server.tcp().await;
        let request =
            common::handshake(&format!("/echo?{query}")).replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap().into());
        }
        assert_eq!(head.contains("Sec-WebSocket-Protocol: never-offered\r\n"), answered);
        assert!(!head.contains("Protocol: a\r\n"));
    }
}

#[tokio::test]
async fn headers_tells_what_the_handshake_said() {
    let server = Server::start();
    let (mut client, _) = server.try_connect("/headers?x=%20", Some("a, b")).await.unwrap();
    let about = hear_json(&mut client).await;
    assert_eq!(about["path"], "/headers");
    assert_eq!(about["query"], "x=%20");
    assert_eq!(about["sec-websocket-protocol"], "a, b");
    assert_eq!((&about["origin"], &about["cookie"]), (&json!(null), &json!(false)));
    say(&mut client, "and echoes").await;
    assert_eq!(hear(&mut client).await, Message::text("and echoes"));
}

#[tokio::test]
async fn count_measures_what_arrived() {
    let server = Server::start();
    let mut client = server.open("/count").await;
    say(&mut client, "abc").await;
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hear_json(&mut client).await, json!({ "bytes": 3, "kind": "text", "sha256": abc }));
    client.send(Message::binary("abc")).await.unwrap();
    assert_eq!(hear_json(&mut client).await["kind"], "binary");
}

#[tokio::test]
async fn push_sends_all_it_promised_and_then_echoes() {
    let server = Server::start();
    let mut client = server.open("/push?count=1000&size=6").await;
    for number in 0..1000 {
        assert_eq!(hear(&mut client).await, Message::text(format!("{number:.<6}")));
    }
    say(&mut client, "done").await;
    assert_eq!(hear(&mut client).await, Message::text("done"));

    let mut client = server.open("/push?count=2&size=3&binary=1&interval=1").await;
    assert_eq!(hear(&mut client).await, Message::binary(vec![0; 3]));
    assert_eq!(hear(&mut client).await, Message::binary(vec![1; 3]));
}

#[tokio::test]
async fn push_listens_while_it_waits() {
    let server = Server::start();
    let mut client = server.open("/push?count=2&interval=3600000").await;
    assert_eq!(hear(&mut client).await, Message::text("0"));
    say(&mut client, "still there?").await;
    assert_eq!(hear(&mut client).await, Message::text("still there?"));
    client.close(None).await.unwrap();
    assert_eq!(hear(&mut client).await, Message::Close(None));
}

#[tokio::test]
async fn frames_sent_along_with_the_handshake_are_heard() {
    let server = Server::start();
    let mut stream = server.tcp().await;
    let early = [common::handshake("/echo").as_bytes(), &text_frame("hi")].concat();
    stream.write_all(&early).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x81\x02hi") {
        answer.push(stream.read_u8().await.unwrap());
    }
}

#[tokio::test]
async fn stats_count_connections_in_total_and_by_id() {
    let server = Server::start();
    let first = server.open("/echo?id=a").await;
    let _second = server.open("/noread?id=a").await;
    let _other = server.open("/echo?id=b").await;
    server.try_connect("/status?code=403&id=a", None).await.unwrap_err();
    let stats = server.stats("?id=a").await;
    let numbers = ["accepted", "handshakes", "open", "max_open"].map(|name| stats[name].as_u64().unwrap());
    assert_eq!(numbers, [3, 2, 2, 2]);
    assert_eq!(server.stats("").await["accepted"], 4);
    assert_eq!(server.stats("?id=nobody").await["accepted"], 0);

    drop(first);
    while server.stats("?id=a").await["open"] != 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.stats("?id=a").await["closes"], json!([null]));
}

#[tokio::test]
async fn what_cannot_be_served_is_explained() {
    let server = Server::start();
    let unknown = server.ask_raw(&common::handshake("/nowhere")).await;
    assert!(unknown.starts_with("HTTP/1.1 404 ") && unknown.contains("/badframe"), "{unknown}");
    let plain = server.ask_raw("GET /echo HTTP/1.1\r\n\r\n").await;
    assert!(plain.starts_with("HTTP/1.1 426 ") && plain.contains("/stats"), "{plain}");
    let wrong = server.ask_raw(&common::handshake("/fin?after=x")).await;
    assert!(wrong.starts_with("HTTP/1.1 400 ") && wrong.contains("after=x"), "{wrong}");
    let noise = server.ask_raw("\x16\x03\x01 hello\r\n\r\n").await;
    assert!(noise.starts_with("HTTP/1.1 400 "), "{noise}");
    let endless = server.ask_raw(&format!("GET /{} ", "x".repeat(20_000))).await;
    assert!(endless.starts_with("HTTP/1.1 400 "), "{endless}");
    let post = server.ask_raw("POST /stats HTTP/1.1\r\n\r\n").await;
    assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
}

#[test]
fn the_server_ends_with_its_standard_input() {
    let mut server = Server::start();
    assert!(server.address.starts_with("127.0.0.1:"));
    server.stdin = None;
    assert!(server.process.wait().unwrap().success());
}
