//! Redis does one thing at a time: no request of a session holds it up.

use undrop_server::Message;
use undrop_server::store::{Change, Claim, Kept, Store};

use crate::stores::{CREATED, claim, claimant_knowing, fresh, id, known, numbered};
use crate::support::redis::Redis;

/// A session with so many messages of the app's.
async fn with_messages(redis: &Redis, number: u64, message: Message) {
    let store = redis.store();
    fresh(&store, 1).await;
    for after in (0..number).step_by(500) {
        let count = usize::try_from(number - after).unwrap().min(500);
        let sent = numbered(after, &vec![message.clone(); count]);
        store.write(id(1), CREATED, &Change::default().sent(sent)).await.unwrap();
    }
}

/// How often a command was called.
async fn calls(redis: &Redis, command: &str) -> u64 {
    let statistics = redis.cli(&["INFO", "commandstats"]).await;
    let line = statistics.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_session_with_many_messages_is_read_in_pages() {
    let redis = Redis::start_volatile().await;
    with_messages(&redis, 20_000, "message".into()).await;
    redis.cli(&["CONFIG", "RESETSTAT"]).await;
    let kept = claim(&redis.store(), 1, 1).await;
    assert_eq!(kept.outbox, numbered(0, &vec!["message".into(); 20_000]));
    assert!(calls(&redis, "evalsha").await >= 20_000 / 256, "{}", calls(&redis, "evalsha").await);
    assert!(calls(&redis, "xrange").await >= 20_000 / 4, "{}", calls(&redis, "xrange").await);
}

#[tokio::test]
async fn large_messages_make_short_pages() {
    let redis = Redis::start_volatile().await;
    let message = Message::binary(vec![7; 100_000]);
    with_messages(&redis, 40, message.clone()).await;
    redis.cli(&["CONFIG", "RESETSTAT"]).await;
    assert_eq!(claim(&redis.store(), 1, 1).await.outbox, numbered(0, &vec![message; 40]));
    assert!(calls(&redis, "evalsha").await >= 40 / 4, "{}", calls(&redis, "evalsha").await);
}

#[tokio::test]
async fn a_claim_that_another_one_overtakes_reads_nothing_more() {
    let redis = Redis::start_volatile().await;
    with_messages(&redis, 5_000, "message".into()).await;
    let store = redis.store();
    claim(&store, 1, 1).await;
    let on = |attempt, fence| claimant_knowing(fence, known(0, 0).attempt(attempt));
    let claimants = (on(3, 2), on(4, 3));
    let (first, second) = tokio::join!(store.claim(id(1), &claimants.0), store.claim(id(1), &claimants.1));
    assert!(first.unwrap_err().to_string().contains("another node"));
    let Claim::Taken(Kept { outbox, .. }) = second.unwrap() else { panic!("not taken") };
    assert_eq!(outbox.messages.len(), 5_000);
    let change = Change::default().sent(numbered(5_000, &[]));
    store.write(id(1), claimants.1.fence, &change).await.unwrap();
}
