//! A client with a session, which speaks the protocol by hand and does as it likes.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Client, key};

/// One with a session, on the line of the moment.
pub struct Guest {
    address: SocketAddr,
    path: String,
    pub line: Client,
    pub token: String,
    /// What it has sent; the server may not have all of it.
    sent: Vec<Message>,
    pub received: usize,
}

/// A line that offers the protocol, and has not yet greeted.
pub async fn dial(address: SocketAddr, path: &str) -> Result<Client, Error> {
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "undrop.1".parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    client_async(request, stream).await.map(|(client, _)| client)
}

/// The next control frame, without its mark.
pub async fn control(line: &mut Client) -> String {
    loop {
        match line.next().await.unwrap().unwrap() {
            Message::Text(text) if text.starts_with('\u{10}') => return text[1..].to_owned(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

pub async fn greet(line: &mut Client, greeting: &str) -> String {
    line.send(Message::text(format!("\u{10}{greeting}"))).await.unwrap();
    control(line).await
}

/// The token of a welcome.
pub fn token(welcome: &str) -> String {
    let mut words = welcome.split(' ');
    assert_eq!(words.next(), Some("welcome"), "{welcome}");
    words.next().unwrap().to_owned()
}

impl Guest {
    /// In the lobby, with this tab's key.
    pub async fn join(address: SocketAddr, tab: usize, name: &str) -> Self {
        let path = format!("/session/lobby?tab={}", key(tab));
        let mut line = dial(address, &path).await.unwrap();
        let token = token(&greet(&mut line, "new").await);
        let mut guest = Self { address, path, line, token, sent: Vec::new(), received: 0 };
        assert_eq!(guest.ask("join", json!({ "name": name })).await["name"], name);
        guest
    }

    /// Over another line, once one is to be had.
    pub async fn resume(&mut self) {
        self.line = loop {
            match dial(self.address, &self.path).await {
                Ok(line) => break line,
                Err(Error::Http(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        let resumed = greet(&mut self.line, &format!("resume {} {}", self.token, self.received)).await;
        let taken: usize = resumed.strip_prefix("resumed ").expect(&resumed).parse().unwrap();
        for message in self.sent.split_off(taken) {
            self.send(message).await;
        }
    }

    pub async fn send(&mut self, message: Message) {
        // It can't know whether the line is still there.
        let _ = self.line.send(message.clone()).await;
        self.sent.push(message);
    }

    pub async fn tell(&mut self, kind: &str, data: Value) {
        self.send(Message::text(json!({ "type": kind, "data": data }).to_string())).await;
    }

    /// Sends a request; gives what its answer holds.
    pub async fn ask(&mut self, kind: &str, data: Value) -> Value {
        let id = self.sent.len();
        self.send(Message::text(json!({ "type": kind, "data": data, "id": id }).to_string())).await;
        loop {
            let message = self.hear().await;
            if message["id"] == id {
                return message["data"].clone();
            }
        }
    }

    /// The next message of the room's.
    pub async fn hear(&mut self) -> Value {
        loop {
            match self.line.next().await.unwrap().unwrap() {
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

    /// What the next message of this type holds.
    pub async fn hear_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.hear().await;
            if message["type"] == kind {
                return message["data"].clone();
            }
        }
    }
}
