use std::collections::HashSet;

use super::Cause;

#[test]
fn no_two_causes_have_the_same_name() {
    let names: HashSet<_> = Cause::ALL.map(Cause::name).into();
    assert_eq!(names.len(), Cause::ALL.len());
}

#[test]
fn the_list_of_causes_is_in_the_order_in_which_drops_are_counted() {
    assert!(Cause::ALL.iter().enumerate().all(|(index, cause)| *cause as usize == index));
}
