//! A store that can't work says so at start, and says what to do.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use undrop_server::store::{RedisStore, Unavailable, UnavailableCause};

use crate::stores::{claimed, fresh};
use crate::support::log::Log;
use crate::support::redis::{Redis, VOLATILE};

/// Asserts that a store does not begin, why, and that its words have these in them.
pub fn is_refused(checked: Result<RedisStore, Unavailable>, cause: UnavailableCause, words: &[&str]) {
    let Err(error) = checked else { panic!("the store begins") };
    assert_eq!(error.cause(), cause, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in {error}");
    }
}

#[tokio::test]
async fn a_redis_that_answers_is_checked_and_keeps_nothing_of_it() {
    let redis = Redis::start_volatile().await;
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    redis.says(&["DBSIZE"], "0").await;
    fresh(&store, 1).await;
}

#[tokio::test]
async fn nobody_at_the_address_is_said_at_once() {
    let checked = RedisStore::connect("redis://127.0.0.1:1/").await;
    is_refused(checked, UnavailableCause::Unreachable, &["127.0.0.1:1", "refused", "Nobody listens there"]);
    let checked = RedisStore::sentinel(["redis://127.0.0.1:1/"], "main").unwrap().check().await;
    is_refused(checked, UnavailableCause::Unreachable, &["main"]);
    let checked = RedisStore::cluster(["redis://127.0.0.1:1/"]).unwrap().check().await;
    is_refused(checked, UnavailableCause::Unreachable, &["127.0.0.1:1"]);
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_said() {
    // The kernel accepts the connection, and nobody reads it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let checked = RedisStore::connect(&format!("redis://{}/", silent.local_addr().unwrap())).await;
    is_refused(checked, UnavailableCause::Timeout, &["within 2 s", "firewall"]);
}

#[tokio::test]
async fn another_program_than_redis_is_said() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = other.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            // Its client reads it before the connection ends.
            std::mem::forget(stream);
        }
    });
    let checked = RedisStore::connect(&format!("redis://{address}/")).await;
    is_refused(checked, UnavailableCause::Other, &["no Redis"]);
}

#[tokio::test]
async fn a_wrong_password_is_said_and_is_in_no_text() {
    let redis = Redis::start_with(&[&VOLATILE[..], &["--requirepass", "right"]].concat()).await;
    for url in [redis.url(), format!("redis://:wrong-secret@127.0.0.1:{}/", redis.port)] {
        let checked = RedisStore::connect(&url).await;
        let text = format!("{:?}", checked.as_ref().err());
        assert!(!text.contains("wrong-secret"), "{text}");
        is_refused(checked, UnavailableCause::Auth, &["redis://USER:PASSWORD@HOST:PORT/"]);
    }
    RedisStore::connect(&format!("redis://:right@127.0.0.1:{}/", redis.port)).await.unwrap();
}

#[tokio::test]
async fn a_user_who_may_not_write_the_keys_is_said() {
    let redis = Redis::start_volatile().await;
    let rules = ["ACL", "SETUSER", "app", "on", ">word", "~other:*", "&*", "+@all"];
    redis.says(&rules, "OK").await;
    let checked = RedisStore::connect(&format!("redis://app:word@127.0.0.1:{}/", redis.port)).await;
    is_refused(checked, UnavailableCause::Auth, &["keys and channels"]);
    let store = RedisStore::new(&format!("redis://app:word@127.0.0.1:{}/", redis.port)).unwrap();
    store.with_prefix("other:").check().await.unwrap();
}

#[tokio::test]
async fn a_replica_is_said() {
    let (replica, primary) = (Redis::start_volatile().await, Redis::start_volatile().await);
    replica.replicate(&primary).await;
    let checked = RedisStore::connect(&replica.url()).await;
    is_refused(checked, UnavailableCause::ReadOnly, &["It is a replica", "RedisStore::sentinel"]);
}

#[tokio::test]
async fn a_url_that_is_none_is_said() {
    for url in ["127.0.0.1:6379", "http://127.0.0.1/", "redis://127.0.0.1:port/"] {
        is_refused(
            RedisStore::connect(url).await,
            UnavailableCause::Other,
            &["redis://USER:PASSWORD@HOST:PORT/DATABASE"],
        );
    }
}

#[tokio::test]
async fn a_full_redis_is_no_reason_not_to_start_as_sessions_can_be_resumed() {
    let (log, _logging) = Log::start();
    let redis = Redis::start_volatile().await;
    fresh(&redis.store(), 1).await;
    redis.says(&["CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"], "OK").await;
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    assert!(log.text().contains("Redis is full"), "{}", log.text());
    claimed(&store, 1, 1).await;
}
