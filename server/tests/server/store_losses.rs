//! A Redis that lost what it was told: an older state, evicted keys, missing entries.

use undrop_server::store::{Change, Claim, Failure, RedisStore, Store};

use crate::stores::{CREATED, TTL, claim, claimant, claimant_knowing, claimed, fresh, id, known, numbered};
use crate::support::redis::{Redis, VOLATILE};

/// The keys of a session: what the client sent, what the app sent, the record.
fn keys(number: u8) -> [String; 3] {
    let record = format!("undrop:{{{}}}", id(number));
    [format!("{record}:in"), format!("{record}:out"), record]
}

/// A change with messages, of which the first of each are done with.
fn busy() -> Change {
    let taken = numbered(0, &["a".into(), "b".into(), "c".into()]);
    let sent = numbered(0, &["x".into(), "y".into(), "z".into()]);
    Change::default().taken(taken).committed(1).sent(sent).acknowledged(1)
}

/// All that the session of [`busy`] still needs, and a little more.
fn whole() -> Change {
    let taken = numbered(1, &["b".into(), "c".into(), "d".into()]);
    let sent = numbered(1, &["y".into(), "z".into()]);
    Change::default().taken(taken).committed(1).sent(sent).acknowledged(1)
}

async fn is_behind(store: &RedisStore, number: u8) {
    for change in [
        Change::default().taken(numbered(3, &["d".into()])).sent(numbered(3, &[])).committed(1).acknowledged(1),
        Change::default().taken(numbered(3, &[])).sent(numbered(3, &[])).committed(1).acknowledged(1),
    ] {
        assert!(matches!(store.write(id(number), CREATED, &change).await, Err(Failure::Behind)), "{change:?}");
    }
}

async fn becomes_whole(store: &RedisStore, number: u8) {
    for _ in 0..2 {
        store.write(id(number), CREATED, &whole()).await.unwrap();
    }
    let after = Change::default().taken(numbered(4, &["e".into()])).committed(2).sent(numbered(3, &[])).acknowledged(2);
    store.write(id(number), CREATED, &after).await.unwrap();
    let kept = claim(store, number, 1).await;
    assert_eq!(kept.inbox, numbered(2, &["c".into(), "d".into(), "e".into()]));
    assert_eq!(kept.outbox, numbered(2, &["z".into()]));
}

async fn lost(store: &RedisStore, number: u8) -> bool {
    claimed(store, number, 1).await == Claim::Lost
}

#[tokio::test]
async fn the_keys_of_a_session_live_on_with_each_write_and_each_claim() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    let fence = fresh(&store, 1).await;
    store.write(id(1), fence, &busy()).await.unwrap();
    for step in 0..2 {
        for key in keys(1) {
            redis.says(&["PEXPIRE", &key, "60000"], "1").await;
        }
        if step == 0 {
            store.write(id(1), fence, &Change::default().taken(numbered(3, &[]))).await.unwrap();
        } else {
            assert!(matches!(claimed(&store, 1, 1).await, Claim::Taken(_)));
        }
        for key in keys(1) {
            // One and a half times the time to live, less the time that has passed.
            let left: u128 = redis.cli(&["PTTL", &key]).await.parse().unwrap();
            assert!(left > 60_000 && left <= TTL.as_millis() * 3 / 2, "{key}: {left}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_gone_is_noticed_and_written_anew() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    for (number, stream) in [(1, 0), (2, 1)] {
        fresh(&store, number).await;
        store.write(id(number), CREATED, &busy()).await.unwrap();
        redis.cli(&["DEL", &keys(number)[stream]]).await;
        assert!(lost(&store, number).await);
        is_behind(&store, number).await;
        becomes_whole(&store, number).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_gone_is_not_written_anew_by_a_part_of_it() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    fresh(&store, 1).await;
    store.write(id(1), CREATED, &busy()).await.unwrap();
    redis.cli(&["DEL", &keys(1)[0]]).await;
    let part = Change::default().taken(numbered(1, &["b".into()])).sent(numbered(3, &[])).committed(1).acknowledged(1);
    assert!(matches!(store.write(id(1), CREATED, &part).await, Err(Failure::Behind)));
}

#[tokio::test]
async fn a_stream_that_lost_entries_is_noticed_and_written_anew() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    for (number, entry) in [(1, "2-0"), (2, "3-0")] {
        fresh(&store, number).await;
        store.write(id(number), CREATED, &busy()).await.unwrap();
        assert_eq!(redis.cli(&["XDEL", &keys(number)[1], entry]).await, "1");
        assert!(lost(&store, number).await);
        is_behind(&store, number).await;
        becomes_whole(&store, number).await;
    }
}

#[tokio::test]
async fn a_stream_with_another_entry_in_the_place_of_one_is_noticed() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    fresh(&store, 1).await;
    store.write(id(1), CREATED, &busy()).await.unwrap();
    let outbox = &keys(1)[1];
    redis.cli(&["XDEL", outbox, "2-0"]).await;
    redis.cli(&["XADD", outbox, "9-0", "t", "y"]).await;
    assert!(lost(&store, 1).await);
}

#[tokio::test]
async fn a_stream_that_nothing_is_needed_of_may_go() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    fresh(&store, 1).await;
    store.write(id(1), CREATED, &busy().committed(3).acknowledged(3)).await.unwrap();
    redis.cli(&["DEL", &keys(1)[0], &keys(1)[1]]).await;
    let change =
        Change::default().taken(numbered(3, &["d".into()])).committed(3).sent(numbered(3, &[])).acknowledged(3);
    store.write(id(1), CREATED, &change).await.unwrap();
    assert_eq!(claim(&store, 1, 1).await.inbox, numbered(3, &["d".into()]));
}

#[tokio::test]
async fn a_record_that_is_gone_is_noticed_by_its_streams() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    fresh(&store, 1).await;
    store.write(id(1), CREATED, &busy()).await.unwrap();
    redis.cli(&["DEL", &keys(1)[2]]).await;
    assert!(lost(&store, 1).await);
    assert!(matches!(store.write(id(1), CREATED, &whole()).await, Err(Failure::Fenced)));
    redis.cli(&["DEL", &keys(1)[0], &keys(1)[1]]).await;
    assert_eq!(store.claim(id(1), &claimant(1)).await.unwrap(), Claim::Unknown);
}

#[tokio::test]
async fn a_redis_that_evicts_never_leaves_a_gap() {
    let limit = ["--maxmemory", "3mb", "--maxmemory-policy", "allkeys-random"];
    let redis = Redis::start_with(&[&VOLATILE[..], &limit].concat()).await;
    let store = redis.store();
    let large = "x".repeat(1_000);
    let change = Change::default()
        .taken(numbered(0, &vec![large.as_str().into(); 10]))
        .sent(numbered(0, &vec![large.as_str().into(); 10]));
    for number in 0..=255 {
        fresh(&store, number).await;
        // The record may be gone, and with it the session.
        let _ = store.write(id(number), CREATED, &change).await;
    }
    let (mut taken, mut lost) = (0, 0);
    for number in 0..=255 {
        // The record may be evicted while its messages are read: then a node is to claim it again.
        let claim = match store.claim(id(number), &claimant(1)).await {
            Err(_) => store.claim(id(number), &claimant(1)).await.unwrap(),
            Ok(claim) => claim,
        };
        match claim {
            Claim::Taken(kept) if kept.inbox.messages.is_empty() && kept.outbox.messages.is_empty() => {
                panic!("what was written was either refused or is kept");
            }
            Claim::Taken(kept) => {
                assert_eq!((kept.inbox, kept.outbox), (change.taken.clone(), change.sent.clone()));
                taken += 1;
            }
            Claim::Lost => lost += 1,
            Claim::Unknown => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(taken > 0 && lost > 0, "{taken} {lost}");
}

#[tokio::test]
async fn an_older_state_is_noticed_by_the_client_and_by_the_node() {
    let mut redis = Redis::start_volatile().await;
    let store = redis.store();
    fresh(&store, 1).await;
    store.write(id(1), CREATED, &Change::default().taken(numbered(0, &["a".into()]))).await.unwrap();
    let dump = redis.dump().await;
    store.write(id(1), CREATED, &busy()).await.unwrap();
    redis.kill().await;
    redis.restart_from(&dump).await;
    let store = redis.store();
    for known in [known(1, 1), known(0, 2)] {
        assert_eq!(store.claim(id(1), &claimant_knowing(1, known)).await.unwrap(), Claim::Lost);
    }
    is_behind(&store, 1).await;
    becomes_whole(&store, 1).await;
}

#[tokio::test]
async fn an_older_state_with_an_older_claim_is_nobody_elses() {
    let mut redis = Redis::start_volatile().await;
    let store = redis.store();
    fresh(&store, 1).await;
    store.write(id(1), CREATED, &busy()).await.unwrap();
    let dump = redis.dump().await;
    claim(&store, 1, 5).await;
    redis.kill().await;
    redis.restart_from(&dump).await;
    let store = redis.store();
    let present = claimant(5).fence;
    assert!(matches!(store.write(id(1), present, &whole()).await, Err(Failure::Fenced)));
    // A client that was not answered finds all. For one that was, the older owner may have used its numbers again.
    let asks = |answered| claimant_knowing(6, known(3, 3).attempt(4).answered(answered));
    assert_eq!(store.claim(id(1), &asks(3)).await.unwrap(), Claim::Lost);
    assert!(matches!(store.claim(id(1), &asks(0)).await.unwrap(), Claim::Taken(_)));
}

#[tokio::test]
async fn a_replica_that_lacks_the_last_of_it_and_takes_over_is_noticed() {
    let primary = Redis::start_volatile().await;
    let replica = Redis::start_volatile().await;
    replica.replicate(&primary).await;
    let store = primary.store();
    fresh(&store, 1).await;
    let change = Change::default().taken(numbered(0, &["a".into()]));
    store.write(id(1), CREATED, &change).await.unwrap();
    replica.catches_up(&primary).await;
    replica.cli(&["REPLICAOF", "NO", "ONE"]).await;
    store.write(id(1), CREATED, &busy()).await.unwrap();
    drop(primary);
    let store = replica.store();
    assert_eq!(store.claim(id(1), &claimant_knowing(1, known(3, 3))).await.unwrap(), Claim::Lost);
    is_behind(&store, 1).await;
    becomes_whole(&store, 1).await;
}
