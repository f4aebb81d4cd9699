//! A session moves between nodes, with a real Redis.

use std::time::Duration;

use undrop_server::{Cause, NotCommitted};

use crate::support::redis::Redis;
use crate::support::server::config;
use crate::support::{Client, Node, Server, Tap, echo};

#[tokio::test]
async fn a_session_goes_on_at_another_node_when_its_own_is_killed() {
    let redis = Redis::start().await;
    let mut nodes = vec![Node::start(&redis).await];
    let mut client = Client::open(nodes[0].address, "echo").await;
    let (mut sent, mut received) = (0, 0);
    for round in 1..=5 {
        let other = Node::start(&redis).await;
        nodes.push(other);
        // The node dies somewhere between the messages and their answers.
        for _ in 0..200 {
            sent += 1;
            client.send(sent.to_string()).await;
        }
        while received < sent - 100 - round {
            received += 1;
            assert_eq!(client.text().await, received.to_string());
        }
        nodes.remove(0).kill().await;
        while let Some((_, message)) = client.try_recv().await {
            received += 1;
            assert_eq!(message.as_text(), Some(&*received.to_string()));
        }
        client.connect_until_it_works(nodes[0].address).await;
    }
    while received < sent {
        received += 1;
        assert_eq!(client.text().await, received.to_string());
    }
    client.send("the last").await;
    assert_eq!(client.recv().await, (1_001, "the last".into()));
    assert_eq!((client.opened, client.resumed), (1, 5));
    assert!(client.returned.is_empty());
}

#[tokio::test]
async fn a_session_goes_on_where_its_server_died_and_was_started_again() {
    let redis = Redis::start().await;
    let node = Node::start(&redis).await;
    let mut client = Client::open(node.address, "count?down=2000").await;
    let mut texts = Vec::new();
    for number in 1..=300 {
        client.send(number.to_string()).await;
    }
    while texts.len() < 700 {
        texts.push(client.text().await);
    }
    node.kill().await;
    while let Some((_, message)) = client.try_recv().await {
        texts.push(message.as_text().unwrap().to_owned());
    }
    let node = Node::start(&redis).await;
    client.connect_until_it_works(node.address).await;
    client.send("end").await;
    while texts.last().is_none_or(|text| !text.contains('=')) {
        texts.push(client.text().await);
    }
    let (mut receipts, mut count) = (Vec::new(), String::new());
    for (number, text) in (1..).zip(&texts) {
        let mut words = text.split(' ');
        assert_eq!(words.next(), Some(&*format!("{number}")));
        match (words.next(), words.next()) {
            (Some("<"), Some(receipt)) => receipts.push(receipt.to_owned()),
            (Some("="), Some(all)) => count = all.to_owned(),
            _ => {}
        }
    }
    assert!(texts.len() > 2_000, "{}", texts.len());
    assert_eq!(receipts, (1..=300).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!((&*count, client.opened), ("300", 1));
}

#[tokio::test]
async fn redis_may_be_restarted_meanwhile() {
    let mut redis = Redis::start().await;
    let server = Server::with_store(config(), redis.store(), echo).await;
    let mut client = Client::open(server.address, "").await;
    for round in 0..3 {
        for number in 0..50 {
            client.send(format!("{round} {number}")).await;
        }
        assert_eq!(client.text().await, format!("{round} 0"));
        redis.kill().await;
        for number in 50..100 {
            client.send(format!("{round} {number}")).await;
        }
        redis.restart().await;
        for number in 1..100 {
            assert_eq!(client.text().await, format!("{round} {number}"));
        }
    }
    assert_eq!((client.opened, client.resumed), (1, 0));
}

#[tokio::test]
async fn a_node_that_lost_the_session_can_not_write_any_more() {
    let redis = Redis::start().await;
    let (first_tap, second_tap) = (Tap::new(), Tap::new());
    let first = Server::with_store(config(), redis.store(), first_tap.handler()).await;
    let second = Server::with_store(config(), redis.store(), second_tap.handler()).await;
    let mut client = Client::open(first.address, "").await;
    let mut here = first_tap.next().await;
    client.send("one").await;
    let received = here.recv().await;
    // The client's connection to the first node is half open, and it goes to the second.
    let connection = client.abandon();
    client.connect_until_it_works(second.address).await;
    let mut there = second_tap.next().await;
    assert!(there.session.is_restored());
    let again = there.recv().await;
    assert_eq!((again.number, again.message.clone(), again.session), (1, "one".into(), received.session));
    // The first node's handler comes too late, and is told.
    assert_eq!(received.commit_with(["from the first"]).await, Err(NotCommitted::Moved));
    assert_eq!(here.ends().await.cause, Cause::Moved);
    assert_eq!(connection.closed().await, Some((4000, "taken over".into())));
    assert_eq!(first.metric("undrop_sessions_fenced_total"), 1);
    again.commit_with(["from the second"]).await.unwrap();
    assert_eq!(client.text().await, "from the second");
    // And back.
    client.cut();
    client.connect_until_it_works(first.address).await;
    let back = first_tap.next().await;
    back.session.send("from the first").unwrap();
    assert_eq!(client.text().await, "from the first");
    assert_eq!((client.opened, client.resumed), (1, 2));
}

#[tokio::test]
async fn a_session_that_was_away_is_not_what_its_first_node_remembers() {
    let redis = Redis::start().await;
    let first = Server::with_store(config(), redis.store(), echo).await;
    let second = Server::with_store(config(), redis.store(), echo).await;
    let mut client = Client::open(first.address, "").await;
    for (round, server) in (1..).zip([&first, &second].into_iter().cycle().take(20)) {
        client.cut();
        client.connect_until_it_works(server.address).await;
        client.send(format!("{round}")).await;
        assert_eq!(client.recv().await, (round, format!("{round}").into()));
        client.is_acknowledged().await;
    }
    assert_eq!((client.opened, client.resumed), (1, 20));
    // Each time but the first, which went where the session was, the node that had it before was the other one.
    let restored = |server: &Server| server.metric("undrop_resumes_total{cause=\"restored\"}");
    assert_eq!(restored(&first) + restored(&second), 19);
}

#[tokio::test]
async fn a_session_that_left_without_a_word_has_moved_and_not_expired() {
    let redis = Redis::start().await;
    let (first_tap, second_tap) = (Tap::new(), Tap::new());
    // Long enough for the second node to refresh the session in time on a busy machine.
    let short = config().time_to_live(Duration::from_secs(1));
    let first = Server::with_store(short.clone(), redis.store(), first_tap.handler()).await;
    let second = Server::with_store(short, redis.store(), second_tap.handler()).await;
    let mut client = Client::open(first.address, "").await;
    let mut here = first_tap.next().await;
    client.cut();
    client.connect_until_it_works(second.address).await;
    let there = second_tap.next().await;
    let ending = here.ends().await;
    assert_eq!((ending.cause, ending.undelivered), (Cause::Moved, Vec::new()));
    there.session.send("still here").unwrap();
    assert_eq!(client.text().await, "still here");
}

#[tokio::test]
async fn fifty_connections_that_resume_a_stored_session_at_once_meet_one_handler() {
    let redis = Redis::start().await;
    let first = Server::with_store(config(), redis.store(), echo).await;
    let mut client = Client::open(first.address, "").await;
    client.send("one").await;
    assert_eq!(client.text().await, "one");
    client.cut();
    let tap = Tap::new();
    let second = Server::with_store(config(), redis.store(), tap.handler()).await;
    let mut connects = tokio::task::JoinSet::new();
    for number in 0..50 {
        let mut copy = client.copy_to(second.address, number);
        connects.spawn(async move {
            copy.try_connect().await;
            copy
        });
    }
    let copies = connects.join_all().await;
    assert_eq!((second.metric("undrop_sessions"), second.metric("undrop_resumes_total{cause=\"restored\"}")), (1, 1));
    assert!(copies.iter().all(|copy| copy.opened == 1));
}

#[tokio::test]
async fn what_is_committed_while_the_server_ends_is_there_on_the_next() {
    let redis = Redis::start().await;
    let tap = Tap::new();
    let first = Server::with_store(config(), redis.store(), tap.handler()).await;
    let mut client = Client::open(first.address, "").await;
    let mut held = tap.next().await;
    client.send("one").await;
    client.send("two").await;
    let one = held.recv().await;
    let sessions = first.sessions.clone();
    let shutdown = tokio::spawn(async move { sessions.shut_down().await });
    assert_eq!(client.closed().await, Some((1012, "restart".into())));
    one.commit_with(["done with one"]).await.unwrap();
    drop((one, held));
    shutdown.await.unwrap();
    let second = Server::with_store(config(), redis.store(), tap.handler()).await;
    client.connect_until_it_works(second.address).await;
    let mut held = tap.next().await;
    assert_eq!(client.text().await, "done with one");
    let two = held.recv().await;
    assert_eq!((two.number, two.message.clone()), (2, "two".into()));
}

#[tokio::test]
async fn a_user_who_is_revoked_on_one_node_has_no_session_on_another() {
    let redis = Redis::start().await;
    let [first, second] = [
        Server::with_store(config(), redis.store(), echo).await,
        Server::with_store(config(), redis.store(), echo).await,
    ];
    let mut client = Client::open(second.address, "?user=eve").await;
    first.sessions.revoke(&undrop_server::Principal::user("eve")).await.unwrap();
    client.send("hello").await;
    assert_eq!(client.closed().await, Some((4403, "revoked".into())));
    assert_eq!(second.metric("undrop_sessions_ended_total{cause=\"revoked\"}"), 1);
}
