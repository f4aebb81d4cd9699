use super::{Due, Patience};
use crate::core::Millis;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn patience() -> Patience {
    Patience::until(Millis(10_000))
}

#[test]
fn before_its_time_nothing_is_due() {
    assert_eq!(patience().handle_timeout(Millis(9_999)), Due::NotYet);
}

#[test]
fn a_timer_may_be_a_second_late() {
    assert_eq!(patience().handle_timeout(Millis(10_000)), Due::Now);
    assert_eq!(patience().handle_timeout(Millis(11_000)), Due::Now);
}

#[test]
fn after_a_late_timer_there_are_two_seconds_more() {
    let mut patience = patience();
    assert_eq!(patience.handle_timeout(Millis(11_001)), Due::Late);
    assert_eq!(patience.deadline(), Millis(13_001));
    assert_eq!(patience.handle_timeout(Millis(13_000)), Due::NotYet);
    assert_eq!(patience.handle_timeout(Millis(13_001)), Due::Now);
}

#[test]
fn where_every_timer_is_late_the_third_is_believed() {
    let mut patience = patience();
    let minutes = [60_000, 120_000, 180_000];
    assert_eq!(minutes.map(|now| patience.handle_timeout(Millis(now))), [Due::Late, Due::Late, Due::Now]);
}
