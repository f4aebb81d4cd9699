//! Two nodes over a Redis that fails over, comes back with an older state, is full, and evicts: nothing is lost, duplicated or
//! reordered, unless the client is told that its session is lost.
//!
//! `npm run server:soak` has more clients and messages, and prints what it counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use undrop_server::store::{RedisStore, Store};
use undrop_server::{Session, SessionId};

use crate::support::redis::{Redis, VOLATILE};
use crate::support::server::config;
use crate::support::{Client, Server, until};

/// How many messages a client sends before it waits for their answers.
const BATCH: u64 = 4;

struct Size {
    clients: usize,
    batches: u64,
}

impl Size {
    fn of_test() -> Self {
        let number = |name, usual| std::env::var(name).map_or(usual, |value| value.parse().unwrap());
        Self { clients: number("UNDROP_SOAK_CLIENTS", 8) as usize, batches: number("UNDROP_SOAK_BATCHES", 15) }
    }
}

/// What the handlers and the clients have seen.
#[derive(Default)]
struct Seen {
    /// The number of the last message that was committed, for each session.
    committed: Mutex<HashMap<SessionId, u64>>,
    twice: AtomicU64,
    reordered: AtomicU64,
    answered: AtomicU64,
    resets: AtomicU64,
}

/// Commits each message with an answer, and sees to it that none is committed twice.
async fn answers(mut session: Session, seen: Arc<Seen>) {
    while let Some(received) = session.recv().await {
        let answer = received.message.clone();
        if received.commit_with([answer]).await.is_err() {
            break;
        }
        let mut committed = seen.committed.lock().unwrap();
        let last = committed.entry(received.session).or_default();
        if received.number <= *last {
            seen.twice.fetch_add(1, Relaxed);
        } else if received.number > *last + 1 {
            seen.reordered.fetch_add(1, Relaxed);
        }
        *last = received.number;
    }
}

/// A client that sends numbers and waits for them to come back, whichever node it finds.
struct Talker {
    client: Client,
    nodes: [std::net::SocketAddr; 2],
    next: u64,
    connections: usize,
}

impl Talker {
    async fn reconnect(&mut self) {
        self.connections += 1;
        self.client.connect_until_it_works(self.nodes[self.connections % 2]).await;
    }

    /// Exchanges so many batches. A batch that the session was lost with is not waited for.
    async fn talk(&mut self, batches: u64, seen: &Seen) {
        for _ in 0..batches {
            let (first, opened) = (self.next, self.client.opened);
            for _ in 0..BATCH {
                self.client.send(self.next.to_string()).await;
                self.next += 1;
            }
            let mut expected = first;
            while expected < self.next {
                match self.client.try_recv().await {
                    Some((_, message)) => {
                        let number: u64 = message.as_text().unwrap().parse().unwrap();
                        if number != expected {
                            seen.reordered.fetch_add(1, Relaxed);
                        }
                        expected = number + 1;
                        seen.answered.fetch_add(1, Relaxed);
                    }
                    None => self.reconnect().await,
                }
                if self.client.opened > opened {
                    seen.resets.fetch_add(1, Relaxed);
                    // What was not delivered was returned; nothing of the old session comes any more.
                    break;
                }
            }
        }
    }
}

struct Soak {
    seen: Arc<Seen>,
    talkers: Vec<Talker>,
    batches: u64,
    _nodes: [Server; 2],
}

impl Soak {
    async fn over(stores: [impl Store; 2]) -> Self {
        let (size, seen) = (Size::of_test(), Arc::<Seen>::default());
        let handler = {
            let seen = seen.clone();
            move |session| answers(session, seen.clone())
        };
        let [first, second] = stores;
        let nodes = [
            Server::with_store(config(), first, handler.clone()).await,
            Server::with_store(config(), second, handler).await,
        ];
        let addresses = [nodes[0].address, nodes[1].address];
        let mut talkers = Vec::new();
        for number in 0..size.clients {
            let client = Client::open(addresses[number % 2], &format!("?user={number}")).await;
            talkers.push(Talker { client, nodes: addresses, next: 0, connections: number });
        }
        Self { seen, talkers, batches: size.batches, _nodes: nodes }
    }

    /// All talk, while something happens to the store once a third of it is said.
    async fn talk_while(&mut self, fault: impl Future<Output = ()>) {
        let (seen, batches) = (self.seen.clone(), self.batches);
        let third = seen.answered.load(Relaxed) + batches * BATCH * self.talkers.len() as u64 / 3;
        let injury = async {
            until("a third of it", || seen.answered.load(Relaxed) >= third).await;
            fault.await;
        };
        let talks = join_all(self.talkers.iter_mut().map(|talker| talker.talk(batches, &seen)));
        tokio::join!(talks, injury);
    }

    /// What was counted. Whatever is neither answered nor told is waited for, and so fails.
    fn report(&self, what: &str) -> u64 {
        let Seen { twice, reordered, answered, resets, .. } = &*self.seen;
        let [twice, reordered, answered, resets] =
            [twice, reordered, answered, resets].map(|count| count.load(Relaxed));
        println!(
            "{what}: {answered} answered, {resets} sessions lost and told, {twice} twice, {reordered} out of order"
        );
        assert_eq!((twice, reordered), (0, 0), "{what}");
        resets
    }
}

#[tokio::test]
async fn over_a_fail_over_nothing_is_lost_but_what_is_told() {
    let (mut primary, replica) = (Redis::start_volatile().await, Redis::start_volatile().await);
    replica.replicate(&primary).await;
    let sentinel = Redis::start_sentinel(&primary).await;
    sentinel.says(&["SENTINEL", "REPLICAS", "main"], &replica.port.to_string()).await;
    let store = || RedisStore::sentinel([sentinel.url()], "main").unwrap();
    let mut soak = Soak::over([store(), store()]).await;
    soak.talk_while(sentinel.fail_over(&mut primary)).await;
    soak.report("fail-over");
}

#[tokio::test]
async fn over_an_older_state_nothing_is_lost_but_what_is_told() {
    let mut redis = Redis::start_volatile().await;
    let mut soak = Soak::over([redis.store(), redis.store()]).await;
    soak.talk_while(std::future::ready(())).await;
    let dump = redis.dump().await;
    soak.talk_while(async {
        redis.kill().await;
        redis.restart_from(&dump).await;
    })
    .await;
    soak.report("older state");
}

#[tokio::test]
async fn over_a_redis_that_has_forgotten_everything_each_client_is_told() {
    let mut redis = Redis::start_volatile().await;
    let mut soak = Soak::over([redis.store(), redis.store()]).await;
    soak.talk_while(async {
        redis.kill().await;
        redis.restart().await;
    })
    .await;
    assert!(soak.report("empty") >= soak.talkers.len() as u64);
}

#[tokio::test]
async fn over_a_full_redis_everything_waits_and_nothing_is_lost() {
    let redis = Redis::start_with(&[&VOLATILE[..], &["--maxmemory-policy", "noeviction"]].concat()).await;
    let mut soak = Soak::over([redis.store(), redis.store()]).await;
    soak.talk_while(async {
        redis.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
        redis.says(&["INFO", "errorstats"], "errorstat_OOM").await;
        redis.cli(&["CONFIG", "SET", "maxmemory", "0"]).await;
    })
    .await;
    assert_eq!(soak.report("full"), 0);
}

#[tokio::test]
async fn over_a_redis_that_evicts_nothing_is_lost_but_what_is_told() {
    let redis = Redis::start_with(&[&VOLATILE[..], &["--maxmemory-policy", "allkeys-random"]].concat()).await;
    let mut soak = Soak::over([redis.store(), redis.store()]).await;
    soak.talk_while(async {
        // It evicts whatever there is, for as long as this stands.
        for _ in 0..20 {
            redis.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
            redis.cli(&["CONFIG", "SET", "maxmemory", "0"]).await;
        }
    })
    .await;
    soak.report("evicting");
}
