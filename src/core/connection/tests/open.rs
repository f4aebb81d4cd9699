#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_message_is_transmitted_at_once() {
    let mut line = Line::open(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    assert_eq!(line.drain(), [Output::Transmit(7)]);
    assert_eq!(line.core.stats().bytes_out, 7);
}

#[test]
fn a_loss_is_told_once_with_its_cause_and_its_wait() {
    let mut line = Line::open(CONFIG);
    line.pass(6_000).lose(1011, true);
    let drops: Vec<Drop> = core::iter::from_fn(|| line.drain_drop()).collect();
    let &[Drop { cause: Cause::Close, code: 1011, attempt: 1, delay, last: false }] = drops.as_slice() else {
        unreachable!("{drops:?}");
    };
    assert!(delay <= 5_000);
    assert_eq!(line.core.poll_timeout(), Some(line.now + delay));
}

#[test]
fn some_codes_are_final() {
    for code in [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4401, 4499] {
        let mut line = Line::open(CONFIG);
        line.lose(code, true);
        assert_eq!(line.drain(), [STATE, CLOSE], "{code}");
    }
}

#[test]
fn other_codes_are_not() {
    for code in [999, 1001, 1004, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3000, 4000, 4399, 4500, 5000] {
        let mut line = Line::open(CONFIG);
        line.lose(code, true);
        assert_eq!(line.state(), State::Waiting, "{code}");
    }
}

#[test]
fn a_server_that_restarts_is_given_time() {
    for code in [1012, 1013] {
        let mut line = Line::open(CONFIG);
        line.lose(code, true);
        let delay = line.drain_drop().map(|drop| drop.delay).unwrap_or_default();
        assert!((5_000..=30_000).contains(&delay), "{code}: {delay}");
    }
}

#[test]
fn an_unclean_end_is_an_error() {
    let mut line = Line::open(CONFIG);
    line.lose(1002, false);
    assert_eq!(line.drain(), [STATE, ERROR, CLOSE]);
}

#[test]
fn without_retries_every_loss_is_the_end() {
    let mut line = Line::open(NEVER);
    line.lose(1001, true);
    assert_eq!(line.drain(), [STATE, CLOSE]);
}

#[test]
fn a_silent_line_is_asked_and_then_given_up() {
    let mut line = Line::open(CONFIG);
    line.pass_to_timeout();
    assert_eq!(line.drain(), [Output::Ping]);
    line.pass_to_timeout();
    assert_eq!(line.core.poll(), Some(Output::HangUp(Epoch(1))));
    assert_eq!(line.drain_drop().map(|drop| drop.cause), Some(Cause::Heartbeat));
    assert_eq!(line.now, Millis(35_000));
}

#[test]
fn a_reply_is_measured() {
    let mut line = Line::open(CONFIG);
    line.pass_to_timeout().pass(40).core.handle_reply(Millis(25_040), Epoch(1));
    assert_eq!(line.core.stats().round_trip.last, 40);
}

#[test]
fn a_late_timer_probes_before_it_kills() {
    let mut line = Line::open(CONFIG);
    line.pass(8 * 3_600_000).tick();
    assert_eq!(line.drain(), [Output::Ping]);
    line.core.handle_message(Epoch(1), 1);
    line.pass_to_timeout();
    assert_eq!(line.state(), State::Open);
}

#[test]
fn a_signal_probes_and_a_dead_line_is_replaced_without_a_wait() {
    let mut line = Line::open(CONFIG);
    line.pass(6_000).signal(Signal::Online);
    assert_eq!(line.drain(), [Output::Ping]);
    line.pass_to_timeout();
    let drop = line.drain_drop().unwrap_or_else(|| unreachable!());
    assert_eq!((drop.cause, drop.delay, line.now), (Cause::Wake, 0, Millis(8_000)));
    line.pass_to_timeout();
    assert_eq!(line.core.poll(), Some(DIALS(2)));
}

#[test]
fn a_storm_of_signals_is_one_probe() {
    let mut line = Line::open(CONFIG);
    for _ in 0..15 {
        line.pass(100).signal(Signal::Online);
    }
    assert_eq!(line.drain(), [Output::Ping]);
    assert_eq!(line.core.poll_timeout(), Some(Millis(2_100)));
}

#[test]
fn offline_and_hidden_alone_do_nothing_to_a_line() {
    let mut line = Line::open(CONFIG);
    line.signal(Signal::Offline);
    line.signal(Signal::Hidden);
    assert_eq!(line.drain(), []);
    assert_eq!(line.state(), State::Open);
}

#[test]
fn without_a_heartbeat_there_is_nothing_to_wait_for() {
    let mut line = Line::open(Config { heartbeat: None, ..CONFIG });
    line.signal(Signal::Wake);
    assert_eq!((line.drain(), line.core.poll_timeout()), (Vec::new(), None));
}

#[test]
fn without_retries_a_silent_line_is_an_error_and_the_end() {
    let mut line = Line::open(NEVER);
    line.pass_to_timeout();
    line.drain();
    line.pass_to_timeout();
    assert_eq!(line.drain(), [Output::HangUp(Epoch(1)), STATE, ERROR, CLOSE]);
}

#[test]
fn without_retries_a_line_that_is_dead_after_a_wake_is_an_error_and_the_end() {
    let mut line = Line::open(NEVER);
    line.signal(Signal::Wake);
    assert_eq!(line.drain(), [Output::Ping]);
    line.pass_to_timeout();
    assert_eq!(line.drain(), [Output::HangUp(Epoch(1)), STATE, ERROR, CLOSE]);
    assert_eq!(line.core.poll_timeout(), None);
}

#[test]
fn a_line_that_did_not_hold_widens_the_window() {
    let mut line = Line::open(CONFIG);
    line.pass(4_999).fail();
    line.drain();
    line.pass_to_timeout().opened();
    line.pass(4_999).fail();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(2));
}

#[test]
fn a_line_that_held_starts_anew() {
    let mut line = Line::waiting(CONFIG);
    line.pass_to_timeout().opened();
    line.pass(5_000).fail();
    line.drain();
    line.pass_to_timeout().opened();
    line.drain();
    line.pass(5_000).fail();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(1));
}

#[test]
fn a_reconnect_replaces_it_and_says_so() {
    let mut line = Line::open(CONFIG);
    line.reconnect();
    let drop = Drop { cause: Cause::Reconnect, code: 1006, attempt: 1, delay: 0, last: false };
    let told = Output::Notify(Event::Drop(drop));
    assert_eq!(line.drain(), [Output::HangUp(Epoch(1)), DIALS(2), told, STATE]);
    assert_eq!(line.drops(Cause::Reconnect), 1);
}

#[test]
fn a_reconnect_that_fails_was_the_first_dial_since_the_line_that_held() {
    let mut line = Line::open(CONFIG);
    line.pass(5_000).reconnect();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(1));
    line.fail();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(2));
}

#[test]
fn a_reconnect_from_a_line_that_did_not_hold_is_one_dial_more() {
    let mut line = Line::waiting(CONFIG);
    line.pass_to_timeout().opened();
    line.drain();
    line.pass(4_999).reconnect();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(2));
}

#[test]
fn without_retries_each_reconnect_is_the_first_dial() {
    let mut line = Line::open(NEVER);
    for _ in 0..3 {
        line.reconnect();
        assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(1));
        line.opened();
    }
}

#[test]
fn a_socket_that_is_about_to_close_takes_nothing_more() {
    let mut line = Line::open(CONFIG);
    line.core.handle_ending(Epoch(1));
    assert!(!line.core.is_writable());
    assert_eq!(line.send(7), Ok(()));
    assert_eq!((line.drain(), line.core.queued()), (Vec::new(), 7));
}

#[test]
fn what_is_to_be_done_is_done_before_anything_is_told() {
    let mut line = Line::open(CONFIG);
    line.reconnect();
    // Given out behind the drop, the dial would follow the close of whoever hears of it.
    assert_eq!(line.core.poll(), Some(Output::HangUp(Epoch(1))));
    assert_eq!(line.core.poll(), Some(DIALS(2)));
}
