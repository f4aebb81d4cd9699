//! Redis over TLS, and by a client or a connection that the app has.

use undrop_server::redis::{Client, ClientTlsConfig, TlsCertificates};
use undrop_server::store::{Fence, Fresh, RedisStore, Store, Unavailable, UnavailableCause};

use crate::store_start::is_refused;
use crate::stores::{TTL, ann, claimed, fresh, id};
use crate::support::redis::{Redis, Tls};
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
    let refused = store.create(id(1), Fence(1), Fresh::new(ann(), TTL)).await;
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

fn with_certificates(tls: &Tls, client: Option<ClientTlsConfig>) -> RedisStore {
    let root_cert = Some(std::fs::read(&tls.authority).unwrap());
    let certificates = TlsCertificates { client_tls: client, root_cert };
    RedisStore::from_client(Client::build_with_tls(&*tls.url, certificates).unwrap())
}

#[tokio::test]
async fn a_redis_that_asks_its_clients_for_a_certificate_gets_the_apps() {
    let (redis, tls) = Redis::start_with_tls_for("yes").await;
    let (client_cert, client_key) = tls.client.clone();
    let client = ClientTlsConfig { client_cert, client_key };
    let store = with_certificates(&tls, Some(client)).check().await.unwrap();
    let server = Server::with_store(config(), store, echo).await;
    let mut client = crate::support::Client::open(server.address, "").await;
    // What nodes are told goes over a connection of its own.
    redis.says(&["PUBSUB", "NUMSUB", "undrop:forwarded"], "1").await;
    server.sessions.send_to(client.session(), "hello").await.unwrap();
    assert_eq!(client.text().await, "hello");
}

#[tokio::test]
async fn what_is_wrong_with_tls_is_said_at_start() {
    let (redis, tls) = Redis::start_with_tls_for("yes").await;
    let untrusted = RedisStore::connect(&tls.url).await;
    is_refused(untrusted, UnavailableCause::Tls, &["certificate", "RedisStore::from_client"]);
    let without_certificate = with_certificates(&tls, None).check().await;
    is_refused(without_certificate, UnavailableCause::Tls, &["CertificateRequired", "RedisStore::from_client"]);
    let plain_port = RedisStore::connect(&format!("rediss://127.0.0.1:{}/", redis.port)).await;
    // To Redis it is the beginning of a command, or a wrong one: that depends on what is random in it.
    let cause = plain_port.as_ref().err().map_or(UnavailableCause::Other, Unavailable::cause);
    assert!(matches!(cause, UnavailableCause::Timeout | UnavailableCause::Tls), "{cause}");
    is_refused(plain_port, cause, &["speaks no TLS"]);
    let plain_client = RedisStore::connect(&tls.url.replace("rediss", "redis")).await;
    is_refused(plain_client, UnavailableCause::Unreachable, &["wants rediss://"]);
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
    while store.create(id(1), Fence(1), Fresh::new(ann(), TTL)).await.is_err() {}
    fresh(&store, 2).await;
}

async fn claims_nothing(store: &RedisStore) -> bool {
    claimed(store, 9, 1).await == undrop_server::store::Claim::Unknown
}
