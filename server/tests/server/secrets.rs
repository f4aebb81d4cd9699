//! A token is told to its client, and to nobody else.

use crate::support::log::Log;
use crate::support::server::config;
use crate::support::{Client, Raw, Server, Tap};

#[tokio::test]
async fn a_token_is_in_no_log_and_no_metric_and_nothing_that_is_printed() {
    // The test has one thread, so all that the server logs is written here.
    let (log, _logging) = Log::start();
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "?user=ann").await;
    let mut held = tap.next().await;
    let token = format!("{:032x}", client.token().0);
    let resume = format!("\u{10}resume {token} 0 0 2 0");
    // All that can happen to a token: another user's, an impossible count, a lost connection, a
    // session taken over, an end.
    let mut other = Raw::connect(server.address, "?user=bob", Some("undrop.1")).await.unwrap();
    other.say(&resume).await;
    assert!(other.text().await.starts_with("\u{10}welcome "));
    let mut impossible = Raw::connect(server.address, "?user=ann", Some("undrop.1")).await.unwrap();
    impossible.say(&format!("\u{10}resume {token} 7 0 2 0")).await;
    assert!(impossible.text().await.ends_with(" lost"));
    let mut malformed = Raw::connect(server.address, "?user=ann", Some("undrop.1")).await.unwrap();
    malformed.say(&format!("\u{10}resume {token}f 0 0 2 0")).await;
    let reason = malformed.closed().await;
    client.cut();
    client.connect().await;
    client.send("hello").await;
    let received = held.recv().await;
    let printed = format!("{held:?} {received:?} {server:?}", held = held.session, server = server.sessions);
    client.abandon().say("\u{10}nonsense").await;
    held.ends().await;

    let log = log.text();
    assert!(log.contains(&format!("{}", received.session)), "{log}");
    for text in [log, server.sessions.metrics().render(), printed, format!("{reason:?}")] {
        assert!(!text.contains(&token[..8]) && !text.contains(&token[24..]), "{text}");
    }
}
