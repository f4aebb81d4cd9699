//! The end of a session: by the user, by the server, by both.

use super::*;

#[test]
fn a_close_ends_the_session_and_then_closes_the_native_socket() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    fixture.connection.close(fixture.now);
    assert_eq!(fixture.drain(), [STATE, Output::Transmit(7), SEND(Control::End)]);
    assert_eq!((fixture.state(), fixture.deliver(8)), (State::Closing, Err(SendError::Closed)));
    fixture.control(Control::Ack { received: 1 });
    fixture.control(Control::End);
    assert_eq!(fixture.drain(), [CLOSE_SOCKET, settle(1, 7, Outcome::Delivered)]);
    fixture.lose(1000, true);
    assert_eq!(fixture.drain(), [STATE, CLOSE]);
}

#[test]
fn the_server_has_the_close_timeout_to_agree_and_once_more_to_close() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    fixture.connection.close(fixture.now);
    fixture.drain();
    fixture.pass_to_timeout();
    assert_eq!(
        (fixture.now, fixture.drain()),
        (Millis(5_000), [CLOSE_SOCKET, settle(1, 7, Outcome::Unconfirmed)].into())
    );
    fixture.pass_to_timeout();
    assert_eq!(
        (fixture.now, fixture.drain()),
        (Millis(10_000), [Output::Abandon(Attempt(1)), STATE, ERROR, CLOSE].into())
    );
}

#[test]
fn an_end_from_both_ends_ends_the_session_once() {
    let mut fixture = Fixture::live(CONFIG);
    assert!(fixture.receives());
    fixture.connection.close(fixture.now);
    fixture.control(Control::End);
    assert_eq!(fixture.drain(), [SEND(Control::Ack { received: 1 }), SEND(Control::End), CLOSE_SOCKET, STATE]);
}

#[test]
fn a_connection_that_drops_while_the_session_ends_is_closed() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    fixture.connection.close(fixture.now);
    fixture.drain();
    fixture.fail();
    assert_eq!(fixture.drain(), [settle(1, 7, Outcome::Unconfirmed), STATE, ERROR, CLOSE]);
}

#[test]
fn a_server_that_ends_the_session_is_answered_and_closes() {
    let mut fixture = Fixture::live(CONFIG);
    assert!(fixture.receives());
    fixture.control(Control::End);
    assert_eq!(fixture.drain(), [STATE, SEND(Control::Ack { received: 1 }), SEND(Control::End)]);
    fixture.lose(1001, true);
    assert_eq!(fixture.drain(), [STATE, CLOSE]);
}

#[test]
fn a_server_that_ends_the_session_has_the_close_timeout_to_close() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.control(Control::End);
    fixture.drain();
    fixture.pass_to_timeout();
    assert_eq!(
        (fixture.now, fixture.drain()),
        (Millis(5_000), [Output::Abandon(Attempt(1)), STATE, ERROR, CLOSE].into())
    );
}

#[test]
fn a_message_that_arrives_after_the_end_is_not_the_users() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.connection.close(fixture.now);
    assert!(!fixture.receives());
}

#[test]
fn a_closed_connection_reconnects_with_another_session() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.connection.close(fixture.now);
    fixture.control(Control::End);
    fixture.lose(1000, true);
    fixture.reconnect();
    fixture.drain();
    fixture.opened();
    assert_eq!(fixture.drain(), [SEND(Control::New)]);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
}

#[test]
fn a_close_of_a_connection_that_is_suspected_to_be_dead_does_not_wait_and_sends_nothing_more() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    fixture.drain();
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [SEND(Control::Ping(1))]);
    assert_eq!(fixture.deliver(8), Ok(MessageId(2)));
    fixture.pass(2_001);
    fixture.connection.close(fixture.now);
    assert_eq!(fixture.drain(), [Output::Abandon(Attempt(1)), STATE]);
    assert_eq!(fixture.connection.poll_timeout(), Some(fixture.now));
    // The native socket is abandoned.
    assert!(fixture.ignores(|fixture| {
        fixture.control(Control::Ack { received: 1 });
        fixture.control(Control::End);
        assert!(!fixture.receives());
    }));
    fixture.tick();
    let settled = [settle(1, 7, Outcome::Unconfirmed), settle(2, 8, Outcome::Unsent)];
    assert_eq!(fixture.drain(), [settled.as_slice(), &[STATE, ERROR, CLOSE]].concat());
}

#[test]
fn a_reconnect_after_such_a_close_resumes_the_session() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.pass_to_timeout();
    fixture.pass(2_001);
    fixture.connection.close(fixture.now);
    fixture.reconnect();
    fixture.drain();
    fixture.opened();
    assert_eq!(
        fixture.drain(),
        [SEND(Control::Resume { token: Token(7), known: Known { attempt: 2, ..Known::default() } })]
    );
}
