//! Where "exactly once" ends.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;

use undrop_server::store::MemoryStore;
use undrop_server::{Cause, Limits, Message, NotCommitted, SendError, Session};

use crate::support::gate::GatedStore;
use crate::support::server::{config, echo};
use crate::support::{Client, Raw, Server, Tap, soon};

#[tokio::test]
async fn messages_come_in_order_with_their_numbers() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    for number in 1..=100 {
        client.send(number.to_string()).await;
    }
    for number in 1..=100 {
        let received = held.recv().await;
        assert_eq!((received.number, received.message.as_text()), (number, Some(&*number.to_string())));
        assert_eq!(received.session, held.session.id());
    }
}

#[tokio::test]
async fn a_recv_that_is_dropped_loses_nothing() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    let mut dropped = 0;
    for number in 1..=50 {
        // There is nothing yet.
        assert!(held.session.recv().now_or_never().is_none());
        client.send(number.to_string()).await;
        let received = soon("a message", async {
            loop {
                match held.session.recv().now_or_never() {
                    Some(received) => break received.unwrap(),
                    None => dropped += 1,
                }
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(received.await.number, number);
    }
    assert!(dropped > 0);
}

#[tokio::test]
async fn a_commit_whose_future_is_dropped_is_made_all_the_same_and_one_that_was_never_polled_is_not() {
    let tap = Tap::new();
    let store = Arc::new(MemoryStore::default());
    let first = Server::with_store(config(), store.clone(), tap.handler()).await;
    let mut client = Client::open(first.address, "").await;
    client.send("one").await;
    client.send("two").await;
    let mut held = tap.next().await;
    let (one, two) = (held.recv().await, held.recv().await);
    assert!(one.commit_with(["answer"]).now_or_never().is_none());
    drop(two.commit_with(["never"]));
    assert_eq!(client.text().await, "answer");
    let second = Server::with_store(config(), store, tap.handler()).await;
    client.cut();
    client.connect_until_it_works(second.address).await;
    let mut held = tap.next().await;
    let again = held.recv().await;
    assert_eq!((again.number, again.message.clone()), (2, "two".into()));
}

#[tokio::test]
async fn a_delivery_whose_future_is_dropped_arrives_all_the_same() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let held = tap.next().await;
    assert!(held.session.deliver("hello").now_or_never().is_none());
    drop(held.session.deliver("never"));
    held.session.send("bye").unwrap();
    assert_eq!((client.text().await, client.text().await), ("hello".to_owned(), "bye".to_owned()));
}

/// Panics at each third message, before or after it has committed.
async fn fragile(mut session: Session, seen: Arc<std::sync::Mutex<Vec<u64>>>, panics: Arc<AtomicU32>) {
    while let Some(received) = session.recv().await {
        seen.lock().unwrap().push(received.number);
        let panic_number = panics.fetch_add(1, Ordering::SeqCst);
        assert!(panic_number % 3 != 1, "before the commit");
        received.commit_with([format!("{}", received.number)]).await.unwrap();
        assert!(panic_number % 3 != 2, "after the commit");
    }
}

#[tokio::test]
async fn a_handler_that_dies_half_way_sees_that_message_again_and_only_that() {
    let (seen, panics) = (Arc::<std::sync::Mutex<Vec<u64>>>::default(), Arc::<AtomicU32>::default());
    let handler = {
        let (seen, panics) = (seen.clone(), panics.clone());
        move |session| fragile(session, seen.clone(), panics.clone())
    };
    let server = Server::new(config(), handler).await;
    let mut client = Client::open(server.address, "").await;
    for number in 1..=9 {
        client.send(number.to_string()).await;
    }
    let mut answers = Vec::new();
    while answers.len() < 9 {
        match client.try_recv().await {
            Some((_, message)) => answers.push(message.as_text().unwrap().to_owned()),
            None => client.connect_until_it_works(server.address).await,
        }
    }
    // Each is answered once, though some are seen twice: those at which the handler died before the commit.
    assert_eq!(answers, (1..=9).map(|number| number.to_string()).collect::<Vec<_>>());
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, [1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9]);
    assert_eq!(client.opened, 1);
    assert!(server.metric("undrop_handler_panics_total") >= 8);
}

#[tokio::test]
async fn a_connection_whose_handler_dies_is_closed_with_1011() {
    let handler = |mut session: Session| async move {
        session.recv().await;
        panic!("as asked");
    };
    let server = Server::new(config(), handler).await;
    let mut client = Client::open(server.address, "").await;
    client.send("die").await;
    assert_eq!(client.closed().await, Some((1011, "handler failed".into())));
}

#[tokio::test]
async fn what_a_handler_that_dies_had_on_its_way_is_not_counted_any_more() {
    let dies = |mut session: Session| async move {
        session.send(vec![0; 1_000]).unwrap();
        session.recv().await;
        panic!("as asked");
    };
    let server = Server::new(config(), dies).await;
    for _ in 0..3 {
        let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
        connection.say("\u{10}new").await;
        assert!(connection.text().await.starts_with("\u{10}welcome "));
        server.metric_becomes("undrop_outbox_bytes", 1_000 + 256).await;
        connection.say("die").await;
        assert_eq!(connection.closed().await, Some((1011, "handler failed".into())));
        server.metric_becomes("undrop_sessions", 0).await;
        assert_eq!(server.metric("undrop_outbox_bytes"), 0);
    }
}

#[tokio::test]
async fn a_commit_is_for_the_message_and_all_before_it() {
    let tap = Tap::new();
    let limits = Limits::default().inbox_messages(3);
    let server = Server::new(config().limits(limits), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    for number in 1..=6 {
        client.send(number.to_string()).await;
    }
    let _first = held.recv().await;
    let _second = held.recv().await;
    let third = held.recv().await;
    // Three are uncommitted, so the connection is not read; then all three have made room.
    third.commit().await.unwrap();
    for number in 4..=6 {
        assert_eq!(held.recv().await.number, number);
    }
}

#[tokio::test]
async fn what_is_sent_with_a_commit_leaves_with_it() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.send("ask").await;
    let received = held.recv().await;
    assert_eq!(held.session.sent(), 0);
    received.commit_with(["one", "two"]).await.unwrap();
    assert_eq!(held.session.sent(), 2);
    assert_eq!((client.text().await, client.text().await), ("one".into(), "two".into()));
}

#[tokio::test]
async fn who_has_no_room_for_the_answer_has_not_committed() {
    let tap = Tap::new();
    let limits = Limits::default().outbox_messages(1);
    let server = Server::new(config().limits(limits), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.send("ask").await;
    let received = held.recv().await;
    assert_eq!(received.commit_with(["one", "two"]).await, Err(NotCommitted::Full));
    received.commit_with(["one"]).await.unwrap();
    assert_eq!(client.text().await, "one");
}

#[tokio::test]
async fn what_came_before_the_end_is_received_and_can_be_committed() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.send("last words").await;
    client.end().await;
    let received = held.recv().await;
    assert_eq!(received.message, Message::text("last words"));
    assert_eq!(held.ends().await.cause, Cause::Client);
    received.commit().await.unwrap();
    assert_eq!(received.commit_with(["too late"]).await, Err(NotCommitted::Over));
    assert_eq!(held.session.send("too late"), Err(SendError::Over));
}

#[tokio::test]
async fn a_commit_that_nobody_can_take_any_more_is_answered() {
    let tap = Tap::new();
    let server = Server::new(config(), tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    let sender = held.session.sender();
    client.send("last words").await;
    let received = held.recv().await;
    client.end().await;
    drop(held);
    server.metric_becomes("undrop_sessions", 0).await;
    assert_eq!(received.commit().await, Ok(()));
    assert_eq!(received.commit_with(["too late"]).await, Err(NotCommitted::Over));
    assert_eq!(sender.deliver("too late").await, Err(SendError::Over));
}

#[tokio::test]
async fn nothing_is_acknowledged_and_nothing_leaves_that_is_not_stored() {
    let tap = Tap::new();
    let (store, gate) = GatedStore::shut();
    let server = Server::with_store(config(), store, tap.handler()).await;
    let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    connection.say("\u{10}new").await;
    assert!(connection.text().await.starts_with("\u{10}welcome "));
    let mut held = tap.next().await;
    held.session.send("an answer").unwrap();
    for number in 1..=40 {
        connection.say(&number.to_string()).await;
    }
    // The server has heard all of it, and has had two turns to say what it has to say.
    for number in 1..=2 {
        connection.say(&format!("\u{10}ping {number}")).await;
        assert_eq!(connection.text().await, format!("\u{10}pong {number}"));
    }
    assert_eq!(server.metric("undrop_messages_received_total"), 40);
    gate.open();
    let mut said = [connection.text().await, connection.text().await];
    said.sort();
    assert_eq!(said, ["\u{10}ack 40", "an answer"]);
    assert_eq!(held.recv().await.number, 1);
}

#[tokio::test]
async fn a_message_and_what_it_is_answered_with_at_once_are_one_change() {
    let (store, gate) = GatedStore::shut();
    let server = Server::with_store(config(), store, echo).await;
    let mut client = Client::open(server.address, "").await;
    gate.open();
    for number in 1..=10 {
        client.send(number.to_string()).await;
        assert_eq!(client.text().await, number.to_string());
    }
    assert_eq!(gate.changes(), 10);
}

#[tokio::test]
async fn a_message_that_the_store_has_not_is_still_its_clients() {
    let (tap, successor) = (Tap::new(), Tap::new());
    let (store, gate) = GatedStore::shut();
    let behind = gate.store.clone();
    let server = Server::with_store(config(), store, tap.handler()).await;
    let other = Server::with_store(config(), behind, successor.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.send("one").await;
    // Handed over, not stored, and so not acknowledged: another node knows nothing of it, and its client sends it again.
    let received = held.recv().await;
    assert_eq!(received.number, 1);
    client.cut();
    client.connect_until_it_works(other.address).await;
    let mut held_there = successor.next().await;
    let again = held_there.recv().await;
    assert_eq!((again.number, again.message.as_text(), again.session), (1, Some("one"), received.session));
    gate.open();
    assert_eq!(received.commit_with(["from the first"]).await, Err(NotCommitted::Moved));
    again.commit_with(["from the second"]).await.unwrap();
    assert_eq!(client.text().await, "from the second");
}

#[tokio::test]
async fn a_commit_that_comes_before_the_news_that_the_session_has_moved_is_told_so() {
    let (tap, successor) = (Tap::new(), Tap::new());
    let (store, gate) = GatedStore::shut();
    let other = Server::with_store(config(), gate.store.clone(), successor.handler()).await;
    let server = Server::with_store(config(), store, tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.send("one").await;
    let received = held.recv().await;
    let (mut plain, mut replying) = (pin!(received.commit()), pin!(received.commit_with(["from the first"])));
    assert_eq!(((&mut plain).now_or_never(), (&mut replying).now_or_never()), (None, None));
    client.cut();
    client.connect_until_it_works(other.address).await;
    let _there = successor.next().await;
    gate.open();
    assert_eq!((plain.await, replying.await), (Err(NotCommitted::Moved), Err(NotCommitted::Moved)));
    assert_eq!(held.ends().await.cause, Cause::Moved);
}

#[tokio::test]
async fn a_commit_that_comes_after_the_news_that_the_session_has_moved_is_told_so() {
    let (tap, successor) = (Tap::new(), Tap::new());
    let (store, gate) = GatedStore::shut();
    let other = Server::with_store(config(), gate.store.clone(), successor.handler()).await;
    let server = Server::with_store(config(), store, tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.send("one").await;
    let received = held.recv().await;
    client.cut();
    client.connect_until_it_works(other.address).await;
    let _there = successor.next().await;
    gate.open();
    assert_eq!(held.ends().await.cause, Cause::Moved);
    assert_eq!(received.commit().await, Err(NotCommitted::Moved));
    assert_eq!(received.commit_with(["from the first"]).await, Err(NotCommitted::Moved));
    assert_eq!(held.session.send("from the first"), Err(SendError::Over));
    // Nor does it depend on whether the session's task is still there.
    drop(held);
    server.metric_becomes("undrop_sessions", 0).await;
    assert_eq!(received.commit().await, Err(NotCommitted::Moved));
    assert_eq!(received.commit_with(["from the first"]).await, Err(NotCommitted::Moved));
}

/// What two commits are told that come while the store is asked to forget their session: one without and one with a reply.
async fn commits_during_removal(moves: bool) -> [Result<(), NotCommitted>; 2] {
    let tap = Tap::new();
    let (store, mut gate) = GatedStore::shut();
    let other = Server::with_store(config(), gate.store.clone(), echo).await;
    let server = Server::with_store(config().time_to_live(Duration::from_millis(50)), store, tap.handler()).await;
    let mut client = Client::open(server.address, "").await;
    let mut held = tap.next().await;
    client.send("one").await;
    let received = held.recv().await;
    client.cut();
    if moves {
        client.connect_until_it_works(other.address).await;
    }
    gate.removal().await;
    let (mut plain, mut replying) = (pin!(received.commit()), pin!(received.commit_with(["late"])));
    assert_eq!(((&mut plain).now_or_never(), (&mut replying).now_or_never()), (None, None));
    // The task has them before it hears from the store.
    server.metric_becomes("undrop_outbox_bytes", 0).await;
    gate.open();
    [plain.await, replying.await]
}

#[tokio::test]
async fn a_commit_into_a_session_that_expires_waits_for_whose_the_session_was() {
    assert_eq!(commits_during_removal(false).await, [Ok(()), Err(NotCommitted::Over)]);
    assert_eq!(commits_during_removal(true).await, [Err(NotCommitted::Moved); 2]);
}
