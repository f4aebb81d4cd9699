//! A connection without a session.

use super::*;

fn plain() -> PlainSlot<App> {
    PlainSlot::new(CONFIG, NOW)
}

#[test]
fn a_message_is_framed_at_once_and_then_counts_as_delivered() {
    let mut slot = plain();
    slot.send('x', Some("delivery"));
    assert_eq!(slot.unacknowledged().messages, 1);
    assert_eq!(frames(&mut slot), [Frame::Message('x')]);
    assert_eq!(actions(&mut slot), ["delivery true"]);
    assert_eq!(slot.unacknowledged().messages, 0);
}

#[test]
fn a_commit_sends_its_replies_and_is_answered_at_once() {
    let mut slot = plain();
    receive(&mut slot, FIRST, "a");
    slot.commit(1, ['x'], "commit");
    assert_eq!(actions(&mut slot), ["receive 1 a", "commit Ok(())"]);
    assert_eq!(frames(&mut slot), [Frame::Message('x')]);
}

#[test]
fn what_was_not_framed_is_returned_when_the_connection_is_lost() {
    let mut slot = plain();
    slot.send('x', Some("delivery"));
    slot.handle_lost(NOW, FIRST);
    assert_eq!(actions(&mut slot), ["disconnect Gone", "delivery false", "end Client ['x']", "release"]);
    slot.commit(0, ['y'], "commit");
    assert_eq!(actions(&mut slot), ["commit Err(Over)"]);
    assert!(slot.is_over());
}

#[test]
fn a_close_waits_for_what_was_sent_before() {
    let mut slot = plain();
    slot.send('x', None);
    slot.close(NOW, 3_000, "done".into());
    assert_eq!(actions(&mut slot), [] as [&str; 0]);
    assert_eq!(frames(&mut slot), [Frame::Message('x')]);
    assert_eq!(actions(&mut slot), ["disconnect 3000", "end App []", "release"]);
}

#[test]
fn a_handler_that_does_not_read_stops_the_reading() {
    let mut slot = plain();
    receive(&mut slot, FIRST, "abc");
    assert!(!slot.has_room());
    slot.handle_read(1);
    assert!(slot.has_room());
}

#[test]
fn a_handler_that_panics_closes_the_connection() {
    let mut slot = plain();
    slot.handle_handler_done(NOW, true);
    let done = actions(&mut slot);
    assert_eq!(done[1..], ["disconnect 1011", "end Failed []", "release"]);
}

#[test]
fn a_silent_client_is_dropped() {
    let mut slot = plain();
    slot.handle_timeout(NOW + CONFIG.idle);
    assert_eq!(frames(&mut slot), [Frame::Ping]);
    slot.handle_timeout(NOW + CONFIG.idle + CONFIG.probe);
    assert_eq!(actions(&mut slot), ["Silent", "disconnect Silent", "end Client []", "release"]);
}

#[test]
fn a_handler_has_its_grace_when_the_server_shuts_down() {
    let mut slot = plain();
    slot.shut_down(NOW);
    assert_eq!(actions(&mut slot), ["disconnect 1012", "end Shutdown []", "release"]);
    slot.handle_timeout(NOW + CONFIG.grace);
    assert_eq!(actions(&mut slot), ["stop"]);
}

#[test]
fn a_silent_client_is_asked_and_dropped_in_time() {
    let mut slot = plain();
    let (asked, dropped) = (NOW + CONFIG.idle, NOW + (CONFIG.idle + CONFIG.probe));
    assert_eq!(slot.poll_timeout(), Some(asked));
    slot.handle_timeout(NOW + (CONFIG.idle - 1));
    assert_eq!(frames(&mut slot), []);
    slot.handle_timeout(asked);
    assert_eq!(slot.poll_timeout(), Some(dropped));
}

#[test]
fn a_commit_without_replies_is_done_even_after_the_end() {
    let mut slot = plain();
    receive(&mut slot, FIRST, "a");
    slot.handle_lost(NOW, FIRST);
    actions(&mut slot);
    slot.commit(1, [], "commit");
    assert_eq!(actions(&mut slot), ["commit Ok(())"]);
}

#[test]
fn a_connection_that_asks_for_it_is_sent_on_since_it_is_no_session() {
    let mut slot = plain();
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    assert_eq!(actions(&mut slot), ["readmit second"]);
    assert_eq!(slot.detached_since(), None);
}

#[test]
fn it_ends_when_it_is_evicted_or_revoked_or_can_not_be_read() {
    for (end, expected) in [
        ((|slot| slot.evict(NOW)) as fn(&mut PlainSlot<App>), ["disconnect 4002", "end Evicted []", "release"]),
        (|slot| slot.revoke(NOW), ["disconnect 4403", "end Revoked []", "release"]),
        (
            |slot| slot.handle_unreadable(NOW, FIRST, Disconnect::close(1_009, "too large")),
            ["disconnect 1009", "end Client []", "release"],
        ),
    ] {
        let mut slot = plain();
        assert!(!slot.is_over());
        end(&mut slot);
        assert!(!slot.is_over());
        assert_eq!(actions(&mut slot), expected);
        assert!(slot.is_over());
    }
}

#[test]
fn a_node_without_room_for_more_does_not_read() {
    let mut slot = plain();
    receive(&mut slot, FIRST, "a");
    assert_eq!(slot.uncommitted(), Amount::one(1));
    is_not_read_while_it_is_throttled(slot);
}
