//! Many clients in one process. Says `open` when all are connected, then has one of them shout so many times into the
//! room, and says as JSON how long each shout took until the last of them had heard it.
//!
//! With a session a client does what the package does: it greets, and acknowledges each 32 messages.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream, StreamExt as _};
use futures_util::{SinkExt as _, stream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::told_to_stop;

type Line = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How many dial at once.
const DIALLING: usize = 64;
/// By then a shout was heard by all, or it was lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// Begins a frame of the protocol's own.
const ESCAPE: char = '\u{10}';
const ACKNOWLEDGED: usize = 32;

pub async fn gather(url: &str, count: usize, shouts: usize, keeps_session: bool) -> Result<(), String> {
    let dials =
        stream::iter(0..count).map(|_| async { dial(url, keeps_session).await.map_err(|error| error.to_string()) });
    let mut lines = Vec::with_capacity(count);
    let mut dialled = dials.buffer_unordered(DIALLING);
    while let Some(line) = dialled.next().await {
        lines.push(line.map_err(|error| format!("after {} lines: {error}", lines.len()))?);
    }
    tell("open")?;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let mut speaker = None;
    for line in lines {
        let (sink, stream) = line.split();
        let sink = Arc::new(Mutex::new(sink));
        speaker.get_or_insert(sink.clone());
        tokio::spawn(listen(stream, sink, heard.clone(), keeps_session));
    }
    let mut milliseconds = Vec::with_capacity(shouts);
    if let Some(sink) = speaker {
        for shout in 0..shouts {
            let begun = Instant::now();
            let message = Message::text(".".repeat(100));
            sink.lock().await.send(message).await.map_err(|error| error.to_string())?;
            for _ in 0..count {
                let arrival = tokio::time::timeout(PATIENCE, hears.recv()).await;
                arrival.map_err(|_| format!("shout {shout} was not heard by all"))?;
            }
            milliseconds.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    tell(&json!({ "milliseconds": milliseconds }).to_string())?;
    told_to_stop().await;
    Ok(())
}

async fn dial(url: &str, keeps_session: bool) -> Result<Line, Error> {
    let mut request = url.into_client_request()?;
    if keeps_session {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("undrop.1"));
    }
    let (mut line, _) = connect_async(request).await?;
    if keeps_session {
        line.send(Message::text(format!("{ESCAPE}new"))).await?;
        // The welcome.
        line.next().await.ok_or(Error::ConnectionClosed)??;
    }
    Ok(line)
}

async fn listen(
    mut stream: SplitStream<Line>,
    sink: Arc<Mutex<SplitSink<Line, Message>>>,
    heard: mpsc::UnboundedSender<()>,
    keeps_session: bool,
) {
    let mut received = 0;
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        if keeps_session && text.starts_with(ESCAPE) {
            continue;
        }
        if heard.send(()).is_err() {
            return;
        }
        received += 1;
        if keeps_session && received % ACKNOWLEDGED == 0 {
            let acknowledgement = Message::text(format!("{ESCAPE}ack {received}"));
            if sink.lock().await.send(acknowledgement).await.is_err() {
                return;
            }
        }
    }
}

fn tell(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}
