use undrop::Options;
use undrop::core::{Cause, Retry};
use wasm_bindgen_test::wasm_bindgen_test;

use super::user::{connect, hasty};

#[wasm_bindgen_test]
async fn a_lost_line_is_dialled_again() {
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
async fn a_server_that_restarts_is_dialled_again() {
    let retry = Retry { first: 5, cap: 20, ..Retry::default() };
    let (_socket, mut heard) = connect("/close?code=1012", Options { retry: Some(retry), ..Options::default() });
    heard.open().await;
    let dropped = heard.dropped().await;
    assert_eq!((dropped.cause, dropped.code), (Cause::Close, 1012));
    assert!((5..=20).contains(&dropped.delay), "{}", dropped.delay);
    heard.open().await;
}

#[wasm_bindgen_test]
async fn a_refused_handshake_is_a_drop_alone() {
    let (_socket, mut heard) = connect("/status?code=503", hasty());
    assert_eq!(heard.dropped().await.attempt, 1);
    assert_eq!(heard.dropped().await.attempt, 2);
}

#[wasm_bindgen_test]
async fn a_dial_that_hangs_is_replaced() {
    let (socket, mut heard) = connect("/hang", Options { connect_timeout: 200, ..hasty() });
    for attempt in 1..=2 {
        let dropped = heard.dropped().await;
        assert_eq!((dropped.cause, dropped.attempt), (Cause::Timeout, attempt));
    }
    assert_eq!(socket.stats().dials, 2);
}

#[wasm_bindgen_test]
async fn reconnect_replaces_a_line_that_stands() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    socket.send_text("never answered").unwrap();
    socket.reconnect();
    let dropped = heard.dropped().await;
    assert_eq!((dropped.cause, dropped.delay), (Cause::Reconnect, 0));
    heard.open().await;
    assert_eq!(heard.rest().await, [], "nothing is heard of the line before");
}
