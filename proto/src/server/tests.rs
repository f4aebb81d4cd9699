//! A session as one node has it, one scenario a test. The tests play the driver: the handler, the connection and the store.

#![allow(clippy::unwrap_used, clippy::panic)]

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::iter::from_fn;
use core::time::Duration;

use super::{
    Action, Amount, Beginning, Cause, Change, Claim, Config, Disconnect, DriverTypes, Forwarded, Frame, Inbound, Kept,
    Known, NotCommitted, Numbered, PlainSlot, Rest, Serve, Slot, StoreError, Work, codes, millis,
};
use crate::outbox::Bounds;
use crate::session::{Server, Session, Stored};
use crate::wire::{Control, Terms, Token, Welcome};
use crate::{Attempt, Millis, close};

mod ending;
mod forwarded;
mod plain;
mod resuming;
mod storing;

const NOW: Millis = Millis(1_000);
const FIRST: Attempt = Slot::<App>::FIRST_CONNECTION;
const SECOND: Attempt = Attempt(2);
const TERMS: Terms = Terms { spread: 5_000, largest: 1 << 20 };
const TIME_TO_LIVE: u32 = 60_000;
const WELCOME: Welcome = Welcome { token: Token(42), time_to_live: TIME_TO_LIVE, terms: TERMS, lost: false };
const CONFIG: Config = Config {
    idle: 30_000,
    probe: 10_000,
    greeting: 10_000,
    close_timeout: 5_000,
    grace: 10_000,
    inbox: Bounds { messages: 3, bytes: 1_000 },
};

#[test]
fn a_duration_is_counted_in_milliseconds_up_to_49_days() {
    let spans = [Duration::ZERO, Duration::from_micros(2_999), Duration::from_secs(50 * 86_400), Duration::MAX];
    assert_eq!(spans.map(millis), [0, 2, u32::MAX, u32::MAX]);
}

/// The handler and the driver of these tests. Its calls have names.
struct App;

impl DriverTypes for App {
    type Message = char;
    type Commit = &'static str;
    type Delivery = &'static str;
    type Request = &'static str;

    fn bytes(_: &char) -> u64 {
        1
    }
}

/// A fresh session whose client is answered.
fn live() -> Slot<App> {
    living_for(TIME_TO_LIVE)
}

/// The same, which outlives a connection for so long.
fn living_for(time_to_live: u32) -> Slot<App> {
    let session = Session::<char, Server>::new(Bounds::default(), WELCOME, FIRST);
    let mut slot = Slot::open(CONFIG, NOW, Beginning { session, time_to_live, inbox: Numbered::none(0), forwarded: 0 });
    slot.persist(NOW);
    answer(&mut slot, Ok(()));
    assert_eq!(frames(&mut slot), [Frame::Control(Control::Welcome(WELCOME))]);
    slot
}

/// A session that the store had, resumed by a client that knows this.
fn restored(kept: Kept<char>, known: Known) -> Slot<App> {
    let messages = kept.outbox.messages.into_iter().map(|message| (message, 1));
    let stored =
        Stored { acknowledged: kept.outbox.after, messages, taken: kept.inbox.last(), attempt: known.answered };
    let session = Session::<char, Server>::restore(Bounds::default(), WELCOME, stored);
    let beginning = Beginning { session, time_to_live: TIME_TO_LIVE, inbox: kept.inbox, forwarded: kept.forwarded };
    Slot::restore(CONFIG, NOW, beginning, known, TERMS).0
}

/// What is to be done, in words.
fn actions(slot: &mut impl Serve<App>) -> Vec<String> {
    from_fn(|| slot.poll()).map(|action| describe(&action)).collect()
}

fn describe(action: &Action<App>) -> String {
    match action {
        Action::Ask(request) => match &request.work {
            Work::Write(_) => "write".into(),
            Work::ReadForwarded => "read".into(),
            Work::Remove => "remove".into(),
        },
        Action::Receive(number, message) => format!("receive {number} {message}"),
        Action::Attach(attempt, request) => format!("attach {request} {}", attempt.0),
        Action::Disconnect(Disconnect::Close(code, _)) => format!("disconnect {code}"),
        Action::Disconnect(disconnect) => format!("disconnect {disconnect:?}"),
        Action::Refuse(request, Disconnect::Close(code, _)) => format!("refuse {request} {code}"),
        Action::Refuse(request, disconnect) => format!("refuse {request} {disconnect:?}"),
        Action::Renew(request) => format!("renew {request}"),
        Action::Readmit(request) => format!("readmit {request}"),
        Action::Committed(commit, answer) => format!("{commit} {answer:?}"),
        Action::Delivered(delivery, is_known) => format!("{delivery} {is_known}"),
        Action::End(cause, undelivered) => format!("end {cause:?} {undelivered:?}"),
        Action::Release => "release".into(),
        Action::StopHandler => "stop".into(),
        Action::Report(report) => format!("{report:?}"),
    }
}

/// The request that the store is to carry out next, and what comes before it.
fn asked(slot: &mut Slot<App>) -> (Vec<String>, u64, Work<char>) {
    let mut before = Vec::new();
    loop {
        match slot.poll().expect("the store is asked") {
            Action::Ask(request) => return (before, request.number, request.work),
            action => before.push(describe(&action)),
        }
    }
}

/// The change that the store is to write next, and the number of the request.
fn asked_to_write(slot: &mut Slot<App>) -> (u64, Change<char>) {
    let (_, number, work) = asked(slot);
    let Work::Write(change) = work else { panic!("{work:?}") };
    (number, (*change).clone())
}

fn change(slot: &mut Slot<App>) -> Change<char> {
    asked_to_write(slot).1
}

/// The store is asked to write the next change, and does.
fn written(slot: &mut Slot<App>) -> Change<char> {
    slot.persist(NOW);
    let (number, change) = asked_to_write(slot);
    slot.handle_stored(NOW, number, Ok(()));
    change
}

/// The store answers what it is asked next.
fn answer(slot: &mut Slot<App>, answer: Result<(), StoreError>) {
    let (_, number, _) = asked(slot);
    slot.handle_stored(NOW, number, answer);
}

/// All is persisted and done, as long as the store does what it is asked.
fn settle(slot: &mut Slot<App>) -> Vec<String> {
    let mut done = Vec::new();
    slot.persist(NOW);
    while let Some(action) = slot.poll() {
        if let Action::Ask(request) = action {
            slot.handle_stored(NOW, request.number, Ok(()));
            slot.persist(NOW);
        } else {
            done.push(describe(&action));
        }
    }
    done
}

/// All frames. A slot that has none says so, and so does one of which all were taken.
fn frames(slot: &mut impl Serve<App>) -> Vec<Frame<char>> {
    let frames = from_fn(|| {
        let has_frames = slot.has_frames();
        let frame = slot.poll_frame(NOW);
        assert!(has_frames || frame.is_none(), "{frame:?}");
        frame
    })
    .collect();
    assert!(!slot.has_frames());
    frames
}

fn receive(slot: &mut impl Serve<App>, attempt: Attempt, messages: &str) {
    for message in messages.chars() {
        slot.handle_inbound(NOW, attempt, Inbound::Message(message));
    }
}

fn hear(slot: &mut impl Serve<App>, attempt: Attempt, control: Control) {
    slot.handle_inbound(NOW, attempt, Inbound::Control(control));
}

/// What a client knows on its second connection.
fn known(received: u64, acknowledged: u64) -> Known {
    Known { received, acknowledged, attempt: 2, answered: 0 }
}

fn numbered(after: u64, messages: &str) -> Numbered<char> {
    Numbered { after, messages: messages.chars().collect() }
}

/// What a store has kept of a session.
fn kept(inbox: Numbered<char>, outbox: Numbered<char>, forwarded: u64) -> Kept<char> {
    Kept { time_to_live: Duration::from_millis(TIME_TO_LIVE.into()), inbox, outbox, forwarded }
}

fn is_not_read_while_it_is_throttled(mut slot: impl Serve<App>) {
    slot.throttle(true);
    assert!(!slot.has_room());
    slot.throttle(false);
    assert!(slot.has_room());
}

fn no_time_but(slot: &Slot<App>, at: Millis) {
    assert_eq!(slot.poll_timeout(), Some(at));
}
