//! Clients of a site of its own, over real WebSockets.
#![allow(dead_code)]

pub mod session;

use std::net::SocketAddr;
use std::path::Path;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use undrop_chat::{Hosts, Rooms, Switches, Timeouts, serve, site};

pub type Client = WebSocketStream<TcpStream>;

/// Starts a site on any free port. Its send buffer is small, so that a client that does not read soon fills it.
pub fn start(switches: Switches) -> (SocketAddr, Rooms) {
    start_with(switches, Timeouts::default())
}

pub fn start_with(switches: Switches, timeouts: Timeouts) -> (SocketAddr, Rooms) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(16 << 10).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(64).unwrap();
    let address = listener.local_addr().unwrap();
    let rooms = Rooms::new(timeouts);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../page");
    let mut hosts = Hosts::default();
    hosts.add("chat.example");
    let site = site(rooms.clone(), &page, &page, switches, hosts).unwrap();
    tokio::spawn(serve(listener, site));
    (address, rooms)
}

/// The key of a tab, or of a message.
pub fn key(number: usize) -> String {
    format!("{number:016}")
}

pub async fn connect(address: SocketAddr, path: &str) -> Result<Client, Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    connect_over(stream, address, path).await
}

/// A connection from another address of this machine.
pub async fn stream_from(from: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(address).await.unwrap()
}

pub async fn connect_over(stream: TcpStream, address: SocketAddr, path: &str) -> Result<Client, Error> {
    client_async(format!("ws://{address}{path}"), stream).await.map(|(client, _)| client)
}

/// Connects this tab to the lobby.
pub async fn open(address: SocketAddr, tab: usize) -> Client {
    connect(address, &format!("/chat/lobby?tab={}", key(tab))).await.unwrap()
}

pub async fn join(address: SocketAddr, tab: usize, name: &str) -> Client {
    let mut client = open(address, tab).await;
    assert_eq!(ask(&mut client, "join", json!({ "name": name })).await["name"], name);
    client
}

pub async fn tell(client: &mut Client, kind: &str, data: Value) {
    let frame = json!({ "type": kind, "data": data }).to_string();
    client.send(Message::text(frame)).await.unwrap();
}

/// Sends a request. Returns the data of its answer, which may be an error.
pub async fn ask(client: &mut Client, kind: &str, data: Value) -> Value {
    let frame = json!({ "type": kind, "data": data, "id": 77 }).to_string();
    client.send(Message::text(frame)).await.unwrap();
    loop {
        let message = receive(client).await;
        if message["id"] == 77 {
            return message["data"].clone();
        }
    }
}

pub async fn say(client: &mut Client, number: usize, text: &str) {
    tell(client, "say", json!({ "key": key(number), "text": text })).await;
}

/// Returns the next text message. Pings are skipped.
pub async fn receive(client: &mut Client) -> Value {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other}"),
        }
    }
}

/// Returns the data of the next message of this type.
pub async fn receive_type(client: &mut Client, kind: &str) -> Value {
    loop {
        let message = receive(client).await;
        if message["type"] == kind {
            return message["data"].clone();
        }
    }
}

/// Returns the code of the server's close frame.
pub async fn closed(client: &mut Client) -> u16 {
    loop {
        if let Message::Close(frame) = client.next().await.unwrap().unwrap() {
            return frame.unwrap().code.into();
        }
    }
}

/// The binary frame of a piece.
pub fn piece(number: u64, offset: u32, bytes: &[u8]) -> Message {
    let number = u32::try_from(number).unwrap();
    Message::binary([&number.to_be_bytes(), &offset.to_be_bytes(), bytes].concat())
}

/// Receives so many bytes of a file.
pub async fn collect(client: &mut Client, size: usize) -> Vec<u8> {
    let mut file = Vec::new();
    while file.len() < size {
        if let Message::Binary(frame) = client.next().await.unwrap().unwrap() {
            file.extend_from_slice(&frame[8..]);
        }
    }
    file
}

/// Throws a switch for this tab. Returns the status of the answer.
pub async fn throw(address: SocketAddr, switch: &str, tab: usize) -> u16 {
    let answer = fetch(address, "POST", &format!("/demo/lobby/{switch}?tab={}&seconds=30", key(tab))).await;
    answer[9..12].parse().unwrap()
}

/// The answer to an HTTP request.
pub async fn fetch(address: SocketAddr, method: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
