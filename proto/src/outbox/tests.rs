#![allow(clippy::unwrap_used)]

use alloc::vec::Vec;

use super::{Bounds, Impossible, MAX_COUNT, MessageId, Millis, Outbox, Outcome, SendError};

const BOUNDS: Bounds = Bounds { messages: 4, bytes: 100 };
const NOW: Millis = Millis(1_000);
const LARGEST: u64 = 50;

/// Messages of ten bytes each.
fn outbox(messages: &[char]) -> Outbox<char> {
    let mut outbox = Outbox::new(BOUNDS);
    for message in messages {
        outbox.send(NOW, *message, 10, None).unwrap();
    }
    outbox
}

/// The same, after all of them were sent.
fn sent(messages: &[char]) -> Outbox<char> {
    let mut outbox = outbox(messages);
    assert_eq!(transmitted(&mut outbox), messages);
    outbox
}

fn transmitted(outbox: &mut Outbox<char>) -> Vec<char> {
    core::iter::from_fn(|| outbox.transmit(LARGEST)).collect()
}

fn settled(outbox: &mut Outbox<char>) -> Vec<(char, Outcome)> {
    core::iter::from_fn(|| outbox.pop_settled()).map(|settled| (settled.message, settled.outcome)).collect()
}

#[test]
fn messages_are_sent_in_the_order_in_which_they_were_accepted() {
    assert_eq!(transmitted(&mut outbox(&['a', 'b', 'c'])), ['a', 'b', 'c']);
}

#[test]
fn a_message_that_the_peer_does_not_accept_comes_to_its_end_unless_it_was_sent_before() {
    let mut outbox = outbox(&['a', 'b', 'c']);
    assert_eq!(outbox.transmit(10), Some('a'));
    outbox.detach();
    outbox.resume(0).unwrap();
    assert_eq!(outbox.transmit(9), Some('a'));
    assert_eq!(outbox.transmit(9), None);
    assert_eq!(settled(&mut outbox), [('b', Outcome::TooLarge), ('c', Outcome::TooLarge)]);
    assert_eq!((outbox.messages(), outbox.bytes()), (1, 10));
}

#[test]
fn a_message_stays_until_it_is_acknowledged() {
    let mut outbox = sent(&['a', 'b', 'c']);
    assert_eq!((outbox.messages(), outbox.bytes(), outbox.delivered()), (3, 30, MessageId(0)));
    assert_eq!(outbox.acknowledge(2), Ok(()));
    assert_eq!((outbox.messages(), outbox.bytes(), outbox.delivered()), (1, 10, MessageId(2)));
    assert_eq!(settled(&mut outbox), [('a', Outcome::Delivered), ('b', Outcome::Delivered)]);
}

#[test]
fn a_new_connection_gets_what_the_peer_lacks() {
    let mut outbox = sent(&['a', 'b', 'c']);
    outbox.detach();
    outbox.send(NOW, 'd', 10, None).unwrap();
    assert_eq!(outbox.resume(1), Ok(()));
    assert_eq!(transmitted(&mut outbox), ['b', 'c', 'd']);
}

#[test]
fn a_peer_can_not_acknowledge_more_than_its_connection_was_given() {
    let mut outbox = sent(&['a', 'b', 'c']);
    assert_eq!(outbox.resume(0), Ok(()));
    assert_eq!(outbox.acknowledge(1), Err(Impossible::Future));
    assert_eq!(outbox.transmit(LARGEST), Some('a'));
    assert_eq!(outbox.acknowledge(2), Err(Impossible::Future));
    assert_eq!(outbox.acknowledge(1), Ok(()));
}

#[test]
fn a_peer_can_not_resume_with_more_than_was_ever_sent() {
    let mut outbox = sent(&['a']);
    outbox.send(NOW, 'b', 10, None).unwrap();
    assert_eq!(outbox.resume(2), Err(Impossible::Future));
    assert_eq!(outbox.resume(u64::MAX), Err(Impossible::Future));
    assert_eq!(outbox.resume(1), Ok(()));
}

#[test]
fn a_count_of_received_messages_never_falls() {
    let mut outbox = sent(&['a', 'b']);
    assert_eq!(outbox.acknowledge(2), Ok(()));
    assert_eq!(outbox.acknowledge(1), Err(Impossible::Past));
    assert_eq!(outbox.resume(1), Err(Impossible::Past));
    assert_eq!(outbox.acknowledge(2), Ok(()));
}

#[test]
fn an_impossible_count_changes_nothing() {
    let mut outbox = sent(&['a', 'b']);
    let before = outbox.clone();
    assert_eq!(outbox.acknowledge(3), Err(Impossible::Future));
    assert_eq!(outbox.resume(3), Err(Impossible::Future));
    assert_eq!(outbox, before);
}

#[test]
fn one_message_too_many_is_refused_and_none_is_dropped() {
    let mut outbox = sent(&['a', 'b', 'c', 'd']);
    assert_eq!(outbox.send(NOW, 'e', 0, None), Err(SendError::Full));
    assert_eq!(outbox.acknowledge(1), Ok(()));
    assert_eq!(outbox.send(NOW, 'e', 0, None), Ok(MessageId(5)));
}

#[test]
fn one_byte_too_many_is_refused() {
    let mut outbox = outbox(&['a', 'b']);
    assert_eq!(outbox.send(NOW, 'c', 81, None), Err(SendError::Full));
    assert_eq!(outbox.send(NOW, 'c', u64::MAX, None), Err(SendError::Full));
    assert_eq!(outbox.send(NOW, 'c', 80, None), Ok(MessageId(3)));
}

#[test]
fn a_message_that_expires_leaves_no_gap_in_the_count() {
    let mut outbox = outbox(&['a']);
    outbox.send(NOW, 'b', 10, Some(50)).unwrap();
    outbox.send(NOW, 'c', 10, None).unwrap();
    assert_eq!(outbox.deadline(), Some(NOW + 50));
    outbox.expire(NOW + 49);
    assert_eq!(settled(&mut outbox), []);
    outbox.expire(NOW + 50);
    assert_eq!(settled(&mut outbox), [('b', Outcome::Expired)]);
    assert_eq!(outbox.deadline(), None);
    assert_eq!(transmitted(&mut outbox), ['a', 'c']);
    assert_eq!(outbox.acknowledge(2), Ok(()));
    assert_eq!(outbox.delivered(), MessageId(3));
}

#[test]
fn a_message_that_was_sent_never_expires() {
    let mut outbox = Outbox::new(BOUNDS);
    outbox.send(NOW, 'a', 10, Some(50)).unwrap();
    assert_eq!(outbox.transmit(LARGEST), Some('a'));
    outbox.detach();
    outbox.expire(NOW + 1_000);
    assert_eq!(settled(&mut outbox), []);
    assert_eq!(outbox.deadline(), None);
    assert_eq!(outbox.resume(0), Ok(()));
    assert_eq!(outbox.transmit(LARGEST), Some('a'));
}

#[test]
fn a_peer_may_have_all_that_was_ever_sent_whatever_a_later_connection_was_given() {
    let mut outbox = sent(&['a', 'b', 'c']);
    outbox.detach();
    // A late greeting, from a connection that the peer has left: it has all three by now.
    assert_eq!(outbox.resume(0), Ok(()));
    assert_eq!(outbox.transmit(LARGEST), Some('a'));
    outbox.detach();
    assert_eq!(outbox.resume(3), Ok(()));
    assert_eq!(outbox.messages(), 0);
}

#[test]
fn expired_messages_make_room_before_a_message_is_refused() {
    let mut outbox = Outbox::new(BOUNDS);
    outbox.send(NOW, 'a', 100, Some(50)).unwrap();
    assert_eq!(outbox.send(NOW, 'b', 1, None), Err(SendError::Full));
    assert_eq!(outbox.send(NOW + 50, 'b', 1, None), Ok(MessageId(2)));
    assert_eq!(settled(&mut outbox), [('a', Outcome::Expired)]);
}

#[test]
fn messages_that_do_not_expire_in_order_are_searched_at_intervals() {
    let mut outbox = Outbox::new(BOUNDS);
    for span in [500, 10, 11] {
        outbox.send(NOW, 'a', 1, Some(span)).unwrap();
    }
    outbox.expire(NOW + 10);
    assert_eq!(outbox.deadline(), Some(NOW + 110));
    outbox.expire(NOW + 110);
    assert_eq!(settled(&mut outbox).len(), 2);
    assert_eq!(outbox.deadline(), Some(NOW + 500));
}

#[test]
fn a_message_can_be_withdrawn_until_it_is_sent() {
    let mut outbox = outbox(&['a', 'b', 'c']);
    assert_eq!(outbox.transmit(LARGEST), Some('a'));
    assert_eq!(outbox.withdraw(MessageId(1)), None);
    assert_eq!(outbox.withdraw(MessageId(2)), Some('b'));
    assert_eq!(outbox.withdraw(MessageId(2)), None);
    assert_eq!(outbox.withdraw(MessageId(9)), None);
    assert_eq!(outbox.pop_settled(), None);
    assert_eq!(transmitted(&mut outbox), ['c']);
    assert_eq!(outbox.bytes(), 20);
}

#[test]
fn a_reset_settles_all_messages_in_order_and_says_whether_each_was_sent() {
    let mut outbox = sent(&['a', 'b']);
    outbox.send(NOW, 'c', 10, None).unwrap();
    assert_eq!(outbox.acknowledge(1), Ok(()));
    assert_eq!(settled(&mut outbox), [('a', Outcome::Delivered)]);
    outbox.reset();
    assert_eq!(settled(&mut outbox), [('b', Outcome::Unconfirmed), ('c', Outcome::Unsent)]);
    assert_eq!((outbox.messages(), outbox.bytes(), outbox.acknowledged()), (0, 0, 0));
    assert_eq!(outbox.send(NOW, 'd', 10, None), Ok(MessageId(4)));
}

#[test]
fn a_restored_message_counts_as_sent() {
    let mut outbox = Outbox::restore(BOUNDS, 7, [('a', 10), ('b', 10)]);
    assert_eq!((outbox.messages(), outbox.bytes()), (2, 20));
    assert_eq!(outbox.withdraw(MessageId(2)), None);
    assert_eq!(outbox.resume(6), Err(Impossible::Past));
    assert_eq!(outbox.resume(10), Err(Impossible::Future));
    assert_eq!(outbox.resume(8), Ok(()));
    assert_eq!(outbox.delivered(), MessageId(1));
    assert_eq!(transmitted(&mut outbox), ['b']);
}

#[test]
fn a_message_that_can_not_be_counted_on_the_wire_is_refused() {
    let mut outbox = Outbox::restore(BOUNDS, MAX_COUNT - 1, []);
    assert_eq!(outbox.send(NOW, 'a', 1, None), Ok(MessageId(1)));
    assert_eq!(outbox.send(NOW, 'b', 1, None), Err(SendError::Full));
    let mut outbox = Outbox::restore(BOUNDS, u64::MAX, [('a', u64::MAX), ('b', 1)]);
    assert_eq!(outbox.send(NOW, 'c', 1, None), Err(SendError::Full));
    assert_eq!(outbox.resume(u64::MAX), Ok(()));
    assert_eq!(transmitted(&mut outbox), ['a', 'b']);
}
