#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn nothing_dials() {
    let mut line = Line::closed(CONFIG);
    assert_eq!(line.core.poll_timeout(), None);
    for signal in [Signal::Wake, Signal::Online, Signal::Visible] {
        assert!(line.ignores(|line| line.signal(signal)), "{signal:?}");
    }
    assert!(line.ignores(|line| line.core.handle_timeout(Millis(600_000))));
}

#[test]
fn what_the_socket_still_says_changes_nothing() {
    for config in [CONFIG, NEVER] {
        let mut line = Line::closed(config);
        assert!(line.ignores(|line| line.core.handle_error(Epoch(1))));
        assert!(line.ignores(|line| line.lose(1006, false)));
        assert!(line.ignores(|line| line.core.handle_message(Epoch(1), 1)));
    }
}

#[test]
fn nothing_is_taken() {
    assert_eq!(Line::closed(CONFIG).send(1), Err(Refusal::Closed));
}

#[test]
fn a_reconnect_begins_another_life() {
    let mut line = Line::closed(CONFIG);
    line.reconnect();
    assert_eq!(line.drain(), [DIALS(2), STATE]);
    line.opened();
    assert_eq!(line.drain(), [STATE, OPEN]);
}

#[test]
fn another_life_counts_from_its_first_dial() {
    let mut line = Line::dialing(CONFIG);
    line.pass_to_timeout().pass_to_timeout();
    line.core.give_up();
    line.core.close_unanswered(line.now);
    line.pass_to_timeout();
    assert_eq!(line.state(), State::Closed);
    line.reconnect();
    line.fail();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(1));
}
