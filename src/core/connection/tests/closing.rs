#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn the_other_end_has_a_second_to_answer() {
    let mut line = Line::closing(CONFIG);
    assert_eq!(line.core.poll_timeout(), Some(Millis(1_000)));
    line.pass_to_timeout();
    assert_eq!(line.drain(), [Output::HangUp(Epoch(1)), STATE, ERROR, CLOSE]);
}

#[test]
fn its_answer_is_the_end() {
    let mut line = Line::closing(CONFIG);
    line.lose(1000, true);
    assert_eq!(line.drain(), [STATE, CLOSE]);
    assert_eq!(line.drops(Cause::Close), 0);
}

#[test]
fn without_retries_the_browser_waits_as_long_as_it_likes() {
    assert_eq!(Line::closing(NEVER).core.poll_timeout(), None);
}

#[test]
fn nothing_more_is_taken() {
    assert_eq!(Line::closing(CONFIG).send(1), Err(Refusal::Closed));
}

#[test]
fn what_still_arrives_counts() {
    let mut line = Line::closing(CONFIG);
    line.core.handle_message(Epoch(1), 9);
    assert_eq!(line.core.stats().bytes_in, 9);
}

#[test]
fn a_second_close_changes_nothing() {
    let mut line = Line::closing(CONFIG);
    assert!(line.ignores(|line| line.core.close(line.now)));
    assert!(line.ignores(|line| line.core.close_unanswered(line.now)));
}

#[test]
fn a_reconnect_takes_the_place_of_the_old_socket() {
    let mut line = Line::closing(CONFIG);
    line.reconnect();
    assert_eq!(line.drain(), [Output::HangUp(Epoch(1)), DIALS(2), STATE]);
    assert!(line.ignores(|line| line.core.handle_closed(line.now, Epoch(1), 1000, true)));
}

#[test]
fn a_reconnect_in_place_of_the_end_keeps_what_waits() {
    let mut line = Line::waiting(CONFIG);
    assert_eq!(line.send(5), Ok(()));
    line.core.close_unanswered(line.now);
    line.reconnect();
    line.opened();
    assert_eq!(line.drain(), [DIALS(2), STATE, STATE, STATE, OPEN, Output::Transmit(5)]);
}
