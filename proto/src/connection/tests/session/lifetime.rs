//! A connection that ends with its session.

use super::*;

#[test]
fn a_connection_that_ends_with_its_session_closes_when_there_is_another() {
    let mut fixture = Fixture::reconnected(WITH_SESSION, &[5]);
    fixture.control(Control::Welcome(WELCOME));
    let settled = settle(1, 5, Outcome::Unconfirmed);
    let end = [SEND(Control::End), Output::Abandon(Attempt(2)), settled, RESET(Reset::Unknown), STATE, ERROR];
    assert_eq!(fixture.drain(), [end.as_slice(), &[CLOSE_AFTER(Cause::Close)]].concat());
    assert_eq!((fixture.connection.poll_timeout(), fixture.ready_state(None)), (None, 3));
}

#[test]
fn a_connection_that_ends_with_its_session_closes_when_the_server_has_lost_a_part() {
    let mut fixture = Fixture::live(WITH_SESSION);
    assert!(fixture.deliver(5).is_ok());
    fixture.drain();
    fixture.control(Control::Ack { received: 1 });
    fixture.pass(6_000).fail();
    fixture.pass_to_timeout().opened();
    fixture.drain();
    fixture.control(Control::Resumed { received: 0, terms: TERMS });
    let end = [Output::Abandon(Attempt(2)), RESET(Reset::StoreLost), STATE, ERROR, CLOSE_AFTER(Cause::Close)];
    assert_eq!(fixture.drain(), end);
}

#[test]
fn a_connection_that_ends_with_its_session_is_open_from_its_first_session_to_the_end() {
    let mut fixture = Fixture::greeting(WITH_SESSION);
    assert_eq!(fixture.ready_state(Some(1)), 0);
    fixture.control(Control::Welcome(WELCOME));
    assert_eq!(fixture.ready_state(Some(2)), 1);
    fixture.pass(6_000).fail();
    assert_eq!(fixture.ready_state(None), 1);
    fixture.pass_to_timeout().opened();
    assert_eq!(fixture.ready_state(Some(1)), 1);
    fixture.control(Control::Resumed { received: 0, terms: TERMS });
    fixture.connection.close(fixture.now);
    assert_eq!(fixture.ready_state(Some(1)), 2);
    fixture.control(Control::End);
    fixture.lose(1000, true);
    assert_eq!(fixture.ready_state(None), 3);
}

#[test]
fn after_its_end_a_connection_that_ends_with_its_session_begins_another() {
    let mut fixture = Fixture::reconnected(WITH_SESSION, &[]);
    fixture.control(Control::Welcome(WELCOME));
    fixture.reconnect();
    fixture.opened();
    fixture.drain();
    assert_eq!(fixture.ready_state(Some(1)), 0);
    fixture.control(Control::Welcome(WELCOME));
    assert_eq!(fixture.drain(), [STATE, OPEN]);
}
