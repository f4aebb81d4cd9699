//! Settings of Redis that can lose what was acknowledged are warned of.

use crate::stores::fresh;
use crate::support::log::Log;
use crate::support::redis::{Cluster, Redis};
use crate::support::until;

/// Waits until this is in the log so many times.
async fn is_logged(log: &Log, text: &str, times: usize) {
    until(text, || log.text().matches(text).count() == times).await;
}

#[tokio::test]
async fn settings_that_lose_are_warned_of_once() {
    let (log, _logging) = Log::start();
    let settings = ["--maxmemory", "1gb", "--maxmemory-policy", "volatile-lru", "--appendonly", "yes"];
    let redis = Redis::start_with(&settings).await;
    for number in 1..=3 {
        fresh(&redis.store(), number).await;
        redis.says(&["INFO", "commandstats"], &format!("cmdstat_config|get:calls={},", u32::from(number) * 5)).await;
    }
    is_logged(&log, "maxmemory-policy volatile-lru", 1).await;
    is_logged(&log, "appendfsync everysec", 1).await;
    // Others are others.
    redis.cli(&["CONFIG", "SET", "appendfsync", "no"]).await;
    fresh(&redis.store(), 4).await;
    is_logged(&log, "appendfsync no", 1).await;
    is_logged(&log, "appendfsync everysec", 1).await;
}

#[tokio::test]
async fn a_redis_that_loses_nothing_or_does_not_tell_is_not_warned_of() {
    let (log, _logging) = Log::start();
    let safe = Redis::start().await;
    fresh(&safe.store(), 1).await;
    safe.says(&["INFO", "commandstats"], "cmdstat_config|get:calls=5,").await;
    let secretive = Redis::start_with(&["--rename-command", "CONFIG", ""]).await;
    fresh(&secretive.store(), 1).await;
    secretive.says(&["INFO", "stats"], "unexpected_error_replies:0").await;
    assert!(!log.text().contains("can lose"), "{}", log.text());
}

#[tokio::test]
async fn the_nodes_of_a_cluster_are_warned_of_together() {
    let (log, _logging) = Log::start();
    let cluster = Cluster::start().await;
    for (node, fsync) in cluster.nodes.iter().zip(["no", "everysec", "no"]) {
        node.says(&["CONFIG", "SET", "appendfsync", fsync, "appendonly", "yes"], "OK").await;
    }
    fresh(&cluster.store(), 1).await;
    is_logged(&log, "can lose", 1).await;
    is_logged(&log, "appendfsync no", 1).await;
    is_logged(&log, "appendfsync everysec", 1).await;
}
