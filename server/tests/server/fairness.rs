//! Nobody takes what is everybody's, and nobody ends another's session.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message as WebSocketMessage;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use undrop_server::{
    Cause, Config, Limits, Message, Proxies, SendError, ServeOptions, Session, SessionUpgrade, Sessions, serve,
};

use crate::support::raw::{Frame as Answer, NoConnection};
use crate::support::server::config;
use crate::support::{Client, Raw, Server, Tap, echo, soon, until};

fn limited(limits: Limits) -> Config {
    config().limits(limits)
}

fn kilobyte() -> Message {
    Message::binary(vec![0; 1 << 10])
}

#[tokio::test]
async fn silent_clients_of_one_user_fill_their_own_share_and_no_more() {
    let tap = Tap::new();
    let limits = Limits::default().outboxes(100 << 10).outboxes_per_owner(40 << 10);
    let server = Server::new(limited(limits), tap.handler()).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        let client = Client::open(server.address, "?user=eve").await;
        let held = tap.next().await;
        while held.session.send(kilobyte()).is_ok() {}
        silent.push((client, held));
    }
    assert!(server.metric("undrop_outbox_bytes") <= 40 << 10);
    let _client = Client::open(server.address, "?user=ann").await;
    let held = tap.next().await;
    assert_eq!((0..30).filter(|_| held.session.send(kilobyte()).is_ok()).count(), 30);
    assert_eq!(silent[0].1.session.send(kilobyte()), Err(SendError::Full));
}

#[tokio::test]
async fn when_all_is_used_up_whoever_has_most_makes_room_and_may_come_back() {
    let tap = Tap::new();
    let limits = Limits::default().outboxes(100 << 10).outboxes_per_owner(60 << 10);
    let server = Server::new(limited(limits), tap.handler()).await;
    let open = async |user: &str, messages: usize| {
        let client = Client::open(server.address, &format!("?user={user}")).await;
        let held = tap.next().await;
        (0..messages).for_each(|_| held.session.send(kilobyte()).unwrap());
        (client, held)
    };
    let (mut eve, mut of_eve) = open("eve", 45).await;
    let _bob = open("bob", 30).await;
    let _ann = open("ann", 10).await;
    let ending = of_eve.ends().await;
    assert_eq!((ending.cause, ending.undelivered.len()), (Cause::Evicted, 45));
    eve.cut();
    eve.connect().await;
    assert_eq!(eve.opened, 2);
}

#[tokio::test]
async fn a_message_that_never_ends_is_bounded_by_what_its_sender_may_have() {
    let limits = Limits::default().inboxes(1 << 20).inboxes_per_owner(64 << 10).message_bytes(40 << 10);
    let server = Server::new(limited(limits), echo).await;
    let mut connections = Vec::new();
    for _ in 0..3 {
        let mut connection = Raw::connect(server.address, "?user=eve", Some("undrop.1")).await.unwrap();
        connection.say("\u{10}new").await;
        assert!(connection.text().await.starts_with("\u{10}welcome "));
        let begun = Frame::message(vec![0; 30 << 10], OpCode::Data(Data::Binary), false);
        connection.socket.send(WebSocketMessage::Frame(begun)).await.unwrap();
        connections.push(connection);
    }
    // Two of them fit, whichever come first.
    server.metric_becomes("undrop_sessions_ended_total{cause=\"violation\"}", 1).await;
    assert!(server.metric("undrop_inbox_bytes") <= 64 << 10);
    let mut ann = Client::open(server.address, "?user=ann").await;
    ann.send(vec![0; 40_000]).await;
    assert_eq!(ann.recv().await.1.len(), 40_000);
    drop(connections);
    server.metric_becomes("undrop_inbox_bytes", 0).await;
}

#[tokio::test]
async fn messages_that_have_begun_do_not_wait_for_each_others_room() {
    let limits = Limits::default().inboxes(200 << 10).inboxes_per_owner(200 << 10).message_bytes(64 << 10);
    let server = Server::new(limited(limits), echo).await;
    let part = |bytes: usize, code, is_last| {
        WebSocketMessage::Frame(Frame::message(vec![0; bytes], OpCode::Data(code), is_last))
    };
    let mut connections = Vec::new();
    for _ in 0..5 {
        let mut connection = Raw::connect(server.address, "?user=eve", Some("undrop.1")).await.unwrap();
        connection.say("\u{10}new").await;
        assert!(connection.text().await.starts_with("\u{10}welcome "));
        connection.socket.send(part(40 << 10, Data::Binary, false)).await.unwrap();
        connections.push(connection);
    }
    // The last quarter is for those who have less than these do.
    until("their beginnings count", || server.metric("undrop_inbox_bytes") > 170 << 10).await;
    for mut connection in connections {
        connection.socket.send(part(20 << 10, Data::Continue, true)).await.unwrap();
        match soon("an echo or an end", connection.next()).await {
            Answer::Binary(bytes) => assert_eq!(bytes.len(), 60 << 10),
            Answer::Closed(close) => assert_eq!(close, Some((1013, "too much is unfinished".into()))),
            Answer::Text(text) => panic!("{text}"),
        }
    }
}

#[tokio::test]
async fn pings_within_a_message_that_never_ends_do_not_make_it_free() {
    let limits = Limits::default().inboxes(1 << 20).inboxes_per_owner(64 << 10).message_bytes(40 << 10);
    let server = Server::new(limited(limits), echo).await;
    let mut connections = Vec::new();
    for number in 1..=3 {
        let mut connection = Raw::connect(server.address, "?user=eve", Some("undrop.1")).await.unwrap();
        connection.say("\u{10}new").await;
        assert!(connection.text().await.starts_with("\u{10}welcome "));
        let begun = Frame::message(vec![0; 30 << 10], OpCode::Data(Data::Binary), false);
        connection.socket.send(WebSocketMessage::Frame(begun)).await.unwrap();
        connection.socket.send(WebSocketMessage::Ping("there?".into())).await.unwrap();
        if number < 3 {
            assert!(matches!(connection.socket.next().await, Some(Ok(WebSocketMessage::Pong(_)))));
        }
        connections.push(connection);
    }
    server.metric_becomes("undrop_sessions_ended_total{cause=\"violation\"}", 1).await;
}

#[tokio::test]
async fn who_sends_little_is_read_while_others_have_filled_what_may_come_in() {
    let tap = Tap::new();
    let limits = Limits::default().inboxes(100 << 10).inboxes_per_owner(50 << 10).message_bytes(4 << 10);
    let server = Server::new(limited(limits), tap.handler()).await;
    let mut stuck = Vec::new();
    for user in ["eve", "eva"] {
        let mut client = Client::open(server.address, &format!("?user={user}")).await;
        for _ in 0..60 {
            client.send(vec![0; 1_000]).await;
        }
        stuck.push((client, tap.next().await));
    }
    until("a full server", || server.metric("undrop_inbox_bytes") >= 75 << 10).await;
    let mut ann = Client::open(server.address, "?user=ann").await;
    let mut of_ann = tap.next().await;
    // Each is read though the one before it is not committed.
    for text in ["one", "two", "three"] {
        ann.send(text).await;
        assert_eq!(of_ann.recv().await.message.as_text(), Some(text));
    }
    assert!(server.metric("undrop_inbox_bytes") <= 100 << 10);
}

#[tokio::test]
async fn a_handler_that_is_stuck_holds_no_more_than_its_clients_share() {
    let tap = Tap::new();
    let limits = Limits::default().inboxes(1 << 20).inboxes_per_owner(20 << 10).message_bytes(4 << 10);
    let server = Server::new(limited(limits), tap.handler()).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = Client::open(server.address, "?user=eve").await;
        for _ in 0..40 {
            client.send(vec![0; 1_000]).await;
        }
        clients.push((client, tap.next().await));
    }
    server.metric_becomes("undrop_messages_received_total", 20_480u64.div_ceil(1_256)).await;
    // Another's are read.
    let mut ann = Client::open(server.address, "?user=ann").await;
    let mut of_ann = tap.next().await;
    ann.send("hello").await;
    assert_eq!(of_ann.recv().await.message.as_text(), Some("hello"));
    // And these, when the handlers get on. Either may have what both may have.
    let gets_on = clients.iter_mut().map(async |(client, held)| {
        for number in 1..=40 {
            let received = held.recv().await;
            assert_eq!(received.number, number);
            received.commit().await.unwrap();
        }
        client.is_acknowledged().await;
    });
    join_all(gets_on).await;
}

#[tokio::test]
async fn the_first_frame_may_be_as_large_as_a_greeting_and_no_larger() {
    let server = Server::new(config(), echo).await;
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    let begun = Frame::message(vec![b'x'; 8 << 10], OpCode::Data(Data::Text), false);
    connection.socket.send(WebSocketMessage::Frame(begun)).await.unwrap();
    let more = Frame::message(vec![b'x'; 8 << 10], OpCode::Data(Data::Continue), false);
    let _ = connection.socket.send(WebSocketMessage::Frame(more)).await;
    assert_eq!(connection.closed().await, Some((1002, "no greeting".into())));
    assert_eq!(server.metric("undrop_sessions"), 0);
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_all_have_so_many() {
    let limits = Limits::default().connections(3).connections_per_address(2);
    let server = Server::new(limited(limits), echo).await;
    let held = [Client::open(server.address, "").await, Client::open(server.address, "").await];
    let third = Raw::connect(server.address, "", Some("undrop.1")).await;
    assert!(matches!(third, Err(NoConnection::Status(StatusCode::TOO_MANY_REQUESTS))));
    drop(held);
    server.metric_becomes("undrop_connections", 0).await;
    Client::open(server.address, "").await;
}

#[tokio::test]
async fn a_session_keeps_the_headers_that_the_app_asks_for_and_no_others() {
    let tap = Tap::new();
    let config = config().kept_headers([header::USER_AGENT]);
    let server = Server::new(config, tap.handler()).await;
    let mut connection = Raw::connect_with(server.address, "?user=ann&room=7", Some("undrop.1"), |request| {
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("a browser"));
        request.headers_mut().insert(header::COOKIE, HeaderValue::try_from("x".repeat(4_000)).unwrap());
    })
    .await
    .unwrap();
    connection.say("\u{10}new").await;
    let held = tap.next().await;
    let handshake = held.session.handshake();
    assert_eq!(handshake.headers.len(), 1);
    assert_eq!(handshake.header("user-agent"), Some("a browser"));
    assert_eq!(handshake.query("room").as_deref(), Some("7"));
}

#[tokio::test]
async fn a_uri_that_a_session_would_keep_is_not_too_long() {
    let server = Server::new(config(), echo).await;
    let long = format!("?{}", "x".repeat(9_000));
    let refused = Raw::connect(server.address, &long, Some("undrop.1")).await;
    assert!(matches!(refused, Err(NoConnection::Status(StatusCode::URI_TOO_LONG))));
}

#[tokio::test]
async fn behind_a_proxy_each_client_has_its_own_address() {
    let limits = Limits::default().connections_per_address(1);
    let server = Server::new(limited(limits).proxies(Proxies::XForwardedFor(1)), echo).await;
    let connect = async |from: &'static str| {
        Raw::connect_with(server.address, "", Some("undrop.1"), |request| {
            request.headers_mut().insert("x-forwarded-for", HeaderValue::from_static(from));
        })
        .await
    };
    let _first = connect("192.0.2.66, 192.0.2.1").await.unwrap();
    let _second = connect("192.0.2.66, 192.0.2.2").await.unwrap();
    // What the client itself has written makes no difference.
    let third = connect("192.0.2.67, 192.0.2.1").await;
    assert!(matches!(third, Err(NoConnection::Status(StatusCode::TOO_MANY_REQUESTS))));
}

#[tokio::test]
async fn clients_whose_address_is_not_known_are_counted() {
    let sessions = Sessions::new(config());
    let app = Router::new()
        .route("/", any(|upgrade: SessionUpgrade| async move { upgrade.on_session(echo) }))
        .with_state(sessions.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Client::open(address, "").await;
    assert!(sessions.metrics().render().contains("undrop_addresses_unknown_total{sessions=\"default\"} 1\n"));
}

#[tokio::test]
async fn a_handler_that_panics_is_given_pauses_and_a_session_that_makes_it_panic_ends() {
    let panics = |mut session: Session| async move {
        session.recv().await;
        panic!("as asked");
    };
    let server = Server::new(config(), panics).await;
    let mut client = Client::open(server.address, "").await;
    client.send("poison").await;
    // The message comes again with each new handler, until the session has had enough of it.
    soon("another session", async {
        while client.opened < 2 {
            client.connect_until_it_works(server.address).await;
            while client.opened < 2 && client.try_recv().await.is_some() {}
        }
    })
    .await;
    assert_eq!(client.returned.len(), 1);
    assert!(server.metric("undrop_connections_refused_total{cause=\"failing\"}") > 0);
    assert_eq!(server.metric("undrop_handler_panics_total"), 5);
}

async fn served(options: ServeOptions) -> SocketAddr {
    let app = Router::new()
        .route("/", any(|upgrade: SessionUpgrade| async move { upgrade.on_session(echo) }))
        .with_state(Sessions::new(config().limits(Limits::default().connections_per_address(1))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, app, options, std::future::pending()));
    address
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_is_not_waited_for() {
    let address = served(ServeOptions::default().header_timeout(Duration::from_millis(200))).await;
    for begun in ["", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = soon("the end", slow.read_to_end(&mut answer)).await;
    }
    // A connection that has become a WebSocket is not hurried.
    let mut client = Client::open(address, "").await;
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
}

#[tokio::test]
async fn an_address_has_so_many_connections_without_a_request_and_others_are_served() {
    let address = served(ServeOptions::default().connections_per_address(2)).await;
    let from = async |last: u8| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        socket.connect(address).await.unwrap()
    };
    let _silent = [from(2).await, from(2).await];
    let mut third = from(2).await;
    let mut answer = Vec::new();
    let _ = soon("the end", third.read_to_end(&mut answer)).await;
    assert!(answer.is_empty());
    Client::open(address, "").await;
}

#[tokio::test]
async fn a_request_has_a_head_of_so_many_bytes_and_no_more() {
    let address = served(ServeOptions::default()).await;
    let refused = Raw::connect_with(address, "", Some("undrop.1"), |request| {
        request.headers_mut().insert(header::COOKIE, HeaderValue::try_from("x".repeat(500 << 10)).unwrap());
    })
    .await;
    assert!(refused.is_err());
    Client::open(address, "").await;
}

#[tokio::test]
async fn the_header_of_a_proxy_names_the_client() {
    let address = served(ServeOptions::default().proxy_protocol(true)).await;
    let mut held = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2", "192.0.2.1"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("PROXY TCP4 {client} 192.0.2.9 5000 80\r\n").as_bytes()).await.unwrap();
        stream
            .write_all(
                b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                  Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: undrop.1\r\n\r\n",
            )
            .await
            .unwrap();
        let mut status = [0; 12];
        soon("an answer", stream.read_exact(&mut status)).await.unwrap();
        held.push((String::from_utf8_lossy(&status).into_owned(), stream));
    }
    let statuses: Vec<_> = held.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["HTTP/1.1 101", "HTTP/1.1 101", "HTTP/1.1 429"]);
}
