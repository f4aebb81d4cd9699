use super::Millis;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_time_yet_to_come_was_no_time_ago() {
    assert_eq!(Millis(5).since(Millis(9)), 0);
    assert_eq!(Millis(9).since(Millis(5)), 4);
}

#[test]
fn the_end_of_time_is_not_passed() {
    assert_eq!(Millis(u64::MAX) + 1, Millis(u64::MAX));
}
