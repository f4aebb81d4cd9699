//! Many clients in one process. Prints `open` when all are connected. Then one of them sends so many messages to the room, and
//! the program prints as JSON how long each message took until the last client had received it.
//!
//! With a session a client does what the package does: it sends `new`, and acknowledges every 32 messages.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream, StreamExt as _};
use futures_util::{SinkExt as _, stream};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::stdin;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How many clients connect at once.
pub const CONNECTING: usize = 64;
/// A message that takes longer is lost.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The first character of a control frame.
pub const ESCAPE: char = '\u{10}';
pub const ACKNOWLEDGE_EVERY: usize = 32;

pub async fn run(url: &str, count: usize, messages: usize, keeps_session: bool) -> Result<(), String> {
    let attempts =
        stream::iter(0..count).map(|_| async { connect(url, keeps_session).await.map_err(|error| error.to_string()) });
    let mut sockets = Vec::with_capacity(count);
    let mut connected = attempts.buffer_unordered(CONNECTING);
    while let Some(socket) = connected.next().await {
        sockets.push(socket.map_err(|error| format!("after {} connections: {error}", sockets.len()))?);
    }
    print("open")?;
    let (receipts, mut received) = mpsc::unbounded_channel();
    let mut speaker = None;
    for socket in sockets {
        let (sink, stream) = socket.split();
        let sink = Arc::new(Mutex::new(sink));
        speaker.get_or_insert(sink.clone());
        tokio::spawn(listen(stream, sink, receipts.clone(), keeps_session));
    }
    let mut milliseconds = Vec::with_capacity(messages);
    if let Some(sink) = speaker {
        for number in 0..messages {
            let begun = Instant::now();
            let message = Message::text(".".repeat(100));
            sink.lock().await.send(message).await.map_err(|error| error.to_string())?;
            for _ in 0..count {
                let arrival = tokio::time::timeout(TIMEOUT, received.recv()).await;
                arrival.map_err(|_| format!("message {number} was not received by all"))?;
            }
            milliseconds.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    print(&json!({ "milliseconds": milliseconds }).to_string())?;
    stdin::closed().await;
    Ok(())
}

async fn connect(url: &str, keeps_session: bool) -> Result<Socket, Error> {
    let (mut socket, _) = connect_async(request(url, keeps_session)?).await?;
    if keeps_session {
        begin_session(&mut socket).await?;
    }
    Ok(socket)
}

pub fn request(url: &str, keeps_session: bool) -> Result<Request<()>, Error> {
    let mut request = url.into_client_request()?;
    if keeps_session {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("undrop.1"));
    }
    Ok(request)
}

pub async fn begin_session<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> Result<(), Error> {
    socket.send(Message::text(format!("{ESCAPE}new"))).await?;
    // The answer is `welcome`.
    socket.next().await.ok_or(Error::ConnectionClosed)??;
    Ok(())
}

async fn listen(
    mut stream: SplitStream<Socket>,
    sink: Arc<Mutex<SplitSink<Socket, Message>>>,
    receipts: mpsc::UnboundedSender<()>,
    keeps_session: bool,
) {
    let mut received = 0;
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        if keeps_session && text.starts_with(ESCAPE) {
            continue;
        }
        if receipts.send(()).is_err() {
            return;
        }
        received += 1;
        if keeps_session && received % ACKNOWLEDGE_EVERY == 0 {
            let acknowledgement = Message::text(format!("{ESCAPE}ack {received}"));
            if sink.lock().await.send(acknowledgement).await.is_err() {
                return;
            }
        }
    }
}

pub fn print(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}
