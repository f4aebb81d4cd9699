use undrop::core::Cause;
use undrop::{Event, Heartbeat, Options};
use wasm_bindgen_test::wasm_bindgen_test;

use super::user::{connect, hasty, pause};

#[wasm_bindgen_test]
async fn a_heartbeat_finds_a_line_that_leads_nowhere() {
    let heartbeat = Heartbeat { interval: 50, timeout: 50, ..Heartbeat::new("ping") };
    let (socket, mut heard) = connect("/blackhole", Options { heartbeat: Some(heartbeat), ..hasty() });
    for _ in 0..2 {
        heard.open().await;
        assert_eq!(heard.dropped().await.cause, Cause::Heartbeat);
    }
    assert_eq!(socket.stats().drops[Cause::Heartbeat as usize], 2);
}

#[wasm_bindgen_test]
async fn the_reply_is_measured_and_not_delivered() {
    for message in ["ping".into(), vec![9u8].into()] {
        let heartbeat = Heartbeat { interval: 10, timeout: 10_000, message, reply: None };
        let heartbeat = Heartbeat { reply: Some(heartbeat.message.clone()), ..heartbeat };
        let (socket, mut heard) = connect("/echo", Options { heartbeat: Some(heartbeat), ..hasty() });
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
    let heartbeat = Heartbeat { interval: 10, timeout: 100, ..Heartbeat::new("ping") };
    let (_socket, mut heard) = connect("/echo", Options { heartbeat: Some(heartbeat), ..hasty() });
    heard.open().await;
    for _ in 0..3 {
        assert_eq!(heard.next().await, Event::Text("ping".into()));
    }
}
