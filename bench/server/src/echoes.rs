//! Clients of a server that echoes, each with several messages on the way. Prints as JSON how long it took until so many echoes had
//! arrived.

use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use serde_json::json;
use tokio::sync::mpsc;

use crate::client::{Client, Kind, connect_all};
use crate::stdio::print;
use crate::talk::tick;

/// A run that takes longer has lost a message.
const TIMEOUT: Duration = Duration::from_secs(60);

pub async fn run(url: &str, clients: usize, in_flight: usize, messages: usize, kind: Kind) -> Result<(), String> {
    let each = messages / clients.max(1);
    let connected = connect_all(url, clients, kind).await?;
    let begun = Instant::now();
    let conversations: Vec<_> =
        connected.into_iter().map(|client| tokio::spawn(converse(client, in_flight, each, kind))).collect();
    for conversation in conversations {
        let done = tokio::time::timeout(TIMEOUT, conversation).await.map_err(|_| "an echo is missing")?;
        done.map_err(|error| error.to_string())??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    print(&json!({ "messages": clients * each, "seconds": seconds }).to_string())
}

/// Sends as many messages at once as may be on the way, and half as many more when half of them are back.
async fn converse(client: Client, in_flight: usize, messages: usize, kind: Kind) -> Result<(), String> {
    let sink = client.sink.clone();
    let (receipts, mut received) = mpsc::unbounded_channel();
    let listening = tokio::spawn(client.listen(receipts));
    let undrop_server::Message::Text(text) = tick(100) else { return Err("no text".into()) };
    let message = kind.message(&text);
    let (mut sent, mut back) = (0, 0);
    while back < messages {
        if sent - back <= in_flight / 2 {
            let mut sink = sink.lock().await;
            while sent < messages && sent - back < in_flight {
                sink.feed(message.clone()).await.map_err(|error| error.to_string())?;
                sent += 1;
            }
            sink.flush().await.map_err(|error| error.to_string())?;
        }
        received.recv().await.ok_or("the server has closed a connection")?;
        back += 1;
    }
    listening.abort();
    Ok(())
}
