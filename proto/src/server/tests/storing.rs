//! What is stored before it may be said, and what happens when the store can't.

use super::*;

#[test]
fn what_is_received_is_acknowledged_once_it_is_stored() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    assert_eq!(actions(&mut slot), ["receive 1 a"]);
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    slot.handle_timeout(NOW + 1_000);
    assert_eq!(frames(&mut slot), []);
    slot.handle_stored(NOW + 1_000, number, Ok(()));
    slot.handle_timeout(NOW + 1_200);
    assert_eq!(frames(&mut slot), [Frame::Control(Control::Ack { received: 1 })]);
}

#[test]
fn what_is_sent_is_stored_before_it_is_framed() {
    let mut slot = live();
    slot.send('x', None);
    slot.persist(NOW);
    assert_eq!(frames(&mut slot), []);
    answer(&mut slot, Ok(()));
    assert_eq!(frames(&mut slot), [Frame::Message('x')]);
}

#[test]
fn a_commit_with_replies_is_one_change() {
    let mut slot = live();
    receive(&mut slot, FIRST, "ab");
    slot.commit(2, ['x', 'y'], "commit");
    slot.persist(NOW);
    let expected = Change { taken: numbered(0, "ab"), committed: 2, sent: numbered(0, "xy"), ..Change::default() };
    let (before, number, work) = asked(&mut slot);
    assert_eq!(work, Work::Write(expected.into()));
    assert_eq!(before, ["receive 1 a", "receive 2 b"]);
    slot.handle_stored(NOW, number, Ok(()));
    assert_eq!(actions(&mut slot), ["commit Ok(())"]);
}

#[test]
fn the_answer_to_an_older_request_changes_nothing() {
    let mut slot = live();
    slot.send('x', None);
    slot.persist(NOW);
    let (_, first, _) = asked(&mut slot);
    slot.handle_stored(NOW, first, Err(StoreError::Unavailable));
    slot.handle_timeout(NOW + 50);
    let (_, second, _) = asked(&mut slot);
    slot.handle_stored(NOW, first, Ok(()));
    assert_eq!(frames(&mut slot), []);
    slot.handle_stored(NOW, second, Ok(()));
    slot.handle_stored(NOW, second, Ok(()));
    assert_eq!(frames(&mut slot), [Frame::Message('x')]);
}

#[test]
fn a_store_that_does_not_answer_is_asked_again_after_growing_waits() {
    let mut slot = live();
    slot.send('x', None);
    slot.persist(NOW);
    let mut now = NOW;
    for wait in [50, 100, 200, 400, 800, 1_000, 1_000] {
        let (_, number, _) = asked(&mut slot);
        slot.handle_stored(now, number, Err(StoreError::Unavailable));
        no_time_but(&slot, now + wait);
        slot.handle_timeout(now + (wait - 1));
        assert_eq!(actions(&mut slot), [""; 0]);
        now = now + wait;
        slot.handle_timeout(now);
    }
}

#[test]
fn a_store_that_is_behind_gets_one_change_with_all_that_the_session_needs() {
    let mut slot = live();
    receive(&mut slot, FIRST, "ab");
    slot.commit(1, ['x'], "commit");
    settle(&mut slot);
    slot.send('y', None);
    slot.persist(NOW);
    answer(&mut slot, Err(StoreError::Behind));
    let expected = Change { taken: numbered(1, "b"), committed: 1, sent: numbered(0, "xy"), ..Change::default() };
    assert_eq!(change(&mut slot), expected);
}

#[test]
fn a_repair_that_was_not_done_returns_each_message_once() {
    let mut slot = live();
    slot.send('x', None);
    settle(&mut slot);
    frames(&mut slot);
    slot.send('y', None);
    slot.persist(NOW);
    answer(&mut slot, Err(StoreError::Behind));
    slot.evict(NOW);
    assert_eq!(settle(&mut slot), ["Repaired", "disconnect 4002", "end Evicted ['x', 'y']", "release"]);
}

#[test]
fn a_full_inbox_stops_the_reading_until_the_handler_commits() {
    let mut slot = live();
    receive(&mut slot, FIRST, "abc");
    settle(&mut slot);
    assert!(!slot.has_room());
    slot.commit(1, [], "commit");
    assert!(!slot.has_room());
    settle(&mut slot);
    assert!(slot.has_room());
}

#[test]
fn a_session_begins_again_with_what_is_not_committed() {
    let mut slot = restored(kept(numbered(3, "de"), numbered(5, "xy"), 0), known(6, 5));
    assert_eq!(settle(&mut slot), ["receive 4 d", "receive 5 e", "Resumed"]);
    let resumed = Frame::Control(Control::Resumed { received: 5, terms: TERMS });
    assert_eq!(frames(&mut slot), [resumed, Frame::Message('y')]);
}

#[test]
fn a_session_with_a_connection_is_written_when_half_of_its_time_to_live_has_passed() {
    let mut slot = living_for(1_000);
    assert_eq!(settle(&mut slot), [""; 0]);
    no_time_but(&slot, NOW + 500);
    slot.persist(NOW + 500);
    assert_eq!(actions(&mut slot), ["write"]);
}

#[test]
fn what_fits_into_one_change_is_one_change() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    settle(&mut slot);
    slot.send('x', None);
    slot.commit(1, ['y'], "commit");
    slot.persist(NOW);
    let change = change(&mut slot);
    assert_eq!((change.sent, change.committed), (numbered(0, "xy"), 1));
}

#[test]
fn the_replies_of_a_commit_are_one_change_however_many_they_are() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    slot.persist(NOW);
    let (_, first, _) = asked(&mut slot);
    for _ in 0..1_023 {
        slot.send('b', None);
    }
    slot.commit(1, ['c'; 1_030], "commit");
    slot.handle_stored(NOW, first, Ok(()));
    let changes = [written(&mut slot), written(&mut slot)];
    let changes = changes.map(|change| (change.sent.messages.len(), change.committed));
    assert_eq!(changes, [(1_023, 0), (1_030, 1)]);
}

#[test]
fn what_is_committed_and_stored_takes_no_room() {
    let mut slot = live();
    receive(&mut slot, FIRST, "ab");
    slot.commit(2, [], "commit");
    settle(&mut slot);
    assert_eq!(slot.uncommitted(), Amount::default());
}

#[test]
fn a_store_that_is_behind_is_not_told_what_came_after_the_change() {
    let mut slot = live();
    receive(&mut slot, FIRST, "ab");
    slot.commit(1, [], "commit");
    settle(&mut slot);
    receive(&mut slot, FIRST, "c");
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    slot.commit(2, [], "commit");
    receive(&mut slot, FIRST, "d");
    slot.handle_stored(NOW, number, Err(StoreError::Behind));
    assert_eq!(change(&mut slot).taken, numbered(1, "bc"));
}

#[test]
fn an_answer_that_comes_after_its_request_has_failed_changes_nothing() {
    let mut slot = live();
    slot.send('x', None);
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    slot.handle_stored(NOW, number, Err(StoreError::Unavailable));
    slot.handle_stored(NOW, number, Ok(()));
    assert_eq!(frames(&mut slot), []);
}

#[test]
fn a_node_without_room_for_more_does_not_read() {
    is_not_read_while_it_is_throttled(live());
}

#[test]
fn a_delivery_is_answered_when_its_message_is_acknowledged() {
    let mut slot = live();
    slot.send('x', Some("first"));
    slot.send('y', Some("second"));
    assert_eq!(slot.unacknowledged(), Amount { messages: 2, bytes: 2 });
    settle(&mut slot);
    frames(&mut slot);
    hear(&mut slot, FIRST, Control::Ack { received: 1 });
    assert_eq!(settle(&mut slot), ["first true"]);
    assert_eq!(slot.unacknowledged(), Amount::one(1));
}

#[test]
fn no_message_is_missing_before_those_that_a_store_has_had_or_need_not_keep() {
    let follows = |after, had, done| numbered(after, "x").follows(had, done);
    assert!(follows(2, 2, 0) && follows(1, 2, 0) && follows(2, 0, 2));
    assert!(!follows(3, 2, 2));
}

#[test]
fn a_store_answers_a_claim_by_what_it_has_and_what_the_client_knows() {
    let kept = || kept(numbered(3, "de"), numbered(5, "xy"), 0);
    let of = |received, acknowledged| Claim::of(kept(), None, known(received, acknowledged));
    for (received, acknowledged) in [(5, 0), (7, 5)] {
        assert_eq!(of(received, acknowledged), Claim::Taken(kept()));
    }
    assert_eq!([of(8, 5), of(7, 6)], [Claim::Lost, Claim::Lost]);
    assert_eq!(of(4, 5), Claim::Past);
}

#[test]
fn a_store_that_writes_is_not_to_be_written_in_time() {
    let mut slot = living_for(1_000);
    slot.send('x', None);
    slot.persist(NOW);
    asked(&mut slot);
    no_time_but(&slot, NOW + CONFIG.idle);
}
