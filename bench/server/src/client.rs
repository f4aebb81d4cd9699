//! One client of the measured servers.

use std::sync::Arc;

use futures_util::SinkExt as _;
use futures_util::stream::{SplitSink, SplitStream, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
pub type Sink = Arc<Mutex<SplitSink<Socket, Message>>>;

/// How many clients connect at once.
const CONNECTING: usize = 64;

/// The first character of a control frame of a session.
const ESCAPE: char = '\u{10}';
const ACKNOWLEDGE_EVERY: usize = 32;

/// What a client speaks.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Kind {
    Plain,
    /// As the package does, it sends `new`, and acknowledges every 32 messages.
    Session,
    /// It answers no pings, so its server ends it after 45 s.
    SocketIo,
}

impl Kind {
    /// What a command line ends with.
    pub fn parse(words: &[&str]) -> Option<Self> {
        match words {
            [] => Some(Self::Plain),
            ["session"] => Some(Self::Session),
            ["socket.io"] => Some(Self::SocketIo),
            _ => None,
        }
    }

    /// A message of the app.
    pub fn message(self, text: &str) -> Message {
        match self {
            Self::Plain | Self::Session => Message::text(text),
            Self::SocketIo => Message::text(format!(r#"42["tick",{text}]"#)),
        }
    }

    fn is_control(self, text: &str) -> bool {
        match self {
            Self::Plain => false,
            Self::Session => text.starts_with(ESCAPE),
            Self::SocketIo => !text.starts_with("42"),
        }
    }
}

/// Connects so many clients.
pub async fn connect_all(url: &str, count: usize, kind: Kind) -> Result<Vec<Client>, String> {
    let attempts = futures_util::stream::iter(0..count).map(|_| connect(url, kind));
    let mut clients = Vec::with_capacity(count);
    let mut connected = attempts.buffer_unordered(CONNECTING);
    while let Some(client) = connected.next().await {
        clients.push(client.map_err(|error| format!("after {} connections: {error}", clients.len()))?);
    }
    Ok(clients)
}

async fn connect(url: &str, kind: Kind) -> Result<Client, Error> {
    let path = if kind == Kind::SocketIo { "/socket.io/?EIO=4&transport=websocket" } else { "" };
    let mut request = format!("{url}{path}").into_client_request()?;
    if kind == Kind::Session {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("undrop.1"));
    }
    // As browsers do, without Nagle's algorithm.
    let (mut socket, _) = connect_async_with_config(request, None, true).await?;
    let greeting = match kind {
        Kind::Plain => None,
        Kind::Session => Some(format!("{ESCAPE}new")),
        Kind::SocketIo => {
            next(&mut socket).await?;
            Some("40".into())
        }
    };
    if let Some(greeting) = greeting {
        socket.send(Message::text(greeting)).await?;
        next(&mut socket).await?;
    }
    let (sink, stream) = socket.split();
    Ok(Client { kind, sink: Arc::new(Mutex::new(sink)), stream })
}

async fn next(socket: &mut Socket) -> Result<Message, Error> {
    socket.next().await.ok_or(Error::ConnectionClosed)?
}

pub struct Client {
    kind: Kind,
    pub sink: Sink,
    stream: SplitStream<Socket>,
}

impl Client {
    /// Reads, and tells of each message of the app.
    pub async fn listen(mut self, receipts: mpsc::UnboundedSender<()>) {
        let mut received = 0;
        while let Some(Ok(message)) = self.stream.next().await {
            let Message::Text(text) = message else { continue };
            if self.kind.is_control(&text) {
                continue;
            }
            if receipts.send(()).is_err() {
                return;
            }
            received += 1;
            if self.kind == Kind::Session && received % ACKNOWLEDGE_EVERY == 0 {
                let acknowledgement = Message::text(format!("{ESCAPE}ack {received}"));
                if self.sink.lock().await.send(acknowledgement).await.is_err() {
                    return;
                }
            }
        }
    }
}
