use super::*;

/// The native socket is open, and the user authenticates.
fn authenticating(config: Config) -> Fixture {
    let mut fixture = Fixture::connecting(config);
    fixture.opened();
    assert_eq!(fixture.drain(), [Output::Authenticate(Attempt(1))]);
    fixture
}

fn authenticated(fixture: &mut Fixture) {
    fixture.connection.handle_authenticated(fixture.now, fixture.connection.attempt());
}

fn unauthenticated(fixture: &mut Fixture) {
    fixture.connection.handle_unauthenticated(fixture.now, fixture.connection.attempt());
}

#[test]
fn it_is_not_open_and_nothing_that_is_queued_leaves() {
    let mut fixture = authenticating(AUTHENTICATES);
    assert_eq!((fixture.state(), fixture.send(1).is_ok()), (State::Connecting, true));
    assert_eq!(fixture.drain(), []);
    assert!(!fixture.connection.is_writable() && !fixture.connection.is_receiving());
    authenticated(&mut fixture);
    let sent = settle(1, 1, Outcome::Sent);
    assert_eq!(fixture.drain(), [STATE, OPEN, Output::Transmit(1), sent]);
}

#[test]
fn without_retries_and_a_queue_no_message_goes_past_it() {
    let mut fixture = authenticating(Config { policy: Policy::Never, queue: None, ..AUTHENTICATES });
    assert_eq!(
        (fixture.connection.is_writable(), fixture.connection.visible_state(Some(1))),
        (false, State::Connecting)
    );
    assert_eq!(fixture.send(1), Err(SendError::NotOpen));
    authenticated(&mut fixture);
    assert_eq!((fixture.connection.is_writable(), fixture.connection.visible_state(Some(2))), (true, State::Closing));
}

#[test]
fn a_user_who_can_not_authenticate_keeps_the_queue_and_reconnects() {
    let mut fixture = authenticating(AUTHENTICATES);
    assert!(fixture.send(1).is_ok());
    unauthenticated(&mut fixture);
    let outputs = fixture.drain();
    let [Output::Abandon(Attempt(1)), STATE, Output::Notify(Event::Drop(drop))] = outputs.as_slice() else {
        unreachable!("{outputs:?}");
    };
    assert_eq!((drop.cause, drop.attempt, fixture.connection.queued()), (Cause::Authenticate, 2, 1));
}

#[test]
fn without_retries_a_user_who_can_not_authenticate_is_the_end() {
    let mut fixture = authenticating(Config { policy: Policy::Never, ..AUTHENTICATES });
    unauthenticated(&mut fixture);
    let close = CLOSE_AFTER(Cause::Authenticate);
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE, ERROR, close]);
}

#[test]
fn it_may_take_as_long_as_a_handshake() {
    for policy in [CONFIG.policy, Policy::Never] {
        let mut fixture = authenticating(Config { policy, ..AUTHENTICATES });
        assert_eq!(fixture.connection.poll_timeout(), Some(Millis(10_000)));
        fixture.pass_to_timeout();
        assert_eq!(fixture.drops(Cause::Timeout), 1, "{policy:?}");
    }
}

#[test]
fn a_native_socket_that_closes_meanwhile_keeps_the_queue() {
    let mut fixture = authenticating(AUTHENTICATES);
    assert!(fixture.send(1).is_ok());
    fixture.lose(4000, true);
    assert_eq!(fixture.drain_drop().map(|drop| (drop.cause, drop.code)), Some((Cause::Close, 4000)));
    assert_eq!(fixture.connection.queued(), 1);
}

#[test]
fn each_native_socket_is_authenticated() {
    let mut fixture = authenticating(AUTHENTICATES);
    authenticated(&mut fixture);
    fixture.fail();
    fixture.pass_to_timeout().opened();
    assert!(fixture.drain().contains(&Output::Authenticate(Attempt(2))));
}

#[test]
fn what_comes_of_an_older_attempt_changes_nothing() {
    let mut fixture = authenticating(AUTHENTICATES);
    fixture.fail();
    fixture.pass_to_timeout().opened();
    fixture.drain();
    let now = fixture.now;
    assert!(fixture.ignores(|fixture| fixture.connection.handle_authenticated(now, Attempt(1))));
    assert!(fixture.ignores(|fixture| fixture.connection.handle_unauthenticated(now, Attempt(1))));
}

#[test]
fn an_open_connection_is_not_authenticated_again() {
    let mut fixture = Fixture::open(CONFIG);
    assert!(fixture.ignores(authenticated) && fixture.ignores(unauthenticated));
}

#[test]
fn a_close_and_a_reconnect_are_those_of_an_attempt() {
    let mut fixture = authenticating(AUTHENTICATES);
    assert!(fixture.ignores(Fixture::reconnect));
    fixture.connection.close(fixture.now);
    assert_eq!(fixture.state(), State::Closing);
    assert!(fixture.ignores(authenticated));
}
