//! One client of the measured servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::SinkExt as _;
use futures_util::stream::{SplitSink, SplitStream, StreamExt as _};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<TcpStream>;
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

/// From which addresses clients connect.
#[derive(Clone, Copy)]
pub enum Addresses {
    /// All from the one that the system gives.
    Shared,
    /// Each from one of its own of the loopback network.
    Own,
}

impl Addresses {
    /// A word of a command line.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "shared" => Some(Self::Shared),
            "own" => Some(Self::Own),
            _ => None,
        }
    }

    /// The address of this client, if it is not for the system to choose.
    fn of(self, number: usize) -> Option<Ipv4Addr> {
        let [.., high, low] = number.to_be_bytes();
        match self {
            Self::Shared => None,
            Self::Own => Some(Ipv4Addr::new(127, 1, high, low)),
        }
    }
}

/// Connects so many clients.
pub async fn connect_all(url: &str, count: usize, kind: Kind, addresses: Addresses) -> Result<Vec<Client>, String> {
    let attempts = futures_util::stream::iter(0..count).map(|number| connect(url, kind, addresses.of(number)));
    let mut clients = Vec::with_capacity(count);
    let mut connected = attempts.buffer_unordered(CONNECTING);
    while let Some(client) = connected.next().await {
        clients.push(client.map_err(|error| format!("after {} connections: {error}", clients.len()))?);
    }
    Ok(clients)
}

async fn connect(url: &str, kind: Kind, from: Option<Ipv4Addr>) -> Result<Client, Error> {
    let path = if kind == Kind::SocketIo { "/socket.io/?EIO=4&transport=websocket" } else { "" };
    let mut request = format!("{url}{path}").into_client_request()?;
    if kind == Kind::Session {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("undrop.1"));
    }
    let host = request.uri().authority().map_or("", |authority| authority.as_str());
    let server = lookup_host(host).await?.find(SocketAddr::is_ipv4).ok_or(Error::ConnectionClosed)?;
    let socket = TcpSocket::new_v4()?;
    // A port that is bound for no server in particular is one that no other connection has, also none that has just been closed.
    if let Some(from) = from {
        socket.bind((from, 0).into())?;
    }
    let stream = socket.connect(server).await?;
    // As browsers do, without Nagle's algorithm.
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(request, stream).await?;
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
