//! A client gets so much of anything, and no more.

use std::time::Duration;

use http::StatusCode;
use undrop::core::outbox::Bounds;
use undrop_server::{Config, Limits, SendError};

use crate::support::gate::GatedStore;
use crate::support::house::config;
use crate::support::raw::NoLine;
use crate::support::{Client, House, Raw, Tap, echo, soon};

fn limited(limits: Limits) -> Config {
    Config { limits, ..config() }
}

#[tokio::test]
async fn there_are_so_many_sessions_and_no_more() {
    let house = House::new(limited(Limits { sessions: 2, ..Limits::default() }), echo).await;
    let _first = Client::open(house.address, "").await;
    let mut second = Client::open(house.address, "").await;
    let mut third = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
    third.say("\u{10}new").await;
    assert_eq!(third.closed().await, Some((1013, "too many sessions".into())));
    // Who has one can have it back.
    second.cut();
    second.dial().await;
    assert_eq!(second.resumed, 1);
    second.end().await;
    house.metric_becomes("undrop_sessions", 1).await;
    Client::open(house.address, "").await;
}

#[tokio::test]
async fn who_opens_sessions_in_a_loop_gets_rid_of_their_own() {
    let house = House::new(limited(Limits { sessions_per_user: 3, ..Limits::default() }), echo).await;
    let bob = Client::open(house.address, "?user=bob").await;
    let mut down = Vec::new();
    for _ in 0..50 {
        let mut ann = Client::open(house.address, "?user=ann").await;
        let lines = house.metric("undrop_lines");
        ann.cut();
        house.metric_becomes("undrop_lines", lines - 1).await;
        down.push(ann);
    }
    house.metric_becomes("undrop_sessions", 4).await;
    assert_eq!(house.metric("undrop_sessions_ended_total{by=\"evicted\"}"), 47);
    // The last three are left.
    for (index, ann) in down.iter_mut().enumerate().rev().take(3) {
        ann.dial().await;
        assert_eq!(ann.resumed, 1, "session {index}");
    }
    // All of them have a line now, and none has to go.
    let mut fourth = Raw::dial(house.address, "?user=ann", Some("undrop.1")).await.unwrap();
    fourth.say("\u{10}new").await;
    assert_eq!(fourth.closed().await, Some((1013, "too many sessions".into())));
    drop(bob);
}

#[tokio::test]
async fn the_unknown_of_one_address_share_a_number_of_sessions() {
    let house = House::new(limited(Limits { sessions_per_address: 2, ..Limits::default() }), echo).await;
    let _first = Client::open(house.address, "").await;
    let _second = Client::open(house.address, "").await;
    let mut third = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
    third.say("\u{10}new").await;
    assert_eq!(third.closed().await, Some((1013, "too many sessions".into())));
    Client::open(house.address, "?user=ann").await;
}

#[tokio::test]
async fn an_address_makes_so_many_handshakes_and_no_more() {
    let limits = Limits { handshake_burst: 5, handshakes_per_second: 0, ..Limits::default() };
    let house = House::new(limited(limits), echo).await;
    for _ in 0..5 {
        Client::open(house.address, "").await;
    }
    let sixth = Raw::dial(house.address, "", Some("undrop.1")).await;
    assert!(matches!(sixth, Err(NoLine::Status(StatusCode::TOO_MANY_REQUESTS))));
}

#[tokio::test]
async fn a_client_that_never_acknowledges_fills_its_outbox_and_nobody_elses() {
    let tap = Tap::new();
    let outbox = Bounds { messages: 1_000, bytes: 64 << 10 };
    let house = House::new(limited(Limits { outbox, ..Limits::default() }), tap.handler()).await;
    // It reads, and says nothing.
    let mut deaf = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
    deaf.say("\u{10}new").await;
    assert!(deaf.text().await.starts_with("\u{10}welcome "));
    let held = tap.next().await;
    let message = undrop_server::Message::binary(vec![0; 1 << 10]);
    let taken = (0..1_000).take_while(|_| held.session.send(message.clone()).is_ok()).count();
    assert_eq!(taken, 64);
    assert_eq!(held.session.send(message.clone()), Err(SendError::Full));
    house.metric_becomes("undrop_messages_sent_total", 64).await;
    assert_eq!(house.metric("undrop_outbox_bytes"), 64 << 10);
    // One that does acknowledge has room for any number.
    let mut client = Client::open(house.address, "").await;
    let held = tap.next().await;
    for _ in 0..200 {
        held.session.send(message.clone()).unwrap();
        client.recv().await;
        soon("room", async {
            while house.metric("undrop_outbox_bytes") > 100 << 10 {
                client.idle().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn all_outboxes_together_hold_so_much_and_no_more() {
    let tap = Tap::new();
    let house = House::new(limited(Limits { outboxes: 10_000, ..Limits::default() }), tap.handler()).await;
    let mut clients = Vec::new();
    let mut taken = 0;
    for _ in 0..4 {
        let mut client = Client::open(house.address, "").await;
        let held = tap.next().await;
        client.cut();
        while held.session.send(vec![0; 1_000]).is_ok() {
            taken += 1;
            house.metric_becomes("undrop_outbox_bytes", taken * 1_000).await;
        }
        clients.push((client, held));
    }
    assert_eq!(taken, 10);
    drop(clients);
    house.metric_becomes("undrop_outbox_bytes", 10_000).await;
}

#[tokio::test]
async fn who_asks_for_a_session_while_the_store_does_not_answer_is_sent_away_and_not_for_good() {
    let (store, gate) = GatedStore::shut();
    let greeting = Duration::from_millis(50);
    let house = House::with_store(Config { greeting, ..config() }, store, echo).await;
    let mut client = Client::open(house.address, "").await;
    client.cut();
    let mut line = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
    line.say(&format!("\u{10}resume {:032x} 0", client.token().0)).await;
    assert_eq!(line.closed().await, Some((1013, "the store does not answer".into())));
    assert_eq!(house.metric("undrop_refused_total{for=\"store\"}"), 1);
    gate.open();
    client.dial().await;
    client.send("in time").await;
    assert_eq!(client.recv().await, (1, "in time".into()));
    assert_eq!((client.opened, client.resumed), (1, 1));
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_session() {
    let house = House::new(limited(Limits { message_bytes: 1_000, ..Limits::default() }), echo).await;
    let mut client = Client::open(house.address, "").await;
    client.send(vec![0; 1_000]).await;
    assert_eq!(client.recv().await.1.len(), 1_000);
    // A client would send it again on each of its lines.
    client.send(vec![0; 1_001]).await;
    assert_eq!(client.closed().await, Some((1009, "message too large".into())));
    house.metric_becomes("undrop_sessions", 0).await;
}

#[tokio::test]
async fn a_line_is_not_read_while_the_handler_does_not_keep_up() {
    let tap = Tap::new();
    let inbox = Bounds { messages: 10, bytes: 1 << 20 };
    let house = House::new(limited(Limits { inbox, ..Limits::default() }), tap.handler()).await;
    let mut client = Client::open(house.address, "").await;
    let mut held = tap.next().await;
    for number in 1..=100_u64 {
        client.send(number.to_string()).await;
    }
    house.metric_becomes("undrop_messages_received_total", 10).await;
    for number in 1..=100 {
        let received = held.recv().await;
        assert_eq!(received.number, number);
        assert!(house.metric("undrop_messages_received_total") < number + 10);
        received.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_silent_line_is_asked_and_then_given_up() {
    let (idle, probe) = (Duration::from_millis(20), Duration::from_millis(20));
    let house = House::new(Config { idle, probe, ..config() }, echo).await;
    let mut line = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
    line.say("\u{10}new").await;
    assert!(line.text().await.starts_with("\u{10}welcome "));
    assert!(line.text().await.starts_with("\u{10}ping "));
    assert_eq!(line.closed().await, None);
    assert_eq!(house.metric("undrop_lines_silent_total"), 1);
    // The session waits for another line.
    assert_eq!(house.metric("undrop_sessions"), 1);
}

#[tokio::test]
async fn a_line_that_answers_may_be_silent_for_as_long_as_it_likes() {
    let (idle, probe) = (Duration::from_millis(10), Duration::from_secs(20));
    let house = House::new(Config { idle, probe, ..config() }, echo).await;
    let mut line = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
    line.say("\u{10}new").await;
    assert!(line.text().await.starts_with("\u{10}welcome "));
    for _ in 0..10 {
        let ping = line.text().await;
        let number = ping.strip_prefix("\u{10}ping ").unwrap_or_else(|| panic!("{ping:?}"));
        line.say(&format!("\u{10}pong {number}")).await;
    }
    assert_eq!(house.metric("undrop_lines_silent_total"), 0);
}
