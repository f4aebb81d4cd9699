use super::{Backoff, Retry, Window};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const RETRY: Retry = Retry { limit: 3, first: 5_000, cap: 30_000, reset_after: 5_000 };

/// The longest and the shortest of many waits for the dial with this number.
fn waits(window: Window, attempt: u32) -> (u32, u32) {
    let draw = |seed| {
        let mut backoff = Backoff::new(seed);
        for _ in 1..attempt {
            backoff.draw(&RETRY, Window::Plain);
        }
        backoff.draw(&RETRY, window)
    };
    let waits = (0..2_000).map(draw);
    waits.fold((u32::MAX, 0), |(least, most), wait| (least.min(wait), most.max(wait)))
}

/// Whether the waits fill this window, but for a hundredth at either end.
fn fill((least, most): (u32, u32), from: u32, to: u32) -> bool {
    let edge = (to - from) / 100;
    (from..=from + edge).contains(&least) && (to - edge..=to).contains(&most)
}

#[test]
fn a_wait_is_drawn_from_its_whole_window() {
    assert!(fill(waits(Window::Plain, 1), 0, 5_000));
}

#[test]
fn each_window_is_twice_as_wide_up_to_the_cap() {
    assert!(fill(waits(Window::Plain, 2), 0, 10_000));
    assert!(fill(waits(Window::Plain, 3), 0, 20_000));
    assert!(fill(waits(Window::Plain, 4), 0, 30_000));
    assert!(fill(waits(Window::Plain, 40), 0, 30_000));
}

#[test]
fn a_restart_is_given_at_least_the_first_window() {
    assert!(fill(waits(Window::Restart, 1), 5_000, 30_000));
    assert!(fill(waits(Window::Restart, 9), 5_000, 30_000));
}

#[test]
fn only_the_first_wait_can_be_none() {
    assert_eq!(waits(Window::None, 1), (0, 0));
    assert!(fill(waits(Window::None, 2), 0, 10_000));
}

#[test]
fn a_first_window_wider_than_the_cap_is_the_cap() {
    let retry = Retry { first: 90_000, ..RETRY };
    for seed in 0..100 {
        assert!(Backoff::new(seed).draw(&retry, Window::Plain) <= 30_000);
        assert_eq!(Backoff::new(seed).draw(&retry, Window::Restart), 30_000);
    }
}

#[test]
fn a_first_window_of_nothing_still_grows() {
    let retry = Retry { first: 0, ..RETRY };
    let mut backoff = Backoff::new(1);
    let waits: u32 = (0..100).map(|_| backoff.draw(&retry, Window::Plain)).sum();
    assert!(waits > 100_000, "{waits}");
}

#[test]
fn the_same_seed_draws_the_same_waits() {
    let waits = || {
        let mut backoff = Backoff::new(7);
        [(); 5].map(|()| backoff.draw(&RETRY, Window::Plain))
    };
    assert_eq!(waits(), waits());
}

#[test]
fn it_is_spent_after_as_many_losses_as_the_limit_says() {
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
fn a_reset_starts_with_the_first_window_again() {
    let mut backoff = Backoff::new(1);
    backoff.draw(&RETRY, Window::Plain);
    assert!(backoff.draw(&RETRY, Window::None) > 0);
    backoff.reset();
    assert_eq!(backoff.draw(&RETRY, Window::None), 0);
}
