//! Texts that are queued: their bytes are counted only if the limit is near.

use core::cell::Cell;

use super::*;

impl Fixture {
    /// Sends a text of so many UTF-16 code units, whose message is the number of its bytes.
    fn send_text(&mut self, units: u64, bytes: u64, counted: &Cell<u32>) -> Result<MessageId, SendError> {
        let now = self.now;
        self.connection.send_text(
            || now,
            bytes,
            units,
            |bytes| {
                counted.set(counted.get() + 1);
                *bytes
            },
        )
    }
}

#[test]
fn a_text_far_from_the_limit_is_not_counted() {
    let mut fixture = Fixture::connecting(CONFIG);
    let counted = Cell::new(0);
    assert_eq!(fixture.send_text(20, 20, &counted), Ok(MessageId(1)));
    assert_eq!((counted.get(), fixture.connection.queued()), (0, 60));
}

#[test]
fn the_bytes_of_queued_texts_are_counted_when_they_are_asked_for() {
    let mut fixture = Fixture::connecting(CONFIG);
    let counted = Cell::new(0);
    assert_eq!(fixture.send_text(20, 25, &counted), Ok(MessageId(1)));
    fixture.connection.count_queued(|bytes| *bytes);
    assert_eq!(fixture.connection.queued(), 25);
    fixture.connection.count_queued(|_| unreachable!("it is counted"));
}

#[test]
fn a_text_near_the_limit_is_counted_and_accepted_if_it_fits() {
    let mut fixture = Fixture::connecting(CONFIG);
    let counted = Cell::new(0);
    assert_eq!(fixture.send_text(30, 30, &counted), Ok(MessageId(1)));
    assert_eq!(fixture.send_text(70, 70, &counted), Ok(MessageId(2)));
    assert_eq!((counted.get(), fixture.connection.queued()), (2, 100));
    assert_eq!(fixture.send_text(1, 1, &counted), Err(SendError::Full));
    assert_eq!(fixture.drain(), []);
}

#[test]
fn drop_oldest_drops_no_message_because_of_an_estimate() {
    let limits = CONFIG.queue.map(|limits| Limits { overflow: Overflow::DropOldest, ..limits });
    let mut fixture = Fixture::connecting(Config { queue: limits, ..CONFIG });
    let counted = Cell::new(0);
    assert_eq!(fixture.send_text(30, 30, &counted), Ok(MessageId(1)));
    assert_eq!(fixture.send_text(70, 70, &counted), Ok(MessageId(2)));
    assert_eq!(fixture.drain(), []);
    assert_eq!(fixture.send_text(1, 1, &counted), Ok(MessageId(3)));
    assert_eq!(fixture.drain(), [settle(1, 30, Outcome::Overflow)]);
}

#[test]
fn a_text_that_is_sent_at_once_is_not_counted_and_counts_by_its_length() {
    let mut fixture = Fixture::open(CONFIG);
    let counted = Cell::new(0);
    assert_eq!(fixture.send_text(1_000, 3_000, &counted), Ok(MessageId(1)));
    assert_eq!(fixture.drain(), [Output::Transmit(3_000), settle(1, 3_000, Outcome::Sent)]);
    assert_eq!((counted.get(), fixture.connection.stats().bytes_out), (0, 1_000));
}

#[test]
fn a_queued_text_counts_by_its_length_in_the_statistics_whether_it_was_counted_or_not() {
    for is_counted in [false, true] {
        let mut fixture = Fixture::connecting(CONFIG);
        assert_eq!(fixture.send_text(10, 25, &Cell::new(0)), Ok(MessageId(1)));
        if is_counted {
            fixture.connection.count_queued(|bytes| *bytes);
        }
        fixture.opened();
        fixture.drain();
        assert_eq!(fixture.connection.stats().bytes_out, 10);
    }
}

#[test]
fn a_closed_connection_counts_no_text() {
    let mut fixture = Fixture::closed(CONFIG);
    let counted = Cell::new(0);
    assert_eq!(fixture.send_text(1_000, 1_000, &counted), Err(SendError::Closed));
    assert_eq!(counted.get(), 0);
}
