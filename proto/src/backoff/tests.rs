use super::{Backoff, Retry, Window};

const RETRY: Retry = Retry { limit: 3, first: 5_000, cap: 30_000, reset_after: 5_000 };

/// The longest and the shortest of many delays for the attempt with this number.
fn delays(window: Window, attempt: u32) -> (u32, u32) {
    let draw = |seed| {
        let mut backoff = Backoff::new(seed);
        for _ in 1..attempt {
            backoff.draw(&RETRY, Window::Plain(0));
        }
        backoff.draw(&RETRY, window)
    };
    let delays = (0..2_000).map(draw);
    delays.fold((u32::MAX, 0), |(least, most), delay| (least.min(delay), most.max(delay)))
}

/// Whether the delays fill this window, but for a hundredth at either end.
fn fill((least, most): (u32, u32), from: u32, to: u32) -> bool {
    let edge = (to - from) / 100;
    (from..=from + edge).contains(&least) && (to - edge..=to).contains(&most)
}

#[test]
fn a_delay_is_drawn_from_its_whole_window() {
    assert!(fill(delays(Window::Plain(0), 1), 0, 5_000));
}

#[test]
fn each_window_is_twice_as_wide_up_to_the_cap() {
    assert!(fill(delays(Window::Plain(0), 2), 0, 10_000));
    assert!(fill(delays(Window::Plain(0), 3), 0, 20_000));
    assert!(fill(delays(Window::Plain(0), 4), 0, 30_000));
    assert!(fill(delays(Window::Plain(0), 40), 0, 30_000));
}

#[test]
fn after_a_restart_the_delay_is_at_least_the_first_window() {
    assert!(fill(delays(Window::Restart, 1), 5_000, 30_000));
    assert!(fill(delays(Window::Restart, 9), 5_000, 30_000));
}

#[test]
fn a_spread_widens_each_window_that_is_narrower_and_no_other() {
    assert!(fill(delays(Window::Plain(8_000), 1), 0, 8_000));
    assert!(fill(delays(Window::Plain(8_000), 2), 0, 10_000));
    assert!(fill(delays(Window::Plain(60_000), 9), 0, 60_000));
    assert!(fill(delays(Window::Plain(u32::MAX), 1), 0, 300_000));
}

#[test]
fn with_a_spread_no_delay_is_shorter_than_without() {
    for seed in 0..1_000 {
        let delays = |spread| {
            let mut backoff = Backoff::new(seed);
            [(); 8].map(|()| backoff.draw(&RETRY, Window::Plain(spread)))
        };
        for spread in [1, 5_000, 20_000] {
            assert!(delays(spread).iter().zip(delays(0)).all(|(with, without)| *with >= without));
        }
    }
}

#[test]
fn only_the_first_delay_can_be_none() {
    assert_eq!(delays(Window::None, 1), (0, 0));
    assert!(fill(delays(Window::None, 2), 0, 10_000));
}

#[test]
fn a_first_window_wider_than_the_cap_is_the_cap() {
    let retry = Retry { first: 90_000, ..RETRY };
    for seed in 0..100 {
        assert!(Backoff::new(seed).draw(&retry, Window::Plain(0)) <= 30_000);
        assert_eq!(Backoff::new(seed).draw(&retry, Window::Restart), 30_000);
    }
}

#[test]
fn a_first_window_of_nothing_still_grows() {
    let retry = Retry { first: 0, ..RETRY };
    let mut backoff = Backoff::new(1);
    let delays: u32 = (0..100).map(|_| backoff.draw(&retry, Window::Plain(0))).sum();
    assert!(delays > 100_000, "{delays}");
}

#[test]
fn the_same_seed_draws_the_same_delays() {
    let delays = || {
        let mut backoff = Backoff::new(7);
        [(); 5].map(|()| backoff.draw(&RETRY, Window::Plain(0)))
    };
    assert_eq!(delays(), delays());
}

#[test]
fn the_limit_is_spent_after_as_many_drops_as_it_says() {
    let mut backoff = Backoff::new(1);
    for _ in 0..3 {
        assert!(!backoff.is_spent(&RETRY));
        backoff.spend();
    }
    assert!(backoff.is_spent(&RETRY));
    backoff.reset();
    assert!(!backoff.is_spent(&RETRY));
}

#[test]
fn after_a_reset_the_window_is_the_first_again() {
    let mut backoff = Backoff::new(1);
    backoff.draw(&RETRY, Window::Plain(0));
    assert!(backoff.draw(&RETRY, Window::None) > 0);
    backoff.reset();
    assert_eq!(backoff.draw(&RETRY, Window::None), 0);
}
