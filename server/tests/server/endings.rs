//! How a session and a server end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{self, Message::Close, protocol::CloseFrame};
use undrop_proto::Outcome;
use undrop_server::store::MemoryStore;
use undrop_server::{Cause, Message, Principal, Session, Spread};

use crate::support::gate::GatedStore;
use crate::support::server::config;
use crate::support::{Client, Raw, Server, Tap, echo, soon, until};

#[tokio::test]
async fn the_client_ends_it() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.end().await;
    assert_eq!(held.ends().await.cause, Cause::Client);
    drop(held);
    server.metric_becomes("undrop_sessions", 0).await;
    server.metric_becomes("undrop_connections", 0).await;
}

#[tokio::test]
async fn the_close_frame_of_a_client_that_ends_it_is_told() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    for (payload, told) in [(close_with(4_321, "enough"), (4_321, "enough")), (Close(None), (1_005, ""))] {
        for waits in [true, false] {
            let ((mut connection, _), held) = (begin(&server).await, tap.next().await);
            connection.say("\u{10}end").await;
            if waits {
                assert_eq!(connection.text().await, "\u{10}end");
            }
            connection.socket.send(payload.clone()).await.unwrap();
            let frame = soon("a close frame", held.session.client_close()).await.unwrap();
            assert_eq!((frame.code, &*frame.reason), told, "waits: {waits}");
            assert_eq!(held.session.ending().unwrap().cause, Cause::Client);
        }
    }
}

#[tokio::test]
async fn the_close_frame_of_an_earlier_connection_is_not_taken_for_that_of_the_last() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let ((mut first, token), held) = (begin(&server).await, tap.next().await);
    first.socket.send(close_with(1_001, "going away")).await.unwrap();
    server.metric_becomes("undrop_connections", 0).await;
    let mut last = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    last.say(&format!("\u{10}resume {token} 0 0 2 0")).await;
    assert!(last.text().await.starts_with("\u{10}resumed "));
    last.say("\u{10}end").await;
    assert_eq!(last.text().await, "\u{10}end");
    last.reset();
    assert_eq!(soon("the last connection's end", held.session.client_close()).await, None);
}

#[tokio::test]
async fn what_the_client_has_not_acknowledged_is_told_in_bytes() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let ((mut connection, _), held) = (begin(&server).await, tap.next().await);
    held.session.send("12345").unwrap();
    held.session.send(vec![0; 10]).unwrap();
    assert_eq!(held.session.unacknowledged_bytes(), 15);
    assert_eq!(connection.text().await, "12345");
    connection.say("\u{10}ack 1").await;
    let sender = held.session.sender();
    until("10 bytes", || sender.unacknowledged_bytes() == 10).await;
    connection.say("\u{10}ack 2").await;
    until("0 bytes", || sender.unacknowledged_bytes() == 0).await;
}

#[tokio::test]
async fn the_app_ends_it_once_all_is_delivered() {
    let server = Server::new(config(), |session: Session| async move {
        for number in 0..1_000 {
            session.send(number.to_string()).unwrap();
        }
        session.close(4242, "that was all");
    })
    .await;
    let mut client = Client::open(server.address, "").await;
    for number in 0..1_000 {
        assert_eq!(client.text().await, number.to_string());
    }
    assert_eq!(client.closed().await, Some((4242, "that was all".into())));
    server.metric_becomes("undrop_sessions_ended_total{cause=\"app\"}", 1).await;
}

#[tokio::test]
async fn the_app_ends_it_with_a_close_frame_that_has_no_code() {
    let server = Server::new(config(), |session: Session| async move { session.close(1005, "") }).await;
    let (mut connection, _) = begin(&server).await;
    assert_eq!(connection.text().await, "\u{10}end");
    connection.say("\u{10}end").await;
    assert_eq!(connection.socket.next().await.unwrap().unwrap(), Close(None));
}

#[tokio::test]
async fn an_app_that_ends_it_while_there_is_no_connection_waits_for_the_client_to_have_it_all() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let held = tap.next().await;
    client.cut();
    server.metric_becomes("undrop_connections", 0).await;
    held.session.send("last words").unwrap();
    drop(held);
    client.connect().await;
    assert_eq!(client.text().await, "last words");
    assert_eq!(client.closed().await, Some((1000, String::new())));
}

#[tokio::test]
async fn what_a_client_never_came_back_for_is_handed_back() {
    let tap = Tap::new();
    let server = Server::new(config().time_to_live(Duration::from_millis(50)), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.cut();
    held.session.send("one").unwrap();
    held.session.send("two").unwrap();
    let ending = held.ends().await;
    assert_eq!(ending.cause, Cause::Expired);
    assert_eq!(ending.undelivered, [Message::text("one"), Message::text("two")]);
}

#[tokio::test]
async fn a_client_that_comes_back_in_time_may_wait_for_the_store_for_longer() {
    let (store, gate) = GatedStore::shut();
    let server = Server::with_store(config().time_to_live(Duration::from_secs(1)), store, echo).await;
    let mut client = Client::open(server.address, "").await;
    client.cut();
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say(&format!("\u{10}resume {:032x} 0 0 2 0", client.token().0)).await;
    // By the time that one expires which was lost later, this one's time is up as well.
    Client::open(server.address, "").await.cut();
    server.metric_becomes("undrop_sessions_ended_total{cause=\"expired\"}", 1).await;
    gate.open();
    assert!(connection.text().await.starts_with("\u{10}resumed 0 "));
}

#[tokio::test]
async fn a_delivery_that_never_comes_is_told() {
    let tap = Tap::new();
    let server = Server::new(config().time_to_live(Duration::from_millis(50)), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let held = tap.next().await;
    client.cut();
    assert!(held.session.deliver("lost").await.is_err());
}

#[tokio::test]
async fn a_server_that_ends_tells_all_connections_and_lets_the_handlers_finish() {
    let tap = Tap::new();
    let spread = Spread::Fixed(Duration::from_millis(1_234));
    let server = Server::new(config().spread(spread), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    assert_eq!(client.terms().spread, 1_234);
    let mut held = tap.next().await;
    client.send("unfinished").await;
    let received = held.recv().await;
    let sessions = server.sessions.clone();
    let shutdown = tokio::spawn(async move { sessions.shut_down().await });
    assert_eq!(client.closed().await, Some((1012, "restart".into())));
    assert_eq!(held.ends().await.cause, Cause::Shutdown);
    assert!(!shutdown.is_finished());
    received.commit_with(["an answer for later"]).await.unwrap();
    drop((held, received));
    shutdown.await.unwrap();
    assert_eq!((server.metric("undrop_sessions"), server.metric("undrop_connections")), (0, 0));
    // Who comes too late is sent away.
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    assert_eq!(connection.closed().await, Some((1012, "restart".into())));
}

#[tokio::test]
async fn another_server_on_the_same_store_takes_over_in_the_same_process() {
    let store = Arc::new(MemoryStore::default());
    let first = Server::with_store(config(), store.clone(), echo).await;
    let mut client = Client::open(first.address, "").await;
    client.cut();
    client.send("one").await;
    first.sessions.shut_down().await;
    let second = Server::with_store(config(), store, echo).await;
    client.connect_until_it_works(second.address).await;
    assert_eq!(client.text().await, "one");
    assert_eq!((client.opened, client.resumed), (1, 1));
}

#[tokio::test]
async fn a_server_that_ends_does_not_wait_for_a_handler_for_ever() {
    let tap = Tap::new();
    let server = Server::new(config().grace(Duration::from_millis(50)), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let held = tap.next().await;
    let sessions = server.sessions.clone();
    let shutdown = tokio::spawn(async move { sessions.shut_down().await });
    assert_eq!(client.closed().await, Some((1012, "restart".into())));
    shutdown.await.unwrap();
    assert_eq!(server.metric("undrop_sessions"), 0);
    drop(held);
}

#[tokio::test]
async fn a_reset_gives_the_client_back_what_it_sent() {
    let server = Server::new(config(), echo).await;
    let mut client = Client::open(server.address, "").await;
    client.cut();
    client.send("one").await;
    // Another server knows nothing of the session.
    let other = Server::new(config(), echo).await;
    client.connect_until_it_works(other.address).await;
    assert_eq!(client.opened, 2);
    assert_eq!(client.returned, [(Message::text("one"), Outcome::Unsent)]);
}

#[tokio::test]
async fn the_sessions_of_a_user_can_be_revoked() {
    for server in Server::on_each_store(config(), echo).await {
        let mut eve = Raw::connect(server.address, "?user=eve", Some("undrop.1")).await.unwrap();
        eve.say("\u{10}new").await;
        assert!(eve.text().await.starts_with("\u{10}welcome "));
        let mut away = Client::open(server.address, "?user=eve").await;
        away.cut();
        let mut bob = Client::open(server.address, "?user=bob").await;
        server.sessions.revoke(&Principal::user("eve")).await.unwrap();
        assert_eq!(eve.closed().await, Some((4403, "revoked".into())));
        bob.send("still here").await;
        assert_eq!(bob.text().await, "still here");
        server.metric_becomes("undrop_sessions_ended_total{cause=\"revoked\"}", 2).await;
        // Whoever the app lets in again begins anew.
        away.connect().await;
        assert_eq!((away.opened, away.resumed), (2, 0));
    }
}

/// A connection with a new session, and its token.
async fn begin(server: &Server) -> (Raw, String) {
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    let welcome = connection.text().await;
    (connection, welcome.split(' ').nth(1).unwrap().to_owned())
}

fn close_with(code: u16, reason: &'static str) -> tungstenite::Message {
    Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
}
