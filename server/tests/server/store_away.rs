//! A store that is away: what is logged, and what new clients are told.

use std::time::Duration;

use undrop_server::Config;
use undrop_server::store::RedisStore;

use crate::support::log::Log;
use crate::support::redis::Redis;
use crate::support::server::config;
use crate::support::{Client, Raw, Server, echo, until};

const CLIENTS: u64 = 50;

async fn clients(server: &Server) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Client::open(server.address, "").await;
        client.send("before").await;
        assert_eq!(client.text().await, "before");
        clients.push(client);
    }
    clients
}

/// Each client says something, which the store has to write.
async fn talk(clients: &mut [Client]) {
    for client in clients {
        client.send("meanwhile").await;
    }
}

async fn are_answered(clients: &mut [Client]) {
    for client in clients {
        assert_eq!(client.text().await, "meanwhile");
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_two_lines_in_the_log_for_all_sessions_together() {
    let (log, _logging) = Log::start();
    let mut redis = Redis::start().await;
    let server = Server::with_store(config(), redis.store(), echo).await;
    let mut clients = clients(&server).await;
    assert_eq!(server.metric("undrop_store_up"), 1);
    redis.kill().await;
    talk(&mut clients).await;
    let failures = || server.metric("undrop_store_failures_total{cause=\"unreachable\"}");
    until("failures of each session", || failures() >= 3 * CLIENTS).await;
    assert_eq!(server.metric("undrop_store_up"), 0);
    redis.restart().await;
    are_answered(&mut clients).await;
    until("the store's return", || !log.lines("the store is back").is_empty()).await;
    assert_eq!(server.metric("undrop_store_up"), 1);
    let lines: Vec<_> = log.lines(" the store ").into_iter().chain(log.lines("=the store ")).collect();
    let lines: Vec<_> = lines.iter().filter(|line| !line.starts_with("DEBUG") && !line.starts_with("TRACE")).collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    let failures = server.metric("undrop_store_failures_total");
    assert!(lines[0].starts_with("WARN ") && lines[0].contains("cause=unreachable"), "{lines:#?}");
    assert!(lines[1].starts_with("INFO ") && lines[1].contains(&format!("failures={failures} ")), "{lines:#?}");
    assert!(lines[1].contains("away="), "{lines:#?}");
    // Nothing else is logged of it.
    let others = log.text();
    let others: Vec<_> = others.lines().filter(|line| line.starts_with("WARN") || line.starts_with("ERROR")).collect();
    assert_eq!(others.len(), 1, "{others:#?}");
}

#[tokio::test]
async fn new_clients_wait_for_a_store_that_is_away_and_are_then_told_why_they_are_closed() {
    let mut redis = Redis::start().await;
    let server = Server::with_store(config(), redis.store(), echo).await;
    let mut resuming = Client::open(server.address, "").await;
    let elsewhere = Server::with_store(short(), redis.store(), echo).await;
    redis.kill().await;
    // A new session, one that is elsewhere, and one of this node, which waits in its slot.
    let mut fresh = Client::new(elsewhere.address, "");
    fresh.try_connect().await;
    let mut moving = resuming.copy_to(elsewhere.address, 1);
    moving.try_connect().await;
    assert_eq!((fresh.opened, moving.resumed), (0, 0));
    assert_eq!(elsewhere.metric("undrop_connections_refused_total{cause=\"store\"}"), 2);
    assert_eq!(elsewhere.metric("undrop_connections_closed_total{by=\"server\",code=\"1013\"}"), 2);
    assert_eq!(elsewhere.metric("undrop_resumes_total{cause=\"store\"}"), 1);
    // Each of them was not closed before it had waited: the store was asked again and again.
    assert!(elsewhere.metric("undrop_store_request_seconds_count{request=\"create\"}") > 3);
    assert!(elsewhere.metric("undrop_store_request_seconds_count{request=\"claim\"}") > 3);
    // With the usual time to wait, a store that comes back has them all.
    resuming.cut();
    let (mut late, mut back) = (Client::new(server.address, ""), resuming);
    let returns = async {
        until("a request", || server.metric("undrop_store_failures_total") > 0).await;
        redis.restart().await;
    };
    tokio::join!(late.connect(), back.connect(), returns);
    assert_eq!((late.opened, back.resumed), (1, 1));
    assert_eq!(server.metric("undrop_connections_refused_total"), 0);
}

/// A server that has its clients wait for a moment.
fn short() -> Config {
    config().greeting(Duration::from_millis(500))
}

#[tokio::test]
async fn a_client_is_told_why_the_store_has_no_session_for_it() {
    let away = Server::with_store(short(), RedisStore::new("redis://127.0.0.1:1/").unwrap(), echo).await;
    let full = Redis::start_volatile().await;
    full.says(&["CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"], "OK").await;
    let full_server = Server::with_store(short(), full.store(), echo).await;
    for (server, reason) in [(&away, "the store can't be reached"), (&full_server, "the store is full")] {
        let mut client = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
        client.say("\u{10}new").await;
        assert_eq!(client.closed().await, Some((1013, reason.to_owned())));
    }
    assert_eq!(full_server.metric("undrop_store_up"), 0);
    assert!(full_server.metric("undrop_store_failures_total{cause=\"full\"}") > 0);
}

/// `npm run store:away` prints what this logs: a server with 50 sessions whose store is away, there for 8 s.
#[tokio::test]
async fn the_log_of_a_store_that_is_away_with_50_sessions() {
    let away = std::env::var("UNDROP_STORE_AWAY").map_or(0, |millis| millis.parse().unwrap());
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::INFO).finish();
    let mut redis = Redis::start().await;
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    let server = Server::with_store(config(), store, echo).await;
    let mut clients = clients(&server).await;
    let _logging = tracing::subscriber::set_default(subscriber);
    redis.kill().await;
    talk(&mut clients).await;
    tokio::time::sleep(Duration::from_millis(away)).await;
    redis.restart().await;
    are_answered(&mut clients).await;
    server.metric_becomes("undrop_store_up", 1).await;
}
