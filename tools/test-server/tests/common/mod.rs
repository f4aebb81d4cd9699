//! A server process of its own for each test, and clients to talk to it.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub type Client = WebSocketStream<TcpStream>;

/// The server, alive until it is dropped or its standard input is.
pub struct Server {
    pub process: Child,
    pub stdin: Option<ChildStdin>,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    pub fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_undrop-test-server"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut first_line).unwrap();
        let address = first_line.trim_end().strip_prefix("listening ws://").unwrap();
        Self { address: address.to_owned(), stdin: process.stdin.take(), process }
    }

    pub async fn tcp(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Opens a WebSocket and gives the server's answer too.
    pub async fn try_connect(&self, target: &str, protocols: Option<&str>) -> Result<(Client, Response), Error> {
        let mut request = format!("ws://{}{target}", self.address).into_client_request()?;
        if let Some(protocols) = protocols {
            request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
        }
        client_async(request, self.tcp().await).await
    }

    pub async fn open(&self, target: &str) -> Client {
        self.try_connect(target, None).await.unwrap().0
    }

    /// Opens a WebSocket by hand and gives the TCP below it, right after the 101.
    pub async fn open_raw(&self, target: &str) -> TcpStream {
        let mut stream = self.tcp().await;
        stream.write_all(handshake(target).as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        stream
    }

    /// Sends bytes and gives all that comes back until the end.
    pub async fn ask_raw(&self, request: &str) -> String {
        let mut stream = self.tcp().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub async fn stats(&self, query: &str) -> Value {
        let answer = self.ask_raw(&format!("GET /stats{query} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert!(answer.contains("Access-Control-Allow-Origin: *\r\n"));
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// The counters once nothing of this `id` is open any more.
    pub async fn stats_at_rest(&self, id: &str) -> Value {
        loop {
            let stats = self.stats(&format!("?id={id}")).await;
            if stats["open"] == 0 {
                return stats;
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.process.wait();
    }
}

/// A complete handshake for this target.
pub fn handshake(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A masked text frame, as a client sends it. The mask is zero, so the bytes are the text's.
pub fn text_frame(text: &str) -> Vec<u8> {
    let length = 0x80 | u8::try_from(text.len()).unwrap();
    [&[0x81, length, 0, 0, 0, 0][..], text.as_bytes()].concat()
}

pub async fn say(client: &mut Client, text: &str) {
    client.send(Message::text(text)).await.unwrap();
}

pub async fn hear(client: &mut Client) -> Message {
    client.next().await.unwrap().unwrap()
}

pub async fn hear_json(client: &mut Client) -> Value {
    serde_json::from_str(hear(client).await.to_text().unwrap()).unwrap()
}
