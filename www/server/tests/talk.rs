//! Members of a room without sessions.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{ask, closed, collect, join, open, piece, receive_type, say, start};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use undrop_chat::Switches;

#[tokio::test]
async fn two_people_talk_and_a_third_reads_what_was_said() {
    let (address, _) = start(Switches::Off);
    let mut ada = join(address, 1, "Ada").await;
    let mut bob = join(address, 2, "Bob").await;
    let said = ask(&mut ada, "say", json!({ "key": common::key(1), "text": "grüß dich 👋" })).await;
    let heard = receive_type(&mut bob, "chat").await;
    assert_eq!(said["item"], heard);
    assert_eq!((&heard["from"], &heard["text"]), (&json!("Ada"), &json!("grüß dich 👋")));
    assert!(heard["at"].as_u64().unwrap() > 1_700_000_000_000);
    let mut eve = open(address, 3).await;
    let welcome = ask(&mut eve, "join", json!({ "name": "Eve" })).await;
    assert_eq!(welcome["history"][0], heard);
    assert_eq!(welcome["people"], json!(["Ada", "Bob", "Eve"]));

    receive_type(&mut ada, "people").await;
    eve.close(None).await.unwrap();
    assert_eq!(receive_type(&mut ada, "people").await["people"], json!(["Ada", "Bob"]));
}

#[tokio::test]
async fn what_is_written_in_one_room_does_not_reach_another() {
    let (address, _) = start(Switches::Off);
    let mut ada = join(address, 1, "Ada").await;
    let mut elsewhere = common::connect(address, &format!("/chat/attic?tab={}", common::key(2))).await.unwrap();
    let welcome = ask(&mut elsewhere, "join", json!({ "name": "Ada", "room": "lobby" })).await;
    assert_eq!((&welcome["name"], &welcome["people"]), (&json!("Ada"), &json!(["Ada"])));
    say(&mut ada, 1, "for the lobby").await;
    let key = common::key(9);
    let upload = ask(&mut ada, "upload", json!({ "key": key, "name": "f", "kind": "", "size": 3 })).await;
    ada.send(piece(upload["number"].as_u64().unwrap(), 0, b"abc")).await.unwrap();
    assert_eq!(ask(&mut ada, "fetch", json!({ "file": 1, "from": 0 })).await, json!({}));
    // Neither the files nor the history of the lobby.
    assert_eq!(ask(&mut elsewhere, "fetch", json!({ "file": 1, "from": 0 })).await["code"], "file-gone");
    let again = ask(&mut elsewhere, "join", json!({ "name": "Ada" })).await;
    assert_eq!(again["history"], json!([]));
}

#[tokio::test]
async fn a_file_whose_connection_drops_half_way_arrives_whole_over_the_next() {
    let (address, _) = start(Switches::Off);
    let file: Vec<u8> = (0..200_000u32).map(|place| (place % 251) as u8).collect();
    let mut bob = join(address, 2, "Bob").await;
    let offer = json!({ "key": common::key(5), "name": "a.png", "kind": "image/png", "size": file.len() });
    {
        let mut ada = join(address, 1, "Ada").await;
        let upload = ask(&mut ada, "upload", offer.clone()).await;
        let number = upload["number"].as_u64().unwrap();
        assert_eq!(upload["have"], 0);
        ada.send(piece(number, 0, &file[..120_000])).await.unwrap();
        // The piece has been handled when this is answered.
        ask(&mut ada, "typing", json!({})).await;
    }
    let mut ada = join(address, 1, "Ada").await;
    let upload = ask(&mut ada, "upload", offer.clone()).await;
    let number = upload["number"].as_u64().unwrap();
    assert_eq!(upload["have"], 120_000);
    // A piece of the earlier connection is ignored.
    ada.send(piece(number, 0, &file[..1000])).await.unwrap();
    ada.send(piece(number, 120_000, &file[120_000..])).await.unwrap();
    let heard = receive_type(&mut bob, "chat").await;
    assert_eq!(heard["file"], json!({ "number": number, "name": "a.png", "kind": "image/png", "size": 200_000 }));
    // A second offer of a complete file is answered with the message.
    assert_eq!(ask(&mut ada, "upload", offer).await["item"], heard);

    assert_eq!(ask(&mut bob, "fetch", json!({ "file": number, "from": 0 })).await, json!({}));
    assert!(collect(&mut bob, file.len()).await == file);
    assert_eq!(ask(&mut bob, "fetch", json!({ "file": number, "from": 199_990 })).await, json!({}));
    assert!(collect(&mut bob, 10).await == file[199_990..]);
}

#[tokio::test]
async fn numbered_messages_are_counted_in_both_directions() {
    let (address, _) = start(Switches::Off);
    let mut ada = join(address, 1, "Ada").await;
    let sum = ask(&mut ada, "score", json!({ "run": 1 })).await;
    assert_eq!(sum["heard"], json!({ "highest": 0, "lost": 0, "twice": 0, "late": 0 }));
    for number in [1, 2, 5, 5] {
        common::tell(&mut ada, "number", json!({ "number": number })).await;
    }
    for expected in [1, 2] {
        assert_eq!(receive_type(&mut ada, "number").await["number"], expected);
    }
    drop(ada);
    // The same run, over another connection.
    let mut ada = join(address, 1, "Ada").await;
    let sum = ask(&mut ada, "score", json!({ "run": 1 })).await;
    assert_eq!(sum["heard"], json!({ "highest": 5, "lost": 2, "twice": 1, "late": 0 }));
    assert!(receive_type(&mut ada, "number").await["number"].as_u64().unwrap() > 2);
    ask(&mut ada, "score", json!({ "run": null })).await;
    common::tell(&mut ada, "number", json!({ "number": 9 })).await;
    assert_eq!(ask(&mut ada, "score", json!({ "run": 2 })).await["heard"]["highest"], 0);
}

#[tokio::test]
async fn a_server_that_shuts_down_closes_every_connection() {
    let (address, rooms) = start(Switches::Off);
    let mut ada = join(address, 1, "Ada").await;
    let mut unnamed = open(address, 2).await;
    let end = tokio::spawn(async move { rooms.shut_down().await });
    assert_eq!(closed(&mut ada).await, 1012);
    assert_eq!(closed(&mut unnamed).await, 1012);
    // A connection that opens in the last moment is closed too.
    let mut late = open(address, 3).await;
    assert_eq!(closed(&mut late).await, 1012);
    drop((ada, unnamed, late));
    end.await.unwrap();
}

/// The program itself: the address that it prints, and its shutdown on Ctrl-C.
#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_closes_every_connection_with_1012_and_ends_the_program() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    let mut program = Command::new(env!("CARGO_BIN_EXE_undrop-chat"))
        .env_remove("PORT")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("undrop chat: http://").unwrap().trim_end_matches('/');
    let mut ada = join(address.parse().unwrap(), 1, "Ada").await;
    let interrupt = ["-INT", &program.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().unwrap().success());
    assert_eq!(closed(&mut ada).await, 1012);
    assert!(ada.next().await.is_none_or(|end| end.is_err()));
    assert!(program.wait().unwrap().success());
}
