#![allow(clippy::unwrap_used)]

use alloc::vec::Vec;

use super::{Epoch, Guest, Heard, Host, Millis, Output, Refusal, Request, Session, Stored, Violation};
use crate::core::outbox::{Bounds, Fate, Ticket};
use crate::core::wire::{Control, Token, Welcome};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Millis = Millis(1_000);
const FIRST: Epoch = Epoch(1);
const SECOND: Epoch = Epoch(2);
const WELCOME: Welcome = Welcome { token: Token(42), time_to_live: 60_000, spread: 5_000 };

fn guest() -> Session<char, Guest> {
    Session::<char, Guest>::new(Bounds::default())
}

/// A guest and a host whose messages flow.
fn live() -> (Session<char, Guest>, Session<char, Host>) {
    let mut guest = guest();
    guest.handle_opened(FIRST);
    assert_eq!(guest.poll(), Some(Output::Control(FIRST, Control::New)));
    let mut host = Session::<char, Host>::new(Bounds::default(), WELCOME, FIRST);
    assert_eq!(host.poll(), Some(Output::Control(FIRST, Control::Welcome(WELCOME))));
    assert_eq!(guest.handle_control(NOW, FIRST, Control::Welcome(WELCOME)), Ok(Heard::Opened));
    (guest, host)
}

fn outputs<E: super::End>(session: &mut Session<char, E>) -> Vec<Output<char>> {
    core::iter::from_fn(|| session.poll()).collect()
}

fn returns<E: super::End>(session: &mut Session<char, E>) -> Vec<(char, Fate)> {
    let back = |output| match output {
        Output::Return(returned) => Some((returned.message, returned.fate)),
        _ => None,
    };
    outputs(session).into_iter().filter_map(back).collect()
}

#[test]
fn nothing_leaves_before_the_greeting_is_answered() {
    let mut guest = guest();
    assert_eq!(guest.send(NOW, 'a', 1, None), Ok(Ticket(1)));
    guest.handle_opened(FIRST);
    assert_eq!(outputs(&mut guest), [Output::Control(FIRST, Control::New)]);
    assert!(!guest.is_live());
    assert_eq!(guest.handle_control(NOW, FIRST, Control::Welcome(WELCOME)), Ok(Heard::Opened));
    assert_eq!(outputs(&mut guest), [Output::Transmit(FIRST, 'a')]);
}

#[test]
fn a_message_that_expired_before_the_answer_does_not_leave() {
    let mut guest = guest();
    guest.send(NOW, 'a', 1, Some(50)).unwrap();
    guest.handle_opened(FIRST);
    outputs(&mut guest);
    guest.handle_control(NOW + 50, FIRST, Control::Welcome(WELCOME)).unwrap();
    assert_eq!(returns(&mut guest), [('a', Fate::Expired)]);
}

#[test]
fn a_host_answers_when_all_that_has_arrived_is_taken() {
    let (_, mut host) = live();
    host.handle_message(FIRST, 1).unwrap();
    assert_eq!(host.handle_resume(NOW, SECOND, 0), Ok(Some(FIRST)));
    assert_eq!(host.poll(), None);
    host.take(NOW, 1);
    assert_eq!(host.poll(), Some(Output::Control(SECOND, Control::Resumed { received: 1 })));
    assert!(host.is_live());
}

#[test]
fn what_comes_from_an_older_line_changes_nothing() {
    let (_, mut host) = live();
    assert_eq!(host.handle_resume(NOW, SECOND, 0), Ok(Some(FIRST)));
    outputs(&mut host);
    let before = host.clone();
    assert_eq!(host.handle_message(FIRST, 1), Ok(None));
    assert_eq!(host.handle_control(NOW, FIRST, Control::End), Ok(Heard::Nothing));
    assert_eq!(host.handle_control(NOW, FIRST, Control::New), Ok(Heard::Nothing));
    host.handle_lost(FIRST);
    assert_eq!(host, before);
}

#[test]
fn a_resume_that_is_impossible_changes_nothing() {
    let (_, mut host) = live();
    host.send(NOW, 'x', 1, None).unwrap();
    outputs(&mut host);
    let before = host.clone();
    assert_eq!(host.handle_resume(NOW, SECOND, 2), Err(Violation::ResumeOfTheFuture));
    assert_eq!(host, before);
    host.handle_control(NOW, FIRST, Control::Ack { received: 1 }).unwrap();
    assert_eq!(host.handle_resume(NOW, SECOND, 0), Err(Violation::ResumeOfThePast));
    assert_eq!(host.line(), Some(FIRST));
}

#[test]
fn a_session_that_is_ending_is_not_resumed() {
    let (_, mut host) = live();
    host.end();
    assert!(host.is_ending());
    assert_eq!(host.handle_resume(NOW, SECOND, 0), Err(Violation::Over));
}

#[test]
fn a_violation_ends_the_session_and_gives_back_what_it_held() {
    let (mut guest, _) = live();
    guest.send(NOW, 'a', 1, None).unwrap();
    outputs(&mut guest);
    guest.send(NOW, 'b', 1, None).unwrap();
    assert_eq!(guest.handle_control(NOW, FIRST, Control::Ack { received: 2 }), Err(Violation::AckOfTheFuture));
    assert!(guest.is_over());
    assert_eq!(returns(&mut guest), [('a', Fate::Lost), ('b', Fate::Unsent)]);
    assert_eq!(guest.send(NOW, 'c', 1, None), Err(Refusal::Over));
}

#[test]
fn what_has_no_place_is_a_violation() {
    let token = Token(1);
    for control in [Control::New, Control::Resume { token, received: 0 }, Control::Resumed { received: 0 }] {
        let (mut guest, mut host) = live();
        assert_eq!(guest.handle_control(NOW, FIRST, control), Err(Violation::Unexpected));
        assert_eq!(host.handle_control(NOW, FIRST, control), Err(Violation::Unexpected));
    }
}

#[test]
fn the_last_of_many_pings_is_answered() {
    let (mut guest, _) = live();
    for number in 0..1_000 {
        guest.handle_control(NOW, FIRST, Control::Ping(number)).unwrap();
    }
    assert_eq!(outputs(&mut guest), [Output::Control(FIRST, Control::Pong(999))]);
}

#[test]
fn a_ping_is_not_answered_on_another_line() {
    let (_, mut host) = live();
    host.handle_control(NOW, FIRST, Control::Ping(1)).unwrap();
    host.handle_resume(NOW, SECOND, 0).unwrap();
    assert_eq!(outputs(&mut host), [Output::Control(SECOND, Control::Resumed { received: 0 })]);
}

#[test]
fn without_a_line_an_end_is_the_end() {
    let (mut guest, _) = live();
    guest.send(NOW, 'a', 1, None).unwrap();
    outputs(&mut guest);
    guest.handle_lost(FIRST);
    guest.send(NOW, 'b', 1, None).unwrap();
    guest.end();
    assert!(guest.is_over());
    assert_eq!(returns(&mut guest), [('a', Fate::Lost), ('b', Fate::Unsent)]);
    guest.handle_opened(SECOND);
    assert_eq!((guest.line(), guest.poll()), (None, None));
}

#[test]
fn an_end_is_said_after_all_that_was_sent() {
    let (mut guest, _) = live();
    guest.send(NOW, 'a', 1, None).unwrap();
    guest.end();
    assert_eq!(guest.send(NOW, 'b', 1, None), Err(Refusal::Over));
    assert_eq!(outputs(&mut guest), [Output::Transmit(FIRST, 'a'), Output::Control(FIRST, Control::End)]);
    assert_eq!(guest.handle_control(NOW, FIRST, Control::Ack { received: 1 }), Ok(Heard::Acknowledged));
    assert_eq!(guest.delivered(), Ticket(1));
    assert_eq!(guest.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert!(guest.is_over());
    assert_eq!(outputs(&mut guest), []);
}

#[test]
fn an_end_that_is_never_answered_ends_with_the_line() {
    let (mut guest, _) = live();
    guest.send(NOW, 'a', 1, None).unwrap();
    guest.end();
    outputs(&mut guest);
    guest.handle_lost(FIRST);
    assert!(guest.is_over());
    assert_eq!(returns(&mut guest), [('a', Fate::Lost)]);
}

#[test]
fn both_ends_can_end_it_at_once() {
    let (mut guest, mut host) = live();
    guest.end();
    host.end();
    assert_eq!(outputs(&mut guest), [Output::Control(FIRST, Control::End)]);
    assert_eq!(outputs(&mut host), [Output::Control(FIRST, Control::End)]);
    assert_eq!(guest.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert_eq!(host.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert!(guest.is_over() && host.is_over());
    assert_eq!((guest.poll(), host.poll()), (None, None));
}

#[test]
fn an_end_is_agreed_to_when_all_that_has_arrived_is_taken() {
    let (_, mut host) = live();
    host.handle_message(FIRST, 1).unwrap();
    assert_eq!(host.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert_eq!(host.poll(), None);
    host.take(NOW, 1);
    let last = [Output::Control(FIRST, Control::Ack { received: 1 }), Output::Control(FIRST, Control::End)];
    assert_eq!(outputs(&mut host), last);
    assert!(host.is_over());
}

#[test]
fn what_arrives_after_an_end_is_not_taken() {
    let (mut guest, _) = live();
    guest.end();
    outputs(&mut guest);
    assert_eq!(guest.handle_message(FIRST, 1), Ok(None));
    assert_eq!(guest.handle_control(NOW, FIRST, Control::Ping(1)), Ok(Heard::Nothing));
    assert_eq!(outputs(&mut guest), []);
}

#[test]
fn tickets_go_on_in_the_next_session() {
    let (mut guest, _) = live();
    guest.send(NOW, 'a', 1, None).unwrap();
    outputs(&mut guest);
    guest.handle_lost(FIRST);
    guest.handle_opened(SECOND);
    outputs(&mut guest);
    let welcome = Welcome { token: Token(43), ..WELCOME };
    assert_eq!(guest.handle_control(NOW, SECOND, Control::Welcome(welcome)), Ok(Heard::Opened));
    assert_eq!(guest.welcome(), Some(&welcome));
    assert_eq!(returns(&mut guest), [('a', Fate::Lost)]);
    assert_eq!(guest.send(NOW, 'b', 1, None), Ok(Ticket(2)));
    outputs(&mut guest);
    guest.handle_control(NOW, SECOND, Control::Ack { received: 1 }).unwrap();
    assert_eq!(guest.delivered(), Ticket(2));
}

#[test]
fn a_writable_session_gives_out_at_once_what_it_is_sent() {
    let (mut guest, _) = live();
    assert!(guest.is_writable());
    guest.send(NOW, 'a', 1, None).unwrap();
    assert!(!guest.is_writable());
    assert_eq!(guest.poll(), Some(Output::Transmit(FIRST, 'a')));
    assert!(guest.is_writable());
    guest.handle_control(NOW, FIRST, Control::Ping(1)).unwrap();
    assert!(!guest.is_writable());
    guest.handle_lost(FIRST);
    assert!(!guest.is_writable());
}

#[test]
fn a_restored_host_goes_on_where_it_was() {
    let stored = Stored { acknowledged: 5, messages: [('x', 1), ('y', 1)], taken: 9 };
    let mut host = Session::<char, Host>::restore(Bounds::default(), WELCOME, stored);
    assert_eq!((host.line(), host.token(), host.taken()), (None, WELCOME.token, 9));
    assert_eq!(host.handle_resume(NOW, SECOND, 6), Ok(None));
    let went_on = [Output::Control(SECOND, Control::Resumed { received: 9 }), Output::Transmit(SECOND, 'y')];
    assert_eq!(outputs(&mut host), went_on);
    assert_eq!(host.handle_message(SECOND, 1), Ok(Some(10)));
}

#[test]
fn a_line_begins_with_a_request() {
    let resume = Control::Resume { token: Token(1), received: 2 };
    assert_eq!(Request::try_from(Control::New), Ok(Request::New));
    assert_eq!(Request::try_from(resume), Ok(Request::Resume { token: Token(1), received: 2 }));
    for control in [Control::End, Control::Ping(1), Control::Ack { received: 0 }, Control::Welcome(WELCOME)] {
        assert_eq!(Request::try_from(control), Err(Violation::NoGreeting));
    }
}

#[test]
fn every_reason_fits_into_a_close_frame() {
    // <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>: 125 bytes, of which the code takes two.
    let violations = [
        Violation::NoGreeting,
        Violation::Early,
        Violation::Unexpected,
        Violation::AckOfTheFuture,
        Violation::AckOfThePast,
        Violation::ResumeOfTheFuture,
        Violation::ResumeOfThePast,
        Violation::Over,
    ];
    for violation in violations {
        assert!((1..=123).contains(&violation.reason().len()));
    }
}

#[test]
fn without_a_line_there_is_nothing_to_wake_up_for() {
    let (mut guest, _) = live();
    guest.handle_message(FIRST, 1).unwrap();
    guest.take(NOW, 1);
    assert_eq!(guest.poll_timeout(), Some(NOW + 200));
    guest.handle_lost(FIRST);
    assert_eq!(guest.poll_timeout(), None);
}
