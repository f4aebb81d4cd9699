//! Several apps share a Redis: each has a prefix.

use undrop_server::store::{Claim, Forward, Fresh, RedisStore, Store};

use crate::stores::{CREATED, TTL, ann, claim, claimant, fresh, id, numbered};
use crate::support::redis::Redis;
use crate::support::server::config;
use crate::support::{Client, Server, echo};

fn stores(redis: &Redis) -> [RedisStore; 2] {
    ["chat:", "games:"].map(|prefix| redis.store().with_prefix(prefix))
}

#[tokio::test]
async fn two_apps_in_one_redis_know_nothing_of_each_others_sessions() {
    let redis = Redis::start_volatile().await;
    let [chat, games] = stores(&redis);
    fresh(&chat, 1).await;
    assert_eq!(games.claim(id(1), &claimant(1)).await.unwrap(), Claim::Unknown);
    // The same id and the same user.
    fresh(&games, 1).await;
    games.forward(id(1), &Forward::new(1, "a")).await.unwrap();
    assert_eq!(chat.forwarded(id(1), CREATED).await.unwrap().messages, numbered(0, &[]));
    assert_eq!(chat.sessions_of(&ann()).await.unwrap(), [id(1)]);
    chat.revoke(&ann()).await.unwrap();
    assert_eq!(chat.sessions_of(&ann()).await.unwrap(), []);
    assert_eq!(games.sessions_of(&ann()).await.unwrap(), [id(1)]);
    claim(&games, 1, 2).await;
}

#[tokio::test]
async fn an_app_is_cleared_by_its_prefix_and_the_other_goes_on() {
    let redis = Redis::start_volatile().await;
    let [chat, games] = stores(&redis);
    let first = Server::with_store(config(), chat, echo).await;
    let second = Server::with_store(config(), games, echo).await;
    let mut cleared = Client::open(first.address, "?user=ann").await;
    let mut other = Client::open(second.address, "?user=ann").await;
    // As docs/in-production.md has it.
    for key in redis.cli(&["--scan", "--pattern", "chat:*"]).await.lines() {
        redis.cli(&["UNLINK", key]).await;
    }
    assert_eq!(redis.cli(&["--scan", "--pattern", "chat:*"]).await, "");
    // The node finds out when it writes, and its client begins a new session.
    cleared.send("lost").await;
    assert_eq!(cleared.closed().await.unwrap().0, 4000);
    cleared.connect().await;
    assert_eq!((cleared.opened, cleared.resumed), (2, 0));
    other.send("kept").await;
    assert_eq!(other.text().await, "kept");
}

#[tokio::test]
async fn what_is_restored_when_its_time_is_over_is_not_there() {
    let mut redis = Redis::start_volatile().await;
    let store = redis.store();
    let short = Fresh::new(ann(), std::time::Duration::from_millis(200));
    store.create(id(1), CREATED, short).await.unwrap();
    store.create(id(2), CREATED, Fresh::new(ann(), TTL)).await.unwrap();
    let backup = redis.dump().await;
    redis.says(&["DBSIZE"], "2").await;
    redis.kill().await;
    redis.restart_from(&backup).await;
    let store = redis.store();
    assert_eq!(store.claim(id(1), &claimant(1)).await.unwrap(), Claim::Unknown);
    claim(&store, 2, 1).await;
}
