use undrop::{Error, Event, Message, Options, Outcome, Overflow, Queue, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, connect_with, hasty, plain};

#[wasm_bindgen_test]
async fn text_comes_back_as_it_was() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let long = "é".repeat(100_000);
    for text in ["", "a", "a\0b", "\u{feff}", "\u{10}", "\u{1d11e} 🦀 ✓", &long] {
        socket.send_text(text).unwrap();
        assert_eq!(heard.text().await, text);
    }
}

#[wasm_bindgen_test]
async fn bytes_come_back_as_they_were() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let long: Vec<u8> = (0..300_000).map(|number: u32| number as u8).collect();
    for bytes in [&[][..], &[0], &[0, 255, 128, 0], &long] {
        socket.send_bytes(bytes).unwrap();
        assert_eq!(heard.next().await, Event::Binary(bytes.into()));
    }
}

#[wasm_bindgen_test]
async fn messages_and_their_bytes_are_counted() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    socket.send_text("é").unwrap();
    socket.send_bytes(&[1, 2, 3]).unwrap();
    heard.text().await;
    heard.next().await;
    let stats = socket.stats();
    assert_eq!((stats.attempts, stats.opens), (1, 1));
    assert_eq!((stats.messages_out, stats.bytes_out), (2, 5));
    assert_eq!((stats.messages_in, stats.bytes_in), (2, 5));
}

#[wasm_bindgen_test]
async fn what_is_sent_before_open_follows_what_the_listener_sends_first() {
    let (socket, mut heard) = connect_with("/echo", Options::default(), |socket, event| {
        if *event == Event::Open {
            socket.send_text("hello").unwrap();
        }
    });
    socket.send_text("1").unwrap();
    socket.send_bytes(&[2]).unwrap();
    socket.send_text("3").unwrap();
    assert_eq!(socket.buffered_amount(), 3);
    heard.open().await;
    assert_eq!(heard.text().await, "hello");
    assert_eq!(heard.text().await, "1");
    assert_eq!(heard.next().await, Event::Binary(vec![2]));
    assert_eq!(heard.text().await, "3");
    assert_eq!(socket.buffered_amount(), 0);
}

#[wasm_bindgen_test]
async fn what_is_sent_while_the_connection_is_down_is_queued_and_arrives_in_order() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    socket.reconnect();
    for number in 0..100 {
        socket.send_text(&number.to_string()).unwrap();
    }
    heard.dropped().await;
    heard.open().await;
    for number in 0..100 {
        assert_eq!(heard.text().await, number.to_string());
    }
}

#[wasm_bindgen_test]
async fn what_is_sent_after_a_drop_goes_to_the_next_connection() {
    // Each connection takes one message.
    let (socket, mut heard) = connect("/fin?after=1", hasty());
    heard.open().await;
    socket.send_text("first").unwrap();
    assert_eq!(heard.text().await, "first");
    heard.dropped().await;
    socket.send_text("second").unwrap();
    heard.open().await;
    assert_eq!(heard.text().await, "second");
}

#[wasm_bindgen_test]
async fn without_a_queue_nothing_is_accepted_before_open() {
    for options in [plain(), Options::default().queue(None)] {
        let (socket, mut heard) = connect("/echo", options);
        assert_eq!(socket.send_text("early"), Err(Error::NotOpen));
        heard.open().await;
        socket.send_text("in time").unwrap();
        assert_eq!(heard.text().await, "in time");
    }
}

#[wasm_bindgen_test]
async fn a_full_queue_accepts_nothing_more() {
    let limits = Queue::default().messages(2);
    let (socket, mut heard) = connect("/echo", Options::default().queue(limits));
    socket.send_text("1").unwrap();
    socket.send_text("2").unwrap();
    assert_eq!(socket.send_text("3"), Err(Error::Full));
    heard.open().await;
    assert_eq!(heard.text().await, "1");
    assert_eq!(heard.text().await, "2");
}

#[wasm_bindgen_test]
async fn a_queue_that_makes_room_tells_that_the_oldest_is_lost() {
    let limits = Queue::default().messages(1).overflow(Overflow::DropOldest);
    let (socket, mut heard) = connect("/echo", Options::default().queue(limits));
    socket.send_text("1").unwrap();
    socket.send_bytes(&[2]).unwrap();
    assert_eq!(heard.next().await, Event::Lost("1".into(), Outcome::Overflow));
    heard.open().await;
    assert_eq!(heard.next().await, Event::Binary(vec![2]));
}

#[wasm_bindgen_test]
async fn what_is_queued_at_the_end_is_told_as_lost_and_nothing_more_is_accepted() {
    let (socket, mut heard) = connect("/echo", Options::default());
    socket.send_text("1").unwrap();
    socket.send_bytes(&[2]).unwrap();
    socket.close();
    assert_eq!(socket.send_text("3"), Err(Error::Closed));
    let (before, _) = heard.until(|event| matches!(event, Event::Close(_))).await;
    let lost = [Event::Lost("1".into(), Outcome::Closed), Event::Lost(Message::Binary(vec![2]), Outcome::Closed)];
    assert!(before.windows(2).any(|pair| pair == lost), "{before:?}");
    assert_eq!(socket.state(), State::Closed);
    assert_eq!(socket.send_text("4"), Err(Error::Closed));
}
