//! Clients that do their worst: the server stays as it is for all others.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use undrop_server::{Config, Limits, Sessions};

use crate::support::server::config;
use crate::support::{Client, Raw, Server, Tap, echo, soon};
use futures_util::SinkExt as _;

/// A connection with a session, in the hands of somebody who means harm.
async fn open(server: &Server) -> Raw {
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    assert!(connection.text().await.starts_with("\u{10}welcome "));
    connection
}

fn small_messages() -> Config {
    config().limits(Limits::default().message_bytes(1_000))
}

#[tokio::test]
async fn a_frame_that_says_it_will_be_giant_is_not_waited_for() {
    let server = Server::new(small_messages(), echo).await;
    let mut connection = open(&server).await;
    // A binary frame of 1 TiB, masked, of which nothing comes.
    let mut header = vec![0x82, 0xff];
    header.extend((1_u64 << 40).to_be_bytes());
    header.extend([0; 4]);
    connection.socket.get_mut().write_all(&header).await.unwrap();
    assert_eq!(connection.closed().await, Some((1009, "message too large".into())));
    server.metric_becomes("undrop_sessions", 0).await;
}

#[tokio::test]
async fn a_close_frame_that_a_proxy_sends_in_place_of_the_client_ends_the_connection_and_not_the_session() {
    let server = Server::new(config(), echo).await;
    let mut client = Client::open(server.address, "").await;
    let mut connection = client.abandon();
    // 1001, not masked.
    connection.socket.get_mut().write_all(&[0x88, 2, 0x03, 0xe9]).await.unwrap();
    assert_eq!(connection.closed().await, None);
    client.connect().await;
    assert_eq!(client.resumed, 1);
}

#[tokio::test]
async fn a_message_is_as_large_as_all_its_fragments() {
    let server = Server::new(small_messages(), echo).await;
    let mut connection = open(&server).await;
    let part = |code, is_last| Message::Frame(Frame::message(vec![7; 400], OpCode::Data(code), is_last));
    connection.socket.send(part(Data::Binary, false)).await.unwrap();
    connection.socket.send(part(Data::Continue, false)).await.unwrap();
    connection.socket.send(part(Data::Continue, false)).await.unwrap();
    assert_eq!(connection.closed().await, Some((1009, "message too large".into())));
}

#[tokio::test]
async fn a_message_that_does_not_wait_for_the_answer_to_a_resume_ends_the_session() {
    for server in Server::on_each_store(config(), echo).await {
        let mut client = Client::open(server.address, "").await;
        client.cut();
        let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
        let resume = format!("\u{10}resume {:032x} 0 0 2 0", client.token().0);
        connection.socket.feed(Message::text(resume)).await.unwrap();
        connection.socket.feed(Message::text("hello")).await.unwrap();
        connection.socket.flush().await.unwrap();
        assert_eq!(connection.closed().await, Some((1002, "message before the greeting".into())));
        server.metric_becomes("undrop_sessions", 0).await;
    }
}

#[tokio::test]
async fn pings_that_come_faster_than_their_answers_get_the_last_one() {
    let server = Server::new(config(), echo).await;
    let mut connection = open(&server).await;
    let (number, all) = (20_000, Message::text);
    for ping in 1..=number {
        connection.socket.feed(all(format!("\u{10}ping {ping}"))).await.unwrap();
    }
    connection.socket.flush().await.unwrap();
    let last = format!("\u{10}pong {number}");
    while connection.text().await != last {}
    connection.say("and now").await;
    assert_eq!(connection.text().await, "and now");
}

#[tokio::test]
async fn who_reads_nothing_fills_their_own_outbox() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let _connection = open(&server).await;
    let held = tap.next().await;
    // TCP takes some of it, and what the client does not acknowledge counts all the same.
    let message = undrop_server::Message::binary(vec![0; 1 << 20]);
    let taken = (0..1_000).take_while(|_| held.session.send(message.clone()).is_ok()).count();
    assert_eq!(taken, 16);
    let mut other = Client::open(server.address, "").await;
    let held = tap.next().await;
    held.session.send("for the other").unwrap();
    assert_eq!(other.text().await, "for the other");
}

#[tokio::test]
async fn half_a_request_is_waited_for_no_longer_than_a_greeting() {
    let sessions = Sessions::new(config().greeting(Duration::from_millis(50)));
    let (mut client, server) = tokio::io::duplex(1 << 10);
    client.write_all(b"GET / HTTP/1.1\r\nHost: example.org\r\nUpgr").await.unwrap();
    let outcome = soon("an end", sessions.accept(server, None, echo)).await;
    assert!(matches!(outcome, Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::TimedOut));
}
