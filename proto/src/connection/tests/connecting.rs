use super::*;

#[test]
fn the_first_output_is_the_first_attempt() {
    let mut connection = Connection::<u64>::new(CONFIG, Millis(0), 1);
    assert_eq!(connection.poll(), Some(CONNECT(1)));
    assert_eq!(connection.state(), State::Connecting);
}

#[test]
fn a_handshake_opens_it() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.opened();
    assert_eq!(fixture.drain(), [STATE, OPEN]);
    assert_eq!(fixture.state(), State::Open);
}

#[test]
fn what_the_user_sends_at_the_open_event_goes_before_what_was_queued() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert_eq!(fixture.send(1), Ok(MessageId(1)));
    fixture.opened();
    assert_eq!([fixture.connection.poll(), fixture.connection.poll()], [Some(STATE), Some(OPEN)]);
    assert_eq!(fixture.send(2), Ok(MessageId(2)));
    let second = [Output::Transmit(2), settle(2, 2, Outcome::Sent)];
    let first = [Output::Transmit(1), settle(1, 1, Outcome::Sent)];
    assert_eq!(fixture.drain(), [second, first].concat());
}

#[test]
fn queued_messages_are_settled_as_closed_if_the_user_closes_at_the_open_event() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert_eq!(fixture.send(1), Ok(MessageId(1)));
    fixture.opened();
    fixture.connection.close(fixture.now);
    fixture.lose(1000, true);
    assert!(fixture.drain().contains(&settle(1, 1, Outcome::Closed)));
}

#[test]
fn a_message_that_has_expired_is_not_sent() {
    let mut fixture = Fixture::connecting(Config { connect_timeout: 90_000, ..CONFIG });
    assert_eq!(fixture.send(1), Ok(MessageId(1)));
    fixture.pass(60_000).opened();
    assert_eq!(fixture.drain(), [STATE, settle(1, 1, Outcome::Expired), OPEN]);
}

#[test]
fn a_full_queue_refuses() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert_eq!([60, 41].map(|message| fixture.send(message)), [Ok(MessageId(1)), Err(SendError::Full)]);
}

#[test]
fn expired_messages_make_room_though_their_timer_is_late() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert_eq!(fixture.send(100), Ok(MessageId(1)));
    fixture.pass(60_000);
    assert_eq!(fixture.send(99), Ok(MessageId(2)));
    assert_eq!(fixture.drain(), [settle(1, 100, Outcome::Expired)]);
}

#[test]
fn the_oldest_message_makes_room_under_drop_oldest() {
    let limits = CONFIG.queue.map(|limits| Limits { overflow: Overflow::DropOldest, ..limits });
    let mut fixture = Fixture::connecting(Config { queue: limits, ..CONFIG });
    assert_eq!([60, 41].map(|message| fixture.send(message)), [Ok(MessageId(1)), Ok(MessageId(2))]);
    assert_eq!(fixture.drain(), [settle(1, 60, Outcome::Overflow)]);
    assert_eq!(fixture.connection.queued(), 41);
}

#[test]
fn without_a_queue_a_message_is_refused() {
    let mut fixture = Fixture::connecting(Config { queue: None, ..CONFIG });
    assert_eq!(fixture.send(1), Err(SendError::NotOpen));
}

#[test]
fn an_attempt_that_hangs_is_the_end_of_a_connection_that_ends_with_its_native_socket() {
    let mut fixture = Fixture::connecting(ONCE);
    fixture.pass_to_timeout();
    assert_eq!(fixture.now, Millis(10_000));
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE, ERROR, CLOSE_AFTER(Cause::Timeout)]);
}

#[test]
fn an_attempt_that_hangs_is_abandoned() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert_eq!(fixture.connection.poll_timeout(), Some(Millis(10_000)));
    fixture.pass_to_timeout();
    assert_eq!(fixture.connection.poll(), Some(Output::Abandon(Attempt(1))));
    assert_eq!(fixture.drops(Cause::Timeout), 1);
    assert_eq!(fixture.state(), State::Waiting);
}

#[test]
fn a_late_timer_gives_an_attempt_two_seconds_more() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.pass(8 * 3_600_000).tick();
    assert_eq!(fixture.drain(), []);
    assert_eq!(fixture.connection.poll_timeout(), Some(fixture.now + 2_000));
    let mut opened = fixture.clone();
    opened.opened();
    assert_eq!(opened.drain(), [STATE, OPEN]);
    fixture.pass_to_timeout();
    assert_eq!(fixture.connection.poll(), Some(Output::Abandon(Attempt(1))));
    assert_eq!(fixture.drops(Cause::Timeout), 1);
}

#[test]
fn where_every_timer_is_late_an_attempt_that_hangs_is_abandoned_in_the_end() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.pass(60_000).tick();
    fixture.pass(60_000).tick();
    assert_eq!(fixture.drain(), []);
    fixture.pass(60_000).tick();
    assert_eq!(fixture.connection.poll(), Some(Output::Abandon(Attempt(1))));
}

#[test]
fn without_retries_an_attempt_may_take_for_ever() {
    let mut fixture = Fixture::connecting(NEVER);
    assert_eq!(fixture.connection.poll_timeout(), None);
    assert!(fixture.ignores(|fixture| {
        fixture.pass(600_000).tick();
    }));
}

#[test]
fn without_retries_the_error_of_the_native_socket_is_told_once() {
    let mut fixture = Fixture::connecting(NEVER);
    fixture.connection.handle_error(Attempt(1));
    fixture.fail();
    assert_eq!(fixture.drain(), [ERROR, STATE, CLOSE]);
}

#[test]
fn without_retries_a_missing_url_is_an_error_and_the_end() {
    let mut fixture = Fixture::connecting(NEVER);
    fixture.connection.handle_no_url(fixture.now, Attempt(1));
    assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE_AFTER(Cause::Url)]);
}

#[test]
fn a_missing_url_is_a_drop_with_nothing_to_abandon() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.connection.handle_no_url(fixture.now, Attempt(1));
    assert_eq!(fixture.connection.poll(), Some(STATE));
    assert_eq!(fixture.drain_drop().map(|drop| drop.cause), Some(Cause::Url));
}

#[test]
fn an_error_is_not_told_before_the_native_socket_has_closed() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert!(fixture.ignores(|fixture| fixture.connection.handle_error(Attempt(1))));
}

#[test]
fn input_of_older_attempts_changes_nothing() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert!(fixture.ignores(|fixture| fixture.connection.handle_opened(Millis(0), Attempt(0))));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_closed(Millis(0), Attempt(0), 1000, true)));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_no_url(Millis(0), Attempt(0))));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_message(Attempt(0), 1)));
}

#[test]
fn a_reconnect_leaves_an_attempt_that_is_under_way() {
    let mut fixture = Fixture::connecting(CONFIG);
    assert!(fixture.ignores(Fixture::reconnect));
}

#[test]
fn a_reconnect_makes_an_attempt_that_is_under_way_the_first() {
    let retry = Retry { first: 10, ..RETRY };
    let mut fixture = Fixture::connecting(Config { policy: Policy::Retry(retry), ..CONFIG });
    for _ in 0..9 {
        fixture.fail();
        fixture.pass_to_timeout();
    }
    fixture.drain();
    fixture.reconnect();
    assert_eq!(fixture.drain(), []);
    fixture.fail();
    let drop = fixture.drain_drop().unwrap_or_else(|| unreachable!());
    assert!(drop.attempt == 2 && drop.delay <= 10, "{drop:?}");
}

#[test]
fn failures_are_counted_from_the_first_attempt() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.fail();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(2));
    fixture.pass_to_timeout().fail();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(3));
}

#[test]
fn the_attempt_of_the_number_of_the_limit_is_the_last() {
    let config = Config { policy: Policy::Retry(Retry { limit: 3, ..RETRY }), ..CONFIG };
    let mut fixture = Fixture::connecting(config);
    for tries in 1..=3 {
        assert_eq!((fixture.state(), fixture.connection.tries()), (State::Connecting, tries));
        fixture.fail();
        fixture.drain();
        if tries < 3 {
            assert_eq!((fixture.state(), fixture.connection.tries()), (State::Waiting, tries + 1));
            fixture.pass_to_timeout();
        }
    }
    assert_eq!((fixture.state(), fixture.connection.tries()), (State::Closed, 3));
    fixture.reconnect();
    assert_eq!((fixture.state(), fixture.connection.tries()), (State::Connecting, 1));
}

#[test]
fn an_attempt_of_a_hidden_page_has_the_number_of_the_one_before() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.signal(Signal::Hidden);
    fixture.fail();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(1));
}

#[test]
fn signals_do_nothing_to_an_attempt_that_is_under_way() {
    for signal in [Signal::Online, Signal::Visible, Signal::Wake] {
        let mut fixture = Fixture::connecting(CONFIG);
        assert!(fixture.ignores(|fixture| fixture.signal(signal)), "{signal:?}");
    }
}

#[test]
fn a_close_before_there_is_a_native_socket_does_not_wait() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.connection.close_unanswered(fixture.now);
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE]);
    assert_eq!(fixture.connection.poll_timeout(), Some(fixture.now));
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE]);
}
