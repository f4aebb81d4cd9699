//! How sessions are laid out in Redis: what an older version has left is resumed, and what a newer one has left is not touched.
//!
//! The files in `fixtures` are commands that write, key by key, what a version has left of a session. Each of them has to keep
//! passing: a rolling upgrade has both versions at one Redis, and a session outlives it.

use undrop_server::store::{Change, Claim, Forward, Store as _};
use undrop_server::{Message, Session};

use crate::stores::{CREATED, claimant, fresh, id, numbered};
use crate::support::log::Log;
use crate::support::raw::Frame;
use crate::support::redis::Redis;
use crate::support::server::{Tap, config};
use crate::support::{Raw, Server};

/// What is written without the field `format`, as before there was one.
const UNNUMBERED: &str = include_str!("../fixtures/redis-format-0.txt");
/// What is written now.
const FIRST: &str = include_str!("../fixtures/redis-format-1.txt");

/// The token of the session in the fixtures.
const TOKEN: &str = "000102030405060708090a0b0c0d0e0f";

async fn received(session: &mut Session) -> (u64, Message) {
    let received = session.recv().await.unwrap();
    received.commit().await.unwrap();
    (received.number, received.message)
}

/// A session of ann's: of five messages of the client two are committed, of four of the app one is acknowledged, and one that
/// was forwarded waits.
async fn is_resumed(fixture: &str) {
    let redis = Redis::start_volatile().await;
    redis.script(fixture).await;
    let tap = Tap::new();
    let server = Server::with_store(config(), redis.store(), tap.handler()).await;
    assert_eq!(server.sessions.of(&undrop_server::Principal::user("ann")).await.unwrap().len(), 1);
    let mut client = Raw::connect(server.address, "?user=ann", Some("undrop.1")).await.unwrap();
    client.say(&format!("\u{10}resume {TOKEN} 2 4 7 6")).await;
    let mut held = tap.next().await;
    assert!(held.session.is_restored());
    assert!(client.text().await.starts_with("\u{10}resumed 5 "));
    // The client has two of them.
    assert_eq!(client.next().await, Frame::Text("third".into()));
    assert_eq!(client.next().await, Frame::Binary(vec![0, 255, b'\n', b'"']));
    let mut messages = Vec::new();
    for _ in 0..3 {
        messages.push(received(&mut held.session).await);
    }
    assert_eq!(messages, [(3, "drei \u{20ac}".into()), (4, Message::binary(vec![0, 1, 254])), (5, "".into())]);
    // Forwarded before, sent after the others.
    loop {
        match client.next().await {
            Frame::Text(text) if text.starts_with('\u{10}') => {}
            frame => {
                assert_eq!(frame, Frame::Text("forwarded".into()));
                break;
            }
        }
    }
    client.say("six").await;
    assert_eq!(received(&mut held.session).await, (6, "six".into()));
    assert_eq!(held.session.sent(), 5);
}

#[tokio::test]
async fn a_session_from_before_formats_had_numbers_is_resumed() {
    is_resumed(UNNUMBERED).await;
}

#[tokio::test]
async fn a_session_of_the_first_format_is_resumed() {
    is_resumed(FIRST).await;
}

#[tokio::test]
async fn what_is_written_now_has_the_fields_of_the_fixture() {
    let redis = Redis::start_volatile().await;
    let store = redis.store();
    let fence = fresh(&store, 1).await;
    store.forward(id(1), &Forward::new(1, "waits")).await.unwrap();
    store.forward(id(1), &Forward::new(2, "waits")).await.unwrap();
    let change = Change::default().sent(numbered(0, &["x".into()])).forwarded(1);
    store.write(id(1), fence, &change).await.unwrap();
    let written = redis.cli(&["HKEYS", &format!("undrop:{{{}}}", id(1))]).await;
    let record = FIRST.lines().find(|line| line.starts_with("HSET")).unwrap();
    let mut expected: Vec<_> = record.split(' ').skip(2).step_by(2).collect();
    let mut written: Vec<_> = written.lines().collect();
    expected.sort_unstable();
    written.sort_unstable();
    assert_eq!(written, expected, "another layout is another format: give it another number, and a fixture of its own");
}

#[tokio::test]
async fn a_session_of_a_newer_format_is_unknown_is_not_touched_and_is_logged_of_once() {
    let (log, _logging) = Log::start();
    let redis = Redis::start_volatile().await;
    let newer = FIRST.replace(" format 1 ", " format 2 ");
    assert_ne!(newer, FIRST);
    redis.script(&newer).await;
    let tap = Tap::new();
    let server = Server::with_store(config(), redis.store(), tap.handler()).await;
    let session = server.sessions.of(&undrop_server::Principal::user("ann")).await.unwrap()[0];
    let record = format!("undrop:{{{session}}}");
    let before = redis.cli(&["HGETALL", &record]).await;
    assert!(server.sessions.send_to(session, "to nobody").await.is_err());
    for _ in 0..2 {
        let mut client = Raw::connect(server.address, "?user=ann", Some("undrop.1")).await.unwrap();
        client.say(&format!("\u{10}resume {TOKEN} 2 4 7 6")).await;
        assert!(client.text().await.starts_with("\u{10}welcome "));
    }
    assert_eq!(redis.cli(&["HGETALL", &record]).await, before);
    let lines = log.text();
    let lines: Vec<_> =
        lines.lines().filter(|line| line.contains("a format that this version does not know")).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("WARN ") && lines[0].contains("format=\"2\"") && lines[1].starts_with("DEBUG "),
        "{lines:?}"
    );
    // Its user's sessions end all the same.
    server.sessions.revoke(&undrop_server::Principal::user("ann")).await.unwrap();
    assert_eq!(redis.cli(&["EXISTS", &record]).await, "0");
}

#[tokio::test]
async fn a_session_of_a_newer_format_is_unknown_to_a_claim_whatever_its_record_has() {
    let redis = Redis::start_volatile().await;
    let record = format!("undrop:{{{}}}", id(1));
    redis.cli(&["HSET", &record, "format", "3", "fence", "other"]).await;
    redis.cli(&["XADD", &format!("{record}:in"), "1-0", "t", "a"]).await;
    assert_eq!(redis.store().claim(id(1), &claimant(1)).await.unwrap(), Claim::Unknown);
    assert_eq!(redis.cli(&["HGET", &record, "fence"]).await, "other");
    let change = Change::default();
    assert!(redis.store().write(id(1), CREATED, &change).await.is_err());
}
