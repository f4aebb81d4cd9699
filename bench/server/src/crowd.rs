//! Many clients in one process. Says `open` when all are connected, then has one of them shout so many times into the
//! room, and says as JSON how long each shout took until the last of them had heard it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitStream, StreamExt as _};
use futures_util::{SinkExt as _, stream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::told_to_stop;

type Line = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How many dial at once.
const DIALLING: usize = 64;
/// By then a shout was heard by all, or it was lost.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn gather(url: &str, count: usize, shouts: usize) -> Result<(), String> {
    let dials = stream::iter(0..count).map(|_| async {
        let (line, _) = connect_async(url).await.map_err(|error| error.to_string())?;
        Ok::<Line, String>(line)
    });
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
        tokio::spawn(listen(stream, heard.clone()));
        // The others live as long as their other half.
        speaker.get_or_insert(sink);
    }
    let mut milliseconds = Vec::with_capacity(shouts);
    if let Some(mut sink) = speaker {
        for shout in 0..shouts {
            let begun = Instant::now();
            sink.send(Message::text(".".repeat(100))).await.map_err(|error| error.to_string())?;
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

async fn listen(mut stream: SplitStream<Line>, heard: mpsc::UnboundedSender<()>) {
    while let Some(Ok(message)) = stream.next().await {
        if message.is_text() && heard.send(()).is_err() {
            return;
        }
    }
}

fn tell(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}
