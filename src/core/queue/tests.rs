use alloc::vec::Vec;

use super::{Full, Limits, Millis, Overflow, Queue};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LIMITS: Limits = Limits { messages: 3, bytes: 100, time_to_live: None, overflow: Overflow::Refuse };

/// Messages of these sizes, numbered from 0.
fn queue(limits: Limits, sizes: &[u64]) -> Queue<usize> {
    let mut queue = Queue::new(limits);
    for (number, bytes) in sizes.iter().enumerate() {
        queue.push(Millis(number as u64 * 10), number, *bytes);
    }
    queue
}

fn drain(mut queue: Queue<usize>) -> Vec<usize> {
    core::iter::from_fn(|| queue.pop()).collect()
}

#[test]
fn messages_leave_in_the_order_in_which_they_came() {
    assert_eq!(drain(queue(LIMITS, &[1, 1, 1])), [0, 1, 2]);
}

#[test]
fn its_bytes_are_those_of_what_waits() {
    let mut queue = queue(LIMITS, &[10, 20]);
    assert_eq!(queue.bytes(), 30);
    assert_eq!(queue.pop_sized(), Some((0, 10)));
    assert_eq!(queue.bytes(), 20);
}

#[test]
fn one_message_too_many_is_refused() {
    assert_eq!(queue(LIMITS, &[1, 1]).takes(1), Ok(()));
    assert_eq!(queue(LIMITS, &[1, 1, 1]).takes(1), Err(Full));
}

#[test]
fn one_byte_too_many_is_refused() {
    assert_eq!(queue(LIMITS, &[60]).takes(40), Ok(()));
    assert_eq!(queue(LIMITS, &[60]).takes(41), Err(Full));
}

#[test]
fn a_size_that_no_number_holds_is_refused() {
    assert_eq!(queue(LIMITS, &[60]).takes(u64::MAX), Err(Full));
}

#[test]
fn the_oldest_go_until_the_newest_fits() {
    let limits = Limits { overflow: Overflow::DropOldest, ..LIMITS };
    let mut queue = queue(limits, &[40, 40, 20]);
    assert_eq!(queue.takes(70), Ok(()));
    let gone: Vec<usize> = core::iter::from_fn(|| queue.overflow(70)).collect();
    assert_eq!(gone, [0, 1]);
}

#[test]
fn nothing_goes_for_what_can_never_fit() {
    let limits = Limits { overflow: Overflow::DropOldest, ..LIMITS };
    assert_eq!(queue(limits, &[1]).takes(101), Err(Full));
    assert_eq!(queue(Limits { messages: 0, ..limits }, &[]).takes(1), Err(Full));
}

#[test]
fn the_oldest_expires_first() {
    let limits = Limits { time_to_live: Some(50), ..LIMITS };
    let mut queue = queue(limits, &[1, 1]);
    assert_eq!(queue.deadline(), Some(Millis(50)));
    assert_eq!(queue.pop_expired(Millis(49)), None);
    assert_eq!(queue.pop_expired(Millis(50)), Some(0));
    assert_eq!(queue.deadline(), Some(Millis(60)));
    assert!(queue.holds_any());
}

#[test]
fn without_a_time_to_live_nothing_expires() {
    let mut queue = queue(LIMITS, &[1]);
    assert_eq!(queue.deadline(), None);
    assert_eq!(queue.pop_expired(Millis(u64::MAX)), None);
}

#[test]
fn what_is_taken_back_leaves_the_others_in_order() {
    for index in 0..4 {
        let mut queue = queue(LIMITS, &[1, 10, 50]);
        let taken = queue.remove(index);
        assert_eq!(taken, (index < 3).then_some(index));
        assert_eq!(queue.bytes(), [60, 51, 11, 61].get(index).copied().unwrap_or_default());
        let others: Vec<usize> = (0..3).filter(|number| *number != index).collect();
        assert_eq!(drain(queue), others);
    }
}

#[test]
fn one_that_is_taken_back_leaves_the_others_in_order() {
    for (index, rest) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
        let mut queue = queue(LIMITS, &[10, 20, 30]);
        assert_eq!(queue.remove(index), Some(index));
        assert_eq!(queue.bytes(), 60 - 10 * (index as u64 + 1));
        assert_eq!(drain(queue), rest);
    }
}

#[test]
fn one_that_has_left_is_not_taken_back() {
    let mut queue = queue(LIMITS, &[10, 20]);
    assert_eq!(queue.remove(2), None);
    assert_eq!(drain(queue), [0, 1]);
}
