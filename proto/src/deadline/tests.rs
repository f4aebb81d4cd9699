use super::{Deadline, Due};
use crate::Millis;

fn deadline() -> Deadline {
    Deadline::at(Millis(10_000))
}

#[test]
fn before_its_time_a_deadline_is_not_due() {
    assert_eq!(deadline().handle_timeout(Millis(9_999)), Due::NotYet);
}

#[test]
fn a_timer_may_be_a_second_late() {
    assert_eq!(deadline().handle_timeout(Millis(10_000)), Due::Now);
    assert_eq!(deadline().handle_timeout(Millis(11_000)), Due::Now);
}

#[test]
fn a_late_timer_moves_the_deadline_by_two_seconds() {
    let mut deadline = deadline();
    assert_eq!(deadline.handle_timeout(Millis(11_001)), Due::Late);
    assert_eq!(deadline.time(), Millis(13_001));
    assert_eq!(deadline.handle_timeout(Millis(13_000)), Due::NotYet);
    assert_eq!(deadline.handle_timeout(Millis(13_001)), Due::Now);
}

#[test]
fn where_every_timer_is_late_the_third_is_final() {
    let mut deadline = deadline();
    let minutes = [60_000, 120_000, 180_000];
    assert_eq!(minutes.map(|now| deadline.handle_timeout(Millis(now))), [Due::Late, Due::Late, Due::Now]);
}
