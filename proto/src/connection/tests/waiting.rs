use super::*;

#[test]
fn the_next_attempt_begins_when_its_time_has_come() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [CONNECT(2), STATE]);
}

#[test]
fn a_timer_before_its_time_changes_nothing() {
    let mut fixture = Fixture::waiting(CONFIG);
    assert!(fixture.ignores(|fixture| fixture.connection.handle_timeout(fixture.now)));
}

#[test]
fn a_signal_brings_the_attempt_forward() {
    for signal in [Signal::Online, Signal::Visible, Signal::Wake] {
        let mut fixture = Fixture::waiting(CONFIG);
        fixture.signal(signal);
        assert_eq!(fixture.drain(), [CONNECT(2), STATE], "{signal:?}");
    }
}

#[test]
fn many_signals_bring_one_attempt_a_second() {
    let mut fixture = Fixture::waiting(CONFIG);
    let mut attempts = 0;
    for _ in 0..100 {
        fixture.pass(100).signal(Signal::Online);
        attempts += fixture.drain().iter().filter(|output| matches!(output, Output::Connect(_))).count();
        fixture.fail();
    }
    assert_eq!(attempts, 10);
}

#[test]
fn an_offline_connection_still_makes_attempts() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.signal(Signal::Offline);
    assert_eq!((fixture.drain(), fixture.state()), ([STATE].into(), State::Offline));
    fixture.pass_to_timeout();
    assert_eq!(fixture.state(), State::Connecting);
}

#[test]
fn a_hidden_page_waits_longer() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.signal(Signal::Hidden);
    fixture.pass_to_timeout().fail();
    let delay = fixture.drain_drop().map(|drop| drop.delay).unwrap_or_default();
    assert!((30_000..=40_000).contains(&delay), "{delay}");
}

#[test]
fn retries_run_out() {
    let mut fixture = Fixture::waiting(Config { policy: Policy::Retry(Retry { limit: 2, ..RETRY }), ..CONFIG });
    fixture.pass_to_timeout().fail();
    assert_eq!(fixture.state(), State::Waiting);
    fixture.drain();
    fixture.pass_to_timeout().fail();
    assert_eq!(fixture.drain(), [CONNECT(3), STATE, STATE, ERROR, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn the_drops_of_a_page_that_is_hidden_or_offline_do_not_count() {
    for signal in [Signal::Hidden, Signal::Offline] {
        let mut fixture = Fixture::waiting(Config { policy: Policy::Retry(Retry { limit: 1, ..RETRY }), ..CONFIG });
        fixture.signal(signal);
        for _ in 0..5 {
            fixture.pass_to_timeout().fail();
        }
        assert_ne!(fixture.state(), State::Closed, "{signal:?}");
    }
}

#[test]
fn a_message_that_is_queued_for_too_long_expires() {
    let mut fixture = Fixture::waiting(CONFIG);
    assert_eq!(fixture.send(5), Ok(MessageId(1)));
    fixture.pass_to_timeout();
    fixture.drain();
    fixture.pass(60_000).tick();
    assert!(fixture.drain().contains(&settle(1, 5, Outcome::Expired)));
}

#[test]
fn late_input_of_the_dropped_native_socket_changes_nothing() {
    let mut fixture = Fixture::waiting(CONFIG);
    assert!(fixture.ignores(|fixture| fixture.opened()));
    assert!(fixture.ignores(|fixture| fixture.lose(1000, true)));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_error(Attempt(1))));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_message(Attempt(1), 1)));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_pong(fixture.now, Attempt(1))));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_no_url(fixture.now, Attempt(1))));
}

#[test]
fn a_decision_that_was_not_asked_for_changes_nothing() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.fail();
    fixture.drain();
    assert!(fixture.ignores(|fixture| fixture.answer(Decision::GiveUp)));
}

#[test]
fn giving_up_closes_and_settles_what_is_queued() {
    let mut fixture = Fixture::waiting(CONFIG);
    assert_eq!(fixture.send(5), Ok(MessageId(1)));
    fixture.connection.give_up();
    assert_eq!(fixture.drain(), [settle(1, 5, Outcome::Closed), STATE, ERROR, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn giving_up_after_a_clean_close_is_no_error() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.lose(1001, true);
    fixture.drain();
    fixture.connection.give_up();
    assert_eq!(fixture.drain(), [STATE, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn a_close_while_no_native_socket_is_there_does_not_wait_and_abandons_nothing() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.connection.close(fixture.now);
    assert_eq!((fixture.drain(), fixture.connection.poll_timeout()), ([STATE].into(), Some(fixture.now)));
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE]);
}

#[test]
fn after_a_close_no_attempt_begins() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.connection.close(fixture.now);
    fixture.signal(Signal::Online);
    fixture.pass_to_timeout().pass_to_timeout();
    fixture.signal(Signal::Wake);
    assert!(!fixture.drain().iter().any(|output| matches!(output, Output::Connect(_))));
}

#[test]
fn a_reconnect_begins_at_once_and_the_backoff_with_the_first_window() {
    let retry = Retry { first: 10, limit: 2, ..RETRY };
    let mut fixture = Fixture::waiting(Config { policy: Policy::Retry(retry), ..CONFIG });
    for attempt in 2..9 {
        fixture.reconnect();
        assert_eq!(fixture.drain(), [CONNECT(attempt), STATE]);
        fixture.fail();
        let drop = fixture.drain_drop().unwrap_or_else(|| unreachable!());
        assert!(drop.attempt == 2 && drop.delay <= 10, "{drop:?}");
    }
}

#[test]
fn the_time_of_the_next_attempt_is_known_while_it_waits() {
    let mut fixture = Fixture::waiting(CONFIG);
    assert_eq!(fixture.connection.next_attempt(), fixture.connection.poll_timeout());
    fixture.pass_to_timeout();
    assert_eq!(fixture.connection.next_attempt(), None);
}

#[test]
fn a_close_of_the_user_who_waits_has_no_cause() {
    for config in [CONFIG, ASK] {
        let mut fixture = Fixture::waiting(config);
        fixture.connection.close(fixture.now);
        fixture.drain();
        fixture.pass_to_timeout();
        assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE]);
    }
}

#[test]
fn the_close_after_the_last_retry_tells_the_cause_of_the_last_drop() {
    let mut fixture = Fixture::waiting(Config { policy: Policy::Retry(Retry { limit: 1, ..RETRY }), ..CONFIG });
    fixture.pass_to_timeout();
    fixture.drain();
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(2)), STATE, ERROR, CLOSE_AFTER(Cause::Timeout)]);
}

#[test]
fn a_message_that_is_withdrawn_is_returned_at_once_and_settles_as_nothing() {
    let mut fixture = Fixture::waiting(CONFIG);
    assert_eq!([5, 6].map(|message| fixture.send(message)), [Ok(MessageId(1)), Ok(MessageId(2))]);
    assert_eq!(fixture.connection.withdraw(MessageId(1)), Some(5));
    assert_eq!(fixture.connection.withdraw(MessageId(1)), None);
    assert_eq!((fixture.drain(), fixture.connection.queued()), (Vec::new(), 6));
    fixture.pass_to_timeout().opened();
    let sent = [Output::Transmit(6), settle(2, 6, Outcome::Sent)];
    assert_eq!(fixture.drain(), [[CONNECT(2), STATE, STATE, OPEN].as_slice(), &sent].concat());
}
