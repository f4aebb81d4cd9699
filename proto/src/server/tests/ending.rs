//! How the session ends on this node: for good, for now, or because another node has it.

use super::*;

/// A session with a commit that the store is asked for, and the number of the request.
fn committing() -> (Slot<App>, u64) {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    slot.commit(1, ['x'], "commit");
    slot.persist(NOW);
    let (_, number, _) = asked(&mut slot);
    (slot, number)
}

const FENCED: [&str; 5] = ["Fenced", "disconnect 4000", "end Moved []", "commit Err(Moved)", "release"];

#[test]
fn a_commit_that_waits_when_the_node_is_fenced_has_moved() {
    let (mut slot, number) = committing();
    slot.handle_stored(NOW, number, Err(StoreError::Fenced));
    assert_eq!(actions(&mut slot), FENCED);
}

#[test]
fn a_commit_that_comes_after_the_fence_has_moved() {
    let (mut slot, number) = committing();
    slot.handle_stored(NOW, number, Err(StoreError::Fenced));
    actions(&mut slot);
    slot.commit(1, ['x'], "late");
    slot.commit(1, [], "later");
    assert_eq!(actions(&mut slot), ["late Err(Moved)", "later Err(Moved)"]);
}

#[test]
fn a_commit_with_replies_waits_until_it_is_known_that_a_session_is_over() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    settle(&mut slot);
    slot.close(NOW, close::NORMAL, String::new());
    slot.commit(1, ['x'], "commit");
    assert_eq!(settle(&mut slot), [] as [&str; 0]);
    frames(&mut slot);
    hear(&mut slot, FIRST, Control::End);
    frames(&mut slot);
    assert_eq!(settle(&mut slot), ["disconnect 1000", "end App []", "commit Err(Over)", "release"]);
}

#[test]
fn a_commit_with_replies_to_a_session_that_is_closed_has_moved_if_the_session_has() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    settle(&mut slot);
    slot.close(NOW, close::NORMAL, String::new());
    slot.commit(1, ['x'], "commit");
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    slot.persist(NOW);
    answer(&mut slot, Err(StoreError::Fenced));
    assert_eq!(actions(&mut slot)[3..], ["commit Err(Moved)", "release", "readmit second"]);
}

#[test]
fn a_removal_that_was_not_answered_leaves_it_open_whether_a_commit_is_stored() {
    let (mut slot, _) = committing();
    slot.evict(NOW);
    asked(&mut slot);
    slot.commit(1, [], "late");
    slot.handle_timeout(NOW + CONFIG.close_timeout);
    slot.commit(1, [], "later");
    let expected = ["end Evicted ['x']", "commit Err(Unknown)", "late Err(Unknown)", "release", "later Err(Unknown)"];
    assert_eq!(actions(&mut slot), expected);
}

#[test]
fn a_removal_that_was_fenced_after_one_without_an_answer_leaves_it_open_too() {
    let (mut slot, _) = committing();
    slot.evict(NOW);
    answer(&mut slot, Err(StoreError::Unavailable));
    slot.handle_timeout(NOW + 50);
    answer(&mut slot, Err(StoreError::Fenced));
    assert_eq!(actions(&mut slot), ["end Evicted ['x']", "commit Err(Unknown)", "release"]);
}

#[test]
fn a_session_without_a_connection_expires() {
    let mut slot = live();
    slot.send('x', Some("delivery"));
    settle(&mut slot);
    frames(&mut slot);
    slot.handle_lost(NOW, FIRST);
    settle(&mut slot);
    slot.handle_timeout(NOW + (TIME_TO_LIVE - 1));
    assert_eq!(settle(&mut slot), [] as [&str; 0]);
    slot.handle_timeout(NOW + TIME_TO_LIVE);
    assert_eq!(settle(&mut slot), ["delivery false", "end Expired ['x']", "release"]);
    assert!(slot.is_over());
}

#[test]
fn an_evicted_session_returns_what_was_not_delivered() {
    let mut slot = live();
    slot.send('x', None);
    settle(&mut slot);
    slot.send('y', None);
    slot.evict(NOW);
    let evicted = format!("disconnect {}", codes::EVICTED);
    assert_eq!(settle(&mut slot), [&*evicted, "end Evicted ['x', 'y']", "release"]);
}

#[test]
fn a_close_waits_for_what_was_sent_before() {
    let mut slot = live();
    slot.send('x', None);
    slot.close(NOW, 4_321, "done".into());
    assert_eq!(frames(&mut slot), []);
    settle(&mut slot);
    assert_eq!(frames(&mut slot), [Frame::Message('x'), Frame::Control(Control::End)]);
    hear(&mut slot, FIRST, Control::Ack { received: 1 });
    hear(&mut slot, FIRST, Control::End);
    frames(&mut slot);
    assert_eq!(settle(&mut slot), ["disconnect 4321", "end App []", "release"]);
}

#[test]
fn a_close_of_the_app_has_its_code_if_a_close_frame_may_have_it() {
    for code in [1_000, 1_001, 1_003, 1_008, 1_011, 1_014, 3_000, 4_999, 1_005] {
        assert_eq!(codes::of_app(code), code);
    }
    for code in [0, 999, 1_004, 1_006, 1_015, 2_999, 5_000] {
        assert_eq!(codes::of_app(code), 1_000, "{code}");
    }
}

#[test]
fn what_is_sent_after_the_close_is_returned_behind_what_was_sent_before() {
    let mut slot = live();
    slot.send('x', None);
    settle(&mut slot);
    slot.close(NOW, close::NORMAL, String::new());
    slot.send('y', Some("delivery"));
    frames(&mut slot);
    hear(&mut slot, FIRST, Control::End);
    frames(&mut slot);
    assert_eq!(settle(&mut slot), ["delivery false", "disconnect 1000", "end App ['x', 'y']", "release"]);
}

#[test]
fn a_handler_that_panics_leaves_what_it_did_not_commit_to_the_next() {
    let mut slot = live();
    receive(&mut slot, FIRST, "ab");
    slot.commit(1, [], "commit");
    slot.handle_handler_done(NOW, true);
    let done = settle(&mut slot);
    assert_eq!(
        done[2..],
        ["Panicked { progressed: false }", "disconnect 1011", "end Failed []", "commit Ok(())", "release"]
    );
    slot.commit(2, [], "late");
    assert_eq!(actions(&mut slot), ["late Err(Moved)"]);
}

#[test]
fn a_handler_has_its_grace_when_the_server_shuts_down() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    slot.shut_down(NOW);
    slot.commit(1, ['x'], "commit");
    assert_eq!(settle(&mut slot), ["receive 1 a", "disconnect 1012", "end Shutdown []", "commit Ok(())"]);
    slot.handle_timeout(NOW + CONFIG.grace);
    assert_eq!(settle(&mut slot), ["stop", "release"]);
}

#[test]
fn a_shutdown_that_the_store_holds_up_gives_up_what_waits() {
    let (mut slot, _) = committing();
    slot.send('y', Some("delivery"));
    slot.shut_down(NOW);
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    assert!(actions(&mut slot).contains(&"delivery false".into()));
    slot.handle_timeout(NOW + CONFIG.grace + CONFIG.close_timeout);
    let expected = ["stop", "release", "commit Err(Unknown)", "readmit second"];
    assert_eq!(actions(&mut slot), expected);
    assert!(slot.is_over());
}

#[test]
fn a_handler_does_not_wait_for_a_delivery_of_which_nobody_will_hear() {
    let mut slot = live();
    slot.send('x', Some("delivery"));
    settle(&mut slot);
    frames(&mut slot);
    slot.send('y', Some("not persisted"));
    slot.shut_down(NOW);
    assert_eq!(
        actions(&mut slot)[..4],
        ["disconnect 1012", "end Shutdown []", "delivery false", "not persisted false"]
    );
    slot.send('z', Some("late"));
    assert_eq!(settle(&mut slot), ["late false"]);
    slot.handle_handler_done(NOW, false);
    assert_eq!(settle(&mut slot), ["release"]);
}

#[test]
fn causes_after_which_another_handler_goes_on_answer_that_the_session_has_moved() {
    for cause in [Cause::Moved, Cause::Shutdown, Cause::Failed] {
        assert_eq!(cause.answer_to_commit(false), Err(NotCommitted::Moved));
    }
}

#[test]
fn causes_after_which_no_handler_goes_on_answer_that_the_session_is_over() {
    let (on, over): (Vec<_>, Vec<_>) = Cause::ALL.into_iter().partition(|cause| cause.goes_on());
    assert_eq!(on, [Cause::Moved, Cause::Shutdown, Cause::Failed]);
    for cause in over {
        assert_eq!(cause.answer_to_commit(true), Err(NotCommitted::Over));
        assert_eq!(cause.answer_to_commit(false), Ok(()));
    }
}

#[test]
fn a_cause_is_named_as_in_the_code_and_an_answer_says_what_became_of_the_commit() {
    for cause in Cause::ALL {
        assert_eq!(cause.name(), format!("{cause:?}").to_lowercase());
    }
    assert_eq!(NotCommitted::Full.to_string(), "not committed: the outbox is full");
}

#[test]
fn a_commit_without_replies_is_stored_while_the_session_closes() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    settle(&mut slot);
    slot.close(NOW, close::NORMAL, String::new());
    slot.commit(1, [], "commit");
    assert_eq!(settle(&mut slot), ["commit Ok(())"]);
}

#[test]
fn a_client_has_so_long_to_answer_the_close() {
    let mut slot = live();
    slot.close(NOW, 4_321, String::new());
    assert_eq!(frames(&mut slot), [Frame::Control(Control::End)]);
    no_time_but(&slot, NOW + CONFIG.close_timeout);
    slot.handle_timeout(NOW + (CONFIG.close_timeout - 1));
    assert_eq!(settle(&mut slot), [""; 0]);
    slot.handle_timeout(NOW + CONFIG.close_timeout);
    assert_eq!(settle(&mut slot), ["disconnect 4321", "end App []", "release"]);
}

#[test]
fn a_close_that_waits_for_the_store_does_not_wait_for_the_client_yet() {
    let mut slot = live();
    slot.send('x', None);
    slot.close(NOW, 4_321, String::new());
    slot.persist(NOW);
    asked(&mut slot);
    slot.handle_timeout(NOW + CONFIG.close_timeout);
    assert_eq!(actions(&mut slot), [""; 0]);
}

#[test]
fn a_store_has_so_long_to_remove_a_session() {
    let (mut slot, _) = committing();
    slot.evict(NOW);
    asked(&mut slot);
    no_time_but(&slot, NOW + CONFIG.close_timeout);
    slot.handle_timeout(NOW + (CONFIG.close_timeout - 1));
    assert_eq!(actions(&mut slot), [""; 0]);
}

#[test]
fn a_store_has_so_long_to_write_what_a_session_leaves() {
    let (mut slot, _) = committing();
    slot.shut_down(NOW);
    actions(&mut slot);
    no_time_but(&slot, NOW + CONFIG.grace);
    slot.handle_timeout(NOW + CONFIG.grace);
    assert_eq!(actions(&mut slot), ["stop"]);
    no_time_but(&slot, NOW + (CONFIG.grace + CONFIG.close_timeout));
}

#[test]
fn a_session_that_leaves_does_not_expire() {
    let mut slot = living_for(1_000);
    slot.shut_down(NOW);
    settle(&mut slot);
    slot.handle_timeout(NOW + 1_000);
    assert_eq!(actions(&mut slot), [""; 0]);
}

#[test]
fn a_session_that_was_revoked_elsewhere_ends_when_it_is_written_or_read() {
    let (mut slot, number) = committing();
    slot.handle_stored(NOW, number, Err(StoreError::Revoked));
    let revoked = format!("disconnect {}", codes::REVOKED);
    let expected = [&*revoked, "remove", "end Revoked ['x']", "commit Ok(())", "release"];
    assert_eq!(actions(&mut slot), expected);

    let mut slot = live();
    slot.look_for_forwarded();
    slot.persist(NOW);
    answer(&mut slot, Err(StoreError::Revoked));
    assert_eq!(actions(&mut slot), [&*revoked, "remove", "end Revoked []", "release"]);
}

#[test]
fn a_session_is_over_once_all_is_done_and_not_before() {
    let mut slot = live();
    assert!(!slot.is_over());
    slot.evict(NOW);
    answer(&mut slot, Ok(()));
    assert!(!slot.is_over());
    actions(&mut slot);
    assert!(slot.is_over());
}

#[test]
fn a_handler_that_had_committed_something_has_progressed_when_it_panics() {
    let mut slot = live();
    receive(&mut slot, FIRST, "a");
    slot.commit(1, [], "commit");
    settle(&mut slot);
    slot.handle_handler_done(NOW, true);
    assert_eq!(settle(&mut slot)[0], "Panicked { progressed: true }");
}

#[test]
fn a_revoked_session_ends_and_returns_what_was_not_delivered() {
    let mut slot = live();
    slot.send('x', None);
    slot.revoke(NOW);
    assert_eq!(settle(&mut slot), ["disconnect 4403", "end Revoked ['x']", "release"]);
}

#[test]
fn a_connection_that_can_not_be_read_ends_its_session() {
    let unreadable = || Disconnect::close(1_009, "too large");
    let mut slot = live();
    slot.handle_unreadable(NOW, SECOND, unreadable());
    assert_eq!(settle(&mut slot), [""; 0]);
    slot.handle_unreadable(NOW, FIRST, unreadable());
    assert_eq!(settle(&mut slot), ["Unreadable", "disconnect 1009", "end Violation []", "release"]);

    let mut slot = live();
    slot.handle_lost(NOW, FIRST);
    settle(&mut slot);
    slot.handle_unreadable(NOW, FIRST, unreadable());
    assert_eq!(settle(&mut slot), [""; 0]);
}

#[test]
fn a_session_that_is_closed_without_a_connection_ends_once_all_is_acknowledged() {
    let mut slot = live();
    slot.handle_lost(NOW, FIRST);
    settle(&mut slot);
    slot.close(NOW, close::NORMAL, String::new());
    frames(&mut slot);
    assert_eq!(settle(&mut slot), ["end App []", "release"]);

    let mut slot = live();
    slot.send('x', None);
    settle(&mut slot);
    frames(&mut slot);
    slot.handle_lost(NOW, FIRST);
    slot.close(NOW, close::NORMAL, String::new());
    frames(&mut slot);
    assert_eq!(settle(&mut slot), ["disconnect Gone"]);
}

#[test]
fn the_answer_to_a_write_is_not_that_to_a_removal() {
    let (mut slot, write) = committing();
    slot.evict(NOW);
    let (_, removal, _) = asked(&mut slot);
    assert_ne!(write, removal);
    slot.handle_stored(NOW, write, Ok(()));
    assert_eq!(actions(&mut slot), [""; 0]);
}
