//! A client gets so much of anything, and no more.

use std::time::Duration;

use http::StatusCode;
use undrop_server::{Config, Limits, SendError};

use crate::support::gate::GatedStore;
use crate::support::raw::NoConnection;
use crate::support::server::config;
use crate::support::{Client, Raw, Server, Tap, echo, soon};

fn limited(limits: Limits) -> Config {
    config().limits(limits)
}

#[tokio::test]
async fn there_are_so_many_sessions_and_no_more() {
    let server = Server::new(limited(Limits::default().sessions(2)), echo).await;
    let _first = Client::open(server.address, "").await;
    let mut second = Client::open(server.address, "").await;
    let mut third = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    third.say("\u{10}new").await;
    assert_eq!(third.closed().await, Some((1013, "too many sessions".into())));
    // Who has one can have it back.
    second.cut();
    second.connect().await;
    assert_eq!(second.resumed, 1);
    second.end().await;
    server.metric_becomes("undrop_sessions", 1).await;
    Client::open(server.address, "").await;
}

#[tokio::test]
async fn who_opens_sessions_in_a_loop_gets_rid_of_their_own() {
    let server = Server::new(limited(Limits::default().sessions_per_user(3)), echo).await;
    let bob = Client::open(server.address, "?user=bob").await;
    let mut down = Vec::new();
    for _ in 0..50 {
        let mut ann = Client::open(server.address, "?user=ann").await;
        let connections = server.metric("undrop_connections");
        ann.cut();
        server.metric_becomes("undrop_connections", connections - 1).await;
        down.push(ann);
    }
    server.metric_becomes("undrop_sessions", 4).await;
    assert_eq!(server.metric("undrop_sessions_ended_total{cause=\"evicted\"}"), 47);
    // The last three are left.
    for (index, ann) in down.iter_mut().enumerate().rev().take(3) {
        ann.connect().await;
        assert_eq!(ann.resumed, 1, "session {index}");
    }
    // All of them have a connection now, and none has to go.
    let mut fourth = Raw::connect(server.address, "?user=ann", Some("undrop.1")).await.unwrap();
    fourth.say("\u{10}new").await;
    assert_eq!(fourth.closed().await, Some((1013, "too many sessions".into())));
    drop(bob);
}

#[tokio::test]
async fn the_unknown_of_one_address_share_a_number_of_sessions() {
    let server = Server::new(limited(Limits::default().sessions_per_address(2)), echo).await;
    let _first = Client::open(server.address, "").await;
    let _second = Client::open(server.address, "").await;
    let mut third = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    third.say("\u{10}new").await;
    assert_eq!(third.closed().await, Some((1013, "too many sessions".into())));
    Client::open(server.address, "?user=ann").await;
}

#[tokio::test]
async fn an_address_makes_so_many_handshakes_and_no_more() {
    let limits = Limits::default().handshake_burst(5).handshakes_per_second(0);
    let server = Server::new(limited(limits), echo).await;
    for _ in 0..5 {
        Client::open(server.address, "").await;
    }
    let sixth = Raw::connect(server.address, "", Some("undrop.1")).await;
    assert!(matches!(sixth, Err(NoConnection::Status(StatusCode::TOO_MANY_REQUESTS))));
}

#[tokio::test]
async fn a_client_that_never_acknowledges_fills_its_outbox_and_nobody_elses() {
    let tap = Tap::new();
    let server = Server::new(limited(Limits::default().outbox_bytes(64 << 10)), tap.handler()).await;
    // It reads, and says nothing.
    let mut deaf = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    deaf.say("\u{10}new").await;
    assert!(deaf.text().await.starts_with("\u{10}welcome "));
    let held = tap.next().await;
    let message = undrop_server::Message::binary(vec![0; 1 << 10]);
    let taken = (0..1_000).take_while(|_| held.session.send(message.clone()).is_ok()).count();
    assert_eq!(taken, 64);
    assert_eq!(held.session.send(message.clone()), Err(SendError::Full));
    server.metric_becomes("undrop_messages_sent_total", 64).await;
    assert_eq!(server.metric("undrop_outbox_bytes"), 64 * (1_024 + 256));
    // One that does acknowledge has room for any number.
    let mut client = Client::open(server.address, "").await;
    let held = tap.next().await;
    for _ in 0..200 {
        held.session.send(message.clone()).unwrap();
        client.recv().await;
        soon("room", async {
            while server.metric("undrop_outbox_bytes") > 100 << 10 {
                client.idle().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn all_outboxes_together_hold_so_much_and_no_more() {
    let tap = Tap::new();
    let server = Server::new(limited(Limits::default().outboxes(12_560)), tap.handler()).await;
    let mut clients = Vec::new();
    let mut taken = 0;
    for _ in 0..4 {
        let mut client = Client::open(server.address, "").await;
        let held = tap.next().await;
        client.cut();
        while held.session.send(vec![0; 1_000]).is_ok() {
            taken += 1;
            server.metric_becomes("undrop_outbox_bytes", taken * 1_256).await;
        }
        clients.push((client, held));
    }
    assert_eq!(taken, 10);
    drop(clients);
    server.metric_becomes("undrop_outbox_bytes", 12_560).await;
}

#[tokio::test]
async fn who_asks_for_a_session_while_the_store_does_not_answer_is_sent_away_and_not_for_good() {
    let (store, gate) = GatedStore::shut();
    let greeting = Duration::from_millis(50);
    let server = Server::with_store(config().greeting(greeting), store, echo).await;
    let mut client = Client::open(server.address, "").await;
    client.cut();
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say(&format!("\u{10}resume {:032x} 0 0 2 0", client.token().0)).await;
    assert_eq!(connection.closed().await, Some((1013, "the store does not answer".into())));
    assert_eq!(server.metric("undrop_connections_refused_total{cause=\"store\"}"), 1);
    gate.open();
    client.connect().await;
    client.send("in time").await;
    assert_eq!(client.recv().await, (1, "in time".into()));
    assert_eq!((client.opened, client.resumed), (1, 1));
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_session() {
    let server = Server::new(limited(Limits::default().message_bytes(1_000)), echo).await;
    let mut client = Client::open(server.address, "").await;
    assert_eq!(client.terms().largest, 1_000);
    client.send(vec![0; 1_000]).await;
    assert_eq!(client.recv().await.1.len(), 1_000);
    client.end().await;
    server.metric_becomes("undrop_sessions", 0).await;
    // A client that ignores what it was told would send it again on each of its connections.
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    assert!(connection.text().await.ends_with(" 1000"));
    connection.say(&"x".repeat(1_001)).await;
    assert_eq!(connection.closed().await, Some((1009, "message too large".into())));
    server.metric_becomes("undrop_sessions", 0).await;
}

#[tokio::test]
async fn how_large_a_message_may_be_is_no_limit_for_control_frames() {
    let server = Server::new(limited(Limits::default().message_bytes(5)), echo).await;
    let mut client = Client::open(server.address, "").await;
    client.cut();
    client.connect().await;
    assert_eq!(client.resumed, 1);
    client.send("12345").await;
    assert_eq!(client.text().await, "12345");
    let mut connection = client.abandon();
    connection.say("123456").await;
    assert_eq!(connection.closed().await, Some((1009, "message too large".into())));
}

#[tokio::test]
async fn a_connection_is_not_read_while_the_handler_does_not_keep_up() {
    let tap = Tap::new();
    let server = Server::new(limited(Limits::default().inbox_messages(10)), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    for number in 1..=100_u64 {
        client.send(number.to_string()).await;
    }
    server.metric_becomes("undrop_messages_received_total", 10).await;
    for number in 1..=100 {
        let received = held.recv().await;
        assert_eq!(received.number, number);
        assert!(server.metric("undrop_messages_received_total") < number + 10);
        received.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_silent_connection_is_asked_and_then_given_up() {
    let (idle, probe) = (Duration::from_millis(20), Duration::from_millis(20));
    let server = Server::new(config().idle(idle).probe(probe), echo).await;
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    assert!(connection.text().await.starts_with("\u{10}welcome "));
    assert!(connection.text().await.starts_with("\u{10}ping "));
    assert_eq!(connection.closed().await, None);
    assert_eq!(server.metric("undrop_connections_lost_total{cause=\"silent\"}"), 1);
    // The session waits for another connection.
    assert_eq!(server.metric("undrop_sessions"), 1);
}

#[tokio::test]
async fn a_connection_that_answers_may_be_silent_for_as_long_as_it_likes() {
    let (idle, probe) = (Duration::from_millis(10), Duration::from_secs(20));
    let server = Server::new(config().idle(idle).probe(probe), echo).await;
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    assert!(connection.text().await.starts_with("\u{10}welcome "));
    for _ in 0..10 {
        let ping = connection.text().await;
        let number = ping.strip_prefix("\u{10}ping ").unwrap_or_else(|| panic!("{ping:?}"));
        connection.say(&format!("\u{10}pong {number}")).await;
    }
    assert_eq!(server.metric("undrop_connections_lost_total{cause=\"silent\"}"), 0);
}
