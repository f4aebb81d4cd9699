//! Rooms and places that are all taken, and names that imitate others.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::session::{SessionClient, connect as connect_session, greet};
use common::{Client, ask, connect, connect_over, join, key, open, receive_type, start, start_with, stream_from};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use undrop_chat::{Switches, Timeouts};

const ROOMS: usize = 32;
const MEMBERS: usize = 50;
const CROWD: [u8; 4] = [127, 0, 0, 2];
const NEVER: Duration = Duration::from_secs(3600);

/// The code and the reason of the server's close frame.
async fn closed(client: &mut Client) -> (u16, String) {
    loop {
        if let Message::Close(frame) = client.next().await.unwrap().unwrap() {
            let frame = frame.unwrap();
            return (frame.code.into(), frame.reason.to_string());
        }
    }
}

/// Joins a room from this address. Returns the answer, or the close frame's code and reason.
async fn enter(from: [u8; 4], address: SocketAddr, room: &str, tab: usize) -> Result<(Client, Value), (u16, String)> {
    let stream = stream_from(from, address).await;
    let mut client = connect_over(stream, address, &format!("/chat/{room}?tab={}", key(tab))).await.unwrap();
    let request = json!({ "type": "join", "data": { "name": format!("Tab {tab}") }, "id": 1 }).to_string();
    // The server may have closed already.
    let _ = client.send(Message::text(request)).await;
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                if message["id"] == 1 {
                    return Ok((client, message["data"].clone()));
                }
            }
            Message::Close(frame) => {
                let frame = frame.unwrap();
                return Err((frame.code.into(), frame.reason.to_string()));
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn an_address_that_has_taken_all_rooms_gives_one_up_for_a_client_of_another() {
    let (address, _) = start(Switches::Off);
    let mut crowd = Vec::new();
    for number in 0..ROOMS {
        crowd.push(enter(CROWD, address, &format!("room-{number}"), number).await.unwrap().0);
    }
    let (code, reason) = enter(CROWD, address, "one-more", 99).await.unwrap_err();
    assert_eq!(code, 1013);
    assert!(reason.contains("as many rooms as there can be"), "{reason}");
    let (_ada, welcome) = enter([127, 0, 0, 1], address, "quiet", 100).await.unwrap();
    assert_eq!(welcome["people"], json!(["Tab 100"]));
    let (code, reason) = closed(&mut crowd[0]).await;
    assert_eq!(code, 1013);
    assert!(reason.contains("made place"), "{reason}");
    // The others stay.
    assert_eq!(ask(&mut crowd[1], "join", json!({ "name": "Tab 1" })).await["people"], json!(["Tab 1"]));
}

#[tokio::test]
async fn whoever_does_not_join_in_time_is_closed_and_frees_its_room() {
    let (address, _) = start_with(Switches::Off, Timeouts { join: Duration::from_millis(50), idle: NEVER });
    let mut silent = Vec::new();
    for number in 0..ROOMS {
        silent.push(connect(address, &format!("/chat/room-{number}?tab={}", key(number))).await.unwrap());
    }
    for client in &mut silent {
        assert_eq!(closed(client).await, (4408, "no name came in time".into()));
    }
    let mut session = connect_session(address, &format!("/session/room-0?tab={}", key(99))).await.unwrap();
    greet(&mut session, "new").await;
    assert_eq!(closed(&mut session).await, (4408, "no name came in time".into()));
    let mut ada = join(address, 100, "Ada").await;
    // Whoever has joined may be silent.
    let (_, welcome) = enter(CROWD, address, "lobby", 101).await.unwrap();
    assert_eq!(welcome["people"], json!(["Ada", "Tab 101"]));
    assert_eq!(receive_type(&mut ada, "people").await["people"], json!(["Ada"]));
}

#[tokio::test]
async fn a_full_room_says_so_with_a_session_and_without_one() {
    let (address, _) = start(Switches::Off);
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        members.push(join(address, number, &format!("Tab {number}")).await);
    }
    let expected = (1013, "the room is full, try again later".to_owned());
    assert_eq!(closed(&mut open(address, 99).await).await, expected);
    let path = format!("/session/lobby?tab={}", key(99));
    assert_eq!(closed(&mut connect_session(address, &path).await.unwrap()).await, expected);
}

#[tokio::test]
async fn an_address_that_has_all_places_of_a_room_gives_one_up_for_a_client_of_another() {
    let (address, _) = start(Switches::Off);
    let mut crowd = Vec::new();
    for number in 0..MEMBERS {
        crowd.push(enter(CROWD, address, "lobby", number).await.unwrap().0);
    }
    let ada = join(address, 100, "Ada").await;
    let (code, reason) = closed(crowd.last_mut().unwrap()).await;
    assert_eq!(code, 1013);
    assert!(reason.contains("your address has more places than others"), "{reason}");
    // Ada keeps hers.
    let refused = enter(CROWD, address, "lobby", 101).await.unwrap_err();
    assert_eq!(refused, (1013, "the room is full, try again later".into()));
    drop(ada);
}

#[tokio::test]
async fn sessions_that_have_hung_up_make_place_in_a_full_room() {
    let (address, _) = start_with(Switches::Off, Timeouts { join: NEVER, idle: Duration::ZERO });
    let mut away = Vec::new();
    for number in 0..MEMBERS {
        away.push(SessionClient::join(address, number, &format!("Tab {number}")).await);
    }
    let mut stays = away.remove(0);
    for client in &mut away {
        client.socket.get_mut().set_zero_linger().unwrap();
    }
    drop(away);
    // As many again as were away, once the server has noticed.
    let mut present = Vec::new();
    for number in 100..100 + MEMBERS - 1 {
        present.push(loop {
            match enter(CROWD, address, "lobby", number).await {
                Ok((client, _)) => break client,
                Err(refused) => assert_eq!(refused, (1013, "the room is full, try again later".into())),
            }
        });
    }
    assert!(enter(CROWD, address, "lobby", 200).await.is_err());
    let people = stays.ask("join", json!({ "name": "Tab 0" })).await["people"].clone();
    assert_eq!(people.as_array().unwrap().len(), MEMBERS);
    assert!(people.as_array().unwrap().iter().all(|name| name == "Tab 0" || name.as_str().unwrap() >= "Tab 100"));
}

#[tokio::test]
async fn rooms_in_which_all_sessions_have_hung_up_make_place_for_others() {
    let (address, _) = start_with(Switches::Off, Timeouts { join: NEVER, idle: Duration::ZERO });
    for number in 0..ROOMS {
        let mut socket =
            connect_session(address, &format!("/session/room-{number}?tab={}", key(number))).await.unwrap();
        greet(&mut socket, "new").await;
    }
    loop {
        match enter([127, 0, 0, 1], address, "lobby", 100).await {
            Ok((_, welcome)) => break assert_eq!(welcome["people"], json!(["Tab 100"])),
            Err((code, _)) => assert_eq!(code, 1013),
        }
    }
}

#[tokio::test]
async fn a_name_that_looks_like_a_members_is_numbered_and_one_that_nobody_sees_is_refused() {
    let (address, _) = start(Switches::Off);
    let _ada = join(address, 1, "Ada").await;
    let mut mallory = open(address, 2).await;
    for (wanted, given) in [
        ("A\u{200b}da", "Ada 2"),
        ("\u{202e}Ada\u{202c}", "Ada 2"),
        ("\u{ff21}\u{ff44}\u{ff41}", "Ada 2"),
        ("\u{2800}ADA ", "ADA 2"),
        ("\u{410}d\u{430}", "\u{410}d\u{430} 2"),
        ("e\u{301}ve", "\u{e9}ve"),
    ] {
        assert_eq!(ask(&mut mallory, "join", json!({ "name": wanted })).await["name"], given, "{wanted:?}");
    }
    for invisible in ["\u{200b}", "\u{3164}", "\u{2800}\u{2800}", "\u{202e}\u{202c}", "\u{301}"] {
        let refused = ask(&mut mallory, "join", json!({ "name": invisible })).await;
        assert_eq!(refused["code"], "name-empty", "{invisible:?}");
    }
}
