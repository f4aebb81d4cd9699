//! A token is of no use to anybody else.

use std::time::Duration;

use crate::support::server::config;
use crate::support::{Client, Raw, Server, echo};

async fn resume(server: &Server, path: &str, token: u128, received: u64, acknowledged: u64) -> Raw {
    let mut connection = Raw::connect(server.address, path, Some("undrop.1")).await.unwrap();
    connection.say(&format!("\u{10}resume {token:032x} {received} {acknowledged} 2 0")).await;
    connection
}

/// A connection with a session, of a client that is told how to use it.
async fn open(server: &Server) -> (Raw, u128) {
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    let welcome = connection.text().await;
    let token = welcome.split(' ').nth(1).unwrap();
    (connection, u128::from_str_radix(token, 16).unwrap())
}

#[tokio::test]
async fn a_guessed_token_gets_a_fresh_session() {
    for server in Server::on_each_store(config(), echo).await {
        let mut client = Client::open(server.address, "").await;
        for guess in [0, 1, u128::MAX, client.token().0 ^ 1] {
            let mut connection = resume(&server, "", guess, 0, 0).await;
            let answer = connection.text().await;
            assert!(answer.starts_with("\u{10}welcome "));
            assert!(!answer.contains(&format!("{guess:032x}")));
        }
        assert_eq!(server.metric("undrop_resumes_total{cause=\"unknown\"}"), 4);
        client.send("still here").await;
        assert_eq!(client.text().await, "still here");
    }
}

#[tokio::test]
async fn a_token_is_of_no_use_to_another_user() {
    for server in Server::on_each_store(config(), echo).await {
        let mut ann = Client::open(server.address, "?user=ann").await;
        ann.send("one").await;
        assert_eq!(ann.text().await, "one");
        for path in ["?user=bob", "?user=anonymous", ""] {
            let mut other = resume(&server, path, ann.token().0, 0, 0).await;
            let answer = other.text().await;
            assert!(answer.starts_with("\u{10}welcome "));
            assert!(!answer.contains(&format!("{:032x}", ann.token().0)));
        }
        assert_eq!(server.metric("undrop_resumes_total{cause=\"foreign\"}"), 3);
        // Hers has noticed nothing.
        ann.send("two").await;
        assert_eq!(ann.text().await, "two");
        ann.cut();
        ann.connect().await;
        assert_eq!((ann.opened, ann.resumed), (1, 1));
    }
}

#[tokio::test]
async fn an_expired_token_gets_a_fresh_session() {
    // The store forgets a session half its time to live after the server. On a busy machine that has to be long enough for
    // the server to remove it first.
    let short = config().time_to_live(Duration::from_secs(1));
    for server in Server::on_each_store(short, echo).await {
        let mut client = Client::open(server.address, "").await;
        client.send("one").await;
        assert_eq!(client.text().await, "one");
        client.is_acknowledged().await;
        client.cut();
        server.metric_becomes("undrop_sessions", 0).await;
        assert_eq!(server.metric("undrop_sessions_ended_total{cause=\"expired\"}"), 1);
        client.send("two").await;
        client.connect().await;
        assert_eq!((client.opened, client.resumed), (2, 0));
        assert_eq!(client.returned.len(), 1);
    }
}

#[tokio::test]
async fn a_client_that_resumes_with_impossible_counts_gets_no_session_or_another_and_the_session_stays() {
    for server in Server::on_each_store(config(), echo).await {
        let (mut connection, token) = open(&server).await;
        connection.say("one").await;
        assert_eq!(connection.text().await, "one");
        connection.say("\u{10}ack 1").await;
        server.metric_becomes("undrop_outbox_bytes", 0).await;
        impossible_counts(&server, token).await;
        connection.say("two").await;
        while connection.text().await != "two" {}
    }
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn nor_does_an_impossible_count_get_past_the_store() {
    let redis = crate::support::redis::Redis::start().await;
    let first = Server::with_store(config(), redis.store(), echo).await;
    let (mut connection, token) = open(&first).await;
    connection.say("one").await;
    assert_eq!(connection.text().await, "one");
    connection.say("\u{10}ack 1").await;
    first.metric_becomes("undrop_outbox_bytes", 0).await;
    first.sessions.shut_down().await;
    let second = Server::with_store(config(), redis.store(), echo).await;
    impossible_counts(&second, token).await;
    let mut connection = resume(&second, "", token, 1, 1).await;
    let resumed = connection.text().await;
    assert!(resumed.starts_with("\u{10}resumed 1 ") && resumed.ends_with(" 1048576"), "{resumed}");
}

/// Resumes a session in which one message went each way, and was acknowledged, with counts that can't be.
async fn impossible_counts(server: &Server, token: u128) {
    for (received, acknowledged) in [(2, 0), (1, 2), (0, 2)] {
        let mut answered = resume(server, "", token, received, acknowledged).await;
        let welcome = answered.text().await;
        assert!(welcome.starts_with("\u{10}welcome ") && welcome.ends_with(" lost"), "{welcome}");
        assert!(!welcome.contains(&format!("{token:032x}")));
    }
    let late = resume(server, "", token, 0, 0).await;
    assert_eq!(late.closed().await, Some((1002, "resume of the past".into())));
}
