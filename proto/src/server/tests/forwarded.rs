//! Messages that the app forwards to a session wherever it is.

use super::*;

/// The store gives these forwarded messages, after it was asked for them.
fn read(slot: &mut Slot<App>, messages: Numbered<char>, rest: Rest) {
    slot.persist(NOW);
    let (_, number, work) = asked(slot);
    assert_eq!(work, Work::ReadForwarded);
    slot.handle_forwarded(NOW, number, Ok(Forwarded { messages, rest }));
}

#[test]
fn a_forwarded_message_is_sent_and_forgotten_in_one_change() {
    let mut slot = live();
    slot.send('a', None);
    slot.look_for_forwarded();
    read(&mut slot, numbered(0, "xy"), Rest::Nothing);
    slot.send('b', None);
    slot.persist(NOW);
    let change = change(&mut slot);
    assert_eq!((change.sent, change.forwarded), (numbered(0, "axyb"), 2));
}

#[test]
fn nothing_is_read_as_long_as_nothing_was_forwarded() {
    let mut slot = live();
    slot.send('a', None);
    assert_eq!(settle(&mut slot), [""; 0]);
    slot.look_for_forwarded();
    read(&mut slot, numbered(0, ""), Rest::Nothing);
    slot.persist(NOW);
    assert_eq!(actions(&mut slot), [""; 0]);
}

#[test]
fn a_message_that_is_forwarded_while_the_store_reads_is_read_next() {
    let mut slot = live();
    slot.look_for_forwarded();
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    slot.look_for_forwarded();
    slot.handle_forwarded(NOW, number, Ok(Forwarded { messages: numbered(0, ""), rest: Rest::Nothing }));
    read(&mut slot, numbered(0, "x"), Rest::Nothing);
    slot.persist(NOW);
    assert_eq!(change(&mut slot).sent, numbered(0, "x"));
}

#[test]
fn more_is_read_once_the_first_are_written() {
    let mut slot = live();
    slot.look_for_forwarded();
    read(&mut slot, numbered(0, "x"), Rest::More);
    written(&mut slot);
    read(&mut slot, numbered(1, "y"), Rest::Nothing);
    slot.persist(NOW);
    let change = change(&mut slot);
    assert_eq!((change.sent, change.forwarded), (numbered(1, "y"), 2));
}

#[test]
fn what_there_is_no_room_for_is_read_again_in_a_second_or_when_the_client_acknowledges() {
    let mut slot = live();
    slot.send('a', None);
    assert_eq!(settle(&mut slot), [""; 0]);
    assert_eq!(frames(&mut slot), [Frame::Message('a')]);
    slot.look_for_forwarded();
    read(&mut slot, numbered(0, ""), Rest::NoRoom);
    no_time_but(&slot, NOW + 1_000);
    slot.handle_timeout(NOW + 999);
    assert_eq!(actions(&mut slot), [""; 0]);
    slot.handle_timeout(NOW + 1_000);
    assert_eq!(actions(&mut slot), ["read"]);
    let again = Forwarded { messages: numbered(0, ""), rest: Rest::NoRoom };
    slot.handle_forwarded(NOW + 1_000, slot.asked, Ok(again));
    hear(&mut slot, FIRST, Control::Ack { received: 1 });
    slot.persist(NOW + 1_000);
    assert_eq!(actions(&mut slot), ["read"]);
}

#[test]
fn a_store_that_does_not_answer_is_asked_for_forwarded_messages_in_a_second() {
    let mut slot = live();
    slot.look_for_forwarded();
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    slot.handle_forwarded(NOW, number, Err(StoreError::Unavailable));
    slot.send('a', None);
    slot.persist(NOW);
    assert_eq!(actions(&mut slot), ["write"]);
    slot.handle_stored(NOW, slot.asked, Ok(()));
    slot.handle_timeout(NOW + 1_000);
    assert_eq!(actions(&mut slot), ["read"]);
}

#[test]
fn a_session_that_is_another_nodes_ends_when_it_reads() {
    let mut slot = live();
    slot.look_for_forwarded();
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    slot.handle_forwarded(NOW, number, Err(StoreError::Fenced));
    assert_eq!(actions(&mut slot), ["Fenced", "disconnect 4000", "end Moved []", "release"]);
}

#[test]
fn the_answer_to_an_older_read_changes_nothing() {
    let mut slot = live();
    slot.look_for_forwarded();
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    for _ in 0..2 {
        slot.handle_forwarded(NOW, number, Ok(Forwarded { messages: numbered(0, "x"), rest: Rest::Nothing }));
    }
    slot.persist(NOW);
    assert_eq!(change(&mut slot).sent, numbered(0, "x"));
}

#[test]
fn what_a_store_has_again_is_not_sent_again() {
    let mut slot = restored(kept(numbered(0, ""), numbered(0, "xy"), 2), known(0, 0));
    slot.look_for_forwarded();
    read(&mut slot, numbered(1, "yz"), Rest::Nothing);
    slot.persist(NOW);
    let change = change(&mut slot);
    assert_eq!((change.sent, change.forwarded), (numbered(2, "z"), 3));
}

#[test]
fn a_session_that_ends_reads_nothing_more() {
    let mut slot = live();
    slot.look_for_forwarded();
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    slot.close(NOW, 1_000, String::new());
    slot.handle_forwarded(NOW, number, Ok(Forwarded { messages: numbered(0, "x"), rest: Rest::More }));
    slot.look_for_forwarded();
    assert_eq!(settle(&mut slot), [""; 0]);
    assert_eq!(frames(&mut slot), [Frame::Control(Control::End)]);
}

#[test]
fn forwarded_messages_are_not_divided_between_two_changes() {
    let mut slot = live();
    slot.send('a', None);
    slot.persist(NOW);
    let (_, first, _) = asked(&mut slot);
    for _ in 0..1_023 {
        slot.send('b', None);
    }
    slot.look_for_forwarded();
    slot.handle_stored(NOW, first, Ok(()));
    read(&mut slot, numbered(0, "xy"), Rest::Nothing);
    let alone = written(&mut slot);
    assert_eq!((alone.sent.messages.len(), alone.forwarded), (1_023, 0));
    let forwarded = written(&mut slot);
    assert_eq!((forwarded.sent, forwarded.forwarded), (numbered(1_024, "xy"), 2));
}

#[test]
fn a_busy_store_is_not_waited_for_to_be_read_again() {
    let mut slot = live();
    slot.look_for_forwarded();
    read(&mut slot, numbered(0, ""), Rest::NoRoom);
    slot.send('a', None);
    slot.persist(NOW);
    asked(&mut slot);
    no_time_but(&slot, NOW + CONFIG.idle);
}

#[test]
fn the_answer_to_an_older_read_does_not_answer_the_next() {
    let mut slot = live();
    slot.look_for_forwarded();
    slot.persist(NOW);
    let (_, first, _) = asked(&mut slot);
    let nothing = Forwarded { messages: numbered(0, ""), rest: Rest::Nothing };
    slot.handle_forwarded(NOW, first, Ok(nothing.clone()));
    slot.look_for_forwarded();
    slot.persist(NOW);
    let (_, second, _) = asked(&mut slot);
    slot.handle_forwarded(NOW, first, Ok(Forwarded { messages: numbered(0, "x"), rest: Rest::Nothing }));
    slot.handle_forwarded(NOW, second, Ok(nothing));
    slot.persist(NOW);
    assert_eq!(actions(&mut slot), [""; 0]);
}

#[test]
fn more_forwarded_messages_than_one_change_may_have_are_read_again() {
    let mut slot = live();
    slot.look_for_forwarded();
    read(&mut slot, numbered(0, &"x".repeat(1_025)), Rest::Nothing);
    let change = written(&mut slot);
    assert_eq!((change.sent.messages.len(), change.forwarded), (1_024, 1_024));
    slot.persist(NOW);
    assert_eq!(actions(&mut slot), ["read"]);
}

#[test]
fn neither_replies_nor_forwarded_messages_are_divided_when_both_wait() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    slot.persist(NOW);
    let (_, first, _) = asked(&mut slot);
    for _ in 0..1_000 {
        slot.send('b', None);
    }
    slot.commit(1, ['c'; 100], "commit");
    slot.look_for_forwarded();
    slot.handle_stored(NOW, first, Ok(()));
    read(&mut slot, numbered(0, &"x".repeat(1_024)), Rest::Nothing);
    let changes = [(); 3].map(|()| written(&mut slot));
    let changes = changes.map(|change| (change.sent.messages.len(), change.committed, change.forwarded));
    assert_eq!(changes, [(1_000, 0, 0), (100, 1, 0), (1_024, 1, 1_024)]);
}
