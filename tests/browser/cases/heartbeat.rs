use undrop::{Cause, Event, Heartbeat, Message};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty, millis, pause};

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
