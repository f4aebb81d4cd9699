//! Messages get through, whatever becomes of the connection.

use undrop_server::Message;

use crate::support::server::config;
use crate::support::{Client, Server, Tap, echo};

#[tokio::test]
async fn messages_of_both_kinds_come_back_as_they_were() {
    let server = Server::new(config(), echo).await;
    let mut client = Client::open(server.address, "").await;
    let large = Message::binary(vec![7; 1 << 20]);
    let messages =
        [Message::text("hi"), Message::text(""), Message::text("\u{10}ack 1"), Message::binary(vec![0, 1]), large];
    for message in &messages {
        client.send(message.clone()).await;
    }
    for (number, message) in (1..).zip(messages) {
        assert_eq!(client.recv().await, (number, message));
    }
}

#[tokio::test]
async fn a_session_outlives_its_connections() {
    let server = Server::new(config(), echo).await;
    let mut client = Client::open(server.address, "").await;
    for round in 0..20 {
        // What is sent into a dying connection, or into none at all, arrives all the same.
        client.send(format!("{round} before")).await;
        client.cut();
        client.send(format!("{round} while it is down")).await;
        client.connect().await;
        client.send(format!("{round} after")).await;
        for when in ["before", "while it is down", "after"] {
            assert_eq!(client.text().await, format!("{round} {when}"));
        }
    }
    assert_eq!((client.opened, client.resumed), (1, 20));
    assert!(client.returned.is_empty());
    assert_eq!((server.metric("undrop_sessions"), server.metric("undrop_sessions_opened_total")), (1, 1));
}

#[tokio::test]
async fn what_the_app_sends_while_there_is_no_connection_arrives_on_the_next() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let held = tap.next().await;
    client.cut();
    server.metric_becomes("undrop_connections", 0).await;
    for number in 0..100 {
        held.session.send(number.to_string()).unwrap();
    }
    client.connect().await;
    for number in 0..100 {
        assert_eq!(client.text().await, number.to_string());
    }
}

#[tokio::test]
async fn a_message_is_delivered_once_the_client_says_so() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let held = tap.next().await;
    let sender = held.session.sender();
    let delivery = tokio::spawn(async move { sender.deliver("important").await });
    assert_eq!(client.text().await, "important");
    client.cut();
    client.connect().await;
    assert_eq!(delivery.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_second_connection_takes_the_session_over() {
    let server = Server::new(config(), echo).await;
    let mut client = Client::open(server.address, "").await;
    client.send("one").await;
    assert_eq!(client.text().await, "one");
    // The first connection is half open: the client has given it up, and the server does not know.
    let mut first = client.abandon();
    client.connect().await;
    assert_eq!(client.resumed, 1);
    // What still arrives on it is dropped.
    first.say("ghost").await;
    assert_eq!(first.closed().await, Some((4000, "taken over".into())));
    client.send("two").await;
    assert_eq!(client.text().await, "two");
    assert_eq!(server.metric("undrop_connections_lost_total{cause=\"taken_over\"}"), 1);
    assert_eq!(server.metric("undrop_messages_received_total"), 2);
}

#[tokio::test]
async fn of_fifty_connections_that_resume_a_session_at_once_the_last_one_has_it() {
    let server = Server::new(config(), echo).await;
    let mut client = Client::open(server.address, "").await;
    client.send("before").await;
    assert_eq!(client.text().await, "before");
    client.cut();
    let mut connects = tokio::task::JoinSet::new();
    for number in 0..50 {
        let mut copy = client.copy_to(server.address, number);
        connects.spawn(async move {
            copy.try_connect().await;
            (number, copy)
        });
    }
    let mut copies = connects.join_all().await;
    let mut winner = None;
    for (number, mut copy) in copies.drain(..) {
        copy.send("after").await;
        if let Some(answer) = copy.try_recv().await {
            assert_eq!(answer, (2, Message::text("after")));
            assert_eq!((number, copy.opened), (49, 1));
            assert!(winner.replace(copy).is_none(), "two connections have the session");
        }
    }
    assert!(winner.is_some());
    assert_eq!(server.metric("undrop_sessions"), 1);
    assert_eq!(server.metric("undrop_messages_received_total"), 2);
}
