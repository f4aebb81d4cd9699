//! The same with a session. The other end's words are written out: what it says at all is tested in `core::session`.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::core::outbox::{Bounds, Ticket};
use crate::core::wire::{Control, Malformed, Token, Welcome};

const WELCOME: Welcome = Welcome { token: Token(7), time_to_live: 60_000, spread: 200 };
const RESUME: Output<u64> = Output::Notify(Event::Resume);
const PART: Output<u64> = Output::Session(Deed::Part);
const DELIVERED: fn(u64) -> Output<u64> = |count| Output::Session(Deed::Delivered(count));
const REJECT: fn(&'static str) -> Output<u64> = |reason| Output::Session(Deed::Reject(reason));
const SAY: fn(Control) -> Output<u64> = |control| Output::Session(Deed::Say(control));

impl Line {
    fn session(config: Config) -> Self {
        let bounds = Bounds { messages: 3, bytes: 100 };
        let mut line = Self { core: Connection::with_session(config, bounds, Millis(0), 1), now: Millis(0) };
        line.drain();
        line
    }

    /// The socket is open, and the server has been greeted.
    fn greeting(config: Config) -> Self {
        let mut line = Self::session(config);
        line.opened();
        line.drain();
        line
    }

    fn live(config: Config) -> Self {
        let mut line = Self::greeting(config);
        line.says(Control::Welcome(WELCOME));
        line.drain();
        line
    }

    /// Lost after it had held, and greeted again.
    fn asking_again(config: Config, sends: &[u64]) -> Self {
        let mut line = Self::live(config);
        for message in sends {
            assert_eq!(line.send(*message), Ok(()));
        }
        line.drain();
        line.pass(6_000).fail();
        line.pass_to_timeout().opened();
        line.drain();
        line
    }

    fn says(&mut self, control: Control) {
        self.core.handle_control(self.now, self.core.epoch(), Ok(control));
    }

    fn arrives(&mut self) -> bool {
        self.core.handle_arrival(|| self.now, self.core.epoch(), 1)
    }
}

// While it is dialled.

#[test]
fn an_open_socket_is_greeted_and_is_not_yet_a_line() {
    let mut line = Line::session(CONFIG);
    line.opened();
    assert_eq!(line.drain(), [SAY(Control::New)]);
    assert_eq!((line.state(), line.core.stats().opens), (State::Connecting, 0));
}

#[test]
fn it_opens_when_it_is_welcomed() {
    let mut line = Line::greeting(CONFIG);
    line.says(Control::Welcome(WELCOME));
    assert_eq!(line.drain(), [STATE, OPEN]);
    assert_eq!((line.state(), line.core.stats().opens), (State::Open, 1));
}

#[test]
fn a_greeting_that_is_not_answered_is_a_dial_that_takes_too_long() {
    let mut line = Line::greeting(CONFIG);
    line.pass_to_timeout();
    assert_eq!(line.core.poll(), Some(Output::HangUp(Epoch(1))));
    assert_eq!((line.now, line.drops(Cause::Timeout)), (Millis(10_000), 1));
}

#[test]
fn what_was_sent_before_leaves_after_the_user_has_heard_that_it_is_open() {
    let mut line = Line::session(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    line.opened();
    line.drain();
    line.says(Control::Welcome(WELCOME));
    assert_eq!(line.drain(), [STATE, OPEN, Output::Transmit(7)]);
}

#[test]
fn a_server_of_another_kind_is_an_error_and_the_end() {
    let mut line = Line::session(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    line.core.handle_stranger(line.now, Epoch(1));
    let told = line.drain();
    assert_eq!(
        told,
        [REJECT("the server does not speak undrop.1"), Output::Return(7, Fate::Unsent), STATE, ERROR, CLOSE]
    );
}

#[test]
fn a_message_before_the_welcome_breaks_the_protocol() {
    let mut line = Line::greeting(CONFIG);
    assert!(!line.arrives());
    assert_eq!(line.drain(), [REJECT("message before the greeting"), STATE, ERROR, CLOSE]);
}

#[test]
fn a_session_goes_on_and_what_the_other_end_lacks_is_sent_again() {
    let mut line = Line::asking_again(CONFIG, &[5, 6]);
    line.says(Control::Resumed { received: 1 });
    assert_eq!(line.drain(), [DELIVERED(1), STATE, RESUME, Output::Transmit(6)]);
}

#[test]
fn a_session_that_is_forgotten_gives_back_before_the_next_one_opens() {
    let mut line = Line::asking_again(CONFIG, &[5]);
    assert_eq!(line.send(6), Ok(()));
    line.says(Control::Welcome(WELCOME));
    let back = [Output::Return(5, Fate::Unconfirmed), Output::Return(6, Fate::Unsent)];
    assert_eq!(line.drain(), [back[0].clone(), back[1].clone(), STATE, OPEN]);
    assert_eq!(line.core.unacknowledged(), 0);
}

#[test]
fn a_reconnect_greets_with_what_it_has() {
    let mut line = Line::live(CONFIG);
    assert!(line.arrives());
    line.reconnect();
    line.drain();
    line.opened();
    assert_eq!(line.drain(), [SAY(Control::Resume { token: Token(7), received: 1 })]);
}

#[test]
fn a_close_while_it_is_dialled_closes_the_socket_at_once() {
    let mut line = Line::session(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    line.core.close(line.now);
    assert_eq!(line.drain(), [PART, Output::Return(7, Fate::Unsent), STATE]);
    line.fail();
    assert_eq!(line.drain(), [STATE, ERROR, CLOSE]);
}

#[test]
fn a_close_while_the_greeting_is_unanswered_ends_the_session_there_too() {
    let mut line = Line::asking_again(CONFIG, &[]);
    line.core.close(line.now);
    assert_eq!(line.drain(), [STATE, SAY(Control::End)]);
    line.says(Control::Resumed { received: 0 });
    line.says(Control::End);
    assert_eq!(line.drain(), [PART]);
}

// While it is open.

#[test]
fn a_message_is_transmitted_at_once_and_kept_until_it_has_arrived() {
    let mut line = Line::live(CONFIG);
    assert_eq!(line.core.post(|| line.now, 7, 7, None), Ok(Ticket(1)));
    assert_eq!(line.drain(), [Output::Transmit(7)]);
    assert_eq!((line.core.unacknowledged(), line.core.queued()), (1, 0));
    line.says(Control::Ack { received: 1 });
    assert_eq!(line.drain(), [DELIVERED(1)]);
    assert_eq!(line.core.unacknowledged(), 0);
}

#[test]
fn nothing_may_go_past_the_session() {
    assert!(!Line::live(CONFIG).core.is_writable());
}

#[test]
fn too_much_that_has_not_arrived_is_refused() {
    let mut line = Line::live(CONFIG);
    for message in 1..=3 {
        assert_eq!(line.send(message), Ok(()));
    }
    line.drain();
    assert_eq!(line.send(4), Err(Refusal::Full));
    assert_eq!(line.core.stats().messages_out, 3);
}

#[test]
fn what_arrived_is_acknowledged_after_a_while() {
    let mut line = Line::live(CONFIG);
    assert!(line.arrives());
    assert_eq!(line.drain(), []);
    line.pass_to_timeout();
    assert_eq!((line.now, line.drain()), (Millis(200), [SAY(Control::Ack { received: 1 })].into()));
    assert_eq!(line.core.stats().messages_in, 1);
}

#[test]
fn an_older_line_is_not_heard() {
    let mut line = Line::asking_again(CONFIG, &[5]);
    assert!(line.ignores(|line| {
        line.core.handle_control(line.now, Epoch(1), Ok(Control::End));
        assert!(!line.core.handle_arrival(|| line.now, Epoch(1), 1));
    }));
}

#[test]
fn a_malformed_frame_is_an_error_and_the_end() {
    let mut line = Line::live(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    line.drain();
    line.core.handle_control(line.now, Epoch(1), Err(Malformed::Name));
    let back = Output::Return(7, Fate::Unconfirmed);
    assert_eq!(line.drain(), [REJECT("unknown control frame"), back, STATE, ERROR, CLOSE]);
}

#[test]
fn an_impossible_frame_is_an_error_and_the_end() {
    let mut line = Line::live(CONFIG);
    line.says(Control::Ack { received: 1 });
    assert_eq!(line.drain(), [REJECT("ack of the future"), STATE, ERROR, CLOSE]);
}

#[test]
fn a_user_who_is_asked_may_have_another_session_after_a_breach() {
    let mut line = Line::live(ASK);
    line.says(Control::Ack { received: 1 });
    assert_eq!(line.drain_drop().map(|drop| (drop.code, drop.last)), Some((1002, true)));
    line.answer(Verdict::After(0));
    line.tick();
    line.drain();
    line.opened();
    assert_eq!(line.drain(), [SAY(Control::New)]);
}

#[test]
fn the_heartbeat_is_the_protocols_own() {
    let mut line = Line::live(CONFIG);
    line.pass_to_timeout();
    assert_eq!(line.drain(), [SAY(Control::Ping(1))]);
    line.pass(40).says(Control::Pong(1));
    assert_eq!(line.core.stats().round_trip.last, 40);
}

#[test]
fn the_answer_to_an_earlier_question_is_not_measured() {
    let mut line = Line::live(CONFIG);
    line.pass_to_timeout().says(Control::Pong(0));
    assert_eq!(line.core.stats().round_trip.count, 0);
    line.pass_to_timeout();
    assert_eq!(line.state(), State::Open);
}

#[test]
fn the_first_window_is_what_the_server_asked_for() {
    for code in [1006, 1012, 1013] {
        let mut line = Line::live(CONFIG);
        line.pass(6_000).lose(code, false);
        let delay = line.drain_drop().map(|drop| drop.delay);
        assert!(delay.is_some_and(|delay| delay <= 200), "{code}: {delay:?}");
    }
}

#[test]
fn a_server_may_ask_for_more_than_the_user_would_wait_but_not_for_ever() {
    let mut longest = 0;
    for seed in 0..50 {
        let mut line = Line::session(CONFIG);
        line.core = Connection::with_session(CONFIG, Bounds::default(), Millis(0), seed);
        line.drain();
        line.opened();
        line.drain();
        line.says(Control::Welcome(Welcome { spread: u32::MAX, ..WELCOME }));
        line.pass(6_000).fail();
        longest = longest.max(line.drain_drop().map(|drop| drop.delay).unwrap_or_default());
    }
    assert!((30_000..=300_000).contains(&longest), "{longest}");
}

#[test]
fn a_message_that_waited_too_long_comes_back() {
    let mut line = Line::live(CONFIG);
    line.pass(6_000).fail();
    line.drain();
    let now = line.now;
    assert_eq!(line.core.post(|| now, 7, 7, Some(10)), Ok(Ticket(1)));
    line.pass(10).tick();
    assert!(line.drain().contains(&Output::Return(7, Fate::Expired)));
}

#[test]
fn a_message_that_has_not_left_can_be_recalled_and_one_that_has_can_not() {
    let mut line = Line::live(CONFIG);
    assert_eq!(line.send(5), Ok(()));
    line.drain();
    assert!(!line.core.recall(Ticket(1)));
    line.pass(6_000).fail();
    line.drain();
    assert_eq!(line.send(6), Ok(()));
    assert!(line.core.recall(Ticket(2)));
    assert_eq!(line.drain(), [Output::Return(6, Fate::Withdrawn)]);
}

// While it is closed.

#[test]
fn a_close_says_goodbye_and_then_closes_the_socket() {
    let mut line = Line::live(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    line.core.close(line.now);
    assert_eq!(line.drain(), [STATE, Output::Transmit(7), SAY(Control::End)]);
    assert_eq!((line.state(), line.send(8)), (State::Closing, Err(Refusal::Closed)));
    line.says(Control::Ack { received: 1 });
    line.says(Control::End);
    assert_eq!(line.drain(), [DELIVERED(1), PART]);
    line.lose(1000, true);
    assert_eq!(line.drain(), [STATE, CLOSE]);
}

#[test]
fn a_goodbye_that_is_not_answered_is_waited_for_a_second_and_the_socket_another() {
    let mut line = Line::live(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    line.core.close(line.now);
    line.drain();
    line.pass_to_timeout();
    assert_eq!((line.now, line.drain()), (Millis(1_000), [PART, Output::Return(7, Fate::Unconfirmed)].into()));
    line.pass_to_timeout();
    assert_eq!((line.now, line.drain()), (Millis(2_000), [Output::HangUp(Epoch(1)), STATE, ERROR, CLOSE].into()));
}

#[test]
fn a_goodbye_from_both_ends_is_one() {
    let mut line = Line::live(CONFIG);
    assert!(line.arrives());
    line.core.close(line.now);
    line.says(Control::End);
    assert_eq!(line.drain(), [SAY(Control::Ack { received: 1 }), SAY(Control::End), PART, STATE]);
}

#[test]
fn a_line_that_is_lost_during_the_goodbye_is_the_end() {
    let mut line = Line::live(CONFIG);
    assert_eq!(line.send(7), Ok(()));
    line.core.close(line.now);
    line.drain();
    line.fail();
    assert_eq!(line.drain(), [Output::Return(7, Fate::Unconfirmed), STATE, ERROR, CLOSE]);
}

#[test]
fn a_server_that_says_goodbye_is_answered_and_closes() {
    let mut line = Line::live(CONFIG);
    assert!(line.arrives());
    line.says(Control::End);
    assert_eq!(line.drain(), [STATE, SAY(Control::Ack { received: 1 }), SAY(Control::End)]);
    line.lose(1001, true);
    assert_eq!(line.drain(), [STATE, CLOSE]);
}

#[test]
fn a_server_that_says_goodbye_and_does_not_close_is_waited_for_a_second() {
    let mut line = Line::live(CONFIG);
    line.says(Control::End);
    line.drain();
    line.pass_to_timeout();
    assert_eq!((line.now, line.drain()), (Millis(1_000), [Output::HangUp(Epoch(1)), STATE, ERROR, CLOSE].into()));
}

#[test]
fn what_arrives_after_the_goodbye_is_not_the_users() {
    let mut line = Line::live(CONFIG);
    line.core.close(line.now);
    assert!(!line.arrives());
}

#[test]
fn a_line_that_was_over_begins_with_another_session() {
    let mut line = Line::live(CONFIG);
    line.core.close(line.now);
    line.says(Control::End);
    line.lose(1000, true);
    line.reconnect();
    line.drain();
    line.opened();
    assert_eq!(line.drain(), [SAY(Control::New)]);
    assert_eq!(line.send(7), Ok(()));
}
