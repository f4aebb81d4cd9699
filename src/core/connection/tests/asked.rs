#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// A line that was lost with this code, and the question.
fn asked(code: u16) -> (Line, Drop) {
    let mut line = Line::open(ASK);
    line.pass(6_000).lose(code, true);
    let drop = line.drain_drop().unwrap_or_else(|| unreachable!());
    (line, drop)
}

#[test]
fn the_question_says_what_would_happen() {
    let (_, drop) = asked(1001);
    assert_eq!((drop.code, drop.attempt, drop.last), (1001, 1, false));
    assert!(asked(1000).1.last);
}

#[test]
fn by_default_it_is_dialled_again_and_a_final_code_ends_it() {
    let (mut line, drop) = asked(1001);
    line.answer(Verdict::Default);
    assert_eq!(line.drain(), [Output::Notify(Event::Drop(drop))]);
    let (mut line, _) = asked(1000);
    line.answer(Verdict::Default);
    assert_eq!(line.drain(), [STATE, CLOSE]);
}

#[test]
fn the_user_may_retry_what_is_final() {
    let (mut line, drop) = asked(1000);
    line.answer(Verdict::Retry);
    assert_eq!(line.drain(), [Output::Notify(Event::Drop(Drop { last: false, ..drop }))]);
    assert_eq!(line.core.poll_timeout(), Some(line.now + drop.delay));
}

#[test]
fn the_user_may_say_when() {
    let (mut line, _) = asked(1001);
    line.answer(Verdict::After(77));
    assert_eq!(line.drain_drop().map(|drop| drop.delay), Some(77));
    assert_eq!(line.core.poll_timeout(), Some(line.now + 77));
}

#[test]
fn no_signal_shortens_the_wait_that_the_user_has_said() {
    for signal in [Signal::Online, Signal::Visible, Signal::Wake] {
        let (mut line, _) = asked(1001);
        line.answer(Verdict::After(60_000));
        assert!(line.ignores(|line| line.pass(2_000).signal(signal)), "{signal:?}");
        line.pass_to_timeout();
        assert!(line.drain().contains(&DIALS(2)), "{signal:?}");
    }
}

#[test]
fn a_signal_shortens_the_wait_that_the_user_has_left_to_the_backoff() {
    for verdict in [Verdict::Default, Verdict::Retry] {
        let (mut line, _) = asked(1012);
        line.answer(verdict);
        line.drain();
        line.signal(Signal::Online);
        assert_eq!(line.drain(), [DIALS(2), STATE], "{verdict:?}");
    }
}

#[test]
fn the_user_may_give_up() {
    let (mut line, _) = asked(1001);
    line.answer(Verdict::GiveUp);
    assert_eq!(line.drain(), [STATE, CLOSE]);
}

#[test]
fn a_second_verdict_changes_nothing() {
    let (mut line, _) = asked(1001);
    line.answer(Verdict::Default);
    assert!(line.ignores(|line| line.answer(Verdict::GiveUp)));
}

#[test]
fn the_verdict_on_an_earlier_loss_is_none_on_this_one() {
    let (mut line, first) = asked(1006);
    line.answer(Verdict::After(0));
    line.pass_to_timeout().fail();
    let second = line.drain_drop();
    assert_ne!(second, Some(first));
    assert!(line.ignores(|line| line.core.handle_verdict(line.now, Epoch(1), Verdict::GiveUp)));
}

#[test]
fn a_reconnect_in_place_of_an_answer_tells_the_loss() {
    let (mut line, drop) = asked(1001);
    line.reconnect();
    let told = Output::Notify(Event::Drop(Drop { delay: 0, ..drop }));
    assert_eq!(line.drain(), [DIALS(2), told, STATE]);
    assert!(line.ignores(|line| line.answer(Verdict::GiveUp)));
}

#[test]
fn a_close_in_place_of_an_answer_is_the_end() {
    let (mut line, _) = asked(1001);
    line.core.close(line.now);
    line.answer(Verdict::Retry);
    line.pass_to_timeout();
    assert_eq!(line.drain(), [STATE, STATE, ERROR, CLOSE]);
}

#[test]
fn who_has_acted_is_not_asked() {
    let mut line = Line::open(ASK);
    line.pass(6_000).lose(1001, true);
    assert_eq!(line.core.poll(), Some(STATE));
    line.reconnect();
    assert!(!line.drain().iter().any(|output| matches!(output, Output::Consult(..))));
}

#[test]
fn a_question_that_nobody_answers_is_answered_by_default() {
    let (mut line, drop) = asked(1000);
    line.pass(drop.delay).tick();
    assert_eq!(line.drain(), [STATE, CLOSE]);
}
