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
    line.core.reconnect(line.now);
    assert_eq!(line.drain(), [DIALS(2), STATE]);
    line.opened();
    assert_eq!(line.drain(), [STATE, OPEN]);
}
