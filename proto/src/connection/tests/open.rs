use super::*;

#[test]
fn a_message_is_transmitted_at_once() {
    let mut fixture = Fixture::open(CONFIG);
    assert_eq!(fixture.send(7), Ok(MessageId(1)));
    assert_eq!(fixture.drain(), [Output::Transmit(7), settle(1, 7, Outcome::Sent)]);
    assert_eq!(fixture.connection.stats().bytes_out, 7);
}

#[test]
fn a_drop_is_told_once_with_its_cause_and_its_delay() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.pass(6_000).lose(1011, true);
    let drops: Vec<Dropped> = core::iter::from_fn(|| fixture.drain_drop()).collect();
    let &[Dropped { cause: Cause::Close, code: 1011, attempt: 1, delay, last: false }] = drops.as_slice() else {
        unreachable!("{drops:?}");
    };
    assert!(delay <= 5_000);
    assert_eq!(fixture.connection.poll_timeout(), Some(fixture.now + delay));
}

#[test]
fn some_codes_are_final() {
    for code in [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4401, 4499] {
        let mut fixture = Fixture::open(CONFIG);
        fixture.lose(code, true);
        assert_eq!(fixture.drain(), [STATE, CLOSE_AFTER(Cause::Close)], "{code}");
    }
}

#[test]
fn other_codes_are_not_final() {
    for code in [999, 1001, 1004, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3000, 4000, 4399, 4500, 5000] {
        let mut fixture = Fixture::open(CONFIG);
        fixture.lose(code, true);
        assert_eq!(fixture.state(), State::Waiting, "{code}");
    }
}

#[test]
fn a_server_that_restarts_is_given_the_first_window() {
    for code in [1012, 1013] {
        let mut fixture = Fixture::open(CONFIG);
        fixture.lose(code, true);
        let delay = fixture.drain_drop().map(|drop| drop.delay).unwrap_or_default();
        assert!((5_000..=30_000).contains(&delay), "{code}: {delay}");
    }
}

#[test]
fn an_unclean_end_is_an_error() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.lose(1002, false);
    assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn without_retries_every_drop_is_the_end() {
    let mut fixture = Fixture::open(NEVER);
    fixture.lose(1001, true);
    assert_eq!(fixture.drain(), [STATE, CLOSE]);
}

#[test]
fn a_connection_that_ends_with_its_native_socket_does_not_reconnect() {
    let mut fixture = Fixture::open(ONCE);
    fixture.lose(1001, true);
    assert_eq!(fixture.drain(), [STATE, CLOSE]);
    assert!(!fixture.connection.reconnects());
}

#[test]
fn the_ready_state_is_that_of_the_native_socket_while_it_is_open_or_where_nothing_reconnects() {
    let [open, once, down] = [Fixture::open(CONFIG), Fixture::connecting(ONCE), Fixture::waiting(CONFIG)];
    let states =
        [&open, &once, &down].map(|fixture| [Some(2), None].map(|native| fixture.connection.ready_state(native)));
    assert_eq!(states, [[2, 1], [2, 0], [0, 0]]);
}

#[test]
fn where_nothing_reconnects_a_connection_is_not_down_once_its_native_socket_has_closed() {
    let [once, connecting] = [Fixture::connecting(ONCE), Fixture::connecting(CONFIG)];
    let down = [&once, &connecting].map(|fixture| [Some(0), Some(3)].map(|native| fixture.connection.is_down(native)));
    assert_eq!(down, [[true, false], [true, true]]);
    assert_eq!(once.connection.visible_state(Some(3)), State::Closed);
}

#[test]
fn a_silent_connection_is_pinged_and_then_dropped() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [Output::Ping]);
    fixture.pass_to_timeout();
    assert_eq!(fixture.connection.poll(), Some(Output::Abandon(Attempt(1))));
    assert_eq!(fixture.drain_drop().map(|drop| drop.cause), Some(Cause::Heartbeat));
    assert_eq!(fixture.now, Millis(35_000));
}

#[test]
fn the_round_trip_of_a_pong_is_measured() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.pass_to_timeout().pass(40).connection.handle_pong(Millis(25_040), Attempt(1));
    assert_eq!(fixture.connection.stats().round_trip.last, 40);
}

#[test]
fn a_late_timer_probes_before_it_kills() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.pass(8 * 3_600_000).tick();
    assert_eq!(fixture.drain(), [Output::Ping]);
    fixture.connection.handle_message(Attempt(1), 1);
    fixture.pass_to_timeout();
    assert_eq!(fixture.state(), State::Open);
}

#[test]
fn a_signal_probes_and_a_dead_connection_is_replaced_without_delay() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.pass(6_000).signal(Signal::Online);
    assert_eq!(fixture.drain(), [Output::Ping]);
    fixture.pass_to_timeout();
    let drop = fixture.drain_drop().unwrap_or_else(|| unreachable!());
    assert_eq!((drop.cause, drop.delay, fixture.now), (Cause::Wake, 0, Millis(8_000)));
    fixture.pass_to_timeout();
    assert_eq!(fixture.connection.poll(), Some(CONNECT(2)));
}

#[test]
fn many_signals_are_one_probe() {
    let mut fixture = Fixture::open(CONFIG);
    for _ in 0..15 {
        fixture.pass(100).signal(Signal::Online);
    }
    assert_eq!(fixture.drain(), [Output::Ping]);
    assert_eq!(fixture.connection.poll_timeout(), Some(Millis(2_100)));
}

#[test]
fn offline_and_hidden_alone_do_nothing_to_an_open_connection() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.signal(Signal::Offline);
    fixture.signal(Signal::Hidden);
    assert_eq!(fixture.drain(), []);
    assert_eq!(fixture.state(), State::Open);
}

#[test]
fn without_a_heartbeat_there_is_no_probe_and_no_timeout() {
    let mut fixture = Fixture::open(Config { heartbeat: None, ..CONFIG });
    fixture.signal(Signal::Wake);
    assert_eq!((fixture.drain(), fixture.connection.poll_timeout()), (Vec::new(), None));
}

#[test]
fn without_retries_a_silent_connection_is_an_error_and_the_end() {
    let mut fixture = Fixture::open(NEVER);
    fixture.pass_to_timeout();
    fixture.drain();
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE, ERROR, CLOSE_AFTER(Cause::Heartbeat)]);
}

#[test]
fn without_retries_a_connection_that_is_dead_after_a_wake_is_an_error_and_the_end() {
    let mut fixture = Fixture::open(NEVER);
    fixture.signal(Signal::Wake);
    assert_eq!(fixture.drain(), [Output::Ping]);
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE, ERROR, CLOSE_AFTER(Cause::Wake)]);
    assert_eq!(fixture.connection.poll_timeout(), None);
}

#[test]
fn a_connection_that_did_not_last_widens_the_window() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.pass(4_999).fail();
    fixture.drain();
    fixture.pass_to_timeout().opened();
    fixture.pass(4_999).fail();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(3));
}

#[test]
fn after_a_connection_that_lasted_attempts_count_from_one() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.pass_to_timeout().opened();
    fixture.pass(5_000).fail();
    fixture.drain();
    fixture.pass_to_timeout().opened();
    fixture.drain();
    fixture.pass(5_000).fail();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(1));
}

#[test]
fn a_reconnect_replaces_an_open_connection_and_tells_of_the_drop() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.reconnect();
    let drop = Dropped { cause: Cause::Reconnect, code: 1006, attempt: 1, delay: 0, last: false };
    let told = Output::Notify(Event::Drop(drop));
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), CONNECT(2), told, STATE]);
    assert_eq!(fixture.drops(Cause::Reconnect), 1);
}

#[test]
fn a_reconnect_that_fails_was_the_first_attempt_since_the_connection_that_lasted() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.pass(5_000).reconnect();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(1));
    fixture.fail();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(2));
}

#[test]
fn a_reconnect_from_a_connection_that_did_not_last_is_the_first_attempt() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.pass_to_timeout().opened();
    fixture.drain();
    fixture.pass(4_999).reconnect();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(1));
}

#[test]
fn without_retries_each_reconnect_is_the_first_attempt() {
    let mut fixture = Fixture::open(NEVER);
    for _ in 0..3 {
        fixture.reconnect();
        assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(1));
        fixture.opened();
    }
}

#[test]
fn a_native_socket_that_is_about_to_close_is_given_no_more_messages() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.connection.handle_ending(Attempt(1));
    assert!(!fixture.connection.is_writable());
    assert_eq!(fixture.send(7), Ok(MessageId(1)));
    assert_eq!((fixture.drain(), fixture.connection.queued()), (Vec::new(), 7));
}

#[test]
fn actions_come_before_notices() {
    let mut fixture = Fixture::open(CONFIG);
    fixture.reconnect();
    // Behind the notice of the drop, the attempt would follow the close of a user who closes when told.
    assert_eq!(fixture.connection.poll(), Some(Output::Abandon(Attempt(1))));
    assert_eq!(fixture.connection.poll(), Some(CONNECT(2)));
}

#[test]
fn each_message_has_an_id_of_its_own_in_the_order_of_sending() {
    let mut fixture = Fixture::open(CONFIG);
    assert_eq!([7, 8].map(|message| fixture.send(message)), [Ok(MessageId(1)), Ok(MessageId(2))]);
    let transmits = [Output::Transmit(7), Output::Transmit(8)];
    assert_eq!(fixture.drain(), [transmits, [settle(1, 7, Outcome::Sent), settle(2, 8, Outcome::Sent)]].concat());
    assert_eq!(fixture.connection.stats().messages_out, 2);
}

#[test]
fn a_message_that_was_sent_can_not_be_withdrawn() {
    let mut fixture = Fixture::open(CONFIG);
    assert_eq!(fixture.send(7), Ok(MessageId(1)));
    assert!(fixture.ignores(|fixture| assert_eq!(fixture.connection.withdraw(MessageId(1)), None)));
}

#[test]
fn a_close_of_a_connection_that_is_suspected_to_be_dead_does_not_wait() {
    for probe in [false, true] {
        let mut fixture = Fixture::open(CONFIG);
        if probe {
            fixture.signal(Signal::Wake);
        } else {
            fixture.pass_to_timeout();
        }
        assert_eq!(fixture.drain(), [Output::Ping]);
        if !probe {
            // Until then the pong may be on its way.
            let mut fixture = fixture.clone();
            fixture.pass(2_000);
            fixture.connection.close(fixture.now);
            assert_eq!(fixture.drain(), [STATE]);
        }
        fixture.pass(if probe { 0 } else { 2_001 });
        fixture.connection.close(fixture.now);
        assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE]);
        assert_eq!((fixture.state(), fixture.connection.poll_timeout()), (State::Closing, Some(fixture.now)));
        fixture.tick();
        assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE]);
    }
}

#[test]
fn a_close_of_a_connection_that_has_answered_waits() {
    for pong in [false, true] {
        let mut fixture = Fixture::open(CONFIG);
        fixture.pass_to_timeout().drain();
        if pong {
            fixture.connection.handle_pong(fixture.now, Attempt(1));
        } else {
            fixture.connection.handle_message(Attempt(1), 1);
        }
        fixture.connection.close(fixture.now);
        assert_eq!((fixture.drain(), fixture.connection.poll_timeout()), ([STATE].into(), Some(fixture.now + 5_000)));
    }
}

#[test]
fn without_retries_a_close_waits_for_a_connection_whose_ping_is_unanswered_too() {
    let mut fixture = Fixture::open(NEVER);
    fixture.pass_to_timeout().drain();
    fixture.connection.close(fixture.now);
    assert_eq!((fixture.drain(), fixture.connection.poll_timeout()), ([STATE].into(), None));
}

#[test]
fn a_connection_that_ends_with_its_native_socket_closes_at_once_if_its_ping_is_unanswered() {
    let mut fixture = Fixture::open(ONCE);
    fixture.pass_to_timeout().drain();
    fixture.pass(2_001);
    fixture.connection.close(fixture.now);
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE]);
    fixture.pass_to_timeout();
    assert_eq!((fixture.now, fixture.drain()), (Millis(27_001), [STATE, ERROR, CLOSE].into()));
}

#[test]
fn a_close_of_the_user_has_no_cause() {
    let mut fixture = Fixture::closing(CONFIG);
    fixture.lose(1006, false);
    assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE]);
}

#[test]
fn the_cause_of_a_drop_before_the_last_connection_is_not_that_of_the_close() {
    let mut fixture = Fixture::waiting(CONFIG);
    fixture.pass_to_timeout().opened();
    fixture.drain();
    fixture.connection.close(fixture.now);
    fixture.lose(1000, true);
    assert_eq!(fixture.drain(), [STATE, STATE, CLOSE]);
}
