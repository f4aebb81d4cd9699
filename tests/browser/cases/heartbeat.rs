use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::Value;
use undrop::{Cause, Event, Heartbeat, Message, Socket};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{Place, connect, hasty, listener, millis, pause, server};

#[wasm_bindgen_test]
async fn a_heartbeat_finds_a_connection_that_is_dead() {
    let heartbeat = Heartbeat::new("ping").interval(millis(50)).timeout(millis(50));
    let (socket, mut heard) = connect("/blackhole", hasty().heartbeat(heartbeat));
    for _ in 0..2 {
        heard.open().await;
        assert_eq!(heard.dropped().await.cause, Cause::Heartbeat);
    }
    assert_eq!(socket.stats().drops(Cause::Heartbeat), 2);
}

#[wasm_bindgen_test]
async fn the_reply_is_measured_and_not_delivered() {
    for message in [Message::from("ping"), vec![9u8].into()] {
        let heartbeat = Heartbeat::new(message.clone()).reply(message).interval(millis(10)).timeout(millis(10_000));
        let (socket, mut heard) = connect("/echo", hasty().heartbeat(heartbeat));
        heard.open().await;
        while socket.stats().round_trip.count < 3 {
            pause().await;
        }
        assert_eq!(heard.rest().await, []);
        assert_eq!(socket.stats().messages_in, 0);
    }
}

#[wasm_bindgen_test]
async fn without_a_reply_any_message_proves_life_and_is_delivered() {
    let heartbeat = Heartbeat::new("ping").interval(millis(10)).timeout(millis(10_000));
    let (_socket, mut heard) = connect("/echo", hasty().heartbeat(heartbeat));
    heard.open().await;
    for _ in 0..3 {
        assert_eq!(heard.next().await, Event::Text("ping".into()));
    }
}

#[wasm_bindgen_test]
async fn functions_make_each_ping_and_recognize_its_reply() {
    for waits_for_typed_messages in [false, true] {
        let sent = Cell::new(0);
        let recognized = Rc::new(RefCell::new(Vec::new()));
        let replies = recognized.clone();
        let heartbeat = Heartbeat::from_fn(move || format!("ping {}", sent.replace(sent.get() + 1)))
            .reply_if(move |message| {
                replies.borrow_mut().push(message.clone());
                matches!(message, Message::Text(text) if text.starts_with("ping "))
            })
            .interval(millis(10))
            .timeout(millis(10_000));
        let (socket, mut heard) = connect("/echo", hasty().heartbeat(heartbeat));
        let _typed = waits_for_typed_messages.then(|| socket.on::<Value>("any", |_, _| ()));
        heard.open().await;
        while socket.stats().round_trip.count < 3 {
            pause().await;
        }
        assert_eq!(heard.rest().await, []);
        assert_eq!(recognized.borrow()[..3], ["ping 0", "ping 1", "ping 2"].map(Message::from));
        socket.send_text("{}").unwrap();
        while !recognized.borrow().contains(&"{}".into()) {
            pause().await;
        }
        assert_eq!(socket.stats().messages_in, 1);
    }
}

#[wasm_bindgen_test]
async fn functions_of_a_heartbeat_may_drop_the_socket_and_do_not_outlive_it() {
    let held = Rc::new(());
    let place = Place::default();
    let (holds, emptied) = (held.clone(), place.clone());
    let heartbeat = Heartbeat::from_fn(move || {
        let _ = &holds;
        drop(emptied.take());
        "ping"
    });
    let (listener, mut heard) = listener();
    let options = hasty().heartbeat(heartbeat.interval(millis(10)));
    place.replace(Some(Socket::connect(&server("/echo"), options, listener).unwrap()));
    heard.open().await;
    assert!(heard.is_gone().await);
    pause().await;
    assert_eq!(Rc::strong_count(&held), 1);
}
