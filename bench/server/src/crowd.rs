//! Many clients in one process. Prints `open` when all are connected. Then one of them sends so many messages to the room, and
//! the program prints as JSON how long each message took until the last client had received it.

use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use serde_json::json;
use tokio::sync::mpsc;

use crate::client::{Addresses, Kind, connect_all};
use crate::stdio::{closed, print};

/// A message that takes longer is lost.
const TIMEOUT: Duration = Duration::from_secs(60);

pub async fn run(url: &str, count: usize, messages: usize, kind: Kind) -> Result<(), String> {
    let clients = connect_all(url, count, kind, Addresses::Shared).await?;
    print("open")?;
    let (receipts, mut received) = mpsc::unbounded_channel();
    let speaker = clients.first().map(|client| client.sink.clone());
    for client in clients {
        tokio::spawn(client.listen(receipts.clone()));
    }
    let mut milliseconds = Vec::with_capacity(messages);
    if let Some(sink) = speaker {
        for number in 0..messages {
            let begun = Instant::now();
            let message = kind.message(&".".repeat(100));
            sink.lock().await.send(message).await.map_err(|error| error.to_string())?;
            for _ in 0..count {
                let arrival = tokio::time::timeout(TIMEOUT, received.recv()).await;
                arrival.map_err(|_| format!("message {number} was not received by all"))?;
            }
            milliseconds.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    print(&json!({ "milliseconds": milliseconds }).to_string())?;
    closed().await;
    Ok(())
}
