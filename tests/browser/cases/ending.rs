use undrop::core::{Retry, State};
use undrop::{Event, Options};
use wasm_bindgen_test::wasm_bindgen_test;

use super::user::{connect, hasty, plain};

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
async fn a_final_code_is_not_dialled_again() {
    for code in [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4499] {
        let (socket, mut heard) = connect(&format!("/close?code={code}&reason=why"), hasty());
        heard.open().await;
        assert_eq!(heard.close().await, (0, code, "why".into(), true));
        assert_eq!(socket.state(), State::Closed);
        assert_eq!(socket.stats().dials, 1);
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
async fn close_before_the_line_stands_is_an_error_and_one_close() {
    for options in [hasty(), plain()] {
        let (socket, mut heard) = connect("/echo", options);
        socket.close();
        assert_eq!(socket.state(), State::Closing);
        assert_eq!(heard.close().await, (1, ABNORMAL, String::new(), false));
        assert_eq!(heard.rest().await, []);
    }
}

#[wasm_bindgen_test]
async fn close_while_it_waits_for_the_next_dial_ends_it() {
    let retry = Retry { first: 1_000_000, cap: 1_000_000, ..Retry::default() };
    let (socket, mut heard) = connect("/reset", Options { retry: Some(retry), ..Options::default() });
    heard.until(|event| matches!(event, Event::Drop(_))).await;
    assert_eq!(socket.state(), State::Waiting);
    socket.close_with(4001, "").unwrap();
    assert_eq!(heard.close().await, (1, ABNORMAL, String::new(), false));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn a_server_that_does_not_answer_the_close_is_not_waited_for() {
    let (socket, mut heard) = connect("/blackhole", hasty());
    heard.open().await;
    socket.close();
    assert_eq!(heard.close().await, (1, ABNORMAL, String::new(), false));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn without_retry_a_lost_line_is_one_close() {
    for route in ["/fin", "/reset", "/status?code=503"] {
        let (socket, mut heard) = connect(route, plain());
        let (before, last) = heard.until(|event| matches!(event, Event::Close { .. })).await;
        assert!(!before.iter().any(|event| matches!(event, Event::Drop(_))), "{before:?}");
        assert_eq!(last, Event::Close { code: ABNORMAL, reason: String::new(), clean: false });
        assert_eq!(heard.rest().await, []);
        assert_eq!(socket.stats().dials, 1);
    }
}

#[wasm_bindgen_test]
async fn retries_that_run_out_end_it() {
    let retry = Retry { limit: 3, first: 1, cap: 1, ..Retry::default() };
    let (socket, mut heard) = connect("/status?code=503", Options { retry: Some(retry), ..Options::default() });
    assert_eq!(heard.dropped().await.attempt, 1);
    assert_eq!(heard.dropped().await.attempt, 2);
    assert_eq!(heard.close().await, (1, ABNORMAL, String::new(), false));
    assert_eq!(socket.stats().dials, 3);
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
