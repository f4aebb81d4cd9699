//! The requests to the store, repeated until it answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::SessionId;
use crate::metrics::add;
use crate::shared::Shared;
use crate::store::{Change, Failure, Fence, Unavailable};

/// How long to wait before a store that did not answer is asked again: at first, ...
const RETRY: Duration = Duration::from_millis(50);
/// ... and at most.
const MAX_RETRY: Duration = Duration::from_secs(1);

/// The session is not this node's any more.
pub(super) struct Fenced;

/// Writes a change.
pub(super) async fn write(shared: Arc<Shared>, id: SessionId, fence: Fence, change: Arc<Change>) -> Result<(), Fenced> {
    let mut wait = RETRY;
    loop {
        match shared.store.write(id, fence, &change).await {
            Ok(()) => return Ok(()),
            Err(Failure::Fenced | Failure::Behind) => return Err(Fenced),
            Err(Failure::Unavailable(error)) => report(&shared, &error),
        }
        sleep(wait).await;
        wait = MAX_RETRY.min(wait * 2);
    }
}

/// Removes a session. If the store does not answer in time, the session expires there.
pub(super) async fn remove(shared: Arc<Shared>, id: SessionId, fence: Fence) -> Result<(), Fenced> {
    let removed = timeout(shared.config.close_timeout, async {
        let mut asked_before = false;
        loop {
            match shared.store.remove(id, fence).await {
                Ok(()) => return Ok(()),
                // An earlier request may have removed the session although its answer was lost.
                Err(Failure::Fenced | Failure::Behind) => return if asked_before { Ok(()) } else { Err(Fenced) },
                Err(Failure::Unavailable(error)) => report(&shared, &error),
            }
            asked_before = true;
            sleep(RETRY).await;
        }
    });
    removed.await.unwrap_or(Ok(()))
}

fn report(shared: &Shared, error: &Unavailable) {
    add(&shared.metrics.store_failures, 1);
    warn!(%error, "the store is asked again");
}
