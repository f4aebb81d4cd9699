#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn the_first_thing_to_be_done_is_the_first_dial() {
    let mut core = Connection::<u64>::new(CONFIG, Millis(0), 1);
    assert_eq!(core.poll(), Some(DIALS(1)));
    assert_eq!(core.state(), State::Connecting);
}

#[test]
fn a_handshake_opens_it() {
    let mut line = Line::dialing(CONFIG);
    line.opened();
    assert_eq!(line.drain(), [STATE, OPEN]);
    assert_eq!(line.state(), State::Open);
}

#[test]
fn hello_goes_before_what_has_waited() {
    let mut line = Line::dialing(CONFIG);
    assert_eq!(line.send(1), Ok(()));
    line.opened();
    assert_eq!([line.core.poll(), line.core.poll()], [Some(STATE), Some(OPEN)]);
    assert_eq!(line.send(2), Ok(()));
    assert_eq!(line.drain(), [Output::Transmit(2), Output::Transmit(1)]);
}

#[test]
fn what_has_waited_is_handed_back_to_a_user_who_closes_at_the_open() {
    let mut line = Line::dialing(CONFIG);
    assert_eq!(line.send(1), Ok(()));
    line.opened();
    line.core.close(line.now);
    line.lose(1000, true);
    assert!(line.drain().contains(&Output::Return(1, Fate::Closed)));
}

#[test]
fn what_has_expired_is_not_sent() {
    let mut line = Line::dialing(Config { connect_timeout: 90_000, ..CONFIG });
    assert_eq!(line.send(1), Ok(()));
    line.pass(60_000).opened();
    assert_eq!(line.drain(), [STATE, Output::Return(1, Fate::Expired), OPEN]);
}

#[test]
fn a_full_queue_refuses() {
    let mut line = Line::dialing(CONFIG);
    assert_eq!([60, 41].map(|message| line.send(message)), [Ok(()), Err(Refusal::Full)]);
}

#[test]
fn what_has_expired_makes_room_though_its_timer_is_late() {
    let mut line = Line::dialing(CONFIG);
    assert_eq!(line.send(100), Ok(()));
    line.pass(60_000);
    assert_eq!(line.send(99), Ok(()));
    assert_eq!(line.drain(), [Output::Return(100, Fate::Expired)]);
}

#[test]
fn the_oldest_goes_if_that_is_agreed() {
    let limits = CONFIG.queue.map(|limits| Limits { overflow: Overflow::DropOldest, ..limits });
    let mut line = Line::dialing(Config { queue: limits, ..CONFIG });
    assert_eq!([60, 41].map(|message| line.send(message)), [Ok(()), Ok(())]);
    assert_eq!(line.drain(), [Output::Return(60, Fate::Overflow)]);
    assert_eq!(line.core.queued(), 41);
}

#[test]
fn without_a_queue_nothing_waits() {
    let mut line = Line::dialing(Config { queue: None, ..CONFIG });
    assert_eq!(line.send(1), Err(Refusal::NotOpen));
}

#[test]
fn a_dial_that_hangs_is_hung_up() {
    let mut line = Line::dialing(CONFIG);
    assert_eq!(line.core.poll_timeout(), Some(Millis(10_000)));
    line.pass_to_timeout();
    assert_eq!(line.core.poll(), Some(Output::HangUp(Epoch(1))));
    assert_eq!(line.drops(Cause::Timeout), 1);
    assert_eq!(line.state(), State::Waiting);
}

#[test]
fn a_late_timer_gives_a_dial_two_seconds_more() {
    let mut line = Line::dialing(CONFIG);
    line.pass(8 * 3_600_000).tick();
    assert_eq!(line.drain(), []);
    assert_eq!(line.core.poll_timeout(), Some(line.now + 2_000));
    let mut opened = line.clone();
    opened.opened();
    assert_eq!(opened.drain(), [STATE, OPEN]);
    line.pass_to_timeout();
    assert_eq!(line.core.poll(), Some(Output::HangUp(Epoch(1))));
    assert_eq!(line.drops(Cause::Timeout), 1);
}

#[test]
fn where_every_timer_is_late_a_dial_that_hangs_is_hung_up_in_the_end() {
    let mut line = Line::dialing(CONFIG);
    line.pass(60_000).tick();
    line.pass(60_000).tick();
    assert_eq!(line.drain(), []);
    line.pass(60_000).tick();
    assert_eq!(line.core.poll(), Some(Output::HangUp(Epoch(1))));
}

#[test]
fn without_retries_a_dial_may_take_for_ever() {
    let mut line = Line::dialing(NEVER);
    assert_eq!(line.core.poll_timeout(), None);
    assert!(line.ignores(|line| {
        line.pass(600_000).tick();
    }));
}

#[test]
fn without_retries_the_browser_tells_of_its_own_error() {
    let mut line = Line::dialing(NEVER);
    line.core.handle_error(Epoch(1));
    line.fail();
    assert_eq!(line.drain(), [ERROR, STATE, CLOSE]);
}

#[test]
fn without_retries_a_missing_url_is_an_error_and_the_end() {
    let mut line = Line::dialing(NEVER);
    line.core.handle_no_url(line.now, Epoch(1));
    assert_eq!(line.drain(), [STATE, ERROR, CLOSE]);
}

#[test]
fn a_missing_url_is_a_loss_with_nothing_to_hang_up() {
    let mut line = Line::dialing(CONFIG);
    line.core.handle_no_url(line.now, Epoch(1));
    assert_eq!(line.core.poll(), Some(STATE));
    assert_eq!(line.drain_drop().map(|drop| drop.cause), Some(Cause::Url));
}

#[test]
fn an_error_is_no_news_before_the_close() {
    let mut line = Line::dialing(CONFIG);
    assert!(line.ignores(|line| line.core.handle_error(Epoch(1))));
}

#[test]
fn older_dials_are_not_heard() {
    let mut line = Line::dialing(CONFIG);
    assert!(line.ignores(|line| line.core.handle_opened(Millis(0), Epoch(0))));
    assert!(line.ignores(|line| line.core.handle_closed(Millis(0), Epoch(0), 1000, true)));
    assert!(line.ignores(|line| line.core.handle_no_url(Millis(0), Epoch(0))));
    assert!(line.ignores(|line| line.core.handle_message(Epoch(0), 1)));
}

#[test]
fn a_reconnect_leaves_a_dial_that_is_under_way() {
    let mut line = Line::dialing(CONFIG);
    assert!(line.ignores(Line::reconnect));
}

#[test]
fn a_reconnect_narrows_the_window_after_a_dial_that_is_under_way() {
    let retry = Retry { first: 10, ..RETRY };
    let mut line = Line::dialing(Config { policy: Policy::Retry(retry), ..CONFIG });
    for _ in 0..9 {
        line.fail();
        line.pass_to_timeout();
    }
    line.drain();
    line.reconnect();
    assert_eq!(line.drain(), []);
    line.fail();
    let drop = line.drain_drop().unwrap_or_else(|| unreachable!());
    assert!(drop.attempt == 10 && drop.delay <= 10, "{drop:?}");
}

#[test]
fn failures_are_counted_from_the_first_dial() {
    let mut line = Line::dialing(CONFIG);
    line.fail();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(1));
    line.pass_to_timeout().fail();
    assert_eq!(line.drain_drop().map(|drop| drop.attempt), Some(2));
}

#[test]
fn signals_have_nothing_to_say_to_it() {
    for signal in [Signal::Online, Signal::Visible, Signal::Wake] {
        let mut line = Line::dialing(CONFIG);
        assert!(line.ignores(|line| line.signal(signal)), "{signal:?}");
    }
}

#[test]
fn a_close_before_there_is_a_socket_waits_for_nobody() {
    let mut line = Line::dialing(CONFIG);
    line.core.close_unanswered(line.now);
    assert_eq!(line.drain(), [Output::HangUp(Epoch(1)), STATE]);
    assert_eq!(line.core.poll_timeout(), Some(line.now));
    line.pass_to_timeout();
    assert_eq!(line.drain(), [STATE, ERROR, CLOSE]);
}
