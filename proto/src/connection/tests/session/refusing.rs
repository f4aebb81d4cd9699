//! Servers that refuse a session, or do not speak the protocol.

use super::*;

#[test]
fn a_refusal_for_now_keeps_the_outbox_and_the_next_attempt_asks_for_the_session_again() {
    let mut fixture = Fixture::reconnected(CONFIG, &[1, 2]);
    fixture.lose(close::CREDENTIALS_EXPIRED, true);
    assert_eq!(fixture.drain_drop().map(|drop| (drop.code, drop.last)), Some((4003, false)));
    assert_eq!(fixture.connection.unacknowledged(), 2);
    fixture.pass_to_timeout().opened();
    let known = Known { attempt: 3, ..Known::default() };
    assert!(fixture.drain().contains(&SEND(Control::Resume { token: WELCOME.token, known })));
}

#[test]
fn a_client_that_decides_so_keeps_the_outbox_after_a_refusal_for_good() {
    let mut fixture = Fixture::reconnected(ASK, &[1, 2]);
    fixture.lose(4401, true);
    fixture.drain();
    fixture.answer(Decision::Retry);
    assert_eq!((fixture.state(), fixture.connection.unacknowledged()), (State::Waiting, 2));
}

#[test]
fn a_server_that_sends_back_the_greeting_does_not_speak_the_protocol() {
    let mut fixture = Fixture::greeting(CONFIG);
    fixture.control(Control::New);
    let outputs = fixture.drain();
    assert!(outputs.contains(&FAIL(wire::NOT_SPOKEN)) && outputs.contains(&ERROR), "{outputs:?}");
}

#[test]
fn a_server_that_never_answers_is_told_of_once() {
    let mut fixture = Fixture::greeting(CONFIG);
    let unanswered = Output::Notify(Event::Unanswered);
    for times in [1, 0] {
        fixture.pass_to_timeout();
        let told = fixture.drain().into_iter().filter(|output| *output == unanswered).count();
        assert_eq!((told, fixture.state()), (times, State::Waiting));
        fixture.pass_to_timeout().opened();
        fixture.drain();
    }
}

#[test]
fn a_handshake_that_hangs_and_a_server_that_has_answered_before_are_other_matters() {
    for mut fixture in [Fixture::session(CONFIG), Fixture::reconnected(CONFIG, &[])] {
        fixture.pass_to_timeout();
        assert!(!fixture.drain().contains(&Output::Notify(Event::Unanswered)));
        assert_eq!(fixture.drops(Cause::Timeout), 1);
    }
}
