//! A token is of no use to anybody else.

use std::time::Duration;

use undrop_server::Config;

use crate::support::house::config;
use crate::support::{Client, House, Raw, echo};

async fn resume(house: &House, path: &str, token: u128, received: u64) -> Raw {
    let mut line = Raw::dial(house.address, path, Some("undrop.1")).await.unwrap();
    line.say(&format!("\u{10}resume {token:032x} {received}")).await;
    line
}

#[tokio::test]
async fn a_guessed_token_gets_a_fresh_session() {
    let house = House::new(config(), echo).await;
    let mut client = Client::open(house.address, "").await;
    for guess in [0, 1, u128::MAX, client.token().0 ^ 1] {
        let mut line = resume(&house, "", guess, 0).await;
        let answer = line.text().await;
        assert!(answer.starts_with("\u{10}welcome "));
        assert!(!answer.contains(&format!("{guess:032x}")));
    }
    assert_eq!(house.metric("undrop_tokens_unknown_total"), 4);
    client.send("still here").await;
    assert_eq!(client.text().await, "still here");
}

#[tokio::test]
async fn a_token_is_of_no_use_to_another_user() {
    let house = House::new(config(), echo).await;
    let mut ann = Client::open(house.address, "?user=ann").await;
    ann.send("one").await;
    assert_eq!(ann.text().await, "one");
    for path in ["?user=bob", ""] {
        let mut thief = resume(&house, path, ann.token().0, 0).await;
        let answer = thief.text().await;
        assert!(answer.starts_with("\u{10}welcome "));
        assert!(!answer.contains(&format!("{:032x}", ann.token().0)));
    }
    assert_eq!(house.metric("undrop_tokens_foreign_total"), 2);
    // Hers has noticed nothing.
    ann.send("two").await;
    assert_eq!(ann.text().await, "two");
    ann.cut();
    ann.dial().await;
    assert_eq!((ann.opened, ann.resumed), (1, 1));
}

#[tokio::test]
async fn an_expired_token_gets_a_fresh_session() {
    let house = House::new(Config { time_to_live: Duration::from_millis(50), ..config() }, echo).await;
    let mut client = Client::open(house.address, "").await;
    client.send("one").await;
    assert_eq!(client.text().await, "one");
    client.is_acknowledged().await;
    client.cut();
    house.metric_becomes("undrop_sessions", 0).await;
    assert_eq!(house.metric("undrop_sessions_ended_total{by=\"expired\"}"), 1);
    client.send("two").await;
    client.dial().await;
    assert_eq!((client.opened, client.resumed), (2, 0));
    assert_eq!(client.returned.len(), 1);
}

#[tokio::test]
async fn who_resumes_with_an_impossible_count_is_turned_away_and_the_session_stays() {
    let house = House::new(config(), echo).await;
    let mut client = Client::open(house.address, "").await;
    client.send("one").await;
    assert_eq!(client.text().await, "one");
    let line = resume(&house, "", client.token().0, 2).await;
    assert_eq!(line.closed().await, Some((1002, "resume of the future".into())));
    client.send("two").await;
    assert_eq!(client.text().await, "two");
}
