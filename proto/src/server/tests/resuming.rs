//! How a connection asks for the session, and how it is lost.

use super::*;

#[test]
fn the_store_is_asked_before_a_connection_takes_the_session_over() {
    let mut slot = live();
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    slot.persist(NOW);
    let (before, number, _) = asked(&mut slot);
    assert_eq!(before, [] as [&str; 0]);
    slot.handle_stored(NOW, number, Ok(()));
    assert_eq!(actions(&mut slot), ["Resumed", "TakenOver", "disconnect 4000", "attach second 2"]);
}

#[test]
fn a_connection_that_was_taken_over_is_not_heard() {
    let mut slot = live();
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    settle(&mut slot);
    receive(&mut slot, FIRST, "a");
    slot.handle_lost(NOW, FIRST);
    assert_eq!(actions(&mut slot), [] as [&str; 0]);
    frames(&mut slot);
    receive(&mut slot, SECOND, "a");
    assert_eq!(settle(&mut slot), ["receive 1 a"]);
}

#[test]
fn a_client_that_knows_of_more_is_given_another_session_and_this_one_stays_where_it_is() {
    let mut slot = live();
    slot.send('x', None);
    settle(&mut slot);
    for more in [known(2, 0), known(0, 1)] {
        slot.request_resume(NOW, "second", more, TERMS);
        assert_eq!(settle(&mut slot), ["renew second"]);
    }
    assert_eq!(frames(&mut slot), [Frame::Message('x')]);
}

#[test]
fn a_client_that_received_what_another_node_sent_it_is_given_another_session() {
    let mut slot = live();
    slot.handle_lost(NOW, FIRST);
    slot.send('x', None);
    settle(&mut slot);
    slot.request_resume(NOW, "second", known(1, 0), TERMS);
    assert_eq!(settle(&mut slot), ["renew second"]);
}

#[test]
fn a_request_of_an_older_connection_is_refused_and_the_session_stays_where_it_is() {
    let mut slot = live();
    slot.request_resume(NOW, "third", Known { attempt: 3, ..known(0, 0) }, TERMS);
    settle(&mut slot);
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    assert_eq!(settle(&mut slot), ["refuse second 4000"]);
    frames(&mut slot);
    receive(&mut slot, SECOND, "a");
    assert_eq!(settle(&mut slot), ["receive 1 a"]);
}

#[test]
fn the_connection_that_resumes_is_stored_before_its_client_is_answered() {
    let mut slot = live();
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    slot.persist(NOW);
    assert_eq!(change(&mut slot).attempt, 2);
    slot.handle_stored(NOW, slot.asked, Ok(()));
    actions(&mut slot);
    slot.send('x', None);
    slot.persist(NOW);
    assert_eq!(change(&mut slot).attempt, 2);
}

#[test]
fn a_client_that_another_node_has_answered_is_given_another_session_and_does_not_count() {
    let mut slot = live();
    slot.request_resume(NOW, "ninth", Known { attempt: 9, answered: 8, ..known(0, 0) }, TERMS);
    slot.persist(NOW);
    assert_eq!(change(&mut slot).attempt, 0);
    slot.handle_stored(NOW, slot.asked, Ok(()));
    assert_eq!(actions(&mut slot), ["renew ninth"]);
}

#[test]
fn a_store_that_has_lost_the_last_connection_is_told_of_it_again() {
    let mut slot = live();
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    settle(&mut slot);
    slot.send('x', None);
    slot.persist(NOW);
    answer(&mut slot, Err(StoreError::Behind));
    assert_eq!(change(&mut slot).attempt, 2);
}

#[test]
fn a_request_that_has_received_less_than_it_acknowledged_is_refused_and_the_session_stays_where_it_is() {
    let mut slot = live();
    slot.send('x', None);
    settle(&mut slot);
    frames(&mut slot);
    hear(&mut slot, FIRST, Control::Ack { received: 1 });
    slot.request_resume(NOW, "late", known(0, 0), TERMS);
    let done = settle(&mut slot);
    assert_eq!(done.last().unwrap(), "refuse late 1002");
    receive(&mut slot, FIRST, "a");
    assert_eq!(settle(&mut slot), ["receive 1 a"]);
}

#[test]
fn a_connection_waits_for_the_store_for_so_long() {
    let mut slot = live();
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    slot.persist(NOW);
    asked(&mut slot);
    no_time_but(&slot, NOW + CONFIG.greeting);
    slot.handle_timeout(NOW + CONFIG.greeting);
    assert_eq!(actions(&mut slot), ["StoreTimeout", "refuse second 1013"]);
}

#[test]
fn a_silent_client_is_asked_and_then_dropped() {
    let mut slot = live();
    slot.handle_timeout(NOW + CONFIG.idle);
    assert_eq!(frames(&mut slot), [Frame::Control(Control::Ping((NOW + CONFIG.idle).0))]);
    slot.handle_timeout(NOW + CONFIG.idle + CONFIG.probe);
    let done = settle(&mut slot);
    assert!(done.ends_with(&["Silent".into(), "disconnect Silent".into()]), "{done:?}");
    assert!(slot.detached_since().is_some());
}

#[test]
fn a_client_that_answers_is_not_dropped() {
    let mut slot = live();
    slot.handle_timeout(NOW + CONFIG.idle);
    frames(&mut slot);
    slot.handle_inbound(NOW + CONFIG.idle + 1, FIRST, Inbound::Control(Control::Pong(0)));
    slot.handle_timeout(NOW + CONFIG.idle + CONFIG.probe);
    settle(&mut slot);
    assert_eq!(slot.detached_since(), None);
}

#[test]
fn a_connection_to_a_session_that_its_client_has_ended_waits_for_the_end() {
    let mut slot = live();
    hear(&mut slot, FIRST, Control::End);
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    assert_eq!(settle(&mut slot), [""; 0]);
    assert_eq!(frames(&mut slot), [Frame::Control(Control::End)]);
    assert_eq!(settle(&mut slot), ["disconnect Gone", "end Client []", "release", "readmit second"]);
    slot.request_resume(NOW, "third", known(0, 0), TERMS);
    assert_eq!(actions(&mut slot), ["readmit third"]);
}

#[test]
fn nobody_is_taken_over_where_there_was_no_connection() {
    let mut slot = live();
    slot.handle_lost(NOW, FIRST);
    settle(&mut slot);
    slot.request_resume(NOW, "second", known(0, 0), TERMS);
    assert_eq!(settle(&mut slot), ["Resumed", "attach second 2"]);
}
