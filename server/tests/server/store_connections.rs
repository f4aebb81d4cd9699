//! Redis is found again: at its address, by sentinels, in a cluster.

use undrop_server::store::{Change, Failure, RedisStore, Store};

use crate::stores::{CREATED, claim, fresh, id, numbered};
use crate::support::redis::{Address, Cluster, Redis, VOLATILE};
use crate::support::soon;

/// The client's messages up to a number. Those that are there are skipped.
fn taken(last: u64) -> Change {
    let messages: Vec<_> = (1..=last).map(|number| number.to_string().into()).collect();
    Change::default().taken(numbered(0, &messages))
}

/// Writes, as often as a session's node does: until it is known to be written.
async fn writes(store: &RedisStore, number: u8, last: u64) {
    soon("a write", async {
        loop {
            match store.write(id(number), CREATED, &taken(last)).await {
                Ok(_) => break,
                Err(Failure::Unavailable(_)) => tokio::task::yield_now().await,
                Err(other) => panic!("{other:?}"),
            }
        }
    })
    .await;
}

async fn is_refused(store: &RedisStore, number: u8, with: &str) {
    match store.write(id(number), CREATED, &taken(1)).await {
        Err(Failure::Unavailable(error)) => assert!(error.to_string().contains(with), "{error}"),
        other => panic!("{other:?}"),
    }
}

/// What a server answers that is not the one to ask is what the error says. The next request finds the one that is.
async fn is_left(bad: &Redis, answers: &str) {
    let good = Redis::start_volatile().await;
    fresh(&good.store(), 1).await;
    let address = Address::of(bad).await;
    let store = address.store();
    is_refused(&store, 1, answers).await;
    address.becomes(&good);
    store.write(id(1), CREATED, &taken(2)).await.unwrap();
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_left() {
    let (bad, primary) = (Redis::start_volatile().await, Redis::start_volatile().await);
    bad.replicate(&primary).await;
    fresh(&primary.store(), 1).await;
    // The session, and the set of its user's sessions.
    bad.says(&["DBSIZE"], "2").await;
    is_left(&bad, "ReadOnly").await;
}

#[tokio::test]
async fn a_replica_without_its_primary_is_left() {
    let bad = Redis::start_with(&[&VOLATILE[..], &["--replica-serve-stale-data", "no"]].concat()).await;
    bad.cli(&["REPLICAOF", "127.0.0.1", "1"]).await;
    is_left(&bad, "MasterDown").await;
}

#[tokio::test]
async fn a_node_of_a_cluster_that_is_down_is_left() {
    let bad = Redis::start_in_cluster().await;
    is_left(&bad, "ClusterDown").await;
}

#[tokio::test]
async fn a_node_of_a_cluster_that_has_other_slots_is_left() {
    let cluster = Cluster::start().await;
    let slot = cluster.nodes[0].cli(&["CLUSTER", "KEYSLOT", &id(1).to_string()]).await.parse::<u16>().unwrap();
    is_left(&cluster.nodes[usize::from(slot <= 5460)], "Moved").await;
}

#[tokio::test]
async fn a_server_that_is_still_loading_is_left() {
    let mut bad =
        Redis::start_with(&[&VOLATILE[..], &["--loading-process-events-interval-bytes", "1024"]].concat()).await;
    let fill = "for number = 1, 3000 do redis.call('SET', number, string.rep('x', 100)) end";
    bad.cli(&["EVAL", fill, "0"]).await;
    bad.dump().await;
    bad.kill().await;
    bad.restart_with(&["--key-load-delay", "5000"]).await;
    is_left(&bad, "BusyLoading").await;
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let (bad, good) = (Redis::start_volatile().await, Redis::start_volatile().await);
    fresh(&good.store(), 1).await;
    let address = Address::of(&bad).await;
    let store = address.store();
    fresh(&store, 1).await;
    bad.hang().await;
    is_refused(&store, 1, "timed out").await;
    address.becomes(&good);
    store.write(id(1), CREATED, &taken(2)).await.unwrap();
}

#[tokio::test]
async fn sentinels_name_the_new_primary() {
    let (mut primary, replica) = (Redis::start_volatile().await, Redis::start_volatile().await);
    replica.replicate(&primary).await;
    let sentinel = Redis::start_sentinel(&primary).await;
    sentinel.says(&["SENTINEL", "REPLICAS", "main"], &replica.port.to_string()).await;
    // The first of the sentinels is down.
    let store = RedisStore::sentinel(["redis://127.0.0.1:1/", &sentinel.url()], "main").unwrap();
    fresh(&store, 1).await;
    store.write(id(1), CREATED, &taken(5)).await.unwrap();
    replica.catches_up(&primary).await;
    sentinel.fail_over(&mut primary).await;
    writes(&store, 1, 10).await;
    replica.says(&["INFO", "replication"], "role:master").await;
    assert_eq!(claim(&store, 1, 1).await.inbox, taken(10).taken);
    // The old one comes back, and takes itself for the primary for a while.
    primary.restart().await;
    let store = RedisStore::sentinel([&*sentinel.url()], "redis://main/").unwrap();
    assert_eq!(claim(&store, 1, 2).await.inbox, taken(10).taken);
}

/// Sessions, one at least of which is on each of the three nodes.
const MANY: std::ops::RangeInclusive<u8> = 1..=20;

#[tokio::test]
async fn a_cluster_keeps_each_session_on_one_node() {
    let cluster = Cluster::start().await;
    let store = cluster.store();
    for number in MANY {
        fresh(&store, number).await;
        let change = taken(3).sent(numbered(0, &["x".into()]));
        store.write(id(number), CREATED, &change).await.unwrap();
        assert_eq!(claim(&store, number, 1).await.inbox, taken(3).taken);
    }
    for node in &cluster.nodes {
        let keys = node.cli(&["KEYS", "undrop:{*"]).await.lines().count();
        assert!(keys > 0 && keys.is_multiple_of(3), "{keys}");
    }
}

#[tokio::test]
async fn a_session_goes_on_while_its_slot_moves_to_another_node() {
    let cluster = Cluster::start().await;
    let store = cluster.store();
    fresh(&store, 1).await;
    let change = taken(1).sent(numbered(0, &["x".into()]));
    store.write(id(1), CREATED, &change).await.unwrap();
    let slot = cluster.nodes[0].cli(&["CLUSTER", "KEYSLOT", &id(1).to_string()]).await;
    let mut at = 0;
    while cluster.nodes[at].cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot]).await != "3" {
        at += 1;
    }
    let (source, target) = (&cluster.nodes[at], &cluster.nodes[(at + 1) % 3]);
    let (from, to) = (source.cli(&["CLUSTER", "MYID"]).await, target.cli(&["CLUSTER", "MYID"]).await);
    target.says(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from], "OK").await;
    source.says(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to], "OK").await;
    writes(&store, 1, 2).await;
    let keys = source.cli(&["CLUSTER", "GETKEYSINSLOT", &slot, "3"]).await;
    let keys: Vec<_> = keys.lines().collect();
    assert_eq!(keys.len(), 3);
    let port = target.port.to_string();
    for (moved, key) in (1..).zip(&keys) {
        source.says(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"], "OK").await;
        match moved {
            // Until all are there, neither node can serve the session.
            1 | 2 => is_refused(&store, 1, "TryAgain").await,
            // The source sends it to the target, request by request.
            _ => writes(&store, 1, 3).await,
        }
    }
    for node in [target, source] {
        node.says(&["CLUSTER", "SETSLOT", &slot, "NODE", &to], "OK").await;
    }
    // Now the target has it for good.
    writes(&store, 1, 4).await;
    assert_eq!(claim(&store, 1, 1).await.inbox, taken(4).taken);
    assert_eq!(target.cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot]).await, "3");
}

#[tokio::test]
async fn a_cluster_goes_on_when_a_replica_takes_over() {
    let mut cluster = Cluster::start().await;
    let store = cluster.store();
    for number in MANY {
        fresh(&store, number).await;
        store.write(id(number), CREATED, &taken(5)).await.unwrap();
    }
    cluster.replica.catches_up(&cluster.nodes[0]).await;
    cluster.nodes[0].kill().await;
    for number in MANY {
        writes(&store, number, 10).await;
        assert_eq!(claim(&store, number, 1).await.inbox, taken(10).taken);
    }
    cluster.replica.says(&["INFO", "replication"], "role:master").await;
}

#[tokio::test]
async fn a_cluster_goes_on_when_a_node_hangs() {
    let cluster = Cluster::start().await;
    let store = cluster.store();
    for number in MANY {
        fresh(&store, number).await;
        store.write(id(number), CREATED, &taken(5)).await.unwrap();
    }
    cluster.replica.catches_up(&cluster.nodes[0]).await;
    cluster.nodes[0].hang().await;
    for number in MANY {
        writes(&store, number, 10).await;
        assert_eq!(claim(&store, number, 1).await.inbox, taken(10).taken);
    }
    cluster.replica.says(&["INFO", "replication"], "role:master").await;
}
