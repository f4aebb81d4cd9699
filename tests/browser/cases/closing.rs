use undrop::{Cause, Closed, Event, Options, Queue, Retry, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, connect_and_lose, hasty, is_close_before_open, millis, plain};

const ABNORMAL: u16 = 1006;

#[wasm_bindgen_test]
async fn what_the_server_closes_with_arrives() {
    for (code, reason) in [(1000, ""), (1001, "going"), (4000, "né"), (4999, "x")] {
        let (_socket, mut heard) = connect(&format!("/close?code={code}&reason={reason}"), plain());
        heard.open().await;
        assert_eq!(heard.close().await, (0, code, reason.into(), true));
    }
}

#[wasm_bindgen_test]
async fn after_a_final_code_nothing_reconnects() {
    for code in [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4499] {
        let (socket, mut heard) = connect(&format!("/close?code={code}&reason=why"), hasty());
        heard.open().await;
        assert_eq!(heard.close().await, (0, code, "why".into(), true));
        assert_eq!(socket.state(), State::Closed);
        assert_eq!(socket.stats().attempts, 1);
    }
}

#[wasm_bindgen_test]
async fn close_ends_with_one_close() {
    for options in [hasty(), plain()] {
        let (socket, mut heard) = connect("/echo", options);
        heard.open().await;
        socket.close();
        socket.close();
        let (errors, _, _, clean) = heard.close().await;
        assert_eq!((errors, clean), (0, true));
        socket.close();
        assert_eq!(heard.rest().await, []);
        assert_eq!(socket.state(), State::Closed);
    }
}

#[wasm_bindgen_test]
async fn close_tells_the_server_why() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    socket.close_with(4001, "enough").unwrap();
    assert_eq!(heard.close().await, (0, 4001, "enough".into(), true));
}

#[wasm_bindgen_test]
async fn close_before_the_connection_is_open_is_an_error_and_one_close() {
    for options in [hasty(), plain()] {
        let (socket, mut heard) = connect("/echo", options);
        socket.close();
        assert_eq!(socket.state(), State::Closing);
        let (errors, code, reason, clean) = heard.close().await;
        assert_eq!((errors, reason.as_str()), (1, ""));
        assert!(is_close_before_open(code, clean), "{code} {clean}");
        assert_eq!(heard.rest().await, []);
    }
}

#[wasm_bindgen_test]
async fn close_while_the_next_attempt_is_waited_for_is_the_end() {
    let retry = Retry::default().first(millis(1_000_000)).cap(millis(1_000_000));
    let (socket, mut heard) = connect("/reset", Options::default().retry(retry));
    heard.until(|event| matches!(event, Event::Dropped(_))).await;
    assert_eq!(socket.state(), State::Waiting);
    socket.close_with(4001, "").unwrap();
    assert_eq!(heard.close().await, (1, ABNORMAL, String::new(), false));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn a_server_that_does_not_answer_the_close_is_given_up_after_the_close_timeout() {
    let (socket, mut heard) = connect("/blackhole", hasty().close_timeout(millis(50)));
    heard.open().await;
    socket.close();
    assert_eq!(socket.state(), State::Closing);
    assert_eq!(heard.close().await, (1, ABNORMAL, String::new(), false));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn without_retry_a_drop_is_one_close() {
    for route in ["/fin", "/reset", "/status?code=503"] {
        let (socket, mut heard) = connect(route, plain());
        let (before, last) = heard.until(|event| matches!(event, Event::Close(_))).await;
        assert!(!before.iter().any(|event| matches!(event, Event::Dropped(_))), "{before:?}");
        let Event::Close(Closed { code, reason, clean, cause, .. }) = last else { panic!("{last:?}") };
        // The browser's own socket has told all there is to tell.
        assert_eq!((code, reason.as_str(), clean, cause), (ABNORMAL, "", false, None));
        assert_eq!(heard.rest().await, []);
        assert_eq!(socket.stats().attempts, 1);
    }
}

#[wasm_bindgen_test]
async fn the_limit_of_attempts_is_the_end() {
    let retry = Retry::default().limit(3).first(millis(1)).cap(millis(1));
    let (socket, mut heard) = connect("/status?code=503", Options::default().retry(retry));
    assert_eq!(heard.dropped().await.attempt, 2);
    assert_eq!(heard.dropped().await.attempt, 3);
    assert_eq!(heard.close().await, (1, ABNORMAL, String::new(), false));
    assert_eq!(socket.stats().attempts, 3);
}

#[wasm_bindgen_test]
async fn reconnect_goes_on_after_the_end() {
    for options in [hasty(), plain()] {
        let (socket, mut heard) = connect("/echo", options);
        for _ in 0..3 {
            heard.open().await;
            socket.send_text("there").unwrap();
            assert_eq!(heard.text().await, "there");
            socket.close();
            heard.close().await;
            socket.reconnect();
        }
        heard.open().await;
        assert_eq!(socket.stats().opens, 4);
    }
}

#[wasm_bindgen_test]
async fn the_close_says_why_the_last_attempt_failed() {
    let (_socket, mut heard) = connect("/status?code=503", hasty().retry(Retry::default().limit(1)));
    assert_eq!(heard.closed().await.cause, Some(Cause::Close));
    let (_socket, mut heard) = connect("/close?code=4400", hasty());
    heard.open().await;
    assert_eq!(heard.closed().await.cause, Some(Cause::Close));
}

#[wasm_bindgen_test]
async fn a_close_of_the_user_has_no_cause() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    socket.close();
    assert_eq!(heard.closed().await.cause, None);
    // Also after a drop that came before.
    let (socket, mut heard) = connect_and_lose(Queue::default()).await;
    socket.close();
    assert_eq!(heard.closed().await.cause, None);
}
