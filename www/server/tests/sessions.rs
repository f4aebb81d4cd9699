//! Members with sessions, and clients that try to steal one.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::session::{SessionClient, connect, control, greet, token};
use common::{ask, closed, join, key, piece, receive_type, start, throw};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};
use undrop_chat::Switches;

#[tokio::test]
async fn members_with_a_session_and_without_one_are_in_the_same_room() {
    let (address, _) = start(Switches::Off);
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    let mut bob = join(address, 2, "Bob").await;
    let said = ada.ask("say", json!({ "key": key(1), "text": "over a session" })).await;
    assert_eq!(receive_type(&mut bob, "chat").await, said["item"]);
    let said = ask(&mut bob, "say", json!({ "key": key(1), "text": "over a connection" })).await;
    assert_eq!(ada.receive_type("chat").await, said["item"]);
    // Errors are the same as without a session.
    let refused = ada.ask("say", json!({ "key": key(2), "text": " " })).await;
    assert_eq!(refused["code"], "text-empty");
    ada.send(Message::binary(vec![1, 2, 3])).await;
    assert!(ada.receive_type("error").await["reason"].as_str().unwrap().contains("piece of a file"));
}

#[tokio::test]
async fn numbers_arrive_once_and_in_order_over_one_cut_connection_after_another() {
    let (address, _) = start(Switches::On);
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    ada.ask("score", json!({ "run": 1 })).await;
    let (mut said, mut heard) = (0, 0);
    for switch in ["cut", "fin", "blackhole", "restart", "cut", "restart"] {
        for _ in 0..5 {
            said += 1;
            ada.tell("number", json!({ "number": said })).await;
        }
        heard += 1;
        assert_eq!(ada.receive_type("number").await["number"], heard);
        assert_eq!(throw(address, switch, 1).await, 204);
        // Neither side has noticed yet that the connection is lost.
        said += 1;
        ada.tell("number", json!({ "number": said })).await;
        ada.resume().await;
    }
    let sum = loop {
        let message = ada.receive().await;
        match message["type"].as_str().unwrap() {
            "number" => {
                heard += 1;
                assert_eq!(message["data"]["number"], heard);
            }
            "counted" if message["data"]["heard"]["highest"] == said => break message["data"].clone(),
            _ => {}
        }
    };
    assert_eq!(sum["heard"], json!({ "highest": said, "lost": 0, "twice": 0, "late": 0 }));
}

#[tokio::test]
async fn a_room_that_restarts_hands_its_sessions_over_and_nobody_misses_a_message() {
    let (address, _) = start(Switches::On);
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    let mut bob = SessionClient::join(address, 2, "Bob").await;
    assert_eq!(throw(address, "restart", 1).await, 204);
    assert_eq!((closed(&mut ada.socket).await, closed(&mut bob.socket).await), (1012, 1012));
    // Ada and Bob are still members.
    let mut eve = loop {
        if common::connect(address, &format!("/chat/lobby?tab={}", key(3))).await.is_ok() {
            break join(address, 3, "Eve").await;
        }
    };
    let welcome = ask(&mut eve, "join", json!({ "name": "Eve" })).await;
    assert_eq!(welcome["people"], json!(["Ada", "Bob", "Eve"]));
    bob.resume().await;
    bob.ask("say", json!({ "key": key(7), "text": "is everybody back?" })).await;
    ada.resume().await;
    assert_eq!(ada.receive_type("chat").await["text"], "is everybody back?");
    assert_eq!(ada.ask("say", json!({ "key": key(8), "text": "I am" })).await["item"]["from"], "Ada");
}

#[tokio::test]
async fn a_file_is_uploaded_and_downloaded_whole_over_cut_connections_and_restarts() {
    let (address, _) = start(Switches::On);
    let file: Vec<u8> = (0..1_000_000u32).map(|place| (place % 251) as u8).collect();
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    let offer = json!({ "key": key(5), "name": "f", "kind": "", "size": file.len() });
    let number = ada.ask("upload", offer.clone()).await["number"].as_u64().unwrap();
    for (place, part) in file.chunks(100_000).enumerate() {
        let offset = u32::try_from(place * 100_000).unwrap();
        ada.send(piece(number, offset, part)).await;
        if let Some(switch) = [None, Some("cut"), None, Some("restart")][place % 4] {
            assert_eq!(throw(address, switch, 1).await, 204);
            ada.resume().await;
        }
    }
    assert_eq!(ada.ask("upload", offer).await["item"]["file"]["number"], number);

    ada.tell("fetch", json!({ "file": number, "from": 0 })).await;
    let mut arrived = Vec::new();
    let mut faults = [("cut", 200_000), ("restart", 500_000), ("cut", 700_000)].into_iter().peekable();
    while arrived.len() < file.len() {
        match ada.socket.next().await.unwrap().unwrap() {
            Message::Binary(frame) => {
                ada.received += 1;
                arrived.extend_from_slice(&frame[8..]);
            }
            Message::Text(text) if !text.starts_with('\u{10}') => ada.received += 1,
            _ => {}
        }
        // The server sends further pieces only once these are acknowledged.
        ada.socket.send(Message::text(format!("\u{10}ack {}", ada.received))).await.unwrap();
        if let Some((switch, _)) = faults.next_if(|(_, at)| arrived.len() >= *at) {
            assert_eq!(throw(address, switch, 1).await, 204);
            ada.resume().await;
        }
    }
    assert!(arrived == file);
}

#[tokio::test]
async fn a_member_whose_session_ends_leaves_the_list_and_one_whose_connection_drops_does_not() {
    let (address, _) = start(Switches::On);
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    let mut bob = join(address, 2, "Bob").await;
    assert_eq!(throw(address, "cut", 1).await, 204);
    let welcome = ask(&mut bob, "join", json!({ "name": "Bob" })).await;
    assert_eq!(welcome["people"], json!(["Ada", "Bob"]));
    ada.resume().await;
    ada.socket.send(Message::text("\u{10}end")).await.unwrap();
    while receive_type(&mut bob, "people").await["people"] != json!(["Bob"]) {}
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_closed_and_the_room_goes_on() {
    let (address, _) = start(Switches::Off);
    let mut bob = join(address, 2, "Bob").await;
    let path = format!("/session/lobby?tab={}", key(1));
    let first = [
        Message::text("hello"),
        Message::text(""),
        Message::binary(vec![0x10, 1]),
        Message::text("\u{10}"),
        Message::text("\u{10}resume"),
        Message::text("\u{10}resume 0 0"),
        Message::text(format!("\u{10}resume {} 0 99999999999999999999", "0".repeat(32))),
        Message::text(format!("\u{10}resume {} 0 01", "0".repeat(32))),
        Message::text("\u{10}ack 0"),
        Message::text(format!("\u{10}{}", "9".repeat(100_000))),
    ];
    for frame in first {
        let mut socket = connect(address, &path).await.unwrap();
        socket.send(frame.clone()).await.unwrap();
        assert_eq!(closed(&mut socket).await, 1002, "{frame:?}");
    }
    for frame in ["new", "ack 1000", "ack -1", "ack", "ping", "ping x", "end now", "welcome", "shout", "resumed 0"] {
        let mut socket = connect(address, &path).await.unwrap();
        greet(&mut socket, "new").await;
        socket.send(Message::text(format!("\u{10}{frame}"))).await.unwrap();
        assert_eq!(closed(&mut socket).await, 1002, "{frame}");
    }
    let mut socket = connect(address, &path).await.unwrap();
    greet(&mut socket, "new").await;
    socket.send(Message::binary(vec![0; (1 << 20) + 1])).await.unwrap();
    assert_eq!(closed(&mut socket).await, 1009);
    assert_eq!(ask(&mut bob, "join", json!({ "name": "Bob" })).await["people"], json!(["Bob"]));
    SessionClient::join(address, 1, "Ada").await;
}

#[tokio::test]
async fn a_stolen_token_is_worth_nothing_in_another_tab_or_room() {
    let (address, _) = start(Switches::Off);
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    for path in [format!("/session/lobby?tab={}", key(2)), format!("/session/attic?tab={}", key(1))] {
        let mut thief = connect(address, &path).await.unwrap();
        let welcome = greet(&mut thief, &format!("resume {} 0 0 2 0", ada.token)).await;
        assert_ne!(token(&welcome), ada.token, "{path}");
        // It is a new session, of a member without a name.
        thief.send(Message::text(r#"{"type":"typing","data":{},"id":1}"#)).await.unwrap();
        let answer = loop {
            match thief.next().await.unwrap().unwrap() {
                Message::Text(text) if !text.starts_with('\u{10}') => break text,
                _ => {}
            }
        };
        assert!(answer.contains("join-first"), "{path}: {answer}");
    }
    // Ada noticed nothing.
    let said = ada.ask("say", json!({ "key": key(1), "text": "mine" })).await;
    assert_eq!((&said["item"]["from"], &said["item"]["number"]), (&json!("Ada"), &json!(1)));
}

#[tokio::test]
async fn an_address_that_is_no_room_is_closed_for_good_and_a_client_without_the_protocol_is_refused() {
    let (address, _) = start(Switches::Off);
    for path in ["/session/Lobby?tab=0123456789abcdef", "/session/lobby", "/session/lobby?tab=short"] {
        let mut socket = connect(address, path).await.unwrap();
        assert_eq!(closed(&mut socket).await, 4404, "{path}");
    }
    // A client that does not offer the subprotocol cannot have a session.
    let refused = common::connect(address, &format!("/session/lobby?tab={}", key(1))).await.unwrap_err();
    assert!(matches!(refused, Error::Http(response) if response.status() == 400));
}

#[tokio::test]
async fn a_server_that_shuts_down_closes_sessions_too_and_waits_for_them() {
    let (address, rooms) = start(Switches::Off);
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    let mut away = SessionClient::join(address, 2, "Bob").await;
    drop(away.socket);
    let end = tokio::spawn(async move { rooms.shut_down().await });
    assert_eq!(closed(&mut ada.socket).await, 1012);
    away.socket = connect(address, &format!("/session/lobby?tab={}", key(2))).await.unwrap();
    assert_eq!(closed(&mut away.socket).await, 1012);
    end.await.unwrap();
}

#[tokio::test]
async fn a_later_connection_of_the_same_tab_takes_the_session_over() {
    let (address, _) = start(Switches::Off);
    let mut ada = SessionClient::join(address, 1, "Ada").await;
    let mut older = connect(address, &format!("/session/lobby?tab={}", key(1))).await.unwrap();
    std::mem::swap(&mut older, &mut ada.socket);
    let resumed = greet(&mut ada.socket, &format!("resume {} {} 0 2 0", ada.token, ada.received)).await;
    assert!(resumed.starts_with("resumed "), "{resumed}");
    assert_eq!(closed(&mut older).await, 4000);
    ada.socket.send(Message::text("\u{10}ping 7")).await.unwrap();
    assert_eq!(control(&mut ada.socket).await, "pong 7");
}
