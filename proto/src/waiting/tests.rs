#![allow(clippy::unwrap_used)]

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{MessageId, Millis, Outcome, SEARCH_INTERVAL, Size, Waiting};

/// Messages of these sizes, numbered from 1 like their ids, that do not expire.
fn waiting(sizes: &[u64]) -> Waiting<u64> {
    let mut waiting = Waiting::new();
    for (index, bytes) in sizes.iter().enumerate() {
        let number = index as u64 + 1;
        waiting.push(MessageId(number), number, Size::bytes(*bytes), None);
    }
    waiting
}

/// Messages of one byte that expire at these times.
fn expiring(times: &[Option<u64>]) -> Waiting<u64> {
    let mut waiting = Waiting::new();
    for (index, time) in times.iter().enumerate() {
        let number = index as u64 + 1;
        waiting.push(MessageId(number), number, Size::bytes(1), time.map(Millis));
    }
    waiting
}

fn expired(waiting: &mut Waiting<u64>, now: u64) -> Vec<u64> {
    let mut settled = VecDeque::new();
    waiting.expire(Millis(now), &mut settled);
    assert!(settled.iter().all(|settled| settled.outcome == Outcome::Expired && settled.id.0 == settled.message));
    settled.into_iter().map(|settled| settled.message).collect()
}

fn drain(waiting: &mut Waiting<u64>) -> Vec<u64> {
    core::iter::from_fn(|| waiting.pop()).map(|entry| entry.message).collect()
}

#[test]
fn a_message_that_is_withdrawn_from_the_middle_keeps_order_and_bytes() {
    let mut waiting = waiting(&[1, 10, 100, 1_000, 10_000]);
    assert_eq!([2, 4].map(|id| waiting.withdraw(MessageId(id))), [Some(2), Some(4)]);
    assert_eq!((waiting.len(), waiting.bytes()), (3, 10_101));
    assert_eq!(drain(&mut waiting), [1, 3, 5]);
    assert_eq!((waiting.len(), waiting.bytes()), (0, 0));
}

#[test]
fn a_message_is_withdrawn_once_and_not_after_it_was_sent() {
    let mut waiting = waiting(&[1, 1, 1]);
    assert_eq!(waiting.pop().map(|entry| entry.message), Some(1));
    assert_eq!([1, 2, 2, 4].map(|id| waiting.withdraw(MessageId(id))), [None, Some(2), None, None]);
    assert_eq!(drain(&mut waiting), [3]);
}

#[test]
fn withdrawing_all_messages_leaves_no_places_behind() {
    const COUNT: u64 = 1_000;
    let forwards: Vec<u64> = (1..=COUNT).collect();
    let backwards: Vec<u64> = (1..=COUNT).rev().collect();
    let odd_first: Vec<u64> = (1..=COUNT).step_by(2).chain((2..=COUNT).step_by(2)).collect();
    for order in [forwards, backwards, odd_first] {
        let mut waiting = waiting(&[1; COUNT as usize]);
        for id in order {
            assert_eq!(waiting.withdraw(MessageId(id)), Some(id));
            assert!(waiting.items.len() <= 2 * waiting.len() + 8);
        }
        assert_eq!((waiting.len(), waiting.bytes(), waiting.items.len()), (0, 0, 0));
    }
}

#[test]
fn memory_is_bounded_by_what_waits_however_often_a_message_is_sent_and_withdrawn() {
    let mut waiting = waiting(&[1; 10]);
    let most = 2 * waiting.len() + 8;
    for id in 11..10_000 {
        waiting.push(MessageId(id), id, Size::bytes(1), None);
        assert_eq!(waiting.withdraw(MessageId(id - 1)), Some(id - 1));
        assert!(waiting.items.len() <= most, "{}", waiting.items.len());
    }
    assert!(waiting.items.capacity() <= 4 * most);
    assert_eq!(drain(&mut waiting), [1, 2, 3, 4, 5, 6, 7, 8, 9, 9_999]);
}

#[test]
fn a_message_that_waits_is_found_after_the_empty_places_were_removed() {
    let mut waiting = waiting(&[1; 100]);
    for id in (1..=100).filter(|id| id % 7 != 0) {
        assert_eq!(waiting.withdraw(MessageId(id)), Some(id));
    }
    let rest: Vec<u64> = (1..=100).filter(|id| id % 7 == 0).collect();
    assert!(rest.iter().all(|id| waiting.withdraw(MessageId(*id)) == Some(*id)));
}

#[test]
fn the_first_and_the_last_place_are_never_empty() {
    let mut waiting = waiting(&[1; 6]);
    for (id, places) in [(2, 6), (1, 4), (5, 4), (6, 2)] {
        waiting.withdraw(MessageId(id)).unwrap();
        assert_eq!(waiting.items.len(), places);
    }
    let mut waiting = self::waiting(&[1; 3]);
    waiting.withdraw(MessageId(2)).unwrap();
    assert_eq!(waiting.pop().map(|entry| entry.message), Some(1));
    assert_eq!(waiting.items.len(), 1);
}

#[test]
fn messages_that_live_equally_long_expire_exactly_in_time() {
    let mut waiting = expiring(&[Some(10), Some(10), Some(20), Some(30)]);
    let expired = |waiting: &mut Waiting<u64>, now| {
        core::iter::from_fn(|| waiting.pop_expired(Millis(now))).map(|settled| settled.message).collect::<Vec<_>>()
    };
    assert_eq!(waiting.oldest_deadline(), Some(Millis(10)));
    assert!(expired(&mut waiting, 9).is_empty());
    assert_eq!(expired(&mut waiting, 10), [1, 2]);
    assert_eq!(waiting.oldest_deadline(), Some(Millis(20)));
    assert_eq!(expired(&mut waiting, 30), [3, 4]);
    assert_eq!((waiting.len(), waiting.bytes(), waiting.oldest_deadline()), (0, 0, None));
}

#[test]
fn a_message_that_never_expires_after_those_that_do_keeps_their_order() {
    let mut waiting = expiring(&[Some(10), None]);
    assert_eq!(expired(&mut waiting, 10), [1]);
    assert_eq!(waiting.deadline(), None);
    assert_eq!(drain(&mut waiting), [2]);
}

#[test]
fn messages_that_do_not_expire_in_order_are_all_searched_and_keep_their_order() {
    let mut waiting = expiring(&[None, Some(30), Some(10), None, Some(200)]);
    assert_eq!(waiting.deadline(), Some(Millis(10)));
    assert_eq!(expired(&mut waiting, 10), [3]);
    // The next search is not before its interval has passed, though a message expires before.
    assert_eq!(waiting.deadline(), Some(Millis(10) + SEARCH_INTERVAL));
    assert_eq!(expired(&mut waiting, 110), [2]);
    assert_eq!(waiting.deadline(), Some(Millis(110) + SEARCH_INTERVAL));
    assert_eq!(drain(&mut waiting), [1, 4, 5]);
}

#[test]
fn a_search_removes_empty_places_too() {
    let mut waiting = expiring(&[None, Some(10), None, Some(5), None]);
    waiting.withdraw(MessageId(3)).unwrap();
    assert_eq!(expired(&mut waiting, 10), [2, 4]);
    assert_eq!((waiting.items.len(), waiting.len(), waiting.bytes()), (2, 2, 2));
    assert_eq!(waiting.withdraw(MessageId(5)), Some(5));
    assert_eq!(drain(&mut waiting), [1]);
}

#[test]
fn a_search_that_finds_all_messages_expired_leaves_nothing() {
    let mut waiting = expiring(&[Some(20), Some(10), Some(15)]);
    waiting.withdraw(MessageId(2)).unwrap();
    assert_eq!(expired(&mut waiting, 20), [1, 3]);
    assert_eq!((waiting.len(), waiting.items.len(), waiting.deadline()), (0, 0, None));
}

#[test]
fn when_nothing_waits_the_last_search_is_forgotten() {
    let mut waiting = expiring(&[Some(20), Some(10)]);
    assert_eq!(expired(&mut waiting, 10), [2]);
    assert_eq!(drain(&mut waiting), [1]);
    waiting.push(MessageId(3), 3, Size::bytes(1), Some(Millis(11)));
    waiting.push(MessageId(4), 4, Size::bytes(1), Some(Millis(12)));
    assert_eq!(waiting.deadline(), Some(Millis(11)));
}

#[test]
fn the_oldest_deadline_is_that_of_a_message_that_still_waits() {
    let mut waiting = expiring(&[Some(10), Some(20), Some(30)]);
    assert_eq!(waiting.pop().map(|entry| entry.message), Some(1));
    assert_eq!(waiting.oldest_deadline(), Some(Millis(20)));
    waiting.withdraw(MessageId(2)).unwrap();
    assert_eq!(waiting.oldest_deadline(), Some(Millis(30)));
}

#[test]
fn a_text_has_at_most_three_bytes_for_each_code_unit_until_it_is_counted() {
    let mut waiting = Waiting::new();
    waiting.push(MessageId(1), 10, Size::text(5), None);
    waiting.push(MessageId(2), 7, Size::bytes(7), None);
    waiting.push(MessageId(3), 6, Size::counted(2, 6), None);
    waiting.push(MessageId(4), 4, Size::text(4), None);
    assert_eq!((waiting.bytes(), waiting.uncounted), (15 + 7 + 6 + 12, 2));
    waiting.count(&|bytes| *bytes);
    assert_eq!((waiting.bytes(), waiting.uncounted), (10 + 7 + 6 + 4, 0));
    waiting.count(&|_| unreachable!("all are counted"));
    let sizes: Vec<Size> = core::iter::from_fn(|| waiting.pop()).map(|entry| entry.size).collect();
    let counted = Size::counted;
    assert_eq!(sizes, [counted(5, 10), Size::bytes(7), counted(2, 6), counted(4, 4)]);
    assert_eq!(waiting.bytes(), 0);
}

#[test]
fn a_text_that_is_gone_before_it_was_counted_is_not_counted() {
    let mut waiting = Waiting::new();
    waiting.push(MessageId(1), 1, Size::text(1), None);
    waiting.push(MessageId(2), 2, Size::text(1), None);
    waiting.push(MessageId(3), 3, Size::text(1), Some(Millis(5)));
    assert_eq!(waiting.pop().map(|entry| entry.message), Some(1));
    assert_eq!(waiting.withdraw(MessageId(2)), Some(2));
    assert_eq!(expired(&mut waiting, 5), [3]);
    assert_eq!((waiting.uncounted, waiting.bytes()), (0, 0));
    waiting.count(&|_| unreachable!("nothing waits"));
}

#[test]
fn the_statistics_count_a_text_by_its_length_whether_its_bytes_are_counted_or_not() {
    assert_eq!([Size::text(5), Size::counted(5, 9), Size::bytes(7)].map(|size| size.nominal), [5, 5, 7]);
    assert_eq!(Size::text(u64::MAX).at_most, u64::MAX);
}
