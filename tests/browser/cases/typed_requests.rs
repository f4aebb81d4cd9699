//! Requests find their replies, or say why not. What the test server echoes bears the id of the request.

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use undrop::{Error, Event, Options, Outcome, Overflow, Queue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{Place, connect, connect_and_lose, connect_with, hasty, millis};

fn queue(limits: Queue) -> Options {
    hasty().queue(limits)
}

#[wasm_bindgen_test]
async fn a_request_gets_its_reply() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    assert_eq!(socket.request("sum", &[1, 2]).await, Ok(vec![1, 2]));
    assert_eq!(socket.request("unit", &()).await, Ok(()));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn many_requests_get_each_its_own() {
    let (socket, _heard) = connect("/echo", hasty());
    let requests = (0..1_000).map(|number: u32| socket.request::<u32>("number", &number));
    let replies = join_all(requests).await;
    assert_eq!(replies, (0..1_000).map(Ok).collect::<Vec<_>>());
}

#[wasm_bindgen_test]
async fn a_request_is_not_sent_until_it_is_awaited() {
    let (socket, mut heard) = connect_and_lose(Queue::default()).await;
    let mut request = socket.request::<Value>("late", &());
    assert_eq!(socket.buffered_amount(), 0);
    assert_eq!((&mut request).now_or_never(), None);
    assert_eq!(socket.buffered_amount(), 34);
    socket.close();
    assert_eq!(request.await, Err(Error::Closed));
    assert_eq!(heard.close().await.0, 1, "a request does not come back as lost: its future says so");
}

#[wasm_bindgen_test]
async fn a_reply_of_another_shape_is_an_error() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let Err(Error::Deserialize(error)) = socket.request::<u32>("shape", &[1]).await else { panic!() };
    assert!(error.contains("expected u32"), "{error}");
    let refused = socket.request::<Value>("shape", &u64::MAX).await;
    assert!(matches!(refused, Err(Error::Serialize(_))), "{refused:?}");
}

#[wasm_bindgen_test]
async fn an_error_reply_says_why_as_json() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    for data in [json!({ "code": 404, "message": "no such room" }), json!("no"), json!(null)] {
        // Of two waiting requests, the server answers the one that it names, and not for the first time.
        let id = 2 * (socket.stats().messages_out / 3) + 1;
        socket.send_text(&json!({ "type": "error", "id": id, "data": data }).to_string()).unwrap();
        let first = socket.request::<Value>("room", &());
        let second = socket.request::<Value>("room", &2);
        let (first, second) = join(first, second).await;
        assert_eq!(first, Err(Error::Reply(data.to_string())));
        assert_eq!(second, Ok(json!(2)));
    }
}

#[wasm_bindgen_test]
async fn a_request_without_a_timeout_of_its_own_has_that_of_the_options() {
    let (socket, _heard) = connect("/blackhole", hasty().request_timeout(millis(20)));
    assert_eq!(socket.request::<Value>("asked", &()).await, Err(Error::Timeout));
}

#[wasm_bindgen_test]
async fn a_request_that_is_not_answered_in_time_is_given_up() {
    let (socket, mut heard) = connect("/blackhole", hasty());
    heard.open().await;
    assert_eq!(socket.request::<Value>("asked", &()).timeout(millis(20)).await, Err(Error::Timeout));
}

#[wasm_bindgen_test]
async fn a_request_that_is_given_up_while_it_is_queued_is_taken_out_of_the_queue() {
    let (socket, _heard) = connect_and_lose(Queue::default()).await;
    assert_eq!(socket.request::<Value>("asked", &()).timeout(millis(20)).await, Err(Error::Timeout));
    assert_eq!(socket.buffered_amount(), 0);
    let mut request = socket.request::<Value>("asked", &());
    assert_eq!((&mut request).now_or_never(), None);
    assert!(socket.buffered_amount() > 0);
    drop(request);
    assert_eq!(socket.buffered_amount(), 0);
}

#[wasm_bindgen_test]
async fn a_dropped_request_is_withdrawn_from_among_others() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut requests: Vec<_> = (0..5).map(|number: u32| socket.request::<u32>("number", &number)).collect();
    for (number, request) in requests.iter_mut().enumerate() {
        assert_eq!(request.now_or_never(), None);
        socket.send_text(&number.to_string()).unwrap();
    }
    drop((requests.remove(3), requests.remove(1)));
    heard.open().await;
    assert_eq!(join_all(requests).await, [Ok(0), Ok(2), Ok(4)]);
    // What was sent beside them is all there, and is no JSON of theirs.
    for number in 0..5 {
        assert_eq!(heard.invalid_or_text().await, number.to_string());
    }
    assert_eq!(heard.rest().await, []);
    assert_eq!(socket.stats().messages_out, 8);
}

#[wasm_bindgen_test]
async fn the_reply_to_a_request_that_was_dropped_is_one_that_nobody_waits_for() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let mut dropped = socket.request::<u32>("number", &1);
    assert_eq!((&mut dropped).now_or_never(), None);
    drop(dropped);
    assert_eq!(socket.request::<u32>("number", &2).await, Ok(2));
    assert_eq!(heard.text().await, r#"{"type":"number","data":1,"id":1}"#);
}

#[wasm_bindgen_test]
async fn a_drop_fails_what_was_sent_and_not_what_is_queued() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let mut left = socket.request::<u32>("number", &1);
    assert_eq!((&mut left).now_or_never(), None);
    socket.reconnect();
    let waits = socket.request::<u32>("number", &2);
    let (left, waits) = join(left, waits).await;
    assert_eq!((left, waits), (Err(Error::Dropped), Ok(2)));
}

#[wasm_bindgen_test]
async fn the_end_fails_every_request() {
    for drops in [false, true] {
        let (socket, mut heard) = connect("/blackhole", hasty());
        heard.open().await;
        let mut left = socket.request::<u32>("number", &1);
        assert_eq!((&mut left).now_or_never(), None);
        let place = Place::default();
        if drops {
            drop(socket);
        } else {
            socket.close();
            place.replace(Some(socket));
        }
        let failed = left.await;
        // The connection was lost, and the socket closed. Both are true, and either may come first.
        assert!(matches!(failed, Err(Error::Closed | Error::Dropped)), "{failed:?}");
    }
}

#[wasm_bindgen_test]
async fn a_request_after_the_end_is_refused() {
    let (socket, mut heard) = connect("/echo", hasty());
    let kept = socket.request::<Value>("kept", &());
    socket.close();
    heard.close().await;
    assert_eq!(socket.request::<Value>("late", &()).await, Err(Error::Closed));
    drop(socket);
    assert_eq!(kept.await, Err(Error::Closed));
}

#[wasm_bindgen_test]
async fn a_request_that_can_not_be_queued_says_why() {
    let (socket, _heard) = connect("/echo", hasty().queue(None));
    assert_eq!(socket.request::<Value>("early", &()).await, Err(Error::NotOpen));
    let (socket, _heard) = connect_and_lose(Queue::default().messages(1)).await;
    socket.send_text("first").unwrap();
    assert_eq!(socket.request::<Value>("second", &()).await, Err(Error::Full));
}

#[wasm_bindgen_test]
async fn a_request_that_waited_in_vain_says_why() {
    let (socket, _heard) = connect_and_lose(Queue::default().time_to_live(millis(20))).await;
    assert_eq!(socket.request::<Value>("old", &()).await, Err(Error::Timeout));
    let limits = Queue::default().messages(1).overflow(Overflow::DropOldest);
    let (socket, _heard) = connect_and_lose(limits).await;
    let mut oldest = socket.request::<Value>("old", &());
    assert_eq!((&mut oldest).now_or_never(), None);
    socket.emit("new", &()).unwrap();
    assert_eq!(oldest.await, Err(Error::Overflow));
}

#[wasm_bindgen_test]
async fn a_request_that_is_dropped_while_others_overflow_takes_none_of_them_along() {
    type Kept = std::rc::Rc<std::cell::RefCell<Option<undrop::Request<Value>>>>;
    let kept = Kept::default();
    let limits = Queue::default().bytes(100).overflow(Overflow::DropOldest);
    let (socket, mut heard) = connect_with("/echo", queue(limits), {
        let kept = kept.clone();
        move |_, event| {
            if matches!(event, Event::Lost(..)) {
                drop(kept.take());
            }
        }
    });
    let (first, second, last) = ("1".repeat(30), "2".repeat(30), "3".repeat(60));
    socket.send_text(&first).unwrap();
    socket.send_text(&second).unwrap();
    let mut request = socket.request::<Value>("asked", &());
    assert_eq!((&mut request).now_or_never(), None);
    kept.replace(Some(request));
    // Both texts have to go for it, and the listener withdraws the request when it hears of the first.
    socket.send_text(&last).unwrap();
    assert_eq!(heard.next().await, Event::Lost(first.as_str().into(), Outcome::Overflow));
    assert_eq!(heard.next().await, Event::Lost(second.as_str().into(), Outcome::Overflow));
    assert_eq!(socket.buffered_amount(), 60);
    heard.open().await;
    assert_eq!(heard.text().await, last);
    assert_eq!(heard.rest().await, []);
}
