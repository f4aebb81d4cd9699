//! The listener may do anything at any time, and is never called within itself.

use std::cell::Cell;
use std::rc::Rc;

use undrop::{Cause, Error, Event, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{Place, connect, connect_with, hasty, may_give_up_an_attempt_that_hangs, pause, plain};

#[wasm_bindgen_test]
async fn a_listener_may_close() {
    for options in [hasty(), plain()] {
        let (_socket, mut heard) = connect_with("/echo", options, |socket, event| {
            if *event == Event::Open {
                socket.close_with(4001, "enough").unwrap();
                assert_eq!(socket.state(), State::Closing);
                assert_eq!(socket.send_text("late"), Err(Error::Closed));
            }
        });
        heard.open().await;
        assert_eq!(heard.close().await, (0, 4001, "enough".into(), true));
        assert_eq!(heard.rest().await, []);
    }
}

#[wasm_bindgen_test]
async fn a_listener_may_close_when_the_connection_drops() {
    // Firefox takes a FIN right behind the handshake for a handshake that failed.
    let (socket, mut heard) = connect_with("/fin?after=1", hasty(), |socket, event| match event {
        Event::Open => socket.send_text("last").unwrap(),
        Event::Dropped(_) => socket.close(),
        _ => {}
    });
    heard.open().await;
    assert_eq!(heard.text().await, "last");
    heard.dropped().await;
    assert_eq!(heard.close().await, (1, 1006, String::new(), false));
    assert_eq!(heard.rest().await, []);
    assert_eq!(socket.stats().attempts, 1);
}

#[wasm_bindgen_test]
async fn a_listener_may_send() {
    let (_socket, mut heard) = connect_with("/echo", hasty(), |socket, event| match event {
        Event::Open => socket.send_text("x").unwrap(),
        Event::Text(text) if text.len() < 5 => socket.send_text(&format!("{text}x")).unwrap(),
        _ => {}
    });
    heard.open().await;
    for length in 1..=5 {
        assert_eq!(heard.text().await, "x".repeat(length));
    }
}

#[wasm_bindgen_test]
async fn what_a_listener_brings_about_is_told_after_it_has_returned() {
    let runs = Rc::new(Cell::new(false));
    let (socket, mut heard) = connect_with("/echo", hasty(), move |socket, event| {
        assert!(!runs.replace(true), "called within itself");
        if matches!(event, Event::Text(_)) {
            // Each of them tells at once.
            socket.reconnect();
            socket.close();
            socket.reconnect();
        }
        runs.set(false);
    });
    heard.open().await;
    socket.send_text("now").unwrap();
    assert_eq!(heard.text().await, "now");
    assert_eq!(heard.dropped().await.cause, Cause::Reconnect);
    heard.open().await;
    assert_eq!(socket.state(), State::Open);
    assert_eq!(socket.stats().opens, 2);
}

#[wasm_bindgen_test]
async fn a_listener_may_reconnect_at_each_end() {
    for options in [hasty(), plain()] {
        let (socket, mut heard) = connect_with("/close?code=4400", options, |socket, event| {
            if matches!(event, Event::Close(_)) && socket.stats().attempts < 3 {
                socket.reconnect();
            }
        });
        for _ in 0..3 {
            heard.open().await;
            assert_eq!(heard.close().await, (0, 4400, String::new(), true));
        }
        assert_eq!(heard.rest().await, []);
        assert_eq!(socket.stats().attempts, 3);
    }
}

#[wasm_bindgen_test]
async fn a_listener_may_drop_its_socket_whatever_it_hears() {
    type Wanted = fn(&Event) -> bool;
    let wanted: [(&str, Wanted); 6] = [
        ("/echo", |event| *event == Event::State(State::Open)),
        ("/echo", |event| *event == Event::Open),
        ("/push?count=3", |event| matches!(event, Event::Text(_))),
        ("/fin", |event| matches!(event, Event::Dropped(_))),
        ("/close?code=4400", |event| *event == Event::State(State::Closed)),
        ("/close?code=4400", |event| matches!(event, Event::Close(_))),
    ];
    for (route, wants) in wanted {
        let place = Place::default();
        let emptied = place.clone();
        let (socket, mut heard) = connect_with(route, hasty(), move |_, event| {
            if wants(event) {
                drop(emptied.take());
            }
        });
        socket.send_text("waits").unwrap();
        place.replace(Some(socket));
        while !wants(&heard.any().await) {}
        assert!(heard.is_gone().await, "{route}: the listener was kept, or called again");
    }
}

#[wasm_bindgen_test]
async fn a_listener_that_dropped_its_socket_may_still_use_its_argument() {
    let place = Place::default();
    let emptied = place.clone();
    let (socket, mut heard) = connect_with("/echo", hasty(), move |socket, _| {
        drop(emptied.take());
        assert_eq!(socket.send_text("late"), Err(Error::Closed));
        socket.close();
        let _ = (socket.state(), socket.stats(), socket.url(), socket.protocol(), socket.buffered_amount());
        socket.reconnect();
    });
    place.replace(Some(socket));
    heard.any().await;
    assert!(heard.is_gone().await);
    pause().await;
}

#[wasm_bindgen_test]
async fn a_dropped_socket_is_silent() {
    for route in ["/echo", "/push?count=1000", "/hang", "/reset"] {
        if route == "/hang" && !may_give_up_an_attempt_that_hangs() {
            continue;
        }
        let (socket, mut heard) = connect(route, hasty());
        drop(socket);
        assert!(heard.is_gone().await, "{route}");
    }
    let (socket, mut heard) = connect("/push?count=1000", hasty());
    heard.open().await;
    heard.text().await;
    drop(socket);
    while !heard.is_gone().await {}
    pause().await;
}

#[wasm_bindgen_test]
async fn a_listener_may_reconnect_before_it_hears_of_the_end() {
    let (socket, mut heard) = connect_with("/close?code=4400", hasty(), |socket, event| {
        if *event == Event::State(State::Closed) && socket.stats().attempts == 1 {
            socket.reconnect();
        }
    });
    for _ in 0..2 {
        heard.open().await;
        heard.until(|event| matches!(event, Event::Close(_))).await;
    }
    assert_eq!(heard.rest().await, []);
    assert_eq!(socket.state(), State::Closed);
}
