//! A connection that keeps a session. The frames of the server are written out here; when an end sends which frame is
//! tested in `session`.

use core::cell::Cell;

use super::*;
use crate::outbox::Bounds;
use crate::session::Reset;
use crate::wire::{Control, Known, Malformed, Terms, Token, Welcome};
use crate::{close, wire};

mod ending;
mod lifetime;
mod refusing;

type Fixture = super::Fixture<QueueOrSession<u64>>;

const BOUNDS: Bounds = Bounds { messages: 3, bytes: 100 };
const TERMS: Terms = Terms { spread: 200, largest: 60 };
const WELCOME: Welcome = Welcome { token: Token(7), time_to_live: 60_000, terms: TERMS, lost: false };
const STATE: Output<u64> = Output::Notify(Event::State);
const OPEN: Output<u64> = Output::Notify(Event::Open);
const RESUME: Output<u64> = Output::Notify(Event::Resume);
const ERROR: Output<u64> = Output::Notify(Event::Error);
const RESET: fn(Reset) -> Output<u64> = |reason| Output::Notify(Event::Reset(reason));
const CLOSE: Output<u64> = Output::Notify(Event::Close(None));
const CLOSE_AFTER: fn(Cause) -> Output<u64> = |cause| Output::Notify(Event::Close(Some(cause)));
const CLOSE_SOCKET: Output<u64> = Output::Session(SessionAction::Close);
const FAIL: fn(&'static str) -> Output<u64> = |reason| Output::Session(SessionAction::Fail(reason));
const SEND: fn(Control) -> Output<u64> = |control| Output::Session(SessionAction::Send(control));

impl Fixture {
    fn session(config: Config) -> Self {
        let connection = Connection::with_session(config, Some(BOUNDS), Millis(0), 1);
        let mut fixture = Self { connection, now: Millis(0) };
        fixture.drain();
        fixture
    }

    /// The native socket is open, and the server was greeted.
    fn greeting(config: Config) -> Self {
        let mut fixture = Self::session(config);
        fixture.opened();
        fixture.drain();
        fixture
    }

    fn live(config: Config) -> Self {
        let mut fixture = Self::greeting(config);
        fixture.control(Control::Welcome(WELCOME));
        fixture.drain();
        fixture
    }

    /// Dropped after it had lasted, and the server was greeted again.
    fn reconnected(config: Config, sends: &[u64]) -> Self {
        let mut fixture = Self::live(config);
        for message in sends {
            assert!(fixture.deliver(*message).is_ok());
        }
        fixture.drain();
        fixture.pass(6_000).fail();
        fixture.pass_to_timeout().opened();
        fixture.drain();
        fixture
    }

    fn deliver(&mut self, message: u64) -> Result<MessageId, SendError> {
        self.connection.deliver(|| self.now, message, message, None)
    }

    /// What the user sees while the native socket says this. Nothing is left to be done.
    fn ready_state(&mut self, native: Option<u16>) -> u16 {
        self.drain();
        self.connection.ready_state(native)
    }

    /// The server sends this frame.
    fn control(&mut self, control: Control) {
        self.connection.handle_control(self.now, self.connection.attempt(), Ok(control));
    }

    /// A message of one byte arrives. Whether it is the user's.
    fn receives(&mut self) -> bool {
        self.connection.handle_arrival(|| self.now, self.connection.attempt(), 1)
    }
}

// While it connects.

#[test]
fn an_open_native_socket_is_greeted_and_the_connection_is_not_open_yet() {
    let mut fixture = Fixture::session(CONFIG);
    fixture.opened();
    assert_eq!(fixture.drain(), [SEND(Control::New)]);
    assert_eq!((fixture.state(), fixture.connection.stats().opens), (State::Connecting, 0));
}

#[test]
fn the_connection_opens_with_the_welcome() {
    let mut fixture = Fixture::greeting(CONFIG);
    fixture.control(Control::Welcome(WELCOME));
    assert_eq!(fixture.drain(), [STATE, OPEN]);
    assert_eq!((fixture.state(), fixture.connection.stats().opens), (State::Open, 1));
}

#[test]
fn a_greeting_that_is_not_answered_is_a_timeout_of_the_attempt() {
    let mut fixture = Fixture::greeting(CONFIG);
    fixture.pass_to_timeout();
    assert_eq!(fixture.connection.poll(), Some(Output::Abandon(Attempt(1))));
    assert_eq!((fixture.now, fixture.drops(Cause::Timeout)), (Millis(10_000), 1));
}

#[test]
fn earlier_messages_are_sent_after_the_user_was_told_of_the_open() {
    let mut fixture = Fixture::session(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    fixture.opened();
    fixture.drain();
    fixture.control(Control::Welcome(WELCOME));
    assert_eq!(fixture.drain(), [STATE, OPEN, Output::Transmit(7)]);
}

#[test]
fn an_unsupported_subprotocol_is_an_error_and_the_end() {
    let mut fixture = Fixture::session(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    for protocol in ["", "chat", "undrop.2"] {
        let mut fixture = fixture.clone();
        fixture.connection.handle_handshake(fixture.now, Attempt(1), protocol);
        let failed = FAIL("the server does not speak undrop.1");
        let end = [STATE, ERROR, CLOSE_AFTER(Cause::Close)];
        assert_eq!(fixture.drain(), [[failed, settle(1, 7, Outcome::Unsent)].as_slice(), &end].concat());
    }
}

#[test]
fn a_message_before_the_welcome_breaks_the_protocol() {
    let mut fixture = Fixture::greeting(CONFIG);
    assert!(!fixture.receives());
    assert_eq!(fixture.drain(), [FAIL(wire::NOT_SPOKEN), STATE, ERROR, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn a_resumed_session_sends_again_what_the_server_lacks() {
    let mut fixture = Fixture::reconnected(CONFIG, &[5, 6]);
    fixture.control(Control::Resumed { received: 1, terms: TERMS });
    assert_eq!(fixture.drain(), [settle(1, 5, Outcome::Delivered), STATE, RESUME, Output::Transmit(6)]);
}

#[test]
fn the_messages_of_a_forgotten_session_are_settled_before_the_next_one_opens() {
    let mut fixture = Fixture::reconnected(CONFIG, &[5]);
    assert_eq!(fixture.deliver(6), Ok(MessageId(2)));
    fixture.control(Control::Welcome(WELCOME));
    let settled = [settle(1, 5, Outcome::Unconfirmed), settle(2, 6, Outcome::Unsent)];
    assert_eq!(fixture.drain(), [settled.as_slice(), &[RESET(Reset::Unknown), STATE, OPEN]].concat());
    assert_eq!(fixture.connection.unacknowledged(), 0);
}

#[test]
fn a_server_whose_store_has_lost_a_part_says_so_with_the_next_session() {
    let mut fixture = Fixture::reconnected(CONFIG, &[5]);
    fixture.control(Control::Welcome(Welcome { lost: true, ..WELCOME }));
    let settled = settle(1, 5, Outcome::Unconfirmed);
    assert_eq!(fixture.drain(), [settled, RESET(Reset::StoreLost), STATE, OPEN]);
}

#[test]
fn a_resumed_that_is_too_small_is_left_for_a_new_session() {
    let mut fixture = Fixture::live(CONFIG);
    for message in [5, 6] {
        assert!(fixture.deliver(message).is_ok());
    }
    fixture.drain();
    fixture.control(Control::Ack { received: 1 });
    fixture.pass(6_000).fail();
    fixture.pass_to_timeout().opened();
    fixture.drain();
    fixture.control(Control::Resumed { received: 0, terms: TERMS });
    assert_eq!(fixture.connection.poll(), Some(Output::Abandon(Attempt(2))));
    assert_eq!(fixture.state(), State::Waiting);
    assert!(fixture.drain_drop().is_some_and(|drop| (drop.cause, drop.code, drop.last) == (Cause::Close, 1006, false)));
    fixture.pass_to_timeout().opened();
    assert!(fixture.drain().contains(&SEND(Control::New)));
    fixture.control(Control::Welcome(WELCOME));
    let settled = settle(2, 6, Outcome::Unconfirmed);
    assert_eq!(fixture.drain(), [settled, RESET(Reset::StoreLost), STATE, OPEN]);
}

#[test]
fn a_first_session_resets_nothing() {
    let mut fixture = Fixture::greeting(CONFIG);
    fixture.control(Control::Welcome(WELCOME));
    assert!(!fixture.drain().iter().any(|output| matches!(output, Output::Notify(Event::Reset(_)))));
}

#[test]
fn a_message_that_the_server_does_not_accept_is_refused_with_both_sizes() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.deliver(61), Err(SendError::TooLarge { bytes: 61, largest: 60 }));
    // Also as long as the connection is down.
    fixture.fail();
    assert_eq!(fixture.deliver(61), Err(SendError::TooLarge { bytes: 61, largest: 60 }));
    assert_eq!(fixture.connection.stats().messages_out, 0);
}

#[test]
fn a_message_that_turns_out_too_large_for_the_server_comes_back_and_the_others_are_sent() {
    let mut fixture = Fixture::session(CONFIG);
    for message in [5, 90, 4] {
        assert!(fixture.deliver(message).is_ok());
    }
    fixture.opened();
    fixture.drain();
    fixture.control(Control::Welcome(Welcome { terms: Terms { largest: 50, ..TERMS }, ..WELCOME }));
    let outputs = [STATE, OPEN, Output::Transmit(5), settle(2, 90, Outcome::TooLarge), Output::Transmit(4)];
    let mut drained = fixture.drain();
    drained.sort_by_key(|output| outputs.iter().position(|other| other == output));
    assert_eq!(drained, outputs);
    assert_eq!(fixture.connection.unacknowledged(), 2);
}

#[test]
fn a_session_with_nothing_but_what_is_too_large_is_drained() {
    let mut fixture = Fixture::session(CONFIG);
    assert!(fixture.deliver(90).is_ok());
    fixture.opened();
    fixture.drain();
    fixture.control(Control::Welcome(Welcome { terms: Terms { largest: 50, ..TERMS }, ..WELCOME }));
    assert_eq!(fixture.drain(), [STATE, OPEN, settle(1, 90, Outcome::TooLarge)]);
}

#[test]
fn a_text_is_counted_when_it_may_be_too_large_and_when_it_has_to_wait() {
    let deliver = |fixture: &mut Fixture, units, bytes| {
        let (now, counted) = (fixture.now, Cell::new(false));
        let count = |_: &u64| {
            counted.set(true);
            bytes
        };
        (fixture.connection.deliver_counted(|| now, 7, units, None, count).is_ok(), counted.get())
    };
    // Nothing is known of the server.
    let mut fixture = Fixture::session(CONFIG);
    assert_eq!(deliver(&mut fixture, 10, 10), (true, true));
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(deliver(&mut fixture, 20, 60), (true, false));
    assert_eq!(deliver(&mut fixture, 21, 60), (true, true));
    assert_eq!(deliver(&mut fixture, 21, 61), (false, true));
    fixture.fail();
    assert_eq!(deliver(&mut fixture, 20, 60), (true, true));
}

#[test]
fn the_bounds_count_a_text_by_its_units() {
    let mut fixture = Fixture::session(CONFIG);
    let now = fixture.now;
    assert!(fixture.connection.deliver_counted(|| now, 7, 100, None, |_| 300).is_ok());
    assert_eq!(fixture.connection.queued(), 100);
    assert_eq!(fixture.deliver(1), Err(SendError::Full));
}

// How it reconnects.

#[test]
fn a_resume_that_moves_the_counts_is_a_success_however_short_the_connection() {
    let drops = |moves: fn(&mut Fixture)| {
        let mut fixture = Fixture::live(CONFIG);
        for message in 0..3 {
            assert!(fixture.deliver(message).is_ok());
        }
        fixture.drain();
        fixture.pass(6_000).fail();
        fixture.drain();
        let mut attempts = Vec::new();
        for _ in 0..3 {
            fixture.pass_to_timeout().opened();
            moves(&mut fixture);
            fixture.pass(10).fail();
            attempts.push(fixture.drain_drop().map(|drop| drop.attempt));
        }
        attempts
    };
    assert_eq!(drops(|_| {}), [2, 3, 4].map(Some));
    // It resumes, and nothing more.
    assert_eq!(
        drops(|fixture| {
            fixture.drain();
            fixture.control(Control::Resumed { received: 0, terms: TERMS });
        }),
        [2, 3, 4].map(Some)
    );
    // A message arrives.
    assert_eq!(
        drops(|fixture| {
            fixture.drain();
            fixture.control(Control::Resumed { received: 0, terms: TERMS });
            assert!(fixture.receives());
        }),
        [1, 1, 1].map(Some)
    );
    // The server has taken more.
    assert_eq!(
        drops(|fixture| {
            fixture.drain();
            let received = fixture.connection.stats().opens.into();
            fixture.control(Control::Resumed { received, terms: TERMS });
        }),
        [1, 1, 1].map(Some)
    );
    // A new session each time says nothing of the next.
    assert_eq!(
        drops(|fixture| {
            fixture.drain();
            fixture.control(Control::Welcome(Welcome { token: Token(fixture.now.0.into()), ..WELCOME }));
            assert!(fixture.receives());
        }),
        [2, 3, 4].map(Some)
    );
}

#[test]
fn a_reconnect_greets_with_the_count_of_received_messages() {
    let mut fixture = Fixture::live(CONFIG);
    assert!(fixture.receives());
    fixture.reconnect();
    fixture.drain();
    fixture.opened();
    assert_eq!(
        fixture.drain(),
        [SEND(Control::Resume { token: Token(7), known: Known { received: 1, attempt: 2, ..Known::default() } })]
    );
}

#[test]
fn a_close_while_connecting_closes_the_native_socket_at_once() {
    let mut fixture = Fixture::session(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    fixture.connection.close(fixture.now);
    assert_eq!(fixture.drain(), [CLOSE_SOCKET, settle(1, 7, Outcome::Unsent), STATE]);
    fixture.fail();
    assert_eq!(fixture.drain(), [STATE, ERROR, CLOSE]);
}

#[test]
fn a_close_before_the_greeting_is_answered_ends_the_session_on_the_server_too() {
    let mut fixture = Fixture::reconnected(CONFIG, &[]);
    fixture.connection.close(fixture.now);
    assert_eq!(fixture.drain(), [STATE, SEND(Control::End)]);
    fixture.control(Control::Resumed { received: 0, terms: TERMS });
    fixture.control(Control::End);
    assert_eq!(fixture.drain(), [CLOSE_SOCKET]);
}

// While it is open.

#[test]
fn a_message_is_transmitted_at_once_and_kept_until_it_is_acknowledged() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.connection.deliver(|| fixture.now, 7, 7, None), Ok(MessageId(1)));
    assert_eq!(fixture.drain(), [Output::Transmit(7)]);
    assert_eq!((fixture.connection.unacknowledged(), fixture.connection.queued()), (1, 0));
    fixture.control(Control::Ack { received: 1 });
    assert_eq!(fixture.drain(), [settle(1, 7, Outcome::Delivered)]);
    assert_eq!(fixture.connection.unacknowledged(), 0);
}

#[test]
fn no_message_bypasses_the_session() {
    assert!(!Fixture::live(CONFIG).connection.is_writable());
}

#[test]
fn too_much_that_is_unacknowledged_is_refused() {
    let mut fixture = Fixture::live(CONFIG);
    for message in 1..=3 {
        assert_eq!(fixture.deliver(message), Ok(MessageId(message)));
    }
    fixture.drain();
    assert_eq!(fixture.deliver(4), Err(SendError::Full));
    assert_eq!(fixture.connection.stats().messages_out, 3);
}

#[test]
fn a_message_that_arrived_is_acknowledged_after_a_while() {
    let mut fixture = Fixture::live(CONFIG);
    assert!(fixture.receives());
    assert_eq!(fixture.drain(), []);
    fixture.pass_to_timeout();
    assert_eq!((fixture.now, fixture.drain()), (Millis(200), [SEND(Control::Ack { received: 1 })].into()));
    assert_eq!(fixture.connection.stats().messages_in, 1);
}

#[test]
fn frames_of_an_older_attempt_change_nothing() {
    let mut fixture = Fixture::reconnected(CONFIG, &[5]);
    assert!(fixture.ignores(|fixture| {
        fixture.connection.handle_control(fixture.now, Attempt(1), Ok(Control::End));
        assert!(!fixture.connection.handle_arrival(|| fixture.now, Attempt(1), 1));
    }));
}

#[test]
fn a_malformed_frame_is_an_error_and_the_end() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.deliver(7), Ok(MessageId(1)));
    fixture.drain();
    fixture.connection.handle_control(fixture.now, Attempt(1), Err(Malformed::Name));
    let settled = settle(1, 7, Outcome::Unconfirmed);
    assert_eq!(fixture.drain(), [FAIL("unknown control frame"), settled, STATE, ERROR, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn an_impossible_frame_is_an_error_and_the_end() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.control(Control::Ack { received: 1 });
    assert_eq!(fixture.drain(), [FAIL("ack of the future"), STATE, ERROR, CLOSE_AFTER(Cause::Close)]);
}

#[test]
fn a_user_who_decides_may_have_another_session_after_a_violation() {
    let mut fixture = Fixture::live(ASK);
    fixture.control(Control::Ack { received: 1 });
    assert_eq!(fixture.drain_drop().map(|drop| (drop.code, drop.last)), Some((1002, true)));
    fixture.answer(Decision::After(0));
    fixture.tick();
    fixture.drain();
    fixture.opened();
    assert_eq!(fixture.drain(), [SEND(Control::New)]);
}

#[test]
fn the_heartbeat_sends_the_ping_of_the_protocol() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.pass_to_timeout();
    assert_eq!(fixture.drain(), [SEND(Control::Ping(1))]);
    fixture.pass(40).control(Control::Pong(1));
    assert_eq!(fixture.connection.stats().round_trip.last, 40);
}

#[test]
fn the_pong_of_an_earlier_ping_is_not_measured() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.pass_to_timeout().control(Control::Pong(0));
    assert_eq!(fixture.connection.stats().round_trip.count, 0);
    fixture.pass_to_timeout();
    assert_eq!(fixture.state(), State::Open);
}

/// The longest delay of many after a first drop with this code, from a server that asked for this spread.
fn longest_delay(spread: u32, code: u16) -> u32 {
    let delays = (0..200).map(|seed| {
        let mut fixture = Fixture::session(CONFIG);
        fixture.connection = Connection::with_session(CONFIG, Some(BOUNDS), Millis(0), seed);
        fixture.drain();
        fixture.opened();
        fixture.drain();
        fixture.control(Control::Welcome(Welcome { terms: Terms { spread, ..TERMS }, ..WELCOME }));
        fixture.pass(6_000).lose(code, false);
        fixture.drain_drop().map(|drop| drop.delay).unwrap_or_default()
    });
    delays.max().unwrap_or_default()
}

#[test]
fn the_window_is_the_wider_of_the_spread_and_the_backoff() {
    for code in [1006, 1012, 1013] {
        assert!((4_900..=5_000).contains(&longest_delay(200, code)), "{code}");
        assert!((19_000..=20_000).contains(&longest_delay(20_000, code)), "{code}");
    }
}

#[test]
fn the_spread_of_the_last_answer_counts() {
    let mut fixture = Fixture::reconnected(CONFIG, &[]);
    fixture.control(Control::Resumed { received: 0, terms: Terms { spread: 100_000, ..TERMS } });
    fixture.pass(6_000).fail();
    let delay = fixture.drain_drop().map(|drop| drop.delay);
    assert!(delay.is_some_and(|delay| delay > 5_000), "{delay:?}");
}

#[test]
fn a_spread_may_be_wider_than_the_cap_but_not_without_limit() {
    let longest = longest_delay(u32::MAX, 1006);
    assert!((30_001..=300_000).contains(&longest), "{longest}");
}

#[test]
fn a_message_that_waited_too_long_expires() {
    let mut fixture = Fixture::live(CONFIG);
    fixture.pass(6_000).fail();
    fixture.drain();
    let now = fixture.now;
    assert_eq!(fixture.connection.deliver(|| now, 7, 7, Some(10)), Ok(MessageId(1)));
    fixture.pass(10).tick();
    assert!(fixture.drain().contains(&settle(1, 7, Outcome::Expired)));
}

#[test]
fn a_message_can_be_withdrawn_until_it_is_sent() {
    let mut fixture = Fixture::live(CONFIG);
    assert_eq!(fixture.deliver(5), Ok(MessageId(1)));
    fixture.drain();
    assert_eq!(fixture.connection.withdraw(MessageId(1)), None);
    fixture.pass(6_000).fail();
    fixture.drain();
    assert_eq!(fixture.deliver(6), Ok(MessageId(2)));
    assert_eq!(fixture.connection.withdraw(MessageId(2)), Some(6));
    assert_eq!(fixture.connection.withdraw(MessageId(2)), None);
    assert_eq!((fixture.drain(), fixture.connection.unacknowledged()), (Vec::new(), 1));
}

// While the subprotocol is negotiated, and without a session.

#[test]
fn a_subprotocol_that_asks_for_a_session_is_supported() {
    for protocol in ["undrop.1", "undrop.1+chat"] {
        let mut fixture = Fixture::session(CONFIG);
        fixture.connection.handle_handshake(fixture.now, Attempt(1), protocol);
        assert_eq!(fixture.drain(), [SEND(Control::New)]);
    }
}

#[test]
fn the_handshake_of_an_older_attempt_changes_nothing() {
    let mut fixture = Fixture::session(CONFIG);
    fixture.fail();
    fixture.pass_to_timeout();
    fixture.drain();
    for protocol in ["", "undrop.1"] {
        assert!(fixture.ignores(|fixture| fixture.connection.handle_handshake(fixture.now, Attempt(1), protocol)));
    }
}

#[test]
fn a_session_has_no_queue() {
    let mut fixture = Fixture::session(CONFIG);
    assert_eq!(fixture.connection.send(fixture.now, 7, 7), Err(SendError::NotOpen));
}

#[test]
fn without_a_session_nothing_is_delivered() {
    let mut fixture = Fixture { connection: Connection::with_session(CONFIG, None, Millis(0), 1), now: Millis(0) };
    assert_eq!(fixture.deliver(7), Err(SendError::NotOpen));
    assert_eq!(fixture.connection.unacknowledged(), 0);
}

#[test]
fn without_a_session_any_subprotocol_will_do() {
    let mut fixture = Fixture { connection: Connection::with_session(CONFIG, None, Millis(0), 1), now: Millis(0) };
    fixture.drain();
    fixture.connection.handle_handshake(fixture.now, Attempt(1), "chat");
    assert_eq!(fixture.drain(), [STATE, OPEN]);
}

#[test]
fn without_a_session_it_does_what_a_connection_with_a_queue_does() {
    type Step<'a, D> = &'a dyn Fn(&mut Connection<u64, D>);
    /// What such a connection wants done after each of these steps.
    fn outputs<D: Delivery<u64>>(mut connection: Connection<u64, D>) -> Vec<std::string::String> {
        let (first, second) = (Attempt(1), Attempt(2));
        let steps: [Step<D>; 12] = [
            &|_| {},
            &|it| assert_eq!(it.send(Millis(0), 1, 1), Ok(MessageId(1))),
            &|it| assert_eq!(it.send(Millis(1), 2, 2), Ok(MessageId(2))),
            &|it| assert_eq!(it.withdraw(MessageId(1)), Some(1)),
            &|it| it.handle_opened(Millis(2), first),
            &|it| it.handle_message(first, 1),
            &|it| it.handle_timeout(Millis(25_002)),
            &|it| it.handle_timeout(Millis(50_002)),
            &|it| it.handle_closed(Millis(50_003), first, 1012, true),
            &|it| assert_eq!(it.send(Millis(50_004), 3, 3), Ok(MessageId(3))),
            &|it| it.handle_signal(Millis(51_000), Signal::Online),
            &|it| it.close(Millis(110_004)),
        ];
        let mut outputs = Vec::new();
        for step in steps {
            step(&mut connection);
            outputs.extend(core::iter::from_fn(|| connection.poll()).map(|output| std::format!("{output:?}")));
            assert!(connection.is_drained());
            outputs.push(std::format!("{:?} {}", connection.poll_timeout(), connection.queued()));
        }
        assert_eq!(connection.attempt(), second);
        connection.handle_timeout(Millis(200_000));
        outputs.extend(core::iter::from_fn(|| connection.poll()).map(|output| std::format!("{output:?}")));
        outputs
    }
    let queue = outputs(Connection::new(CONFIG, Millis(0), 1));
    assert!(queue.len() > 20, "{queue:?}");
    assert_eq!(queue, outputs(Connection::with_session(CONFIG, None, Millis(0), 1)));
}
