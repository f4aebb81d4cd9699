//! Messages as a stream: bounded, and ended with the socket.

use futures_util::{FutureExt as _, StreamExt as _};
use undrop::{Cause, Error, Event, Options};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty};

#[wasm_bindgen_test]
async fn a_stream_gives_the_messages_of_its_type_in_order() {
    let (socket, mut heard) = connect("/echo", Options::default());
    let mut counts = socket.messages::<u32>("count");
    heard.open().await;
    for count in 0..100 {
        socket.emit("count", &count).unwrap();
    }
    for count in 0..100 {
        assert_eq!(counts.next().await, Some(Ok(count)));
    }
    assert_eq!(counts.next().now_or_never(), None);
}

#[wasm_bindgen_test]
async fn a_stream_goes_on_over_the_next_connection() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut counts = socket.messages::<u32>("count");
    heard.open().await;
    socket.emit("count", &1).unwrap();
    assert_eq!(counts.next().await, Some(Ok(1)));
    socket.reconnect();
    assert_eq!(heard.dropped().await.cause, Cause::Reconnect);
    socket.emit("count", &2).unwrap();
    assert_eq!(counts.next().await, Some(Ok(2)));
}

#[wasm_bindgen_test]
async fn a_stream_ends_with_the_close_after_what_had_arrived() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut counts = socket.messages::<u32>("count");
    heard.open().await;
    socket.emit("count", &1).unwrap();
    socket.emit("other", &()).unwrap();
    heard.text().await;
    socket.close();
    heard.close().await;
    assert_eq!(counts.next().await, Some(Ok(1)));
    assert_eq!(counts.next().await, None);
    assert_eq!(counts.next().await, None);
    // It gets nothing of the connection after that, for which nobody waits then.
    socket.reconnect();
    heard.open().await;
    socket.emit("count", &2).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"count","data":2}"#);
}

#[wasm_bindgen_test]
async fn a_stream_ends_with_its_socket() {
    let (socket, mut heard) = connect("/echo", hasty());
    let counts = socket.messages::<u32>("count");
    heard.open().await;
    let wait = counts.collect::<Vec<_>>();
    drop(socket);
    assert_eq!(wait.await, []);
}

#[wasm_bindgen_test]
async fn a_reader_that_is_too_slow_is_told_after_what_the_stream_holds() {
    let (socket, mut heard) = connect("/echo", Options::default());
    let counts = socket.messages::<u32>("count").limit(3);
    heard.open().await;
    for count in 0..6 {
        socket.emit("count", &count).unwrap();
    }
    // The stream has ended with one too many, and nobody else waits for the last ones.
    for count in 4..6 {
        assert_eq!(heard.text().await, format!(r#"{{"type":"count","data":{count}}}"#));
    }
    assert_eq!(counts.collect::<Vec<_>>().await, [Ok(0), Ok(1), Ok(2), Err(Error::Lagged(3))]);
}

#[wasm_bindgen_test]
async fn a_stream_holds_a_thousand_and_twenty_four() {
    let (socket, mut heard) = connect("/echo", Options::default());
    let counts = socket.messages::<u32>("count");
    heard.open().await;
    for count in 0..1_026 {
        socket.emit("count", &count).unwrap();
    }
    heard.text().await;
    let mut held = counts.collect::<Vec<_>>().await;
    assert_eq!(held.pop(), Some(Err(Error::Lagged(1_024))));
    assert_eq!(held, (0..1_024).map(Ok).collect::<Vec<_>>());
}

#[wasm_bindgen_test]
async fn a_dropped_stream_takes_nothing_more() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let mut first = socket.messages::<u32>("count");
    let mut second = socket.messages::<u32>("*");
    socket.emit("count", &1).unwrap();
    assert_eq!((first.next().await, second.next().await), (Some(Ok(1)), Some(Ok(1))));
    drop((first, second));
    socket.emit("count", &2).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"count","data":2}"#);
}

#[wasm_bindgen_test]
async fn what_a_stream_can_not_read_is_invalid_and_the_stream_goes_on() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let mut counts = socket.messages::<u32>("count");
    socket.emit("count", "one").unwrap();
    socket.emit("count", &2).unwrap();
    assert_eq!(counts.next().await, Some(Ok(2)));
    assert!(matches!(heard.next().await, Event::Invalid { .. }));
}
