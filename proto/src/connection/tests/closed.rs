use super::*;

#[test]
fn a_closed_connection_makes_no_attempt() {
    let mut fixture = Fixture::closed(CONFIG);
    assert_eq!(fixture.connection.poll_timeout(), None);
    for signal in [Signal::Wake, Signal::Online, Signal::Visible] {
        assert!(fixture.ignores(|fixture| fixture.signal(signal)), "{signal:?}");
    }
    assert!(fixture.ignores(|fixture| fixture.connection.handle_timeout(Millis(600_000))));
}

#[test]
fn late_input_of_the_native_socket_changes_nothing() {
    for config in [CONFIG, NEVER] {
        let mut fixture = Fixture::closed(config);
        assert!(fixture.ignores(|fixture| fixture.connection.handle_error(Attempt(1))));
        assert!(fixture.ignores(|fixture| fixture.lose(1006, false)));
        assert!(fixture.ignores(|fixture| fixture.connection.handle_message(Attempt(1), 1)));
    }
}

#[test]
fn a_closed_connection_accepts_no_message() {
    assert_eq!(Fixture::closed(CONFIG).send(1), Err(SendError::Closed));
}

#[test]
fn a_reconnect_opens_a_closed_connection_again() {
    let mut fixture = Fixture::closed(CONFIG);
    fixture.reconnect();
    assert_eq!(fixture.drain(), [CONNECT(2), STATE]);
    fixture.opened();
    assert_eq!(fixture.drain(), [STATE, OPEN]);
}

#[test]
fn after_a_close_attempts_count_from_one() {
    let mut fixture = Fixture::connecting(CONFIG);
    fixture.pass_to_timeout().pass_to_timeout();
    fixture.connection.give_up();
    fixture.connection.close_unanswered(fixture.now);
    fixture.pass_to_timeout();
    assert_eq!(fixture.state(), State::Closed);
    fixture.reconnect();
    fixture.fail();
    assert_eq!(fixture.drain_drop().map(|drop| drop.attempt), Some(2));
}
