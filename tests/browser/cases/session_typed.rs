//! Typed messages over a session.

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use undrop::{Error, Event, Outcome, Reset};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, resuming, tell};
use super::tally::Id;

#[wasm_bindgen_test]
async fn typed_messages_arrive_once_and_in_order_over_many_cuts() {
    const COUNT: u32 = 300;
    let (socket, mut heard) = connect("/session?cut=40&spread=1", resuming());
    let (told, mut came) = tell();
    let _counts = socket.on::<u32>("count", move |_, count| told(count));
    for count in 0..COUNT {
        socket.emit("count", &count).unwrap();
    }
    for count in 0..COUNT {
        assert_eq!(came.next().await, count);
    }
    heard.open().await;
    heard.resumed().await;
}

#[wasm_bindgen_test]
async fn a_request_survives_its_connection() {
    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session?cut=1&spread=1"), resuming());
    heard.open().await;
    let mut left = socket.request::<u32>("number", &1);
    assert_eq!((&mut left).now_or_never(), None);
    socket.reconnect();
    let waits = socket.request::<u32>("number", &2);
    assert_eq!(join(left, waits).await, (Ok(1), Ok(2)));
    heard.resumed().await;
    assert_eq!(id.tally().await["sessions"], 1);
}

#[wasm_bindgen_test]
async fn many_requests_over_many_cuts_get_each_its_own_reply() {
    let (socket, _heard) = connect("/session?cut=50&spread=1", resuming());
    let requests = (0..500).map(|number: u32| socket.request::<u32>("number", &number));
    assert_eq!(join_all(requests).await, (0..500).map(Ok).collect::<Vec<_>>());
}

#[wasm_bindgen_test]
async fn a_request_fails_when_its_session_is_lost() {
    // It is taken, and never answered.
    for route in ["/session?echo=0&ttl=0&spread=1", "/session?deaf=1&echo=0&ttl=0&spread=1"] {
        let (socket, mut heard) = connect(route, resuming());
        heard.open().await;
        let mut left = socket.request::<u32>("number", &1);
        assert_eq!((&mut left).now_or_never(), None);
        if !route.contains("deaf") {
            socket.deliver("what was sent before has arrived too").await.unwrap();
        }
        socket.reconnect();
        let unsent = socket.request::<u32>("number", &2);
        assert_eq!(join(left, unsent).await, (Err(Error::Dropped), Err(Error::Dropped)));
        heard.dropped().await;
        assert_eq!(
            heard.next().await,
            Event::Reset(Reset::Unknown),
            "a request does not come back as lost: its future says so"
        );
        heard.open().await;
    }
}

#[wasm_bindgen_test]
async fn what_was_emitted_is_told_as_lost_in_its_envelope() {
    let (socket, mut heard) = connect("/session?deaf=1&echo=0&ttl=0&spread=1", resuming());
    heard.open().await;
    socket.emit("count", &1).unwrap();
    socket.reconnect();
    heard.dropped().await;
    assert_eq!(heard.next().await, Event::Lost(r#"{"type":"count","data":1}"#.into(), Outcome::Unconfirmed));
}

#[wasm_bindgen_test]
async fn a_dropped_request_is_withdrawn_if_it_was_not_sent() {
    let (socket, mut heard) = connect("/session", resuming());
    let mut requests: Vec<_> = (0..3).map(|number: u32| socket.request::<u32>("number", &number)).collect();
    for request in &mut requests {
        assert_eq!(request.now_or_never(), None);
    }
    drop(requests.remove(1));
    assert_eq!(socket.unacknowledged(), 2);
    assert_eq!(join_all(requests).await, [Ok(0), Ok(2)]);
    heard.open().await;
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn a_request_is_answered_over_a_later_connection_of_its_session() {
    let (socket, mut heard) = connect("/session?spread=1", resuming());
    heard.open().await;
    let (told, mut came) = tell();
    let (answer, answers) = futures_channel::oneshot::channel::<u32>();
    let mut answers = Some(answers);
    let _handle = socket.handle("question", move |_, (): ()| {
        told("asked");
        let answers = answers.take();
        async move { answers.ok_or("once")?.await.map_err(|_| "never") }
    });
    // The server echoes: it asks what it is asked, and hears the answer to be sent on as a reply.
    let mut request = socket.request::<u32>("question", &());
    assert_eq!((&mut request).now_or_never(), None);
    assert_eq!(came.next().await, "asked");
    socket.reconnect();
    heard.resumed().await;
    answer.send(42).unwrap();
    assert_eq!(request.await, Ok(42));
}

#[wasm_bindgen_test]
async fn the_end_fails_every_request() {
    for drops in [false, true] {
        let (socket, mut heard) = connect("/session?echo=0", resuming());
        heard.open().await;
        let mut left = socket.request::<u32>("number", &1);
        assert_eq!((&mut left).now_or_never(), None);
        socket.deliver("what was sent before has arrived too").await.unwrap();
        let waiting = if drops {
            drop(socket);
            None
        } else {
            socket.close();
            Some(socket)
        };
        assert_eq!(left.await, Err(Error::Closed));
        drop(waiting);
    }
}
