#![allow(clippy::unwrap_used)]

use alloc::vec::Vec;

use super::{Bounds, Fate, Full, Impossible, MAX_COUNT, Millis, Outbox, Returned, Ticket};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const BOUNDS: Bounds = Bounds { messages: 4, bytes: 100 };
const NOW: Millis = Millis(1_000);

/// Messages of ten bytes each.
fn outbox(messages: &[char]) -> Outbox<char> {
    let mut outbox = Outbox::new(BOUNDS);
    for message in messages {
        outbox.send(NOW, *message, 10, None).unwrap();
    }
    outbox
}

/// The same, after all of them have left.
fn left(messages: &[char]) -> Outbox<char> {
    let mut outbox = outbox(messages);
    assert_eq!(transmitted(&mut outbox), messages);
    outbox
}

fn transmitted(outbox: &mut Outbox<char>) -> Vec<char> {
    core::iter::from_fn(|| outbox.transmit()).collect()
}

fn returned(outbox: &mut Outbox<char>) -> Vec<(char, Fate)> {
    core::iter::from_fn(|| outbox.pop_returned()).map(|returned| (returned.message, returned.fate)).collect()
}

#[test]
fn messages_leave_in_the_order_in_which_they_came() {
    assert_eq!(transmitted(&mut outbox(&['a', 'b', 'c'])), ['a', 'b', 'c']);
}

#[test]
fn a_message_stays_until_it_is_acknowledged() {
    let mut outbox = left(&['a', 'b', 'c']);
    assert_eq!((outbox.messages(), outbox.bytes(), outbox.delivered()), (3, 30, Ticket(0)));
    assert_eq!(outbox.acknowledge(2), Ok(()));
    assert_eq!((outbox.messages(), outbox.bytes(), outbox.delivered()), (1, 10, Ticket(2)));
}

#[test]
fn a_new_line_gets_what_the_other_end_lacks() {
    let mut outbox = left(&['a', 'b', 'c']);
    outbox.detach();
    outbox.send(NOW, 'd', 10, None).unwrap();
    assert_eq!(outbox.resume(1), Ok(()));
    assert_eq!(transmitted(&mut outbox), ['b', 'c', 'd']);
}

#[test]
fn no_line_can_have_more_than_it_was_given() {
    let mut outbox = left(&['a', 'b', 'c']);
    assert_eq!(outbox.resume(0), Ok(()));
    assert_eq!(outbox.acknowledge(1), Err(Impossible::Future));
    assert_eq!(outbox.transmit(), Some('a'));
    assert_eq!(outbox.acknowledge(2), Err(Impossible::Future));
    assert_eq!(outbox.acknowledge(1), Ok(()));
}

#[test]
fn nobody_can_have_more_than_ever_left() {
    let mut outbox = left(&['a']);
    outbox.send(NOW, 'b', 10, None).unwrap();
    assert_eq!(outbox.resume(2), Err(Impossible::Future));
    assert_eq!(outbox.resume(u64::MAX), Err(Impossible::Future));
    assert_eq!(outbox.resume(1), Ok(()));
}

#[test]
fn nobody_can_have_less_than_before() {
    let mut outbox = left(&['a', 'b']);
    assert_eq!(outbox.acknowledge(2), Ok(()));
    assert_eq!(outbox.acknowledge(1), Err(Impossible::Past));
    assert_eq!(outbox.resume(1), Err(Impossible::Past));
    assert_eq!(outbox.acknowledge(2), Ok(()));
}

#[test]
fn what_is_impossible_changes_nothing() {
    let mut outbox = left(&['a', 'b']);
    let before = outbox.clone();
    assert_eq!(outbox.acknowledge(3), Err(Impossible::Future));
    assert_eq!(outbox.resume(3), Err(Impossible::Future));
    assert_eq!(outbox, before);
}

#[test]
fn one_message_too_many_is_refused_and_none_is_dropped() {
    let mut outbox = left(&['a', 'b', 'c', 'd']);
    assert_eq!(outbox.send(NOW, 'e', 0, None), Err(Full));
    assert_eq!(outbox.acknowledge(1), Ok(()));
    assert_eq!(outbox.send(NOW, 'e', 0, None), Ok(Ticket(5)));
}

#[test]
fn one_byte_too_many_is_refused() {
    let mut outbox = outbox(&['a', 'b']);
    assert_eq!(outbox.send(NOW, 'c', 81, None), Err(Full));
    assert_eq!(outbox.send(NOW, 'c', u64::MAX, None), Err(Full));
    assert_eq!(outbox.send(NOW, 'c', 80, None), Ok(Ticket(3)));
}

#[test]
fn a_message_that_has_waited_too_long_comes_back_and_leaves_no_gap_in_the_count() {
    let mut outbox = outbox(&['a']);
    outbox.send(NOW, 'b', 10, Some(50)).unwrap();
    outbox.send(NOW, 'c', 10, None).unwrap();
    assert_eq!(outbox.deadline(), Some(NOW + 50));
    outbox.expire(NOW + 49);
    assert_eq!(returned(&mut outbox), []);
    outbox.expire(NOW + 50);
    assert_eq!(returned(&mut outbox), [('b', Fate::Expired)]);
    assert_eq!(outbox.deadline(), None);
    assert_eq!(transmitted(&mut outbox), ['a', 'c']);
    assert_eq!(outbox.acknowledge(2), Ok(()));
    assert_eq!(outbox.delivered(), Ticket(3));
}

#[test]
fn a_message_that_has_left_never_expires() {
    let mut outbox = Outbox::new(BOUNDS);
    outbox.send(NOW, 'a', 10, Some(50)).unwrap();
    assert_eq!(outbox.transmit(), Some('a'));
    outbox.detach();
    outbox.expire(NOW + 1_000);
    assert_eq!(returned(&mut outbox), []);
    assert_eq!(outbox.resume(0), Ok(()));
    assert_eq!(outbox.transmit(), Some('a'));
}

#[test]
fn what_has_expired_makes_room_before_anything_is_refused() {
    let mut outbox = Outbox::new(BOUNDS);
    outbox.send(NOW, 'a', 100, Some(50)).unwrap();
    assert_eq!(outbox.send(NOW, 'b', 1, None), Err(Full));
    assert_eq!(outbox.send(NOW + 50, 'b', 1, None), Ok(Ticket(2)));
    assert_eq!(returned(&mut outbox), [('a', Fate::Expired)]);
}

#[test]
fn it_is_not_looked_for_the_expired_with_each_of_them() {
    let mut outbox = Outbox::new(BOUNDS);
    for span in [10, 11, 500] {
        outbox.send(NOW, 'a', 1, Some(span)).unwrap();
    }
    outbox.expire(NOW + 10);
    assert_eq!(outbox.deadline(), Some(NOW + 110));
    outbox.expire(NOW + 110);
    assert_eq!(returned(&mut outbox).len(), 2);
    assert_eq!(outbox.deadline(), Some(NOW + 500));
}

#[test]
fn a_message_can_be_withdrawn_until_it_has_left() {
    let mut outbox = outbox(&['a', 'b', 'c']);
    assert_eq!(outbox.transmit(), Some('a'));
    assert!(!outbox.withdraw(Ticket(1)));
    assert!(outbox.withdraw(Ticket(2)));
    assert!(!outbox.withdraw(Ticket(2)));
    assert!(!outbox.withdraw(Ticket(9)));
    let back = Returned { ticket: Ticket(2), message: 'b', fate: Fate::Withdrawn };
    assert_eq!(outbox.pop_returned(), Some(back));
    assert_eq!(transmitted(&mut outbox), ['c']);
    assert_eq!(outbox.bytes(), 20);
}

#[test]
fn in_the_end_all_comes_back_in_order_and_says_whether_it_left() {
    let mut outbox = left(&['a', 'b']);
    outbox.send(NOW, 'c', 10, None).unwrap();
    assert_eq!(outbox.acknowledge(1), Ok(()));
    outbox.reset();
    assert_eq!(returned(&mut outbox), [('b', Fate::Lost), ('c', Fate::Unsent)]);
    assert_eq!((outbox.messages(), outbox.bytes(), outbox.acknowledged()), (0, 0, 0));
    assert_eq!(outbox.send(NOW, 'd', 10, None), Ok(Ticket(4)));
}

#[test]
fn what_was_stored_is_taken_to_have_left() {
    let mut outbox = Outbox::restore(BOUNDS, 7, [('a', 10), ('b', 10)]);
    assert_eq!((outbox.messages(), outbox.bytes()), (2, 20));
    assert!(!outbox.withdraw(Ticket(2)));
    assert_eq!(outbox.resume(6), Err(Impossible::Past));
    assert_eq!(outbox.resume(10), Err(Impossible::Future));
    assert_eq!(outbox.resume(8), Ok(()));
    assert_eq!(outbox.delivered(), Ticket(1));
    assert_eq!(transmitted(&mut outbox), ['b']);
}

#[test]
fn what_can_not_be_counted_on_the_wire_is_refused() {
    let mut outbox = Outbox::restore(BOUNDS, MAX_COUNT - 1, []);
    assert_eq!(outbox.send(NOW, 'a', 1, None), Ok(Ticket(1)));
    assert_eq!(outbox.send(NOW, 'b', 1, None), Err(Full));
    let mut outbox = Outbox::restore(BOUNDS, u64::MAX, [('a', u64::MAX), ('b', 1)]);
    assert_eq!(outbox.send(NOW, 'c', 1, None), Err(Full));
    assert_eq!(outbox.resume(u64::MAX), Ok(()));
    assert_eq!(transmitted(&mut outbox), ['a', 'b']);
}
