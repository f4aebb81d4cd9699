//! The routes that break the connection, the handshake or the protocol: each does exactly what its name says.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::ErrorKind;

use common::{Server, handshake, hear, say, text_frame};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};

async fn read_exactly(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn close_sends_any_code_and_its_reason_at_once() {
    let server = Server::start();
    for code in [999_u16, 1000, 1005, 1006, 1012, 1015, 2999, 4400, 5000, 65535] {
        let mut stream = server.open_raw(&format!("/close?code={code}&reason=b%C3%A4h&id={code}")).await;
        let expected = [&[0x88, 6][..], &code.to_be_bytes(), "bäh".as_bytes()].concat();
        assert_eq!(read_exactly(&mut stream, 8).await, expected);

        // The server waits for the answer before it ends TCP, and answers that with nothing.
        assert!(stream.read_u8().now_or_never().is_none());
        stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x0f, 0xa0]).await.unwrap();
        let end = stream.read_u8().await.unwrap_err();
        assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
        drop(stream);
        let closes = &server.stats_at_rest(&code.to_string()).await["closes"];
        assert_eq!(closes, &json!([{ "code": 4000, "reason": "" }]));
    }
}

#[tokio::test]
async fn close_without_a_code_sends_an_empty_frame_after_the_messages() {
    let server = Server::start();
    let mut client = server.open("/close?after=2&id=a").await;
    for text in ["one", "two"] {
        say(&mut client, text).await;
        assert_eq!(hear(&mut client).await, Message::text(text));
    }
    assert_eq!(hear(&mut client).await, Message::Close(None));
    assert!(client.next().await.is_none());
    drop(client);
    assert_eq!(server.stats_at_rest("a").await["closes"], json!([{ "code": 1005, "reason": "" }]));
}

#[tokio::test]
async fn fin_ends_tcp_without_a_close_frame() {
    let server = Server::start();
    let mut stream = server.open_raw("/fin").await;
    assert_eq!(stream.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);

    let mut client = server.open("/fin?after=1").await;
    say(&mut client, "last").await;
    assert_eq!(hear(&mut client).await, Message::text("last"));
    let end = client.next().await.unwrap().unwrap_err();
    assert!(matches!(end, Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)), "{end}");
}

#[tokio::test]
async fn reset_resets() {
    let server = Server::start();
    let mut stream = server.open_raw("/reset?after=1").await;
    stream.write_all(&text_frame("hi")).await.unwrap();
    // RST may overtake the echo; all that matters is how it ends.
    let end = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_black_hole_takes_bytes_and_gives_none_until_the_client_leaves() {
    let server = Server::start();
    for (target, echoes) in [("/blackhole?after=1&id=a", true), ("/noread?id=b", false)] {
        let mut stream = server.open_raw(target).await;
        if echoes {
            stream.write_all(&text_frame("hi")).await.unwrap();
            assert_eq!(read_exactly(&mut stream, 4).await, b"\x81\x02hi");
        }
        // A text, a ping and a Close that are never read; another connection proves that time passed.
        stream.write_all(&text_frame("lost")).await.unwrap();
        stream.write_all(&[0x89, 0x80, 0, 0, 0, 0, 0x88, 0x80, 0, 0, 0, 0]).await.unwrap();
        let id = target.split_once("id=").unwrap().1;
        assert_eq!(server.stats(&format!("?id={id}")).await["open"], 1);
        assert!(stream.read_u8().now_or_never().is_none());

        drop(stream);
        let stats = server.stats_at_rest(id).await;
        assert_eq!(stats["closes"], json!([null]));
        assert_eq!(stats["messages_in"], u64::from(echoes));
    }
}

#[tokio::test]
async fn a_connection_that_is_not_read_stops_taking() {
    let server = Server::start();
    let mut stream = server.open_raw("/noread").await;
    let chunk = vec![0; 1 << 20];
    // Write until the buffers of both ends are full: a server that reads would take it all.
    let full = tokio::time::timeout(std::time::Duration::from_secs(1), async {
        for _ in 0..64 {
            stream.write_all(&chunk).await.unwrap();
        }
    });
    assert!(full.await.is_err(), "64 MiB went into a connection that nobody reads");
}

#[tokio::test]
async fn silent_echoes_but_leaves_a_close_without_an_answer() {
    let server = Server::start();
    let mut stream = server.open_raw("/silent?id=a").await;
    stream.write_all(&text_frame("hi")).await.unwrap();
    assert_eq!(read_exactly(&mut stream, 4).await, b"\x81\x02hi");
    stream.write_all(&[0x88, 0x80, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(server.stats("?id=a").await["open"], 1);
    assert!(stream.read_u8().now_or_never().is_none());
    // Our FIN is the first thing that ends it, and no byte came before its own.
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    let closes = &server.stats_at_rest("a").await["closes"];
    assert_eq!(closes, &json!([{ "code": 1005, "reason": "" }]));
}

#[tokio::test]
async fn a_handshake_fails_in_the_way_asked_for() {
    let server = Server::start();
    for status in [200, 401, 403, 404, 429, 503] {
        match server.try_connect(&format!("/status?code={status}"), None).await.unwrap_err() {
            Error::Http(response) => assert_eq!(response.status(), status),
            other => panic!("{other}"),
        }
    }
    let garbage = server.ask_raw(&handshake("/garbage")).await;
    assert!(garbage.starts_with('\0') && garbage.contains("not HTTP"), "{garbage:?}");

    let invalid = server.try_connect("/badaccept?id=a", None).await.unwrap_err();
    assert!(matches!(invalid, Error::Protocol(ProtocolError::SecWebSocketAcceptKeyMismatch)), "{invalid}");
    assert_eq!(server.stats("?id=a").await["handshakes"], 0);

    let mut stream = server.tcp().await;
    stream.write_all(handshake("/refuse").as_bytes()).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);

    let mut stream = server.tcp().await;
    stream.write_all(handshake("/hang?id=h").as_bytes()).await.unwrap();
    while server.stats("?id=h").await["accepted"] != 1 {}
    assert!(stream.read_u8().now_or_never().is_none());
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn each_bad_frame_is_the_one_that_the_protocol_forbids() {
    let server = Server::start();
    let mut control_too_long = vec![0x89, 126, 0, 126];
    control_too_long.extend([b'p'; 126]);
    for (target, frame) in [
        ("/badutf8?", &b"\x81\x04a\xff\xfeb"[..]),
        ("/badframe?kind=reserved-opcode", b"\x83\x02hi"),
        ("/badframe?kind=masked", b"\x81\x82\x01\x02\x03\x04ik"),
        ("/badframe?kind=rsv", b"\xc1\x02hi"),
        ("/badframe?kind=continuation", b"\x80\x02hi"),
        ("/badframe?kind=control-too-long", &control_too_long),
        ("/badframe?kind=huge-header", b"\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00"),
    ] {
        let mut stream = server.open_raw(&format!("{target}&after=1")).await;
        stream.write_all(&text_frame("hi")).await.unwrap();
        assert_eq!(read_exactly(&mut stream, 4).await, b"\x81\x02hi", "{target}");
        assert_eq!(read_exactly(&mut stream, frame.len()).await, frame, "{target}");
        // The connection stays until the client closes it, with a Close frame or without.
        assert!(stream.read_u8().now_or_never().is_none());
        stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xea]).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof, "{target}");
    }
}

#[tokio::test]
async fn a_client_refuses_each_bad_frame() {
    let server = Server::start();
    for target in [
        "/badutf8",
        "/badframe?kind=reserved-opcode",
        "/badframe?kind=masked",
        "/badframe?kind=rsv",
        "/badframe?kind=continuation",
        "/badframe?kind=control-too-long",
        "/badframe?kind=huge-header",
    ] {
        let mut client = server.open(target).await;
        let error = client.next().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Protocol(_) | Error::Utf8(_) | Error::Capacity(_)), "{target}: {error}");
    }
}
