//! A client with a session that builds each frame of the protocol by itself, so that it can also break the protocol.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Client, key};

/// A client with a session, and its present native socket.
pub struct SessionClient {
    address: SocketAddr,
    path: String,
    pub socket: Client,
    pub token: String,
    /// All messages that were sent. The server may lack some of them.
    sent: Vec<Message>,
    pub received: usize,
    /// The number of its connection.
    pub attempt: u32,
}

/// Connects and offers the subprotocol. The first control frame is not sent yet.
pub async fn connect(address: SocketAddr, path: &str) -> Result<Client, Error> {
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "undrop.1".parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    client_async(request, stream).await.map(|(client, _)| client)
}

/// Returns the next control frame, without the escape character.
pub async fn control(socket: &mut Client) -> String {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) if text.starts_with('\u{10}') => return text[1..].to_owned(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

pub async fn greet(socket: &mut Client, greeting: &str) -> String {
    socket.send(Message::text(format!("\u{10}{greeting}"))).await.unwrap();
    control(socket).await
}

/// The token of a welcome.
pub fn token(welcome: &str) -> String {
    let mut words = welcome.split(' ');
    assert_eq!(words.next(), Some("welcome"), "{welcome}");
    words.next().unwrap().to_owned()
}

impl SessionClient {
    /// Joins the lobby with this tab's key.
    pub async fn join(address: SocketAddr, tab: usize, name: &str) -> Self {
        let path = format!("/session/lobby?tab={}", key(tab));
        let mut socket = connect(address, &path).await.unwrap();
        let token = token(&greet(&mut socket, "new").await);
        let mut client = Self { address, path, socket, token, sent: Vec::new(), received: 0, attempt: 1 };
        assert_eq!(client.ask("join", json!({ "name": name })).await["name"], name);
        client
    }

    /// Resumes the session over another native socket, once the server accepts one.
    pub async fn resume(&mut self) {
        self.socket = loop {
            match connect(self.address, &self.path).await {
                Ok(socket) => break socket,
                Err(Error::Http(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        self.attempt += 1;
        let resume = format!("resume {} {} 0 {} 0", self.token, self.received, self.attempt);
        let resumed = greet(&mut self.socket, &resume).await;
        let taken = resumed.strip_prefix("resumed ").and_then(|counts| counts.split(' ').next()).expect(&resumed);
        let taken: usize = taken.parse().unwrap();
        for message in self.sent.split_off(taken) {
            self.send(message).await;
        }
    }

    pub async fn send(&mut self, message: Message) {
        // The socket may be closed already.
        let _ = self.socket.send(message.clone()).await;
        self.sent.push(message);
    }

    pub async fn tell(&mut self, kind: &str, data: Value) {
        self.send(Message::text(json!({ "type": kind, "data": data }).to_string())).await;
    }

    /// Sends a request. Returns the data of its answer.
    pub async fn ask(&mut self, kind: &str, data: Value) -> Value {
        let id = self.sent.len();
        self.send(Message::text(json!({ "type": kind, "data": data, "id": id }).to_string())).await;
        loop {
            let message = self.receive().await;
            if message["id"] == id {
                return message["data"].clone();
            }
        }
    }

    /// Returns the next message of the room.
    pub async fn receive(&mut self) -> Value {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) if text.starts_with('\u{10}') => {}
                Message::Text(text) => {
                    self.received += 1;
                    return serde_json::from_str(&text).unwrap();
                }
                Message::Binary(_) => self.received += 1,
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Returns the data of the next message of this type.
    pub async fn receive_type(&mut self, kind: &str) -> Value {
        loop {
            let message = self.receive().await;
            if message["type"] == kind {
                return message["data"].clone();
            }
        }
    }
}
