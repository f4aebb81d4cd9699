//! The demo's switches.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Client, ask, closed, connect, fetch, join, key, receive_type, say, start, throw};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};
use undrop_chat::Switches;

/// Returns the error with which a connection ends without a close frame.
async fn end(client: &mut Client) -> Error {
    loop {
        match client.next().await.unwrap() {
            Ok(Message::Close(frame)) => panic!("it was closed in order: {frame:?}"),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

#[tokio::test]
async fn a_connection_ends_with_a_reset_or_with_a_fin_and_no_other_does() {
    let (address, _) = start(Switches::On);
    let mut bob = join(address, 2, "Bob").await;
    for switch in ["cut", "fin"] {
        let mut ada = join(address, 1, "Ada").await;
        assert_eq!(throw(address, switch, 1).await, 204);
        let error = end(&mut ada).await.to_string();
        let expected = if switch == "cut" { "reset by peer" } else { "without closing handshake" };
        assert!(error.contains(expected), "{switch}: {error}");
        while receive_type(&mut bob, "people").await["people"] != json!(["Bob"]) {}
    }
}

#[tokio::test]
async fn a_black_hole_takes_everything_and_lets_nothing_out() {
    let (address, _) = start(Switches::On);
    let mut ada = join(address, 1, "Ada").await;
    let mut bob = join(address, 2, "Bob").await;
    assert_eq!(throw(address, "blackhole", 1).await, 204);
    say(&mut ada, 1, "does anybody hear me?").await;
    say(&mut bob, 1, "where is Ada?").await;
    // A connection that has lost bytes cannot be healed.
    assert_eq!((throw(address, "heal", 1).await, throw(address, "slow", 1).await), (404, 404));
    // A new connection of the same tab has no fault.
    let mut again = join(address, 1, "Ada").await;
    let welcome = ask(&mut again, "join", json!({ "name": "Ada" })).await;
    assert_eq!(welcome["history"].as_array().unwrap().len(), 1);
    let silence = tokio::time::timeout(std::time::Duration::from_millis(300), async {
        while !matches!(ada.next().await, Some(Ok(Message::Text(text))) if text.contains("where is Ada")) {}
    });
    assert!(silence.await.is_err());
}

#[tokio::test]
async fn a_slow_connection_is_late_and_loses_nothing_until_it_is_healed() {
    let (address, _) = start(Switches::On);
    let mut ada = join(address, 1, "Ada").await;
    assert_eq!(throw(address, "slow", 1).await, 204);
    let start = std::time::Instant::now();
    ask(&mut ada, "typing", json!({})).await;
    // The latency is added in each direction.
    assert!(start.elapsed() >= std::time::Duration::from_millis(600));
    let text = "ä".repeat(4_000);
    for number in 0..9 {
        say(&mut ada, number, &text).await;
    }
    assert_eq!(throw(address, "heal", 1).await, 204);
    let last = ask(&mut ada, "say", json!({ "key": key(99), "text": "last" })).await;
    assert_eq!(last["item"]["number"], 10);
}

#[tokio::test]
async fn a_tab_that_is_refused_cannot_connect_and_others_can() {
    let (address, _) = start(Switches::On);
    let _ada = join(address, 1, "Ada").await;
    let _bob = join(address, 2, "Bob").await;
    assert_eq!(throw(address, "refuse", 1).await, 204);
    let refused = connect(address, &format!("/chat/lobby?tab={}", key(1))).await.unwrap_err();
    assert!(matches!(refused, Error::Http(response) if response.status() == 503));
    join(address, 3, "Eve").await;
}

#[tokio::test]
async fn a_room_that_restarts_closes_its_connections_with_1012_and_no_others() {
    let (address, _) = start(Switches::On);
    let mut ada = join(address, 1, "Ada").await;
    let mut bob = join(address, 2, "Bob").await;
    let mut elsewhere = connect(address, &format!("/chat/attic?tab={}", key(3))).await.unwrap();
    assert_eq!(throw(address, "restart", 1).await, 204);
    assert_eq!((closed(&mut ada).await, closed(&mut bob).await), (1012, 1012));
    let refused = connect(address, &format!("/chat/lobby?tab={}", key(4))).await.unwrap_err();
    assert!(matches!(refused, Error::Http(response) if response.status() == 503));
    assert_eq!(ask(&mut elsewhere, "join", json!({ "name": "Eve" })).await["name"], "Eve");
}

#[tokio::test]
async fn without_the_tabs_key_no_switch_works_and_without_the_demo_there_is_none() {
    let (address, _) = start(Switches::On);
    let _ada = join(address, 1, "Ada").await;
    for switch in ["cut", "fin", "blackhole", "slow", "heal", "refuse", "restart"] {
        assert_eq!(throw(address, switch, 2).await, 404, "{switch}");
    }
    for (path, expected) in [
        (format!("/demo/lobby/explode?tab={}", key(1)), "400"),
        ("/demo/lobby/cut?tab=1".into(), "404"),
        ("/demo/lobby/cut".into(), "400"),
        (format!("/demo/Lobby/cut?tab={}", key(1)), "404"),
        (format!("/demo/lobby/refuse?tab={}&seconds=-1", key(1)), "400"),
    ] {
        assert_eq!(&fetch(address, "POST", &path).await[9..12], expected, "{path}");
    }
    let (address, _) = start(Switches::Off);
    let _ada = join(address, 1, "Ada").await;
    assert_eq!(throw(address, "cut", 1).await, 405);
    assert!(fetch(address, "GET", "/demo").await.ends_with("off"));
}
