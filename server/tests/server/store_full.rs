//! A full Redis that evicts nothing.

use undrop_server::store::{Change, Failure, Fence, Forward, Fresh, RedisStore, Store};

use crate::stores::{CREATED, TTL, ann, claim, fresh, id, numbered};
use crate::support::redis::{Redis, VOLATILE};

const LIMIT: [&str; 4] = ["--maxmemory", "5mb", "--maxmemory-policy", "noeviction"];

fn text(number: u64, bytes: usize) -> undrop_server::Message {
    format!("{number:0bytes$}").into()
}

fn is_full<T>(result: Result<T, Failure>) -> bool {
    match result {
        Ok(_) => false,
        Err(Failure::Unavailable(error)) => {
            assert!(error.to_string().contains("full"), "{error}");
            true
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Sends messages of 10 kB until Redis is full, and says how many there are. The next one is number one more.
async fn fill_outbox(redis: &Redis, store: &RedisStore) -> u64 {
    let mut number = 0;
    while !is_full(store.write(id(1), CREATED, &send(number, 10_000)).await) {
        number += 1;
    }
    stays_full(redis).await;
    number
}

/// Takes so much of the limit that buffers of connections, which come and go, make no room.
async fn stays_full(redis: &Redis) {
    let memory = redis.cli(&["INFO", "memory"]).await;
    let used = memory.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    let limit = used.trim().parse::<u64>().unwrap() - 300_000;
    redis.says(&["CONFIG", "SET", "maxmemory", &limit.to_string()], "OK").await;
}

/// The app's next message.
fn send(after: u64, bytes: usize) -> Change {
    Change::default().sent(numbered(after, &[text(after + 1, bytes)]))
}

async fn field(redis: &Redis, name: &str) -> String {
    redis.cli(&["HGET", &format!("undrop:{{{}}}", id(1)), name]).await
}

async fn full_redis() -> Redis {
    Redis::start_with(&[&VOLATILE[..], &LIMIT].concat()).await
}

#[tokio::test]
async fn a_full_redis_goes_on_when_a_client_acknowledges() {
    let redis = full_redis().await;
    let store = redis.store();
    fresh(&store, 1).await;
    let sent = fill_outbox(&redis, &store).await;
    let another = Fresh::new(ann(), TTL);
    assert!(store.create(id(2), CREATED, another).await.unwrap_err().to_string().contains("full"));
    // A session lives on, and another node can have it.
    store.write(id(1), CREATED, &Change::default().sent(numbered(sent, &[]))).await.unwrap();
    assert_eq!(claim(&store, 1, 2).await.outbox.messages.len() as u64, sent);
    let acknowledge = Change::default().sent(numbered(sent, &[])).acknowledged(sent / 2);
    store.write(id(1), Fence(2), &acknowledge).await.unwrap();
    // What was refused is taken now.
    store.write(id(1), Fence(2), &send(sent, 10_000)).await.unwrap();
    let kept = claim(&store, 1, 3).await;
    let expected: Vec<_> = (sent / 2 + 1..=sent + 1).map(|number| text(number, 10_000)).collect();
    assert_eq!(kept.outbox, numbered(sent / 2, &expected));
}

#[tokio::test]
async fn a_change_that_is_refused_makes_room_first() {
    let redis = full_redis().await;
    let store = redis.store();
    fresh(&store, 1).await;
    let sent = fill_outbox(&redis, &store).await;
    let change = send(sent, 20_000).acknowledged(1);
    assert!(is_full(store.write(id(1), CREATED, &change).await));
    assert_eq!((field(&redis, "acknowledged").await, field(&redis, "sent").await), ("1".to_owned(), sent.to_string()));
    let change = change.acknowledged(100);
    store.write(id(1), CREATED, &change).await.unwrap();
    assert_eq!(claim(&store, 1, 2).await.outbox.messages.last(), Some(&text(sent + 1, 20_000)));
}

#[tokio::test]
async fn a_commit_waits_with_its_answers_and_takes_the_room_of_what_it_commits() {
    let redis = full_redis().await;
    let store = redis.store();
    fresh(&store, 1).await;
    let mut taken = 0;
    let take = |after| Change::default().taken(numbered(after, &[text(after + 1, 10_000)]));
    while !is_full(store.write(id(1), CREATED, &take(taken)).await) {
        taken += 1;
    }
    stays_full(&redis).await;
    let answer = |bytes| send(0, bytes).taken(numbered(taken, &[])).committed(1);
    assert!(is_full(store.write(id(1), CREATED, &answer(20_000)).await));
    assert_eq!((field(&redis, "committed").await, field(&redis, "sent").await), ("0".to_owned(), "0".to_owned()));
    store.write(id(1), CREATED, &answer(10_000)).await.unwrap();
    assert_eq!((field(&redis, "committed").await, field(&redis, "sent").await), ("1".to_owned(), "1".to_owned()));
    // A commit without an answer needs no room.
    let change = Change::default().taken(numbered(taken, &[])).committed(2).sent(numbered(1, &[]));
    store.write(id(1), CREATED, &change).await.unwrap();
    // Nor does a message that is committed before it is stored.
    let change = change.taken(numbered(taken, &[text(taken + 1, 50_000)])).committed(taken + 1);
    store.write(id(1), CREATED, &change).await.unwrap();
    let kept = claim(&store, 1, 2).await;
    assert_eq!((kept.inbox, kept.outbox), (numbered(taken + 1, &[]), numbered(0, &[text(1, 10_000)])));
}

#[tokio::test]
async fn a_forwarded_message_is_sent_in_the_room_that_it_had_and_one_that_is_refused_was_not_taken() {
    let redis = full_redis().await;
    let store = redis.store();
    fresh(&store, 1).await;
    let mut forwarded = 0;
    let refused = loop {
        let forward = Forward::new(forwarded, text(forwarded as u64 + 1, 10_000));
        match store.forward(id(1), &forward).await {
            Ok(()) => forwarded += 1,
            Err(error) => break error,
        }
    };
    assert!(refused.to_string().contains("full"), "{refused}");
    stays_full(&redis).await;
    let change = send(0, 20_000).forwarded(1);
    assert!(is_full(store.write(id(1), CREATED, &change).await));
    assert_eq!(store.forwarded(id(1), CREATED).await.unwrap().messages.after, 0);
    let change = send(0, 10_000).forwarded(1);
    assert!(store.write(id(1), CREATED, &change).await.unwrap().has_forwarded);
    let waiting = store.forwarded(id(1), CREATED).await.unwrap().messages;
    assert_eq!((waiting.after, waiting.messages.first()), (1, Some(&text(2, 10_000))));
    assert_eq!(claim(&store, 1, 2).await.outbox, numbered(0, &[text(1, 10_000)]));
}
