//! A message reaches a session by its id, wherever that is.

use undrop_server::store::NotForwarded;
use undrop_server::{Limits, Principal, SessionId};

use crate::support::server::config;
use crate::support::{Client, Server, Tap, echo};

#[tokio::test]
async fn the_sessions_of_a_user_are_found_and_each_gets_what_is_sent_to_it() {
    for server in Server::on_each_store(config(), echo).await {
        let mut ann =
            [Client::open(server.address, "?user=ann").await, Client::open(server.address, "?user=ann").await];
        let mut bob = Client::open(server.address, "?user=bob").await;
        let mut found = server.sessions.of(&Principal::user("ann")).await.unwrap();
        let mut sessions = ann.each_ref().map(Client::session);
        sessions.sort();
        found.sort();
        assert_eq!(found, sessions);
        for client in &ann {
            server.sessions.send_to(client.session(), "for you").await.unwrap();
        }
        for client in &mut ann {
            assert_eq!(client.recv().await, (1, "for you".into()));
        }
        bob.send("alone").await;
        assert_eq!(bob.recv().await, (1, "alone".into()));
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_session_that_there_is_not() {
    for server in Server::on_each_store(config(), echo).await {
        let mut client = Client::open(server.address, "?user=ann").await;
        let session = client.session();
        client.end().await;
        server.metric_becomes("undrop_sessions", 0).await;
        for session in [session, SessionId::from_bytes([7; 16])] {
            assert!(matches!(server.sessions.send_to(session, "hello").await, Err(NotForwarded::Over)));
        }
        assert_eq!(server.sessions.of(&Principal::user("ann")).await.unwrap(), []);
        assert_eq!(server.sessions.of(&Principal::Anonymous).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_an_outbox_has_no_room_for_waits_until_its_client_acknowledges() {
    let limits = Limits::default().outbox_messages(4);
    for server in Server::on_each_store(config().limits(limits), echo).await {
        let mut client = Client::open(server.address, "").await;
        for number in 1..=20 {
            server.sessions.send_to(client.session(), number.to_string()).await.unwrap();
        }
        for number in 1..=20 {
            assert_eq!(client.recv().await, (number, number.to_string().into()));
        }
    }
}

#[tokio::test]
async fn a_handler_and_another_task_send_in_one_order() {
    let tap = Tap::new();
    for server in Server::on_each_store(config(), tap.handler()).await {
        let mut client = Client::open(server.address, "").await;
        let held = tap.next().await;
        for number in 0..50 {
            held.session.send(format!("handler {number}")).unwrap();
            server.sessions.send_to(client.session(), format!("task {number}")).await.unwrap();
            assert_eq!(client.text().await, format!("handler {number}"));
            assert_eq!(client.text().await, format!("task {number}"));
        }
    }
}

#[cfg(feature = "redis")]
mod on_two_nodes {
    use super::*;
    use crate::support::redis::Redis;
    use crate::support::{Node, soon};

    #[tokio::test]
    async fn a_message_from_another_node_arrives_once_and_in_order_with_the_others() {
        let redis = Redis::start().await;
        let tap = Tap::new();
        let here = Server::with_store(config(), redis.store(), tap.handler()).await;
        let there = Server::with_store(config(), redis.store(), echo).await;
        let mut client = Client::open(here.address, "?user=ann").await;
        let held = tap.next().await;
        let found = there.sessions.of(&Principal::user("ann")).await.unwrap();
        assert_eq!(found, [held.session.id()]);
        let (sender, sessions) = (held.session.sender(), there.sessions.clone());
        let local = tokio::spawn(async move {
            for number in 0..200 {
                sender.send(format!("here {number}")).unwrap();
                tokio::task::yield_now().await;
            }
        });
        let remote = tokio::spawn(async move {
            for number in 0..200 {
                sessions.send_to(found[0], format!("there {number}")).await.unwrap();
            }
        });
        let mut received = [Vec::new(), Vec::new()];
        for number in 1..=400 {
            let (at, message) = client.recv().await;
            assert_eq!(at, number);
            let text = message.as_text().unwrap().to_owned();
            received[usize::from(text.starts_with("there"))].push(text);
            if number % 100 == 0 {
                client.cut();
                client.connect().await;
            }
        }
        local.await.unwrap();
        remote.await.unwrap();
        for (received, from) in received.iter().zip(["here", "there"]) {
            assert_eq!(*received, (0..200).map(|number| format!("{from} {number}")).collect::<Vec<_>>());
        }
        assert_eq!((client.opened, held.session.sent()), (1, 400));
    }

    #[tokio::test]
    async fn what_is_sent_to_a_session_whose_node_is_killed_comes_from_the_next_one() {
        let redis = Redis::start().await;
        let store = redis.store().with_prefix("undrop:echo:");
        let other = Server::with_store(config(), store, echo).await;
        let mut node = Node::start(&redis).await;
        let mut client = Client::open(node.address, "echo").await;
        let session = client.session();
        let (mut sent, mut received) = (0, 0);
        for _ in 0..3 {
            for _ in 0..100 {
                sent += 1;
                other.sessions.send_to(session, sent.to_string()).await.unwrap();
            }
            // The node dies between taking some of them and sending the rest, or before it has taken any.
            while received + 60 < sent {
                received += 1;
                assert_eq!(client.text().await, received.to_string());
            }
            node.kill().await;
            while let Some((_, message)) = client.try_recv().await {
                received += 1;
                assert_eq!(message.as_text(), Some(&*received.to_string()));
            }
            // Nobody has the session now.
            sent += 1;
            other.sessions.send_to(session, sent.to_string()).await.unwrap();
            node = Node::start(&redis).await;
            client.connect_until_it_works(node.address).await;
        }
        while received < sent {
            received += 1;
            assert_eq!(client.recv().await, (received, received.to_string().into()));
        }
        client.send("the last").await;
        assert_eq!(client.recv().await, (sent + 1, "the last".into()));
        assert_eq!((client.opened, client.resumed), (1, 3));
    }

    #[tokio::test]
    async fn what_redis_did_not_tell_is_found_when_it_tells_again() {
        let redis = Redis::start().await;
        let here = Server::with_store(config(), redis.store(), echo).await;
        let there = Server::with_store(config(), redis.store(), echo).await;
        let mut client = Client::open(here.address, "").await;
        let subscribed = ["PUBSUB", "NUMSUB", "undrop:forwarded"];
        redis.says(&subscribed, "1").await;
        assert_eq!(redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await, "1");
        redis.says(&subscribed, "0").await;
        there.sessions.send_to(client.session(), "unheard").await.unwrap();
        assert_eq!(soon("the message", client.text()).await, "unheard");
    }

    #[tokio::test]
    async fn a_session_that_has_moved_gets_what_was_sent_to_it_from_its_new_node() {
        let redis = Redis::start().await;
        let nodes = [
            Server::with_store(config(), redis.store(), echo).await,
            Server::with_store(config(), redis.store(), echo).await,
        ];
        let mut client = Client::open(nodes[0].address, "").await;
        for number in 1..=20 {
            client.cut();
            nodes[0].sessions.send_to(client.session(), number.to_string()).await.unwrap();
            client.connect_until_it_works(nodes[number % 2].address).await;
            assert_eq!(client.recv().await, (number as u64, number.to_string().into()));
        }
        assert_eq!((client.opened, client.resumed), (1, 20));
    }
}
