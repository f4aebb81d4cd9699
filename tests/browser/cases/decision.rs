//! The app decides about a connection that dropped.

use undrop::{Cause, Decision, Dropped, Event, Options, Retry, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{HOUR, connect, millis, tell};

fn retry() -> Retry {
    Retry::default().first(millis(20)).cap(millis(50))
}

fn deciding(decide: impl Fn(&Dropped) -> Decision + 'static) -> Options {
    Options::default().retry(retry().decide(decide))
}

#[wasm_bindgen_test]
async fn the_app_is_asked_with_all_that_is_known() {
    let (told, mut asked) = tell();
    let options = deciding(move |dropped| {
        told(dropped.clone());
        Decision::Default
    });
    let (_socket, mut heard) = connect("/close?code=4400&reason=why", options);
    heard.open().await;
    let Dropped { cause, code, reason, clean, attempt, last, .. } = asked.next().await;
    assert_eq!((cause, code, reason.as_str(), clean), (Cause::Close, 4400, "why", true));
    assert_eq!((attempt, last), (2, true));
    let closed = heard.closed().await;
    assert_eq!((closed.code, closed.reason.as_str(), closed.cause), (4400, "why", Some(Cause::Close)));
}

#[wasm_bindgen_test]
async fn a_decision_to_retry_overrides_a_final_code() {
    let (socket, mut heard) = connect("/close?code=4400", deciding(|_| Decision::Retry));
    for _ in 0..2 {
        heard.open().await;
        assert!(!heard.dropped().await.last);
    }
    heard.open().await;
    assert_eq!(socket.stats().attempts, 3);
}

#[wasm_bindgen_test]
async fn the_app_says_how_long_the_delay_is() {
    let (_socket, mut heard) = connect("/close?code=1012", deciding(|_| Decision::After(millis(7))));
    heard.open().await;
    assert_eq!(heard.dropped().await.delay, millis(7));
    heard.open().await;
}

#[wasm_bindgen_test]
async fn the_app_gives_up() {
    let (socket, mut heard) = connect("/close?code=1012&reason=restart", deciding(|_| Decision::GiveUp));
    heard.open().await;
    let (before, last) = heard.until(|event| matches!(event, Event::Close(_))).await;
    assert!(!before.iter().any(|event| matches!(event, Event::Dropped(_))), "{before:?}");
    let Event::Close(closed) = last else { panic!("{last:?}") };
    assert_eq!((closed.code, closed.cause), (1012, Some(Cause::Close)));
    assert_eq!((socket.state(), socket.stats().attempts), (State::Closed, 1));
}

#[wasm_bindgen_test]
async fn no_decision_outlives_the_limit() {
    for decision in [Decision::Retry, Decision::After(millis(1))] {
        let options = Options::default().retry(retry().limit(3).decide(move |_| decision));
        // Handshakes that succeed: Firefox delays the next one after several that failed.
        let (socket, mut heard) = connect("/close?code=1012", options);
        for attempt in 2..=3 {
            heard.open().await;
            assert_eq!(heard.dropped().await.attempt, attempt);
        }
        heard.open().await;
        let closed = heard.closed().await;
        assert_eq!((closed.code, closed.cause), (1012, Some(Cause::Close)));
        assert_eq!(socket.stats().attempts, 3);
    }
}

#[wasm_bindgen_test]
async fn the_next_attempt_can_be_shown_at_any_time() {
    let (socket, mut heard) = connect("/close?code=1012", deciding(|_| Decision::After(HOUR)));
    assert_eq!((socket.attempt(), socket.retry_in()), (1, None));
    heard.open().await;
    assert_eq!((heard.dropped().await.attempt, socket.attempt()), (2, 2));
    let wait = socket.retry_in().unwrap();
    assert!(!wait.is_zero() && wait <= HOUR, "{wait:?}");
    socket.reconnect();
    assert_eq!((socket.attempt(), socket.retry_in()), (1, None));
}
