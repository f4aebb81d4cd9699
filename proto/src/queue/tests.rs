#![allow(clippy::unwrap_used)]

use alloc::vec::Vec;
use core::cell::Cell;

use super::{Limits, MessageId, Millis, Outcome, Overflow, Queue, SendError, Size};

const NOW: Millis = Millis(0);
const LIMITS: Limits = Limits { messages: 3, bytes: 100, time_to_live: None, overflow: Overflow::Refuse };
const DROP_OLDEST: Limits = Limits { overflow: Overflow::DropOldest, ..LIMITS };

/// Messages of these sizes, numbered from 1 like their ids, one each ten milliseconds.
fn queue(limits: Limits, sizes: &[u64]) -> Queue<u64> {
    let mut queue = Queue::new(Some(limits));
    for (index, bytes) in sizes.iter().enumerate() {
        let number = index as u64 + 1;
        assert_eq!(queue.push(&|| Millis(10 * index as u64), number, Size::bytes(*bytes)), Ok(MessageId(number)));
    }
    queue
}

fn push(queue: &mut Queue<u64>, bytes: u64) -> Result<(), SendError> {
    queue.push(&|| NOW, 0, Size::bytes(bytes)).map(drop)
}

/// Queues a text of so many code units and bytes, as a connection does: it is counted only if it may not fit.
fn push_text(queue: &mut Queue<u64>, units: u64, bytes: u64, counted: &Cell<u32>) -> Result<MessageId, SendError> {
    let mut size = Size::text(units);
    if !queue.has_room(size) {
        queue.count(&|bytes| {
            counted.set(counted.get() + 1);
            *bytes
        });
        size = Size::counted(units, bytes);
    }
    queue.push(&|| NOW, bytes, size)
}

fn drain(mut queue: Queue<u64>) -> Vec<u64> {
    core::iter::from_fn(|| queue.pop()).map(|entry| entry.message).collect()
}

fn settled(queue: &mut Queue<u64>) -> Vec<(MessageId, Outcome)> {
    core::iter::from_fn(|| queue.pop_settled()).map(|settled| (settled.id, settled.outcome)).collect()
}

#[test]
fn messages_are_sent_in_the_order_in_which_they_were_queued() {
    assert_eq!(drain(queue(LIMITS, &[1, 1, 1])), [1, 2, 3]);
}

#[test]
fn the_bytes_are_those_of_the_queued_messages() {
    let mut queue = queue(LIMITS, &[10, 20]);
    assert_eq!(queue.bytes(), 30);
    let first = queue.pop().map(|entry| (entry.id, entry.size));
    assert_eq!(first, Some((MessageId(1), Size::bytes(10))));
    assert_eq!(queue.bytes(), 20);
}

#[test]
fn one_message_too_many_is_refused() {
    assert_eq!(push(&mut queue(LIMITS, &[1, 1]), 1), Ok(()));
    assert_eq!(push(&mut queue(LIMITS, &[1, 1, 1]), 1), Err(SendError::Full));
}

#[test]
fn one_byte_too_many_is_refused() {
    assert_eq!(push(&mut queue(LIMITS, &[60]), 40), Ok(()));
    assert_eq!(push(&mut queue(LIMITS, &[60]), 41), Err(SendError::Full));
}

#[test]
fn a_size_that_no_number_holds_is_refused() {
    assert_eq!(push(&mut queue(LIMITS, &[60]), u64::MAX), Err(SendError::Full));
    assert_eq!(queue(LIMITS, &[60]).push(&|| NOW, 0, Size::text(u64::MAX)), Err(SendError::Full));
}

#[test]
fn without_limits_nothing_may_be_queued() {
    assert_eq!(push(&mut Queue::new(None), 0), Err(SendError::NotOpen));
}

#[test]
fn a_refused_message_uses_no_id() {
    let mut queue = queue(LIMITS, &[60]);
    assert_eq!(push(&mut queue, 41), Err(SendError::Full));
    assert_eq!(queue.push(&|| NOW, 2, Size::bytes(1)), Ok(MessageId(2)));
}

#[test]
fn the_oldest_messages_make_room_until_the_newest_fits() {
    let mut queue = queue(DROP_OLDEST, &[40, 40, 20]);
    assert_eq!(push(&mut queue, 70), Ok(()));
    assert_eq!(settled(&mut queue), [(MessageId(1), Outcome::Overflow), (MessageId(2), Outcome::Overflow)]);
    assert_eq!(queue.bytes(), 90);
}

#[test]
fn no_message_makes_room_for_one_that_can_never_fit() {
    let mut one = queue(DROP_OLDEST, &[1]);
    assert_eq!(push(&mut one, 101), Err(SendError::Full));
    assert_eq!(settled(&mut one), []);
    assert_eq!(drain(one), [1]);
    assert_eq!(push(&mut queue(Limits { messages: 0, ..DROP_OLDEST }, &[]), 1), Err(SendError::Full));
}

#[test]
fn the_oldest_message_expires_first() {
    let mut queue = queue(Limits { time_to_live: Some(50), ..LIMITS }, &[1, 1]);
    assert_eq!(queue.deadline(), Some(Millis(50)));
    queue.expire(Millis(49));
    assert_eq!(settled(&mut queue), []);
    queue.expire(Millis(50));
    assert_eq!(settled(&mut queue), [(MessageId(1), Outcome::Expired)]);
    assert_eq!(queue.deadline(), Some(Millis(60)));
    assert!(!queue.is_empty());
}

#[test]
fn without_a_time_to_live_no_message_expires() {
    let mut queue = queue(LIMITS, &[1]);
    assert_eq!(queue.deadline(), None);
    queue.expire(Millis(u64::MAX));
    assert_eq!(settled(&mut queue), []);
}

#[test]
fn a_message_that_has_expired_makes_room_before_an_older_one_is_dropped() {
    let limits = Limits { time_to_live: Some(50), ..DROP_OLDEST };
    let mut queue = queue(limits, &[60, 40]);
    assert_eq!(queue.push(&|| Millis(50), 3, Size::bytes(60)), Ok(MessageId(3)));
    assert_eq!(settled(&mut queue), [(MessageId(1), Outcome::Expired)]);
}

#[test]
fn a_withdrawn_message_leaves_the_others_in_order() {
    for (id, rest) in [(1, [2, 3]), (2, [1, 3]), (3, [1, 2])] {
        let mut queue = queue(LIMITS, &[10, 20, 30]);
        assert_eq!(queue.withdraw(MessageId(id)), Some(id));
        assert_eq!(queue.withdraw(MessageId(id)), None);
        assert_eq!(queue.bytes(), 60 - 10 * id);
        assert_eq!(settled(&mut queue), []);
        assert_eq!(drain(queue), rest);
    }
}

#[test]
fn a_message_that_is_not_queued_can_not_be_withdrawn() {
    let mut queue = queue(LIMITS, &[10, 20]);
    assert_eq!(queue.pop().map(|entry| entry.id), Some(MessageId(1)));
    assert_eq!([0, 1, 3].map(|id| queue.withdraw(MessageId(id))), [None; 3]);
    assert_eq!(drain(queue), [2]);
}

#[test]
fn a_withdrawn_message_makes_room() {
    let mut queue = queue(LIMITS, &[60, 40]);
    assert_eq!(push(&mut queue, 40), Err(SendError::Full));
    queue.withdraw(MessageId(2)).unwrap();
    assert_eq!(push(&mut queue, 40), Ok(()));
}

#[test]
fn all_messages_that_are_cleared_are_settled_in_order() {
    let mut queue = queue(LIMITS, &[1, 1]);
    queue.clear(Outcome::Closed);
    assert_eq!(settled(&mut queue), [(MessageId(1), Outcome::Closed), (MessageId(2), Outcome::Closed)]);
    assert!(queue.is_empty());
}

#[test]
fn texts_far_from_the_limit_are_not_counted() {
    let mut queue = Queue::new(Some(LIMITS));
    let counted = Cell::new(0);
    assert_eq!(push_text(&mut queue, 10, 10, &counted), Ok(MessageId(1)));
    assert_eq!(push_text(&mut queue, 20, 20, &counted), Ok(MessageId(2)));
    assert_eq!((counted.get(), queue.bytes()), (0, 90));
}

#[test]
fn a_text_near_the_limit_is_accepted_if_the_true_bytes_fit() {
    let mut queue = Queue::new(Some(LIMITS));
    let counted = Cell::new(0);
    assert_eq!(push_text(&mut queue, 30, 30, &counted), Ok(MessageId(1)));
    assert_eq!(push_text(&mut queue, 70, 70, &counted), Ok(MessageId(2)));
    assert_eq!((counted.get(), queue.bytes()), (1, 100));
    // All are counted by now, and none is counted twice.
    assert_eq!(push_text(&mut queue, 1, 1, &counted), Err(SendError::Full));
    assert_eq!(counted.get(), 1);
}

#[test]
fn a_text_whose_true_bytes_do_not_fit_is_refused() {
    let mut queue = Queue::new(Some(LIMITS));
    let counted = Cell::new(0);
    assert_eq!(push_text(&mut queue, 30, 90, &counted), Ok(MessageId(1)));
    assert_eq!(push_text(&mut queue, 4, 11, &counted), Err(SendError::Full));
    assert_eq!(push_text(&mut queue, 4, 10, &counted), Ok(MessageId(2)));
}

#[test]
fn no_message_makes_room_because_of_an_estimate() {
    let mut queue = Queue::new(Some(DROP_OLDEST));
    let counted = Cell::new(0);
    assert_eq!(push_text(&mut queue, 30, 30, &counted), Ok(MessageId(1)));
    assert_eq!(push_text(&mut queue, 70, 70, &counted), Ok(MessageId(2)));
    assert_eq!(settled(&mut queue), []);
    assert_eq!(push_text(&mut queue, 1, 1, &counted), Ok(MessageId(3)));
    assert_eq!(settled(&mut queue), [(MessageId(1), Outcome::Overflow)]);
}
