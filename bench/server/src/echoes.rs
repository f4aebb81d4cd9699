//! Clients of a server that echoes, each with several messages on the way.

use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use serde_json::json;
use tokio::sync::mpsc;

use crate::client::{Addresses, Client, Kind, connect_all};
use crate::stdio::{closed, line, print};
use crate::talk::tick;

/// A run that takes longer has lost a message.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Prints as JSON how many seconds it took until so many echoes had come, to all clients together.
pub async fn run(
    url: &str,
    (clients, addresses, kind): (usize, Addresses, Kind),
    in_flight: usize,
    messages: usize,
) -> Result<(), String> {
    let each = messages / clients.max(1);
    let connected = connect_all(url, clients, kind, addresses).await?;
    let seconds = converse_all(connected, in_flight, each, kind).await?;
    print(&json!({ "messages": clients * each, "seconds": seconds }).to_string())
}

/// Clients with sessions, each from an address of its own. Prints as JSON how many seconds it took until all had begun, and after
/// the next line of its standard input how many it took until so many echoes had come to each.
pub async fn run_in_steps(url: &str, clients: usize, in_flight: usize, each: usize) -> Result<(), String> {
    let begun = Instant::now();
    let connected = connect_all(url, clients, Kind::Session, Addresses::Own).await?;
    print(&json!({ "seconds": begun.elapsed().as_secs_f64() }).to_string())?;
    line().await;
    let seconds = converse_all(connected, in_flight, each, Kind::Session).await?;
    print(&json!({ "seconds": seconds }).to_string())?;
    closed().await;
    Ok(())
}

/// Returns how many seconds it took.
async fn converse_all(clients: Vec<Client>, in_flight: usize, messages: usize, kind: Kind) -> Result<f64, String> {
    let begun = Instant::now();
    let conversations: Vec<_> =
        clients.into_iter().map(|client| tokio::spawn(converse(client, in_flight, messages, kind))).collect();
    for conversation in conversations {
        let done = tokio::time::timeout(TIMEOUT, conversation).await.map_err(|_| "an echo is missing")?;
        done.map_err(|error| error.to_string())??;
    }
    Ok(begun.elapsed().as_secs_f64())
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
