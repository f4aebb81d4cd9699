//! How a session ends: on purpose, forgotten by the server, or broken.

use undrop::{Cause, CloseError, Closed, Error, Event, Fault, Outcome, Reset, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, is_close_before_open, resuming};
use super::tally::Id;

#[wasm_bindgen_test]
async fn a_session_that_the_server_has_forgotten_tells_what_is_lost_and_begins_again() {
    let (socket, mut heard) = connect("/session?deaf=1&echo=0&ttl=0&spread=1", resuming());
    heard.open().await;
    socket.send_text("\u{10}left").unwrap();
    socket.reconnect();
    socket.send_bytes(&[1, 2]).unwrap();
    assert_eq!(socket.buffered_amount(), 7);
    heard.dropped().await;
    assert_eq!(heard.next().await, Event::Lost("\u{10}left".into(), Outcome::Unconfirmed));
    assert_eq!(heard.next().await, Event::Lost(vec![1, 2].into(), Outcome::Unsent));
    assert_eq!(heard.next().await, Event::Reset(Reset::Unknown));
    heard.open().await;
    assert_eq!((socket.buffered_amount(), socket.unacknowledged()), (0, 0));
}

#[wasm_bindgen_test]
async fn a_server_that_has_lost_a_part_of_the_session_is_asked_for_another_and_the_app_is_told_why() {
    // The first server says so, and the second has not noticed.
    for route in ["/session?deaf=1&echo=0&ttl=0&lost=1&spread=1", "/session?echo=0&forgets=1&spread=1"] {
        let (socket, mut heard) = connect(route, resuming());
        heard.open().await;
        if route.contains("forgets") {
            socket.deliver("arrived").await.unwrap();
        }
        socket.send_text("left").unwrap();
        socket.reconnect();
        let (told, reset) = heard.until(|event| matches!(event, Event::Reset(_))).await;
        assert_eq!(reset, Event::Reset(Reset::StoreLost));
        assert_eq!(told.last(), Some(&Event::Lost("left".into(), Outcome::Unconfirmed)));
        heard.open().await;
        assert_eq!(socket.unacknowledged(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_close_ends_the_session_and_what_was_sent_arrives() {
    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session?echo=0"), resuming());
    heard.open().await;
    for number in 1..=100 {
        socket.send_text(&number.to_string()).unwrap();
    }
    assert_eq!(socket.close_with(1001, ""), Err(Error::CloseFrame(CloseError::Code(1001))));
    socket.close_with(4321, "goodbye").unwrap();
    socket.close_with(4000, "the first close counts").unwrap();
    assert_eq!(socket.state(), State::Closing);
    assert_eq!(socket.send_text("late"), Err(Error::Closed));
    assert_eq!(heard.close().await, (0, 4321, "goodbye".into(), true));
    let tally = id.tally().await;
    assert_eq!((&tally["received"], &tally["lost"]), (&100.into(), &0.into()));
    let stats = id.stats_at_the_end().await;
    assert_eq!((&stats["closes"][0]["code"], &stats["closes"][0]["reason"]), (&4321.into(), &"goodbye".into()));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn a_dropped_socket_ends_the_session_too() {
    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session?echo=0"), resuming());
    heard.open().await;
    for number in 1..=10 {
        socket.send_text(&number.to_string()).unwrap();
    }
    drop(socket);
    assert!(heard.is_gone().await);
    // The request for a session, ten messages, and the end of the session.
    assert_eq!(id.stats_at_the_end().await["messages_in"], 12);
    assert_eq!(id.tally().await["received"], 10);
}

#[wasm_bindgen_test]
async fn a_server_that_ends_the_session_has_the_last_word() {
    let (socket, mut heard) = connect("/session?after=1&end=1&echo=0", resuming());
    socket.deliver("the last").await.unwrap();
    heard.open().await;
    assert_eq!(heard.close().await, (0, 1000, "the end".into(), true));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn a_server_that_breaks_the_protocol_is_told_why_and_left() {
    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session?after=1&say=%10nonsense"), resuming());
    socket.send_text("hello").unwrap();
    heard.open().await;
    const WHY: &str = "unknown control frame";
    let story = [
        Event::Text("hello".into()),
        Event::Lost("hello".into(), Outcome::Unconfirmed),
        Event::Error(Fault::Server(WHY)),
    ];
    let (told, closed) = heard.until(|event| matches!(event, Event::Close(_))).await;
    // The echo may come before or after.
    assert!(story.ends_with(&told), "{told:?}");
    let Event::Close(closed) = closed else { panic!("{closed:?}") };
    assert_eq!((closed.code, closed.reason.as_str(), closed.clean), (1002, WHY, false));
    assert_eq!(closed.cause, Some(Cause::Close));
    let stats = id.stats_at_the_end().await;
    assert_eq!((&stats["closes"][0]["code"], &stats["closes"][0]["reason"]), (&4402.into(), &WHY.into()));
}

#[wasm_bindgen_test]
async fn a_server_that_does_not_know_the_protocol_is_never_a_silent_downgrade() {
    let (socket, mut heard) = connect("/echo?protocol=", resuming());
    socket.send_text("waits").unwrap();
    match heard.next().await {
        // Chromium itself fails such a handshake, as the standard has it, and so the socket reconnects.
        Event::Dropped(drop) => assert_eq!(drop.code, 1006),
        Event::Lost(message, outcome) => {
            assert_eq!((message, outcome), ("waits".into(), Outcome::Unsent));
            let Event::Error(fault) = heard.next().await else { panic!("no error") };
            assert_eq!(fault, Fault::Server("the server does not speak undrop.1"));
            assert!(fault.to_string().contains("undrop-server"));
            let Event::Close(Closed { code, reason, .. }) = heard.next().await else { panic!("no close") };
            assert_eq!((code, reason.as_str()), (1002, "the server does not speak undrop.1"));
        }
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn after_the_end_a_reconnect_begins_another_session() {
    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session"), resuming());
    heard.open().await;
    socket.close();
    assert_eq!(heard.close().await.0, 0);
    socket.reconnect();
    socket.send_text("again").unwrap();
    heard.open().await;
    assert_eq!(heard.text().await, "again");
    assert_eq!(id.tally().await["sessions"], 2);
}

#[wasm_bindgen_test]
async fn a_close_before_the_connection_is_open_tells_what_is_lost() {
    let (socket, mut heard) = connect("/session", resuming());
    socket.send_text("waits").unwrap();
    socket.close();
    assert_eq!(heard.next().await, Event::Lost("waits".into(), Outcome::Unsent));
    let (_, code, _, clean) = heard.close().await;
    assert!(is_close_before_open(code, clean), "{code} {clean}");
    assert_eq!(heard.rest().await, []);
}
