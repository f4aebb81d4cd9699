//! Clients in the room, over real WebSockets.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;
use std::path::Path;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use undrop_chat::{Room, site};

type Client = WebSocketStream<TcpStream>;

/// A site of its own on any free port. The system buffers little on its side, so that a client that does
/// not read is soon felt.
fn start() -> (SocketAddr, Room) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(16 << 10).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(64).unwrap();
    let address = listener.local_addr().unwrap();
    let room = Room::default();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let site = site(room.clone(), &page, &page).unwrap();
    tokio::spawn(axum::serve(listener, site).into_future());
    (address, room)
}

async fn open(address: SocketAddr) -> Client {
    open_over(TcpSocket::new_v4().unwrap(), address).await
}

async fn open_over(socket: TcpSocket, address: SocketAddr) -> Client {
    let stream = socket.connect(address).await.unwrap();
    client_async(format!("ws://{address}/chat"), stream).await.unwrap().0
}

async fn tell(client: &mut Client, kind: &str, data: Value) {
    let frame = json!({ "type": kind, "data": data }).to_string();
    client.send(Message::text(frame)).await.unwrap();
}

/// The next message; pings are passed over.
async fn hear(client: &mut Client) -> Value {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other}"),
        }
    }
}

/// The next message of this type.
async fn hear_of(client: &mut Client, kind: &str) -> Value {
    loop {
        let message = hear(client).await;
        if message["type"] == kind {
            return message["data"].clone();
        }
    }
}

/// The code and reason with which the server closes.
async fn closed(client: &mut Client) -> (u16, String) {
    loop {
        if let Message::Close(frame) = client.next().await.unwrap().unwrap() {
            let frame = frame.unwrap();
            return (frame.code.into(), frame.reason.to_string());
        }
    }
}

async fn join(address: SocketAddr, name: &str) -> Client {
    let mut client = open(address).await;
    tell(&mut client, "join", json!({ "name": name })).await;
    assert_eq!(hear_of(&mut client, "welcome").await["name"], name);
    client
}

#[tokio::test]
async fn two_clients_talk_and_a_third_reads_what_was_said() {
    let (address, _) = start();
    let mut ada = join(address, "Ada").await;
    let mut bob = join(address, "Bob").await;
    tell(&mut ada, "say", json!({ "text": "grüß dich 👋" })).await;
    for client in [&mut ada, &mut bob] {
        let chat = hear_of(client, "chat").await;
        assert_eq!((&chat["from"], &chat["text"]), (&json!("Ada"), &json!("grüß dich 👋")));
        assert!(chat["at"].as_u64().unwrap() > 1_700_000_000_000);
    }
    let mut eve = open(address).await;
    tell(&mut eve, "join", json!({ "name": "Eve" })).await;
    let welcome = hear_of(&mut eve, "welcome").await;
    assert_eq!(welcome["history"][0]["text"], "grüß dich 👋");
    assert_eq!(welcome["online"], json!(["Ada", "Bob", "Eve"]));

    hear_of(&mut ada, "presence").await;
    eve.close(None).await.unwrap();
    assert_eq!(hear_of(&mut ada, "presence").await["online"], json!(["Ada", "Bob"]));
}

#[tokio::test]
async fn a_bad_message_is_answered_and_the_line_goes_on() {
    let (address, _) = start();
    let mut ada = join(address, "Ada").await;
    let bad = [
        (Message::text("hello"), "not a message"),
        (Message::text(r#"{"type":"shout","data":{}}"#), "shout"),
        (Message::text("[".repeat(10_000)), "not a message"),
        (Message::text("x".repeat(65 << 10)), "64 KiB"),
        (Message::binary(vec![1, 2, 3]), "binary"),
    ];
    for (message, complaint) in bad {
        ada.send(message).await.unwrap();
        let error = hear_of(&mut ada, "error").await;
        assert!(error["reason"].as_str().unwrap().contains(complaint), "{error}");
    }
    tell(&mut ada, "say", json!({ "text": "still here" })).await;
    assert_eq!(hear_of(&mut ada, "chat").await["text"], "still here");
}

#[tokio::test]
async fn a_frame_that_is_far_too_large_ends_its_line_alone() {
    let (address, _) = start();
    let ada = join(address, "Ada").await;
    let mut bob = join(address, "Bob").await;
    // The server answers before it has taken all of it.
    let (mut writer, mut reader) = ada.split();
    let flood = tokio::spawn(async move { writer.send(Message::binary(vec![0; 3 << 20])).await });
    let farewell = loop {
        match reader.next().await.unwrap().unwrap() {
            Message::Close(frame) => break frame.unwrap(),
            _ => continue,
        }
    };
    assert_eq!(u16::from(farewell.code), 1009);
    flood.abort();
    drop(reader);
    while hear_of(&mut bob, "presence").await["online"] != json!(["Bob"]) {}
}

#[tokio::test]
async fn whoever_talks_too_fast_is_told_to_slow_down() {
    let (address, _) = start();
    let mut ada = join(address, "Ada").await;
    for _ in 0..25 {
        tell(&mut ada, "say", json!({ "text": "again" })).await;
    }
    assert!(hear_of(&mut ada, "error").await["reason"].as_str().unwrap().starts_with("slow down"));
}

#[tokio::test]
async fn a_reader_that_stalls_is_put_out_and_nobody_waits_for_it() {
    let (address, _) = start();
    // Its system buffers as little as ours.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let mut sloth = open_over(socket, address).await;
    tell(&mut sloth, "join", json!({ "name": "Sloth" })).await;
    hear_of(&mut sloth, "welcome").await;
    let mut speakers = Vec::new();
    for number in 0..12 {
        speakers.push(join(address, &format!("Speaker {number}")).await);
    }
    let mut witness = join(address, "Witness").await;
    hear_of(&mut witness, "presence").await;
    // As much as their allowance admits, and everybody but the sloth reads each round of it.
    let text = "ä".repeat(4_000);
    for _ in 0..19 {
        for speaker in &mut speakers {
            tell(speaker, "say", json!({ "text": text })).await;
        }
        for reader in speakers.iter_mut().chain([&mut witness]) {
            let mut chats = 0;
            while chats < 12 {
                let message = hear(reader).await;
                chats += usize::from(message["type"] == "chat");
                if message["type"] == "presence" {
                    let online = message["data"]["online"].as_array().unwrap();
                    let put_out = !online.contains(&json!("Sloth"));
                    if put_out && online.len() == 13 {
                        return;
                    }
                }
            }
        }
    }
    panic!("the sloth is still there");
}

#[tokio::test]
async fn a_server_that_ends_says_so_to_everybody() {
    let (address, room) = start();
    let mut ada = join(address, "Ada").await;
    let mut unnamed = open(address).await;
    let end = tokio::spawn(async move { room.shut_down().await });
    assert_eq!(closed(&mut ada).await.0, 1012);
    assert_eq!(closed(&mut unnamed).await.0, 1012);
    // Whoever comes in the last moment is told the same.
    let mut late = open(address).await;
    assert_eq!(closed(&mut late).await.0, 1012);
    drop((ada, unnamed, late));
    end.await.unwrap();
}

/// The program itself: the address that it prints, and its farewell on Ctrl-C.
#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_closes_every_line_with_1012_and_ends_the_program() {
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
    let mut ada = join(address.parse().unwrap(), "Ada").await;
    let interrupt = ["-INT", &program.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().unwrap().success());
    assert_eq!(closed(&mut ada).await.0, 1012);
    assert!(ada.next().await.is_none_or(|end| end.is_err()));
    assert!(program.wait().unwrap().success());
}
