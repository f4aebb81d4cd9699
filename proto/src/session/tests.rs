#![allow(clippy::unwrap_used)]

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::{
    Attempt, Client, Heard, MessageId, Millis, NotResumed, Output, Request, Reset, Role, SendError, Server, Session,
    Settled, Stored, Violation,
};
use crate::Outcome;
use crate::outbox::Bounds;
use crate::wire::Known;
use crate::wire::{Control, Terms, Token, Welcome};

const NOW: Millis = Millis(1_000);
const FIRST: Attempt = Attempt(1);
const SECOND: Attempt = Attempt(2);
const TERMS: Terms = Terms { spread: 5_000, largest: 1_000 };
const WELCOME: Welcome = Welcome { token: Token(42), time_to_live: 60_000, terms: TERMS, lost: false };

/// What a client knows on its second connection that has received so many messages.
fn received(received: u64) -> Known {
    Known { received, acknowledged: 0, attempt: 2, answered: 0 }
}

fn client() -> Session<char, Client> {
    Session::<char, Client>::new(Bounds::default())
}

/// A client and a server whose messages flow.
fn live() -> (Session<char, Client>, Session<char, Server>) {
    let mut client = client();
    client.handle_opened(FIRST);
    assert_eq!(client.poll(), Some(Output::Control(FIRST, Control::New)));
    let mut server = Session::<char, Server>::new(Bounds::default(), WELCOME, FIRST);
    assert_eq!(server.poll(), Some(Output::Control(FIRST, Control::Welcome(WELCOME))));
    assert_eq!(client.handle_control(NOW, FIRST, Control::Welcome(WELCOME)), Ok(Heard::Opened(None)));
    (client, server)
}

/// All outputs. A session is drained as soon as there is none, and not before.
fn outputs<R: Role>(session: &mut Session<char, R>) -> Vec<Output<char>> {
    core::iter::from_fn(|| {
        let is_drained = session.is_drained();
        let output = session.poll();
        assert_eq!(is_drained, output.is_none(), "{output:?}");
        output
    })
    .collect()
}

fn settled<R: Role>(session: &mut Session<char, R>) -> Vec<(char, Outcome)> {
    let settled = |output| match output {
        Output::Settle(Settled { message, outcome, .. }) => Some((message, outcome)),
        _ => None,
    };
    outputs(session).into_iter().filter_map(settled).collect()
}

#[test]
fn nothing_is_sent_before_the_greeting_is_answered() {
    let mut client = client();
    assert_eq!(client.send(NOW, 'a', 1, None), Ok(MessageId(1)));
    client.handle_opened(FIRST);
    assert_eq!(outputs(&mut client), [Output::Control(FIRST, Control::New)]);
    assert!(!client.is_live());
    assert_eq!(client.handle_control(NOW, FIRST, Control::Welcome(WELCOME)), Ok(Heard::Opened(None)));
    assert_eq!(outputs(&mut client), [Output::Transmit(FIRST, 'a')]);
}

#[test]
fn whether_a_message_is_accepted_is_what_sending_it_would_say() {
    let (mut client, _) = live();
    assert_eq!(client.accepts(NOW, 1_000), Ok(()));
    let too_large = SendError::TooLarge { bytes: 1_001, largest: 1_000 };
    assert_eq!(client.accepts(NOW, 1_001), Err(too_large));
    assert_eq!(client.send(NOW, 'a', 1_001, None), Err(too_large));
    let mut full = Session::<char, Client>::new(Bounds { messages: 0, bytes: 0 });
    assert_eq!(full.accepts(NOW, 1), full.send(NOW, 'a', 1, None).map(|_| ()));
    assert!(full.accepts(NOW, 1).is_err());
}

#[test]
fn a_message_that_expired_before_the_answer_is_not_sent() {
    let mut client = client();
    client.send(NOW, 'a', 1, Some(50)).unwrap();
    client.handle_opened(FIRST);
    outputs(&mut client);
    client.handle_control(NOW + 50, FIRST, Control::Welcome(WELCOME)).unwrap();
    assert_eq!(settled(&mut client), [('a', Outcome::Expired)]);
}

#[test]
fn a_server_answers_when_all_that_has_arrived_is_taken() {
    let (_, mut server) = live();
    server.handle_message(FIRST, 1).unwrap();
    assert_eq!(server.handle_resume(NOW, SECOND, received(0), TERMS), Ok(Some(FIRST)));
    assert_eq!(server.poll(), None);
    server.take(NOW, 1);
    assert_eq!(server.poll(), Some(Output::Control(SECOND, Control::Resumed { received: 1, terms: TERMS })));
    assert!(server.is_live());
}

#[test]
fn an_end_behind_a_resume_is_answered_after_it() {
    let (_, mut server) = live();
    server.handle_message(FIRST, 1).unwrap();
    assert_eq!(server.handle_resume(NOW, SECOND, received(0), TERMS), Ok(Some(FIRST)));
    assert_eq!(server.handle_control(NOW, SECOND, Control::End), Ok(Heard::Ended));
    assert!(server.is_ending());
    assert_eq!(server.poll(), None);
    server.take(NOW, 1);
    // The answer has the count: an `ack` before it would be of what this connection was not given.
    let resumed = Control::Resumed { received: 1, terms: TERMS };
    let end = [resumed, Control::End].map(|control| Output::Control(SECOND, control));
    assert_eq!([server.poll(), server.poll()], end.map(Some));
    assert!(server.is_over());
}

#[test]
fn an_end_behind_a_new_session_and_its_messages_is_answered_after_the_welcome() {
    let mut server = Session::<char, Server>::new(Bounds::default(), WELCOME, FIRST);
    server.handle_message(FIRST, 1).unwrap();
    assert_eq!(server.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert_eq!(server.handle_message(FIRST, 1), Ok(None));
    assert_eq!(outputs(&mut server), [Output::Control(FIRST, Control::Welcome(WELCOME))]);
    server.take(NOW, 1);
    let end = [Control::Ack { received: 1 }, Control::End].map(|control| Output::Control(FIRST, control));
    assert_eq!(outputs(&mut server), end);
    assert!(server.is_over());
}

#[test]
fn input_of_an_older_attempt_changes_nothing() {
    let (_, mut server) = live();
    assert_eq!(server.handle_resume(NOW, SECOND, received(0), TERMS), Ok(Some(FIRST)));
    outputs(&mut server);
    let before = server.clone();
    assert_eq!(server.handle_message(FIRST, 1), Ok(None));
    assert_eq!(server.handle_control(NOW, FIRST, Control::End), Ok(Heard::Nothing));
    assert_eq!(server.handle_control(NOW, FIRST, Control::New), Ok(Heard::Nothing));
    server.handle_lost(FIRST);
    assert_eq!(server, before);
}

#[test]
fn an_impossible_resume_changes_nothing() {
    let (_, mut server) = live();
    server.send(NOW, 'x', 1, None).unwrap();
    outputs(&mut server);
    let before = server.clone();
    assert_eq!(server.handle_resume(NOW, SECOND, received(2), TERMS), Err(NotResumed::Lost));
    assert_eq!(server, before);
    server.handle_control(NOW, FIRST, Control::Ack { received: 1 }).unwrap();
    assert_eq!(server.handle_resume(NOW, SECOND, received(0), TERMS), Err(NotResumed::Past));
    assert_eq!(server.attempt(), Some(FIRST));
}

#[test]
fn a_client_that_knows_of_more_than_the_server_has_taken_finds_that_it_has_lost_a_part() {
    let (_, mut server) = live();
    server.handle_message(FIRST, 1).unwrap();
    let before = server.clone();
    // One has arrived, and is not taken.
    let known = Known { acknowledged: 1, ..received(0) };
    assert_eq!(server.handle_resume(NOW, SECOND, known, TERMS), Err(NotResumed::Lost));
    assert_eq!(server, before);
    server.take(NOW, 1);
    assert_eq!(server.handle_resume(NOW, SECOND, known, TERMS), Ok(Some(FIRST)));
}

#[test]
fn a_session_goes_on_on_the_latest_connection_of_its_client() {
    let (_, mut server) = live();
    let asks = |attempt, answered| Known { attempt, answered, ..received(0) };
    assert_eq!(server.resumed(), 0);
    server.handle_resume(NOW, SECOND, asks(5, 0), TERMS).unwrap();
    assert_eq!(server.resumed(), 5);
    let before = server.clone();
    for late in [asks(4, 0), asks(5, 0), asks(5, 5)] {
        assert_eq!(server.handle_resume(NOW, Attempt(3), late, TERMS), Err(NotResumed::Late));
    }
    // It was told on its sixth that its session goes on, and here nobody knows of that.
    assert_eq!(server.handle_resume(NOW, Attempt(3), asks(7, 6), TERMS), Err(NotResumed::Lost));
    assert_eq!(server, before);
    assert_eq!(server.handle_resume(NOW, Attempt(3), asks(7, 5), TERMS), Ok(Some(SECOND)));
}

#[test]
fn a_client_says_which_connection_it_is_on_and_on_which_it_was_answered_last() {
    let (mut client, _) = live();
    let mut asked = |attempt, answer: Option<Control>| {
        client.handle_opened(Attempt(attempt));
        let Some(Output::Control(_, Control::Resume { known, .. })) = outputs(&mut client).pop() else {
            unreachable!("a client with a token asks for its session");
        };
        if let Some(answer) = answer {
            client.handle_control(NOW, Attempt(attempt), answer).unwrap();
        }
        client.handle_lost(Attempt(attempt));
        (known.attempt, known.answered)
    };
    let resumed = Control::Resumed { received: 0, terms: TERMS };
    assert_eq!(asked(2, None), (2, 0));
    assert_eq!(asked(4, Some(resumed)), (4, 0));
    assert_eq!(asked(5, None), (5, 4));
    assert_eq!(asked(6, Some(Control::Welcome(WELCOME))), (6, 4));
    assert_eq!(asked(7, None), (7, 0));
}

#[test]
fn each_resumed_brings_the_terms_of_now() {
    let (mut client, mut server) = live();
    let terms = Terms { spread: 1, largest: 2 };
    client.handle_lost(FIRST);
    client.handle_opened(SECOND);
    assert_eq!(
        outputs(&mut client),
        [Output::Control(SECOND, Control::Resume { token: Token(42), known: received(0) })]
    );
    server.handle_resume(NOW, SECOND, received(0), terms).unwrap();
    let resumed = Control::Resumed { received: 0, terms };
    assert_eq!(outputs(&mut server), [Output::Control(SECOND, resumed)]);
    assert_eq!(client.handle_control(NOW, SECOND, resumed), Ok(Heard::Resumed));
    assert_eq!(client.terms(), Some(terms));
}

/// A client whose first message was acknowledged, and whose second was not, asks for its session again.
fn asking() -> Session<char, Client> {
    let (mut client, _) = live();
    client.send(NOW, 'a', 1, None).unwrap();
    client.send(NOW, 'b', 1, None).unwrap();
    outputs(&mut client);
    client.handle_control(NOW, FIRST, Control::Ack { received: 1 }).unwrap();
    client.handle_lost(FIRST);
    client.handle_opened(SECOND);
    let known = Known { acknowledged: 1, ..received(0) };
    let resume = Output::Control(SECOND, Control::Resume { token: Token(42), known });
    assert_eq!(outputs(&mut client).last(), Some(&resume));
    client
}

#[test]
fn a_resumed_that_is_too_small_ends_the_session_and_the_next_one_says_why() {
    let mut client = asking();
    let resumed = Control::Resumed { received: 0, terms: TERMS };
    assert_eq!(client.handle_control(NOW, SECOND, resumed), Ok(Heard::Lost));
    assert_eq!((client.attempt(), client.token()), (None, None));
    assert_eq!(client.send(NOW, 'c', 1, None), Ok(MessageId(3)));
    let third = Attempt(3);
    client.handle_opened(third);
    assert_eq!(outputs(&mut client), [Output::Control(third, Control::New)]);
    let welcome = Control::Welcome(Welcome { token: Token(43), ..WELCOME });
    assert_eq!(client.handle_control(NOW, third, welcome), Ok(Heard::Opened(Some(Reset::StoreLost))));
    assert_eq!(settled(&mut client), [('b', Outcome::Unconfirmed), ('c', Outcome::Unsent)]);
}

#[test]
fn a_resumed_with_more_than_was_ever_sent_is_a_violation() {
    let mut client = asking();
    let resumed = Control::Resumed { received: 3, terms: TERMS };
    assert_eq!(client.handle_control(NOW, SECOND, resumed), Err(Violation::ResumeOfTheFuture));
}

#[test]
fn a_session_that_was_not_asked_for_has_lost_nothing() {
    let lost = Control::Welcome(Welcome { lost: true, ..WELCOME });
    let mut asks = asking();
    assert_eq!(asks.handle_control(NOW, SECOND, lost), Ok(Heard::Opened(Some(Reset::StoreLost))));
    let mut client = client();
    client.handle_opened(FIRST);
    outputs(&mut client);
    assert_eq!(client.handle_control(NOW, FIRST, lost), Err(Violation::Unexpected));
}

#[test]
fn what_follows_the_request_for_a_new_session_is_of_that_session() {
    let mut server = Session::<char, Server>::new(Bounds::default(), WELCOME, FIRST);
    assert_eq!(server.handle_message(FIRST, 1), Ok(Some(1)));
    assert_eq!(server.handle_control(NOW, FIRST, Control::Ping(7)), Ok(Heard::Nothing));
    assert_eq!(server.handle_message(FIRST, 1), Ok(Some(2)));
    assert!(!server.is_drained());
    // It is answered before the messages are taken, and the answer acknowledges none.
    let answers = [Control::Welcome(WELCOME), Control::Pong(7)].map(|control| Output::Control(FIRST, control));
    assert_eq!(outputs(&mut server), answers);
    server.take(NOW, 2);
    server.handle_timeout(NOW + 200);
    assert_eq!(outputs(&mut server), [Output::Control(FIRST, Control::Ack { received: 2 })]);
}

#[test]
fn what_was_taken_before_the_welcome_is_acknowledged_after_it() {
    let mut server = Session::<char, Server>::new(Bounds::default(), WELCOME, FIRST);
    server.handle_message(FIRST, 1).unwrap();
    server.take(NOW, 1);
    server.handle_timeout(NOW + 200);
    let answers =
        [Control::Welcome(WELCOME), Control::Ack { received: 1 }].map(|control| Output::Control(FIRST, control));
    assert_eq!(outputs(&mut server), answers);
}

#[test]
fn what_follows_the_request_for_a_session_that_there_was_is_a_violation() {
    let (_, mut server) = live();
    server.handle_resume(NOW, SECOND, received(0), TERMS).unwrap();
    assert_eq!(server.handle_message(SECOND, 1), Err(Violation::Early));
    let mut server = Session::<char, Server>::instead(Bounds::default(), WELCOME, FIRST);
    assert_eq!(server.handle_message(FIRST, 1), Err(Violation::Early));
}

#[test]
fn a_pong_that_nobody_asked_for_changes_nothing() {
    let (mut client, mut server) = live();
    let before = (client.clone(), server.clone());
    assert_eq!(client.handle_control(NOW, FIRST, Control::Pong(1)), Ok(Heard::Pong(1)));
    assert_eq!(server.handle_control(NOW, FIRST, Control::Pong(1)), Ok(Heard::Pong(1)));
    assert_eq!((client, server), before);
}

#[test]
fn no_two_resets_have_the_same_name() {
    assert!(Reset::ALL.iter().enumerate().all(|(index, reset)| *reset as usize == index));
    assert_ne!(Reset::Unknown.name(), Reset::StoreLost.name());
}

#[test]
fn a_session_that_is_ending_is_not_resumed() {
    let (_, mut server) = live();
    server.end();
    assert!(server.is_ending());
    assert_eq!(server.handle_resume(NOW, SECOND, received(0), TERMS), Err(NotResumed::Over));
}

#[test]
fn a_violation_ends_the_session_and_settles_its_messages() {
    let (mut client, _) = live();
    client.send(NOW, 'a', 1, None).unwrap();
    outputs(&mut client);
    client.send(NOW, 'b', 1, None).unwrap();
    assert_eq!(client.handle_control(NOW, FIRST, Control::Ack { received: 2 }), Err(Violation::AckOfTheFuture));
    assert!(client.is_over());
    assert_eq!(settled(&mut client), [('a', Outcome::Unconfirmed), ('b', Outcome::Unsent)]);
    assert_eq!(client.send(NOW, 'c', 1, None), Err(SendError::Closed));
}

#[test]
fn a_control_frame_in_the_wrong_phase_is_a_violation() {
    let token = Token(1);
    for control in
        [Control::New, Control::Resume { token, known: received(0) }, Control::Resumed { received: 0, terms: TERMS }]
    {
        let (mut client, mut server) = live();
        assert_eq!(client.handle_control(NOW, FIRST, control), Err(Violation::Unexpected));
        assert_eq!(server.handle_control(NOW, FIRST, control), Err(Violation::Unexpected));
    }
}

#[test]
fn the_last_of_many_pings_is_answered() {
    let (mut client, _) = live();
    for number in 0..1_000 {
        client.handle_control(NOW, FIRST, Control::Ping(number)).unwrap();
    }
    assert_eq!(outputs(&mut client), [Output::Control(FIRST, Control::Pong(999))]);
}

#[test]
fn a_ping_is_not_answered_on_another_connection() {
    let (_, mut server) = live();
    server.handle_control(NOW, FIRST, Control::Ping(1)).unwrap();
    server.handle_resume(NOW, SECOND, received(0), TERMS).unwrap();
    assert_eq!(outputs(&mut server), [Output::Control(SECOND, Control::Resumed { received: 0, terms: TERMS })]);
}

#[test]
fn without_a_connection_a_session_ends_at_once() {
    let (mut client, _) = live();
    client.send(NOW, 'a', 1, None).unwrap();
    outputs(&mut client);
    client.handle_lost(FIRST);
    client.send(NOW, 'b', 1, None).unwrap();
    client.end();
    assert!(client.is_over());
    assert_eq!(settled(&mut client), [('a', Outcome::Unconfirmed), ('b', Outcome::Unsent)]);
    client.handle_opened(SECOND);
    assert_eq!((client.attempt(), client.poll()), (None, None));
}

#[test]
fn the_end_frame_follows_all_messages_that_were_accepted_before() {
    let (mut client, _) = live();
    client.send(NOW, 'a', 1, None).unwrap();
    client.end();
    assert_eq!(client.send(NOW, 'b', 1, None), Err(SendError::Closed));
    assert_eq!(outputs(&mut client), [Output::Transmit(FIRST, 'a'), Output::Control(FIRST, Control::End)]);
    assert_eq!(client.handle_control(NOW, FIRST, Control::Ack { received: 1 }), Ok(Heard::Acknowledged));
    assert_eq!(client.delivered(), MessageId(1));
    let delivered = Settled { id: MessageId(1), message: 'a', outcome: Outcome::Delivered };
    assert_eq!(outputs(&mut client), [Output::Settle(delivered)]);
    assert_eq!(client.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert!(client.is_over());
    assert_eq!(outputs(&mut client), []);
}

#[test]
fn an_end_that_is_never_answered_ends_with_the_connection() {
    let (mut client, _) = live();
    client.send(NOW, 'a', 1, None).unwrap();
    client.end();
    outputs(&mut client);
    client.handle_lost(FIRST);
    assert!(client.is_over());
    assert_eq!(settled(&mut client), [('a', Outcome::Unconfirmed)]);
}

#[test]
fn both_ends_can_end_it_at_once() {
    let (mut client, mut server) = live();
    client.end();
    server.end();
    assert_eq!(outputs(&mut client), [Output::Control(FIRST, Control::End)]);
    assert_eq!(outputs(&mut server), [Output::Control(FIRST, Control::End)]);
    assert_eq!(client.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert_eq!(server.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert!(client.is_over() && server.is_over());
    assert_eq!((client.poll(), server.poll()), (None, None));
}

#[test]
fn an_end_is_agreed_to_when_all_that_has_arrived_is_taken() {
    let (_, mut server) = live();
    server.handle_message(FIRST, 1).unwrap();
    assert_eq!(server.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    assert_eq!(server.poll(), None);
    server.take(NOW, 1);
    let last = [Output::Control(FIRST, Control::Ack { received: 1 }), Output::Control(FIRST, Control::End)];
    assert_eq!(outputs(&mut server), last);
    assert!(server.is_over());
}

#[test]
fn a_message_that_arrives_after_the_end_is_not_taken() {
    let (mut client, _) = live();
    client.end();
    outputs(&mut client);
    assert_eq!(client.handle_message(FIRST, 1), Ok(None));
    assert_eq!(client.handle_control(NOW, FIRST, Control::Ping(1)), Ok(Heard::Nothing));
    assert_eq!(outputs(&mut client), []);
}

#[test]
fn message_ids_go_on_in_the_next_session() {
    let (mut client, _) = live();
    client.send(NOW, 'a', 1, None).unwrap();
    outputs(&mut client);
    client.handle_lost(FIRST);
    client.handle_opened(SECOND);
    outputs(&mut client);
    let welcome = Welcome { token: Token(43), ..WELCOME };
    assert_eq!(client.handle_control(NOW, SECOND, Control::Welcome(welcome)), Ok(Heard::Opened(Some(Reset::Unknown))));
    assert_eq!((client.token(), client.terms()), (Some(Token(43)), Some(TERMS)));
    assert_eq!(settled(&mut client), [('a', Outcome::Unconfirmed)]);
    assert_eq!(client.send(NOW, 'b', 1, None), Ok(MessageId(2)));
    outputs(&mut client);
    client.handle_control(NOW, SECOND, Control::Ack { received: 1 }).unwrap();
    assert_eq!(client.delivered(), MessageId(2));
    assert_eq!(settled(&mut client), [('b', Outcome::Delivered)]);
}

#[test]
fn a_writable_session_transmits_at_once_what_it_is_sent() {
    let (mut client, _) = live();
    assert!(client.is_writable());
    client.send(NOW, 'a', 1, None).unwrap();
    assert!(!client.is_writable());
    assert_eq!(client.poll(), Some(Output::Transmit(FIRST, 'a')));
    assert!(client.is_writable());
    client.handle_control(NOW, FIRST, Control::Ping(1)).unwrap();
    assert!(!client.is_writable());
    client.handle_lost(FIRST);
    assert!(!client.is_writable());
}

#[test]
fn a_restored_server_goes_on_where_it_was() {
    let stored = Stored { acknowledged: 5, messages: [('x', 1), ('y', 1)], taken: 9, attempt: 1 };
    let mut server = Session::<char, Server>::restore(Bounds::default(), WELCOME, stored);
    assert_eq!((server.attempt(), server.token(), server.taken()), (None, WELCOME.token, 9));
    assert_eq!(server.handle_resume(NOW, SECOND, received(6), TERMS), Ok(None));
    let delivered = Settled { id: MessageId(1), message: 'x', outcome: Outcome::Delivered };
    let resumed = Output::Control(SECOND, Control::Resumed { received: 9, terms: TERMS });
    assert_eq!(outputs(&mut server), [Output::Settle(delivered), resumed, Output::Transmit(SECOND, 'y')]);
    assert_eq!(server.handle_message(SECOND, 1), Ok(Some(10)));
}

#[test]
fn a_connection_begins_with_a_request() {
    let resume = Control::Resume { token: Token(1), known: received(2) };
    assert_eq!(Request::try_from(Control::New), Ok(Request::New));
    assert_eq!(Request::try_from(resume), Ok(Request::Resume { token: Token(1), known: received(2) }));
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
    ];
    for violation in violations {
        assert!((1..=123).contains(&violation.reason().len()));
        assert_eq!(violation.to_string(), violation.reason());
    }
}

#[test]
fn without_a_connection_there_is_no_timeout() {
    let (mut client, _) = live();
    client.handle_message(FIRST, 1).unwrap();
    client.take(NOW, 1);
    assert_eq!(client.poll_timeout(), Some(NOW + 200));
    client.handle_lost(FIRST);
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_client_may_end_the_session_before_it_is_answered_and_a_server_may_not() {
    for begin in [Session::<char, Server>::new, Session::<char, Server>::instead] {
        let mut server = begin(Bounds::default(), WELCOME, FIRST);
        assert_eq!(server.handle_control(NOW, FIRST, Control::End), Ok(Heard::Ended));
    }
    let mut client = client();
    client.handle_opened(FIRST);
    assert_eq!(client.handle_control(NOW, FIRST, Control::End), Err(Violation::Unexpected));
}

#[test]
fn the_largest_message_that_a_server_accepts_is_no_limit_for_what_it_sends() {
    let (_, mut server) = live();
    assert!(server.send(NOW, 'x', u64::from(TERMS.largest) + 1, None).is_ok());
    assert_eq!(outputs(&mut server), [Output::Transmit(FIRST, 'x')]);
}
