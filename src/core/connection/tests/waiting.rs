#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn its_time_brings_the_next_dial() {
    let mut line = Line::waiting(CONFIG);
    line.pass_to_timeout();
    assert_eq!(line.drain(), [DIALS(2), STATE]);
}

#[test]
fn a_timer_before_its_time_brings_nothing() {
    let mut line = Line::waiting(CONFIG);
    assert!(line.ignores(|line| line.core.handle_timeout(line.now)));
}

#[test]
fn a_signal_brings_the_dial_forward() {
    for signal in [Signal::Online, Signal::Visible, Signal::Wake] {
        let mut line = Line::waiting(CONFIG);
        line.signal(signal);
        assert_eq!(line.drain(), [DIALS(2), STATE], "{signal:?}");
    }
}

#[test]
fn a_storm_of_signals_dials_once_a_second() {
    let mut line = Line::waiting(CONFIG);
    let mut dials = 0;
    for _ in 0..100 {
        line.pass(100).signal(Signal::Online);
        dials += line.drain().iter().filter(|output| matches!(output, Output::Dial(_))).count();
        line.fail();
    }
    assert_eq!(dials, 10);
}

#[test]
fn offline_is_a_state_that_still_dials() {
    let mut line = Line::waiting(CONFIG);
    line.signal(Signal::Offline);
    assert_eq!((line.drain(), line.state()), ([STATE].into(), State::Offline));
    line.pass_to_timeout();
    assert_eq!(line.state(), State::Connecting);
}

#[test]
fn a_hidden_page_waits_longer() {
    let mut line = Line::waiting(CONFIG);
    line.signal(Signal::Hidden);
    line.pass_to_timeout().fail();
    let delay = line.drain_drop().map(|drop| drop.delay).unwrap_or_default();
    assert!((30_000..=40_000).contains(&delay), "{delay}");
}

#[test]
fn retries_run_out() {
    let mut line = Line::waiting(Config { policy: Policy::Retry(Retry { limit: 2, ..RETRY }), ..CONFIG });
    line.pass_to_timeout().fail();
    assert_eq!(line.state(), State::Waiting);
    line.drain();
    line.pass_to_timeout().fail();
    assert_eq!(line.drain(), [DIALS(3), STATE, STATE, ERROR, CLOSE]);
}

#[test]
fn a_page_that_is_hidden_or_offline_does_not_burn_retries() {
    for signal in [Signal::Hidden, Signal::Offline] {
        let mut line = Line::waiting(Config { policy: Policy::Retry(Retry { limit: 1, ..RETRY }), ..CONFIG });
        line.signal(signal);
        for _ in 0..5 {
            line.pass_to_timeout().fail();
        }
        assert_ne!(line.state(), State::Closed, "{signal:?}");
    }
}

#[test]
fn what_is_sent_waits_and_what_waits_for_too_long_is_returned() {
    let mut line = Line::waiting(CONFIG);
    assert_eq!(line.send(5), Ok(()));
    line.pass_to_timeout();
    line.drain();
    line.pass(60_000).tick();
    assert!(line.drain().contains(&Output::Return(5, Fate::Expired)));
}

#[test]
fn what_the_lost_socket_still_says_changes_nothing() {
    let mut line = Line::waiting(CONFIG);
    assert!(line.ignores(|line| line.opened()));
    assert!(line.ignores(|line| line.lose(1000, true)));
    assert!(line.ignores(|line| line.core.handle_error(Epoch(1))));
    assert!(line.ignores(|line| line.core.handle_message(Epoch(1), 1)));
    assert!(line.ignores(|line| line.core.handle_reply(line.now, Epoch(1))));
    assert!(line.ignores(|line| line.core.handle_no_url(line.now, Epoch(1))));
}

#[test]
fn a_verdict_that_nobody_asked_for_changes_nothing() {
    let mut line = Line::open(CONFIG);
    line.fail();
    line.drain();
    assert!(line.ignores(|line| line.answer(Verdict::GiveUp)));
}

#[test]
fn giving_up_is_the_end_and_hands_back_what_waits() {
    let mut line = Line::waiting(CONFIG);
    assert_eq!(line.send(5), Ok(()));
    line.core.give_up();
    assert_eq!(line.drain(), [Output::Return(5, Fate::Closed), STATE, ERROR, CLOSE]);
}

#[test]
fn giving_up_after_a_clean_close_is_no_error() {
    let mut line = Line::open(CONFIG);
    line.lose(1001, true);
    line.drain();
    line.core.give_up();
    assert_eq!(line.drain(), [STATE, CLOSE]);
}

#[test]
fn a_close_waits_for_nobody_and_hangs_nothing_up() {
    let mut line = Line::waiting(CONFIG);
    line.core.close(line.now);
    assert_eq!((line.drain(), line.core.poll_timeout()), ([STATE].into(), Some(line.now)));
    line.pass_to_timeout();
    assert_eq!(line.drain(), [STATE, ERROR, CLOSE]);
}

#[test]
fn after_a_close_nothing_dials() {
    let mut line = Line::waiting(CONFIG);
    line.core.close(line.now);
    line.signal(Signal::Online);
    line.pass_to_timeout().pass_to_timeout();
    line.signal(Signal::Wake);
    assert!(!line.drain().iter().any(|output| matches!(output, Output::Dial(_))));
}

#[test]
fn a_reconnect_dials_at_once_and_starts_anew() {
    let retry = Retry { first: 10, limit: 2, ..RETRY };
    let mut line = Line::waiting(Config { policy: Policy::Retry(retry), ..CONFIG });
    for attempt in 2..9 {
        line.reconnect();
        assert_eq!(line.drain(), [DIALS(attempt), STATE]);
        line.fail();
        let drop = line.drain_drop().unwrap_or_else(|| unreachable!());
        assert!(drop.attempt == attempt && drop.delay <= 10, "{drop:?}");
    }
}
