use super::*;

/// A connection that dropped with this code, and what the user is asked about.
fn asked(code: u16) -> (Fixture, Dropped) {
    let mut fixture = Fixture::open(ASK);
    fixture.pass(6_000).lose(code, true);
    let drop = fixture.drain_drop().unwrap_or_else(|| unreachable!());
    (fixture, drop)
}

#[test]
fn the_user_is_told_what_happens_by_default() {
    let (_, drop) = asked(1001);
    assert_eq!((drop.code, drop.attempt, drop.last), (1001, 1, false));
    assert!(asked(1000).1.last);
}

#[test]
fn by_default_it_reconnects_and_a_final_code_ends_it() {
    let (mut fixture, drop) = asked(1001);
    fixture.answer(Decision::Default);
    assert_eq!(fixture.drain(), [STATE, Output::Notify(Event::Drop(drop))]);
    let (mut fixture, _) = asked(1000);
    fixture.answer(Decision::Default);
    assert_eq!(fixture.drain(), [STATE, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn the_user_may_reconnect_after_a_final_code() {
    let (mut fixture, drop) = asked(1000);
    fixture.answer(Decision::Retry);
    assert_eq!(fixture.drain(), [STATE, Output::Notify(Event::Drop(Dropped { last: false, ..drop }))]);
    assert_eq!(fixture.connection.poll_timeout(), Some(fixture.now + drop.delay));
}

#[test]
fn the_user_may_decide_the_delay() {
    let (mut fixture, _) = asked(1001);
    fixture.answer(Decision::After(77));
    assert_eq!(fixture.drain_drop().map(|drop| drop.delay), Some(77));
    assert_eq!(fixture.connection.poll_timeout(), Some(fixture.now + 77));
}

#[test]
fn no_signal_shortens_the_delay_that_the_user_has_decided() {
    for signal in [Signal::Online, Signal::Visible, Signal::Wake] {
        let (mut fixture, _) = asked(1001);
        fixture.answer(Decision::After(60_000));
        assert!(fixture.ignores(|fixture| fixture.pass(2_000).signal(signal)), "{signal:?}");
        fixture.pass_to_timeout();
        assert!(fixture.drain().contains(&CONNECT(2)), "{signal:?}");
    }
}

#[test]
fn a_signal_shortens_the_delay_that_the_user_has_left_to_the_backoff() {
    for decision in [Decision::Default, Decision::Retry] {
        let (mut fixture, _) = asked(1012);
        fixture.answer(decision);
        fixture.drain();
        fixture.signal(Signal::Online);
        assert_eq!(fixture.drain(), [CONNECT(2), STATE], "{decision:?}");
    }
}

#[test]
fn the_user_may_give_up() {
    let (mut fixture, _) = asked(1001);
    fixture.answer(Decision::GiveUp);
    assert_eq!(fixture.drain(), [STATE, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn a_user_who_is_told_of_the_state_has_decided() {
    let mut fixture = Fixture::open(ASK);
    fixture.pass(6_000).lose(1001, true);
    assert!(matches!(fixture.connection.poll(), Some(Output::Decide(..))));
    assert_eq!(fixture.connection.poll(), None);
    fixture.answer(Decision::After(77));
    assert_eq!(fixture.connection.poll(), Some(STATE));
    assert_eq!(fixture.connection.next_attempt(), Some(fixture.now + 77));
}

#[test]
fn a_second_decision_changes_nothing() {
    let (mut fixture, _) = asked(1001);
    fixture.answer(Decision::Default);
    assert!(fixture.ignores(|fixture| fixture.answer(Decision::GiveUp)));
}

#[test]
fn a_decision_about_an_earlier_drop_does_not_count_for_a_later_one() {
    let (mut fixture, first) = asked(1006);
    fixture.answer(Decision::After(0));
    fixture.pass_to_timeout().fail();
    let second = fixture.drain_drop();
    assert_ne!(second, Some(first));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_decision(fixture.now, Attempt(1), Decision::GiveUp)));
}

#[test]
fn a_reconnect_instead_of_a_decision_tells_of_the_drop() {
    let (mut fixture, drop) = asked(1001);
    fixture.reconnect();
    let told = Output::Notify(Event::Drop(Dropped { delay: 0, ..drop }));
    assert_eq!(fixture.drain(), [CONNECT(2), told, STATE]);
    assert!(fixture.ignores(|fixture| fixture.answer(Decision::GiveUp)));
}

#[test]
fn a_close_instead_of_a_decision_is_the_end() {
    let (mut fixture, _) = asked(1001);
    fixture.connection.close(fixture.now);
    fixture.answer(Decision::Retry);
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [STATE, STATE, ERROR, CLOSE]);
}

#[test]
fn a_user_who_has_reconnected_is_not_asked() {
    let mut fixture = Fixture::open(ASK);
    fixture.pass(6_000).lose(1001, true);
    fixture.reconnect();
    assert!(!fixture.drain().iter().any(|output| matches!(output, Output::Decide(..))));
}

#[test]
fn a_decision_that_never_comes_is_the_default() {
    let (mut fixture, drop) = asked(1000);
    fixture.pass(drop.delay).tick();
    assert_eq!(fixture.drain(), [STATE, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn a_decision_does_not_outlive_the_limit() {
    let config = Config { policy: Policy::Ask(Retry { limit: 2, ..RETRY }), ..CONFIG };
    for decision in [Decision::Retry, Decision::After(0), Decision::Default] {
        let mut fixture = Fixture::connecting(config);
        fixture.fail();
        assert_eq!(fixture.drain_drop().map(|drop| drop.last), Some(false));
        fixture.answer(decision);
        fixture.pass_to_timeout();
        assert!(fixture.drain().contains(&CONNECT(2)), "{decision:?}");
        fixture.fail();
        assert_eq!(fixture.drain_drop().map(|drop| drop.last), Some(true));
        fixture.answer(decision);
        assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE_AFTER(Cause::Close)], "{decision:?}");
    }
}

#[test]
fn a_decision_to_reconnect_counts_from_the_last_connection_that_lasted() {
    let config = Config { policy: Policy::Ask(Retry { limit: 1, ..RETRY }), ..CONFIG };
    let mut fixture = Fixture::open(config);
    for _ in 0..3 {
        fixture.pass(6_000).lose(1000, true);
        fixture.drain();
        fixture.answer(Decision::After(0));
        fixture.pass_to_timeout().opened();
        fixture.drain();
        assert_eq!(fixture.state(), State::Open);
    }
}

#[test]
fn a_user_who_gives_up_is_told_the_cause_of_the_drop() {
    let mut fixture = Fixture::open(ASK);
    fixture.pass_to_timeout().pass_to_timeout();
    assert_eq!(fixture.drain_drop().map(|drop| drop.cause), Some(Cause::Heartbeat));
    fixture.answer(Decision::GiveUp);
    assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE_AFTER(Cause::Heartbeat)]);
}
