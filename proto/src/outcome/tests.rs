use std::collections::HashSet;
use std::string::ToString;

use super::{MessageId, Outcome, SendError};

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
