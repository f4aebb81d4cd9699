//! Whether a message has arrived.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use undrop::{Error, Event, Outcome, Reset, Retry};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{HOUR, connect, hasty, millis, resuming};
use super::tally::Id;

/// A server that acknowledges nothing, and forgets the session when the connection drops.
const FORGETFUL: &str = "/session?deaf=1&echo=0&ttl=0&spread=1";

#[wasm_bindgen_test]
async fn a_delivery_resolves_when_the_server_has_the_message() {
    let id = Id::new();
    let (socket, _heard) = connect(&id.of("/session?echo=0"), resuming());
    assert_eq!(socket.deliver("1").await, Ok(()));
    assert_eq!(socket.deliver(vec![1u8]).time_to_live(millis(60_000)).await, Ok(()));
    assert_eq!(socket.unacknowledged(), 0);
    assert_eq!(id.tally().await["received"], 2);
}

#[wasm_bindgen_test]
async fn deliveries_outlive_their_connections() {
    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session?echo=0&cut=30&spread=1"), resuming());
    let deliveries = (1..=100).map(|number: u32| socket.deliver(number.to_string()));
    assert_eq!(join_all(deliveries).await, vec![Ok(()); 100]);
    let tally = id.tally().await;
    assert_eq!((&tally["received"], &tally["duplicated"]), (&100.into(), &0.into()));
    heard.open().await;
    heard.resumed().await;
}

#[wasm_bindgen_test]
async fn a_message_is_not_sent_until_its_delivery_is_awaited() {
    let (socket, mut heard) = connect("/session", resuming());
    let mut delivery = socket.deliver("second");
    assert_eq!(socket.unacknowledged(), 0);
    socket.send_text("first").unwrap();
    assert_eq!((&mut delivery).now_or_never(), None);
    assert_eq!(socket.unacknowledged(), 2);
    delivery.await.unwrap();
    heard.open().await;
    assert_eq!(heard.text().await, "first");
    assert_eq!(heard.text().await, "second");
}

#[wasm_bindgen_test]
async fn a_message_that_waited_for_too_long_expires() {
    let retry = Retry::default().first(HOUR).cap(HOUR);
    // The connection drops before the session begins, and the socket does not reconnect for as long as a test may take.
    let (socket, mut heard) = connect("/close?code=1012", resuming().retry(retry));
    heard.dropped().await;
    let expired = socket.deliver("old").time_to_live(millis(0)).await;
    assert_eq!(expired, Err(Error::Undelivered(Outcome::Expired)));
    assert_eq!(socket.unacknowledged(), 0);
    assert_eq!(heard.rest().await, [], "who waited for it was told");
}

#[wasm_bindgen_test]
async fn a_dropped_delivery_withdraws_what_was_not_sent() {
    let (socket, mut heard) = connect("/session", resuming());
    let mut dropped: Vec<_> = (0..3).map(|number: u32| socket.deliver(number.to_string())).collect();
    for delivery in &mut dropped {
        assert_eq!(delivery.now_or_never(), None);
    }
    socket.send_text("stays").unwrap();
    assert_eq!(socket.unacknowledged(), 4);
    drop(dropped);
    assert_eq!(socket.unacknowledged(), 1);
    heard.open().await;
    assert_eq!(heard.text().await, "stays");
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn a_delivery_that_is_dropped_after_its_message_was_sent_leaves_it_to_the_listener() {
    let (socket, mut heard) = connect(FORGETFUL, resuming());
    heard.open().await;
    let mut left = socket.deliver("left");
    assert_eq!((&mut left).now_or_never(), None);
    drop(left);
    assert_eq!(socket.unacknowledged(), 1);
    socket.reconnect();
    heard.dropped().await;
    assert_eq!(heard.next().await, Event::Lost("left".into(), Outcome::Unconfirmed));
    assert_eq!(heard.next().await, Event::Reset(Reset::Unknown));
    heard.open().await;
}

#[wasm_bindgen_test]
async fn a_session_that_is_lost_says_of_each_message_whether_it_was_sent() {
    let (socket, mut heard) = connect(FORGETFUL, resuming());
    heard.open().await;
    let mut left = socket.deliver("left");
    assert_eq!((&mut left).now_or_never(), None);
    socket.reconnect();
    let unsent = socket.deliver("unsent");
    assert_eq!(unsent.await, Err(Error::Undelivered(Outcome::Unsent)));
    assert_eq!(left.await, Err(Error::Undelivered(Outcome::Unconfirmed)));
    heard.dropped().await;
    assert_eq!(heard.next().await, Event::Reset(Reset::Unknown));
    heard.open().await;
}

#[wasm_bindgen_test]
async fn the_end_settles_every_delivery() {
    for drops in [false, true] {
        let (socket, mut heard) = connect("/session?deaf=1&echo=0", resuming());
        heard.open().await;
        let mut left = socket.deliver("left");
        assert_eq!((&mut left).now_or_never(), None);
        let never = socket.deliver("never");
        if drops {
            drop(socket);
            assert!(heard.is_gone().await);
        } else {
            socket.close();
            heard.close().await;
        }
        assert_eq!(left.await, Err(Error::Undelivered(Outcome::Unconfirmed)));
        assert_eq!(never.await, Err(Error::Closed));
    }
}

#[wasm_bindgen_test]
async fn the_end_before_the_connection_is_open_settles_every_delivery() {
    for drops in [false, true] {
        let (socket, mut heard) = connect("/session", resuming());
        let mut unsent = socket.deliver("unsent");
        assert_eq!((&mut unsent).now_or_never(), None);
        if drops {
            drop(socket);
            assert!(heard.is_gone().await);
        } else {
            socket.close();
        }
        assert_eq!(unsent.await, Err(Error::Undelivered(Outcome::Unsent)));
    }
}

#[wasm_bindgen_test]
async fn without_a_session_nothing_says_whether_a_message_arrived() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let Err(error) = socket.deliver("x").await else { panic!("delivered") };
    assert_eq!(error, Error::NoSession);
    assert!(error.to_string().contains("Options::resume"));
    assert_eq!((socket.unacknowledged(), socket.stats().messages_out), (0, 0));
}
