use super::Millis;

#[test]
fn no_time_has_passed_since_a_time_in_the_future() {
    assert_eq!(Millis(5).since(Millis(9)), 0);
    assert_eq!(Millis(9).since(Millis(5)), 4);
}

#[test]
fn the_latest_time_does_not_overflow() {
    assert_eq!(Millis(u64::MAX) + 1, Millis(u64::MAX));
}
