#![allow(clippy::unwrap_used)]

use super::*;

type Table = Slots<u32, &'static str, u32>;

fn share(owner: &'static str) -> Option<Share<&'static str>> {
    Some(Share { owner, sessions: 2, evicts_after: 100 })
}

fn take(slots: &mut Table, now: u64, key: u32, owner: &'static str) -> Result<Option<u32>, Full<u32>> {
    slots.take(Millis(now), key, share(owner), key).map(|taken| taken.evicted)
}

#[test]
fn an_owner_has_its_share_and_no_more_than_all_have_together() {
    let mut slots = Table::new(4);
    for key in [1, 2] {
        assert_eq!(take(&mut slots, 0, key, "ann"), Ok(None));
    }
    assert_eq!(take(&mut slots, 0, 3, "ann"), Err(Full::Sessions));
    assert_eq!(take(&mut slots, 0, 3, "bob"), Ok(None));
    assert_eq!(take(&mut slots, 0, 4, "bob"), Ok(None));
    assert_eq!(take(&mut slots, 0, 5, "eve"), Err(Full::Sessions));
    assert_eq!(slots.of(&"ann").collect::<Vec<_>>(), [&1, &2]);
}

#[test]
fn a_session_is_found_by_whoever_asks_for_it_again() {
    let mut slots = Table::new(4);
    assert_eq!(take(&mut slots, 0, 1, "ann"), Ok(None));
    assert_eq!(take(&mut slots, 0, 1, "ann"), Err(Full::Taken(1)));
}

#[test]
fn one_more_takes_the_place_of_the_one_that_is_detached_for_longest() {
    let mut slots = Table::new(9);
    let ids: Vec<_> = [1, 2].map(|key| slots.take(Millis(0), key, share("ann"), key).unwrap().id).into();
    slots.set_detached(&1, ids[0], Some(Millis(50)));
    slots.set_detached(&2, ids[1], Some(Millis(40)));
    assert_eq!(take(&mut slots, 139, 3, "ann"), Err(Full::Sessions));
    assert_eq!(take(&mut slots, 140, 3, "ann"), Ok(Some(2)));
    // The one that was evicted ends after that, and frees nothing but its own.
    assert_eq!(take(&mut slots, 140, 2, "bob"), Ok(None));
    slots.free(&2, ids[1]);
    assert_eq!(take(&mut slots, 140, 2, "bob"), Err(Full::Taken(2)));
    slots.set_detached(&1, ids[0], None);
    assert_eq!(take(&mut slots, 999, 4, "ann"), Err(Full::Sessions));
}

#[test]
fn a_session_whose_handler_panics_waits_longer_each_time_and_then_ends() {
    let mut slots = Table::new(9);
    let mut now = 0;
    for wait in [500, 1_000, 2_000, 4_000] {
        slots.note_failure(Millis(now), 1, false);
        assert_eq!(take(&mut slots, now + wait - 1, 1, "ann"), Err(Full::Failing));
        now += wait;
        let id = slots.take(Millis(now), 1, share("ann"), 1).unwrap().id;
        slots.free(&1, id);
    }
    slots.note_failure(Millis(now), 1, false);
    assert_eq!(take(&mut slots, now + 50_000, 1, "ann"), Err(Full::Failed));
    slots.forget_failures(&1);
    assert_eq!(take(&mut slots, now, 1, "ann"), Ok(None));
}

#[test]
fn a_session_whose_handler_commits_before_it_panics_waits_and_goes_on() {
    let mut slots = Table::new(9);
    for now in (0..20).map(|round| round * 250) {
        slots.note_failure(Millis(now), 1, true);
        assert_eq!(take(&mut slots, now + 249, 1, "ann"), Err(Full::Failing));
        let id = slots.take(Millis(now + 250), 1, share("ann"), 1).unwrap().id;
        slots.free(&1, id);
    }
}

#[test]
fn a_panic_is_forgotten_after_a_while() {
    let mut slots = Table::new(9);
    for now in 0..20 {
        slots.note_failure(Millis(now * 60_000), 1, false);
        assert_eq!(take(&mut slots, now * 60_000 + 500, 1, "ann").err(), None);
        let id = slots.entries[&1].id;
        slots.free(&1, id);
    }
}

#[test]
fn a_table_that_is_closed_gives_out_nothing_and_names_all() {
    let mut slots = Table::new(9);
    take(&mut slots, 0, 1, "ann").unwrap();
    take(&mut slots, 0, 2, "bob").unwrap();
    assert_eq!(slots.close(), [1, 2]);
    assert_eq!(take(&mut slots, 0, 3, "eve"), Err(Full::Closing));
}

#[test]
fn a_table_says_how_many_sessions_it_has_and_whether_it_takes_more() {
    let mut slots = Table::new(9);
    assert!(slots.is_empty() && !slots.is_closing());
    for key in [1, 2] {
        assert_eq!(take(&mut slots, 0, key, "ann"), Ok(None));
    }
    assert_eq!((slots.len(), slots.is_empty()), (2, false));
    assert_eq!(slots.close(), [1, 2]);
    assert!(slots.is_closing());
    assert_eq!(take(&mut slots, 0, 3, "bob"), Err(Full::Closing));
}

#[test]
fn panics_are_counted_no_longer_than_they_are_remembered() {
    let mut slots = Table::new(9);
    for _ in 0..4 {
        slots.note_failure(Millis(0), 1, false);
    }
    slots.note_failure(Millis(60_000), 1, false);
    assert_eq!(take(&mut slots, 60_000, 1, "ann"), Err(Full::Failing));
}

#[test]
fn the_panics_of_so_many_sessions_are_remembered_and_no_more() {
    let mut slots = Table::new(9);
    let last = MOST_FAILING as u32;
    // All but two, without a look at each of them for each.
    slots.failures.extend((2..last).map(|key| (key, Failures { count: 1, last: Millis(0) })));
    for key in [1, last, last + 1] {
        slots.note_failure(Millis(0), key, false);
    }
    assert_eq!(take(&mut slots, 0, last, "ann"), Err(Full::Failing));
    assert_eq!(take(&mut slots, 0, last + 1, "ann"), Ok(None));
}
