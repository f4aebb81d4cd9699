use std::collections::HashSet;
use std::error::Error;
use std::string::ToString;

use super::{MessageId, Outcome, SendError};
use crate::close::CloseError;
use crate::outbox::Impossible;
use crate::server::{NotCommitted, StoreError};
use crate::session::{NotResumed, Violation};
use crate::wire::Malformed;

#[test]
fn no_two_outcomes_have_the_same_name_or_description() {
    let names: HashSet<_> = Outcome::ALL.map(Outcome::name).into();
    let descriptions: HashSet<_> = Outcome::ALL.map(Outcome::describe).into();
    assert_eq!((names.len(), descriptions.len()), (Outcome::ALL.len(), Outcome::ALL.len()));
}

#[test]
fn all_outcomes_are_listed_once_and_in_their_order() {
    assert!(Outcome::ALL.iter().enumerate().all(|(index, outcome)| *outcome as usize == index));
    // A new one has to be added to the list, too.
    assert_eq!(Outcome::ALL.last(), Some(&Outcome::Closed));
}

#[test]
fn an_outcome_is_shown_as_what_happened() {
    assert_eq!(Outcome::Withdrawn.to_string(), "the message was withdrawn");
}

#[test]
fn each_refusal_says_something_else() {
    let errors = [SendError::NotOpen, SendError::Full, SendError::Closed];
    let texts: HashSet<_> = errors.map(|error| error.to_string()).into();
    assert_eq!(texts.len(), errors.len());
}

#[test]
fn a_message_that_is_too_large_is_refused_with_both_sizes() {
    let error = SendError::TooLarge { bytes: 1_001, largest: 1_000 };
    assert_eq!(error.to_string(), "1001 bytes are too many for one message: the server accepts 1000");
}

#[test]
fn no_message_id_is_given_twice() {
    let mut last = MessageId::default();
    assert_eq!([last.next(), last.next(), last.next()], [1, 2, 3].map(MessageId));
}

#[test]
fn what_any_method_of_this_crate_fails_with_is_an_error_that_says_why() {
    fn assert_says_why<E: Error + Copy>(all: &[E]) {
        for error in all {
            assert!(!error.to_string().is_empty());
        }
    }
    assert_says_why(&[SendError::NotOpen, SendError::Full, SendError::Closed]);
    assert_says_why(&[CloseError::Code(1), CloseError::Reason(124)]);
    assert_says_why(&[Malformed::Name, Malformed::Number]);
    assert_says_why(&[Impossible::Past, Impossible::Future]);
    assert_says_why(&[Violation::Early, Violation::Malformed(Malformed::Token)]);
    assert_says_why(&[NotResumed::Over, NotResumed::Lost, NotResumed::Late, NotResumed::Past]);
    assert_says_why(&[NotCommitted::Over, NotCommitted::Moved]);
    assert_says_why(&[StoreError::Fenced, StoreError::Behind, StoreError::Revoked, StoreError::Unavailable]);
}
