use std::collections::HashSet;

use super::State;

#[test]
fn no_two_states_have_the_same_name() {
    let names: HashSet<_> = State::ALL.map(State::name).into();
    assert_eq!(names.len(), State::ALL.len());
}

#[test]
fn all_states_are_listed_once_and_in_their_order() {
    assert!(State::ALL.iter().enumerate().all(|(index, state)| *state as usize == index));
}

#[test]
fn a_state_stands_for_a_ready_state_of_the_standard() {
    let ready_states: [u16; 6] = State::ALL.map(State::ready_state);
    assert_eq!(ready_states, [0, 1, 0, 0, 2, 3]);
}
