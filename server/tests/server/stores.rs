//! What a store promises, asked of each.

use std::time::Duration;

use undrop_server::store::{
    Change, Claim, Claimant, Failure, Fence, Forward, Forwarded, Fresh, Kept, Known, MemoryStore, NotForwarded,
    Numbered, Rest, Store,
};
use undrop_server::{Message, Principal, SessionId};

use crate::support::soon;

pub const TTL: Duration = Duration::from_secs(60);

pub fn id(number: u8) -> SessionId {
    SessionId::from_bytes([number; 16])
}

pub fn ann() -> Principal {
    Principal::user("ann")
}

pub fn numbered(after: u64, messages: &[Message]) -> Numbered {
    Numbered::new(after, messages.to_vec())
}

pub const CREATED: Fence = Fence(0xfeed);

pub async fn fresh(store: &impl Store, number: u8) -> Fence {
    store.create(id(number), CREATED, Fresh::new(ann(), TTL)).await.unwrap();
    CREATED
}

pub fn claimant(fence: u128) -> Claimant {
    claimant_knowing(fence, known(0, 0))
}

pub fn claimant_knowing(fence: u128, known: Known) -> Claimant {
    Claimant::new(ann(), Fence(fence), known)
}

/// What a client knows on its first connection after the one on which its session began.
pub fn known(received: u64, acknowledged: u64) -> Known {
    Known::default().received(received).acknowledged(acknowledged).attempt(2)
}

/// The claim of a client that has received what it has acknowledged, and no more, on the next of its connections.
pub async fn claimed(store: &impl Store, number: u8, fence: u128) -> Claim {
    let mut claimant = claimant(fence);
    loop {
        match store.claim(id(number), &claimant).await.unwrap() {
            Claim::Late => claimant.known.attempt += 1,
            Claim::Past => claimant.known.received += 1,
            claim => return claim,
        }
    }
}

pub async fn claim(store: &impl Store, number: u8, fence: u128) -> Kept {
    match claimed(store, number, fence).await {
        Claim::Taken(kept) => kept,
        other => panic!("{other:?}"),
    }
}

async fn keeps_what_is_neither_committed_nor_acknowledged(store: &impl Store) {
    let fence = fresh(store, 1).await;
    let (binary, empty) = (Message::binary(vec![0, 255, b'\n']), Message::text(""));
    let taken = numbered(0, &["a".into(), binary.clone(), empty.clone()]);
    let sent = numbered(0, &["x".into(), "\u{10}y".into()]);
    store.write(id(1), fence, &Change::default().taken(taken).sent(sent)).await.unwrap();
    let change =
        Change::default().taken(numbered(3, &["d".into()])).committed(1).sent(numbered(2, &[])).acknowledged(1);
    store.write(id(1), fence, &change).await.unwrap();
    let kept = claim(store, 1, 1).await;
    assert_eq!(kept.inbox, numbered(1, &[binary, empty, "d".into()]));
    assert_eq!(kept.outbox, numbered(1, &["\u{10}y".into()]));
    assert_eq!(kept.time_to_live, TTL);
}

async fn takes_a_write_that_comes_twice_once(store: &impl Store) {
    let fence = fresh(store, 2).await;
    let first = Change::default().taken(numbered(0, &["a".into(), "b".into()])).sent(numbered(0, &["x".into()]));
    let second = Change::default()
        .taken(numbered(2, &["c".into()]))
        .committed(2)
        .sent(numbered(1, &["y".into()]))
        .acknowledged(1);
    for change in [&first, &first, &second, &second, &first] {
        store.write(id(2), fence, change).await.unwrap();
    }
    let kept = claim(store, 2, 1).await;
    assert_eq!((kept.inbox, kept.outbox), (numbered(2, &["c".into()]), numbered(1, &["y".into()])));
}

async fn lets_nobody_write_who_has_lost_the_session(store: &impl Store) {
    let first = fresh(store, 3).await;
    claim(store, 3, u128::MAX).await;
    let late = Change::default().taken(numbered(0, &["late".into()]));
    assert!(matches!(store.write(id(3), first, &late).await, Err(Failure::Fenced)));
    assert!(matches!(store.remove(id(3), first).await, Err(Failure::Fenced)));
    let third = Fence(7);
    let kept = claim(store, 3, third.0).await;
    assert_eq!(kept.inbox, numbered(0, &[]));
    store.remove(id(3), third).await.unwrap();
    assert_eq!(store.claim(id(3), &claimant(8)).await.unwrap(), Claim::Unknown);
    assert!(matches!(store.write(id(3), third, &late).await, Err(Failure::Fenced)));
}

async fn tells_other_principals_nothing_and_changes_nothing_for_them(store: &impl Store) {
    let fence = fresh(store, 4).await;
    for other in [Principal::user("bob"), Principal::Anonymous, Principal::user("anonymous")] {
        let claimant = Claimant::new(other, Fence(1), known(0, 0));
        assert_eq!(store.claim(id(4), &claimant).await.unwrap(), Claim::Foreign);
    }
    store.write(id(4), fence, &Change::default()).await.unwrap();
    assert_eq!(store.claim(id(5), &claimant(1)).await.unwrap(), Claim::Unknown);
}

async fn answers_a_claim_that_comes_twice_twice(store: &impl Store) {
    fresh(store, 8).await;
    assert_eq!(claim(store, 8, 5).await, claim(store, 8, 5).await);
    store.write(id(8), Fence(5), &Change::default()).await.unwrap();
}

async fn lets_nobody_have_a_session_that_has_lost_what_its_client_knows_of(store: &impl Store) {
    let fence = fresh(store, 9).await;
    let change = Change::default().taken(numbered(0, &["a".into()])).sent(numbered(0, &["x".into()]));
    store.write(id(9), fence, &change).await.unwrap();
    for known in [known(2, 1), known(1, 2)] {
        assert_eq!(store.claim(id(9), &claimant_knowing(1, known)).await.unwrap(), Claim::Lost);
    }
    // Nothing has changed.
    let change = change.taken(numbered(1, &[])).sent(numbered(1, &[])).acknowledged(1);
    store.write(id(9), fence, &change).await.unwrap();
    assert_eq!(store.claim(id(9), &claimant(1)).await.unwrap(), Claim::Past);
    store.write(id(9), fence, &change).await.unwrap();
    assert!(matches!(store.claim(id(9), &claimant_knowing(1, known(1, 1))).await.unwrap(), Claim::Taken(_)));
}

async fn knows_the_last_connection_of_a_client(store: &impl Store) {
    let fence = fresh(store, 16).await;
    let asks = |fence, attempt, answered| claimant_knowing(fence, known(0, 0).attempt(attempt).answered(answered));
    let change = Change::default().attempt(5);
    store.write(id(16), fence, &change).await.unwrap();
    store.write(id(16), fence, &Change::default()).await.unwrap();
    for late in [asks(1, 4, 0), asks(1, 5, 4)] {
        assert_eq!(store.claim(id(16), &late).await.unwrap(), Claim::Late);
    }
    assert_eq!(store.claim(id(16), &asks(1, 7, 6)).await.unwrap(), Claim::Lost);
    // Nothing has changed.
    store.write(id(16), fence, &change).await.unwrap();
    for claimant in [asks(1, 7, 5), asks(1, 7, 5), asks(2, 9, 7)] {
        assert!(matches!(store.claim(id(16), &claimant).await.unwrap(), Claim::Taken(_)), "{claimant:?}");
    }
    assert_eq!(store.claim(id(16), &asks(3, 8, 7)).await.unwrap(), Claim::Late);
    assert_eq!(store.claim(id(16), &asks(3, 11, 10)).await.unwrap(), Claim::Lost);
}

async fn tells_a_node_that_it_has_lost_what_was_written_before(store: &impl Store) {
    let fence = fresh(store, 10).await;
    let gaps = [
        Change::default().taken(numbered(3, &["d".into()])).committed(2),
        Change::default().sent(numbered(3, &["z".into()])).acknowledged(2),
    ];
    for change in gaps {
        assert!(matches!(store.write(id(10), fence, &change).await, Err(Failure::Behind)), "{change:?}");
    }
    // What is missing need not be kept.
    let change = Change::default()
        .taken(numbered(3, &["d".into()]))
        .committed(3)
        .sent(numbered(2, &["z".into()]))
        .acknowledged(2);
    store.write(id(10), fence, &change).await.unwrap();
    let kept = claim(store, 10, 1).await;
    assert_eq!((kept.inbox, kept.outbox), (numbered(3, &["d".into()]), numbered(2, &["z".into()])));
}

async fn takes_all_that_a_session_needs_at_once(store: &impl Store) {
    let fence = fresh(store, 11).await;
    let all: Vec<Message> = (1..=6).map(|number| Message::text(number.to_string())).collect();
    let change = Change::default().taken(numbered(0, &all[..2])).sent(numbered(0, &all[..3]));
    store.write(id(11), fence, &change).await.unwrap();
    let gap = Change::default().taken(numbered(4, &all[4..])).sent(numbered(3, &[])).committed(3).acknowledged(0);
    assert!(matches!(store.write(id(11), fence, &gap).await, Err(Failure::Behind)));
    let whole =
        Change::default().taken(numbered(3, &all[3..])).committed(3).sent(numbered(1, &all[1..4])).acknowledged(1);
    for _ in 0..2 {
        store.write(id(11), fence, &whole).await.unwrap();
    }
    let change = Change::default().taken(numbered(6, &[])).committed(4).sent(numbered(4, &all[4..])).acknowledged(2);
    store.write(id(11), fence, &change).await.unwrap();
    let kept = claim(store, 11, 1).await;
    assert_eq!((kept.inbox, kept.outbox), (numbered(4, &all[4..]), numbered(2, &all[2..])));
}

#[cfg(feature = "redis")]
async fn counts_beyond_what_a_float_writes_in_full(store: &impl Store) {
    let fence = fresh(store, 6).await;
    let after = (1 << 53) - 10;
    let change = Change::default().taken(numbered(after, &["a".into()])).committed(after);
    store.write(id(6), fence, &change).await.unwrap();
    let change = Change::default().taken(numbered(after + 1, &["b".into()])).committed(after + 1);
    store.write(id(6), fence, &change).await.unwrap();
    assert_eq!(claim(store, 6, 1).await.inbox, numbered(after + 1, &["b".into()]));
}

async fn forgets_a_session_whose_time_is_up(store: &impl Store) {
    let time_to_live = Duration::from_millis(20);
    store.create(id(7), CREATED, Fresh::new(ann(), time_to_live)).await.unwrap();
    soon("expiry", async {
        // A claim lets it live on, and one of another principal does not.
        let other = Claimant::new(Principal::Anonymous, Fence(1), known(0, 0));
        while store.claim(id(7), &other).await.unwrap() != Claim::Unknown {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(store.claim(id(7), &claimant(1)).await.unwrap(), Claim::Unknown);
}

async fn revokes_the_sessions_of_one_user_and_tells_their_nodes(store: &impl Store) {
    let of = |name: &str| Fresh::new(Principal::user(name), TTL);
    let (eve, bob) = (Principal::user("eve"), Principal::user("bob"));
    for (number, user) in [(21, "eve"), (22, "eve"), (23, "bob")] {
        store.create(id(number), CREATED, of(user)).await.unwrap();
    }
    let change = Change::default().taken(numbered(0, &["a".into()])).sent(numbered(0, &["x".into()]));
    store.write(id(21), CREATED, &change).await.unwrap();
    store.revoke(&eve).await.unwrap();
    for number in [21, 22] {
        assert!(matches!(store.write(id(number), CREATED, &Change::default()).await, Err(Failure::Revoked)));
        let claimant = Claimant::new(eve.clone(), Fence(1), known(0, 0));
        assert_eq!(store.claim(id(number), &claimant).await.unwrap(), Claim::Unknown);
    }
    store.write(id(23), CREATED, &Change::default()).await.unwrap();
    // Twice is as good as once, and whoever comes back begins anew.
    store.revoke(&eve).await.unwrap();
    store.create(id(24), CREATED, of("eve")).await.unwrap();
    store.write(id(24), CREATED, &Change::default()).await.unwrap();
    store.revoke(&bob).await.unwrap();
    assert!(matches!(store.write(id(23), CREATED, &Change::default()).await, Err(Failure::Revoked)));
}

async fn keeps_what_is_forwarded_until_it_is_sent_and_takes_it_once(store: &impl Store) {
    let fence = fresh(store, 31).await;
    assert!(!store.write(id(31), fence, &Change::default()).await.unwrap().has_forwarded);
    for (key, text) in [(1, "a"), (2, "b"), (1, "a"), (3, "c"), (2, "b")] {
        store.forward(id(31), &Forward::new(key, text)).await.unwrap();
    }
    assert!(store.write(id(31), fence, &Change::default()).await.unwrap().has_forwarded);
    let waiting = Forwarded::new(numbered(0, &["a".into(), "b".into(), "c".into()]), Rest::Nothing);
    assert_eq!(store.forwarded(id(31), fence).await.unwrap(), waiting);
    let change = Change::default().sent(numbered(0, &["a".into(), "b".into()])).forwarded(2);
    for _ in 0..2 {
        assert!(store.write(id(31), fence, &change).await.unwrap().has_forwarded);
    }
    // Whoever claims the session next sends the rest, and knows how many there were before.
    let kept = claim(store, 31, 1).await;
    assert_eq!((kept.outbox, kept.forwarded), (numbered(0, &["a".into(), "b".into()]), 2));
    assert!(matches!(store.forwarded(id(31), fence).await, Err(Failure::Fenced)));
    let waiting = Forwarded::new(numbered(2, &["c".into()]), Rest::Nothing);
    assert_eq!(store.forwarded(id(31), Fence(1)).await.unwrap(), waiting);
    let change = Change::default().sent(numbered(2, &["c".into()])).forwarded(3);
    assert!(!store.write(id(31), Fence(1), &change).await.unwrap().has_forwarded);
    assert_eq!(store.forwarded(id(31), Fence(1)).await.unwrap().messages.messages, []);
}

async fn forwards_nothing_to_a_session_that_there_is_not_and_no_more_than_may_wait<S: Store>(store: &S) {
    assert!(matches!(store.forward(id(33), &Forward::new(1, "a")).await, Err(NotForwarded::Over)));
    let fence = fresh(store, 32).await;
    for key in 0..S::MOST_FORWARDED {
        store.forward(id(32), &Forward::new(key.into(), vec![0, 255])).await.unwrap();
    }
    assert!(matches!(store.forward(id(32), &Forward::new(u128::MAX, "a")).await, Err(NotForwarded::Full)));
    // They are read in pages.
    let Forwarded { messages, rest, .. } = store.forwarded(id(32), fence).await.unwrap();
    assert_eq!((messages.messages.len(), rest), (256, Rest::More));
    let change = Change::default().sent(numbered(0, &messages.messages)).forwarded(256);
    store.write(id(32), fence, &change).await.unwrap();
    store.forward(id(32), &Forward::new(u128::MAX, "a")).await.unwrap();
    assert_eq!(store.forwarded(id(32), fence).await.unwrap().messages.after, 256);
    store.remove(id(32), fence).await.unwrap();
    assert!(matches!(store.forward(id(32), &Forward::new(9, "a")).await, Err(NotForwarded::Over)));
}

async fn finds_the_sessions_of_a_user(store: &impl Store) {
    let of = |name: &str| Fresh::new(Principal::user(name), TTL);
    for (number, user) in [(41, "mia"), (42, "mia"), (43, "tom")] {
        store.create(id(number), CREATED, of(user)).await.unwrap();
    }
    let anonymous = Fresh::new(Principal::Anonymous, TTL);
    store.create(id(44), CREATED, anonymous).await.unwrap();
    let mut sessions = store.sessions_of(&Principal::user("mia")).await.unwrap();
    sessions.sort();
    assert_eq!(sessions, [id(41), id(42)]);
    assert_eq!(store.sessions_of(&Principal::Anonymous).await.unwrap(), []);
    store.remove(id(41), CREATED).await.unwrap();
    assert_eq!(store.sessions_of(&Principal::user("mia")).await.unwrap(), [id(42)]);
    store.revoke(&Principal::user("mia")).await.unwrap();
    assert_eq!(store.sessions_of(&Principal::user("mia")).await.unwrap(), []);
    assert!(matches!(store.forward(id(42), &Forward::new(1, "a")).await, Err(NotForwarded::Over)));
}

async fn keeps_its_promises(store: &impl Store) {
    revokes_the_sessions_of_one_user_and_tells_their_nodes(store).await;
    keeps_what_is_forwarded_until_it_is_sent_and_takes_it_once(store).await;
    forwards_nothing_to_a_session_that_there_is_not_and_no_more_than_may_wait(store).await;
    finds_the_sessions_of_a_user(store).await;
    keeps_what_is_neither_committed_nor_acknowledged(store).await;
    takes_a_write_that_comes_twice_once(store).await;
    lets_nobody_write_who_has_lost_the_session(store).await;
    tells_other_principals_nothing_and_changes_nothing_for_them(store).await;
    answers_a_claim_that_comes_twice_twice(store).await;
    lets_nobody_have_a_session_that_has_lost_what_its_client_knows_of(store).await;
    knows_the_last_connection_of_a_client(store).await;
    tells_a_node_that_it_has_lost_what_was_written_before(store).await;
    takes_all_that_a_session_needs_at_once(store).await;
    forgets_a_session_whose_time_is_up(store).await;
}

#[tokio::test]
async fn memory_keeps_its_promises() {
    keeps_its_promises(&MemoryStore::default()).await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn redis_keeps_its_promises() {
    let redis = crate::support::redis::Redis::start_volatile().await;
    let store = redis.store();
    keeps_its_promises(&store).await;
    counts_beyond_what_a_float_writes_in_full(&store).await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn redis_is_found_again_after_a_restart_with_all_that_it_had() {
    let mut redis = crate::support::redis::Redis::start().await;
    let store = redis.store();
    let fence = fresh(&store, 1).await;
    store.write(id(1), fence, &Change::default().taken(numbered(0, &["a".into()]))).await.unwrap();
    redis.kill().await;
    assert!(store.claim(id(1), &claimant(1)).await.is_err());
    redis.restart().await;
    soon("redis", async { while store.write(id(1), fence, &Change::default()).await.is_err() {} }).await;
    assert_eq!(claim(&store, 1, 1).await.inbox, numbered(0, &["a".into()]));
}
