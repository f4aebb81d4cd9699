//! Redis over TLS, and by a client or a connection that the app has.

use undrop_server::redis::{Client, TlsCertificates};
use undrop_server::store::{Fence, Fresh, RedisStore, Store};

use crate::stores::{TTL, ann, claimed, fresh, id};
use crate::support::redis::Redis;
use crate::support::{Node, Server, echo, server::config};

#[tokio::test]
async fn a_node_keeps_its_sessions_in_a_redis_over_tls_that_its_system_trusts() {
    let (_redis, tls) = Redis::start_with_tls().await;
    let node = Node::start_at(&tls.url, Some(&tls.authority)).await;
    let mut client = crate::support::Client::open(node.address, "echo").await;
    client.send("one").await;
    assert_eq!(client.text().await, "one");
    node.kill().await;
    let node = Node::start_at(&tls.url, Some(&tls.authority)).await;
    client.connect_until_it_works(node.address).await;
    client.send("two").await;
    assert_eq!(client.recv().await, (2, "two".into()));
    assert_eq!((client.opened, client.resumed), (1, 1));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (_redis, tls) = Redis::start_with_tls().await;
    let store = RedisStore::new(&tls.url).unwrap();
    let refused = store.create(id(1), Fence(1), Fresh { principal: ann(), time_to_live: TTL }).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("certificate") || error.contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_client_of_the_app_brings_its_certificates_for_requests_and_for_what_nodes_are_told() {
    let (redis, tls) = Redis::start_with_tls().await;
    let root_cert = Some(std::fs::read(&tls.authority).unwrap());
    let certificates = TlsCertificates { client_tls: None, root_cert };
    let store = || RedisStore::from_client(Client::build_with_tls(&*tls.url, certificates.clone()).unwrap());
    let here = Server::with_store(config(), store(), echo).await;
    let there = Server::with_store(config(), store(), echo).await;
    let mut client = crate::support::Client::open(here.address, "").await;
    redis.says(&["PUBSUB", "NUMSUB", "undrop:forwarded"], "1").await;
    there.sessions.send_to(client.session(), "hello").await.unwrap();
    assert_eq!(client.text().await, "hello");
}

#[tokio::test]
async fn a_connection_of_the_app_is_used_until_it_fails() {
    let redis = Redis::start().await;
    let client = Client::open(redis.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let store = RedisStore::from_client(client).with_connection(connection);
    let connections = "connected_clients:";
    let before = redis.cli(&["INFO", "clients"]).await;
    let before = before.lines().find(|line| line.starts_with(connections)).unwrap();
    assert!(claims_nothing(&store).await);
    // One more, on which Redis tells what is published.
    assert_eq!(before.trim(), "connected_clients:2");
    redis.says(&["PUBSUB", "NUMSUB", "undrop:forwarded"], "1").await;
    redis.says(&["INFO", "clients"], "connected_clients:3").await;
    redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]).await;
    while store.create(id(1), Fence(1), Fresh { principal: ann(), time_to_live: TTL }).await.is_err() {}
    fresh(&store, 2).await;
}

async fn claims_nothing(store: &RedisStore) -> bool {
    claimed(store, 9, 1).await == undrop_server::store::Claim::Unknown
}
