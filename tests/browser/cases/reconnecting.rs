use undrop::{Cause, Options, Retry};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty, millis};

#[wasm_bindgen_test]
async fn a_socket_reconnects_when_its_connection_drops() {
    for route in ["/fin", "/reset"] {
        let (socket, mut heard) = connect(&format!("{route}?after=1"), hasty());
        for _ in 0..3 {
            heard.open().await;
            socket.send_text("there").unwrap();
            assert_eq!(heard.text().await, "there");
            let dropped = heard.dropped().await;
            assert_eq!((dropped.cause, dropped.code), (Cause::Close, 1006));
        }
        heard.open().await;
        assert_eq!(socket.stats().opens, 4);
    }
}

#[wasm_bindgen_test]
async fn a_socket_reconnects_to_a_server_that_restarts() {
    let retry = Retry::default().first(millis(5)).cap(millis(20));
    let (_socket, mut heard) = connect("/close?code=1012", Options::default().retry(retry));
    heard.open().await;
    let dropped = heard.dropped().await;
    assert_eq!((dropped.cause, dropped.code), (Cause::Close, 1012));
    assert!((millis(5)..=millis(20)).contains(&dropped.delay), "{:?}", dropped.delay);
    heard.open().await;
}

#[wasm_bindgen_test]
async fn a_refused_handshake_is_a_drop_alone() {
    let (_socket, mut heard) = connect("/status?code=503", hasty());
    assert_eq!(heard.dropped().await.attempt, 2);
    assert_eq!(heard.dropped().await.attempt, 3);
}

#[wasm_bindgen_test]
async fn an_attempt_that_hangs_is_replaced() {
    let (socket, mut heard) = connect("/hang", hasty().connect_timeout(millis(200)));
    for attempt in 2..=3 {
        let dropped = heard.dropped().await;
        assert_eq!((dropped.cause, dropped.attempt), (Cause::Timeout, attempt));
    }
    assert_eq!(socket.stats().attempts, 2);
}

#[wasm_bindgen_test]
async fn reconnect_replaces_an_open_connection() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    socket.send_text("never answered").unwrap();
    socket.reconnect();
    let dropped = heard.dropped().await;
    assert_eq!((dropped.cause, dropped.delay), (Cause::Reconnect, millis(0)));
    heard.open().await;
    assert_eq!(heard.rest().await, [], "nothing is heard of the connection before");
}
