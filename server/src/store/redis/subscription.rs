//! How a node hears of messages that were forwarded to its sessions.
//!
//! What is heard is only when to look: what Redis did not tell is found when the session writes next.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use parking_lot::Mutex;
use redis::RedisError;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::connection::{Connector, Server};
use super::failure::RESPONSE_TIMEOUT;
use crate::SessionId;
use crate::store::wake::{Wake, Wakes};

/// How long to wait before Redis is asked again, if the connection was lost.
const RETRY: Duration = Duration::from_secs(1);
/// How long there may be nothing to tell before it is looked whether Redis still answers.
const SILENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Subscription {
    wakes: Arc<Wakes>,
    has_begun: AtomicBool,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Subscription {
    pub(super) fn watch(&self, wake: Wake) {
        self.wakes.add(wake);
    }

    /// Begins to listen, once there is a session that could be told something, and a runtime.
    pub(super) fn begin(&self, connector: &Connector, channel: String) {
        if self.has_begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let (server, wakes) = (connector.server(), Arc::clone(&self.wakes));
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = listen(&server, &channel, &wakes).await {
                    debug!(%error, "the subscription to Redis was lost");
                }
                sleep(RETRY).await;
            }
        });
        *self.task.lock() = Some(task);
    }
}

/// Tells the nodes what Redis tells, as long as it answers.
async fn listen(server: &Server, channel: &str, wakes: &Wakes) -> Result<(), RedisError> {
    let (mut sink, mut stream) = in_time(server.subscribe(channel)).await?.split();
    // What was forwarded meanwhile was not told.
    wakes.all();
    loop {
        match timeout(SILENCE, stream.next()).await {
            Ok(Some(message)) => {
                if let Some(id) = SessionId::parse(message.get_payload_bytes()) {
                    wakes.session(id);
                }
            }
            Ok(None) => return Ok(()),
            Err(_) => in_time(sink.ping::<()>()).await?,
        }
    }
}

/// The answer, if it comes in time.
pub(super) async fn in_time<T>(asked: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    timeout(RESPONSE_TIMEOUT, asked).await.map_err(io::Error::from)?
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().take() {
            task.abort();
        }
    }
}
