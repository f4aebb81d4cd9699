use super::{BYTES, DELAY, MESSAGES, Millis, Receipts};

const NOW: Millis = Millis(1_000);

/// So many messages of one byte have arrived and were taken.
fn taken(count: u64) -> Receipts {
    let mut receipts = Receipts::default();
    for _ in 0..count {
        let number = receipts.arrive(1);
        receipts.take(number, Some(|| NOW));
    }
    receipts
}

#[test]
fn on_an_idle_connection_no_acknowledgement_is_due() {
    let receipts = Receipts::default();
    assert!(!receipts.is_due());
    assert_eq!(receipts.deadline(), None);
}

#[test]
fn one_message_is_acknowledged_after_the_delay() {
    let mut receipts = taken(1);
    assert!(!receipts.is_due());
    assert_eq!(receipts.deadline(), Some(NOW + DELAY));
    receipts.handle_timeout(Millis(NOW.0 + 199));
    assert!(!receipts.is_due());
    receipts.handle_timeout(NOW + DELAY);
    assert!(receipts.is_due());
    assert_eq!(receipts.acknowledge(), 1);
    assert!(!receipts.is_due());
    assert_eq!(receipts.deadline(), None);
}

#[test]
fn later_messages_do_not_delay_the_acknowledgement() {
    let mut receipts = taken(1);
    let number = receipts.arrive(1);
    receipts.take(number, Some(|| NOW + 100));
    assert_eq!(receipts.deadline(), Some(NOW + DELAY));
}

#[test]
fn many_messages_are_acknowledged_at_once() {
    assert!(!taken(MESSAGES - 1).is_due());
    assert!(taken(MESSAGES).is_due());
}

#[test]
fn many_bytes_are_acknowledged_at_once() {
    let mut receipts = taken(1);
    receipts.arrive(BYTES - 2);
    assert!(!receipts.is_due());
    receipts.arrive(1);
    assert!(receipts.is_due());
}

#[test]
fn a_message_that_is_not_taken_is_not_acknowledged() {
    let mut receipts = Receipts::default();
    for _ in 0..2 * MESSAGES {
        receipts.arrive(BYTES);
    }
    assert!(!receipts.is_due());
    assert_eq!(receipts.acknowledge_all(), None);
    receipts.take(1, Some(|| NOW));
    assert!(receipts.is_due());
    assert_eq!(receipts.acknowledge(), 1);
    receipts.take(2 * MESSAGES, Some(|| NOW));
    assert_eq!(receipts.acknowledge_all(), Some(2 * MESSAGES));
}

#[test]
fn no_more_is_taken_than_has_arrived_and_the_count_never_falls() {
    let mut receipts = taken(3);
    receipts.take(9, Some(|| NOW));
    assert_eq!(receipts.taken(), 3);
    receipts.take(1, Some(|| NOW));
    assert_eq!(receipts.taken(), 3);
}

#[test]
fn without_a_connection_no_acknowledgement_is_due() {
    let mut receipts = taken(1);
    receipts.pause();
    assert_eq!(receipts.deadline(), None);
    receipts.arrive(BYTES);
    receipts.take(2, None::<fn() -> Millis>);
    assert!(!receipts.is_due());
    assert_eq!(receipts.acknowledge_all(), Some(2));
}

#[test]
fn what_was_taken_before_is_acknowledged_already() {
    let mut receipts = Receipts::restore(MESSAGES);
    let number = receipts.arrive(1);
    receipts.take(number, Some(|| NOW));
    assert_eq!(receipts.deadline(), Some(NOW + DELAY));
}
