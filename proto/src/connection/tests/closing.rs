use super::*;

#[test]
fn the_peer_has_the_close_timeout_to_answer() {
    let mut fixture = Fixture::closing(CONFIG);
    assert_eq!(fixture.connection.poll_timeout(), Some(Millis(5_000)));
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE, ERROR, CLOSE]);
}

#[test]
fn the_answer_of_the_peer_is_the_end() {
    let mut fixture = Fixture::closing(CONFIG);
    fixture.lose(1000, true);
    assert_eq!(fixture.drain(), [STATE, CLOSE]);
    assert_eq!(fixture.drops(Cause::Close), 0);
}

#[test]
fn without_retries_a_close_has_no_timeout() {
    assert_eq!(Fixture::closing(NEVER).connection.poll_timeout(), None);
}

#[test]
fn a_connection_that_ends_with_its_native_socket_has_a_close_timeout() {
    let mut fixture = Fixture::closing(ONCE);
    fixture.pass_to_timeout();
    assert_eq!(fixture.now, Millis(5_000));
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE, ERROR, CLOSE]);
}

#[test]
fn a_closing_connection_accepts_no_message() {
    assert_eq!(Fixture::closing(CONFIG).send(1), Err(SendError::Closed));
}

#[test]
fn messages_that_still_arrive_are_counted() {
    let mut fixture = Fixture::closing(CONFIG);
    fixture.connection.handle_message(Attempt(1), 9);
    assert_eq!(fixture.connection.stats().bytes_in, 9);
}

#[test]
fn a_second_close_changes_nothing() {
    let mut fixture = Fixture::closing(CONFIG);
    assert!(fixture.ignores(|fixture| fixture.connection.close(fixture.now)));
    assert!(fixture.ignores(|fixture| fixture.connection.close_unanswered(fixture.now)));
}

#[test]
fn a_reconnect_abandons_the_closing_native_socket() {
    let mut fixture = Fixture::closing(CONFIG);
    fixture.reconnect();
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), CONNECT(2), STATE]);
    assert!(fixture.ignores(|fixture| fixture.connection.handle_closed(fixture.now, Attempt(1), 1000, true)));
}

#[test]
fn a_reconnect_before_the_end_keeps_what_is_queued() {
    let mut fixture = Fixture::waiting(CONFIG);
    assert_eq!(fixture.send(5), Ok(MessageId(1)));
    fixture.connection.close_unanswered(fixture.now);
    fixture.reconnect();
    fixture.opened();
    assert_eq!(
        fixture.drain(),
        [CONNECT(2), STATE, STATE, STATE, OPEN, Output::Transmit(5), settle(1, 5, Outcome::Sent)]
    );
}

#[test]
fn the_close_timeout_is_that_of_the_config() {
    let fixture = Fixture::closing(Config { close_timeout: 77, ..CONFIG });
    assert_eq!(fixture.connection.poll_timeout(), Some(Millis(77)));
}
