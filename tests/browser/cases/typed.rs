//! Messages find the handlers of their type, as types of Rust's. The test server echoes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use undrop::{Error, Event, Heartbeat, Options, Outcome, Queue, Reason, Socket};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{Told, connect, connect_and_lose, connect_with, hasty, millis, pause, tell};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Chat {
    from: String,
    text: String,
}

fn chat(text: &str) -> Chat {
    Chat { from: "Ada".into(), text: text.into() }
}

#[wasm_bindgen_test]
async fn a_handler_gets_the_messages_of_its_type() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut chats) = tell();
    let _chats = socket.on::<Chat>("chat", move |_, chat| told(chat));
    for text in ["", "hi", "é🦀\u{1d11e}\0", "\"quoted\" \\ "] {
        socket.emit("chat", &chat(text)).unwrap();
        assert_eq!(chats.next().await, chat(text));
    }
}

#[wasm_bindgen_test]
async fn data_of_any_shape_comes_as_it_was() {
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    enum Shape {
        Nothing,
        Circle { radius: f64 },
        Corners(Vec<(i32, i32)>),
    }
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Everything {
        unit: (),
        truth: bool,
        small: u8,
        big: i64,
        real: f64,
        letter: char,
        none: Option<u32>,
        some: Option<u32>,
        map: std::collections::BTreeMap<String, Shape>,
        any: Value,
    }
    let everything = || Everything {
        unit: (),
        truth: true,
        small: 255,
        big: -(1 << 53) + 1,
        real: 0.1,
        letter: '🦀',
        none: None,
        some: Some(0),
        map: [
            ("a".into(), Shape::Nothing),
            ("b".into(), Shape::Circle { radius: 1.5 }),
            ("constructor".into(), Shape::Corners(vec![(1, -1)])),
        ]
        .into(),
        any: json!({ "list": [1, null, "x", { "deep": [[]] }] }),
    };
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut came) = tell();
    let _all = socket.on::<Everything>("everything", move |_, data| told(data));
    socket.emit("everything", &everything()).unwrap();
    assert_eq!(came.next().await, everything());
}

#[wasm_bindgen_test]
async fn handlers_are_called_in_their_order_and_then_those_for_all_types() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut came) = tell();
    let all = {
        let told = told.clone();
        socket.on_any::<Value>(move |_, message_type, data| told(format!("{message_type} {data}")))
    };
    let star = {
        let told = told.clone();
        socket.on::<Value>("*", move |_, data| told(format!("* {data}")))
    };
    let numbered: Vec<_> = (0..3)
        .map(|number| {
            let told = told.clone();
            socket.on::<u32>("count", move |_, data| told(format!("{number} {data}")))
        })
        .collect();
    socket.emit("count", &7).unwrap();
    socket.emit("*", "starred").unwrap();
    for expected in ["0 7", "1 7", "2 7", "count 7", "* 7", "* \"starred\"", "* \"starred\""] {
        assert_eq!(came.next().await, expected);
    }
    drop((all, star, numbered));
}

#[wasm_bindgen_test]
async fn each_message_goes_one_way() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut counts) = tell();
    let handled = socket.on::<u32>("count", move |_, count| told(count));
    socket.emit("count", &1).unwrap();
    socket.emit("other", &2).unwrap();
    socket.emit("count", "three").unwrap();
    socket.send_text("four").unwrap();
    socket.send_bytes(&[5]).unwrap();
    assert_eq!(counts.next().await, 1);
    assert_eq!(heard.text().await, r#"{"type":"other","data":2}"#);
    let (reason, text) = heard.invalid().await;
    assert!(
        matches!(reason, Reason::Data { message_type, error } if message_type == "count" && error.contains("three"))
    );
    assert_eq!(text, r#"{"type":"count","data":"three"}"#);
    let (reason, text) = heard.invalid().await;
    assert!(matches!(reason, Reason::Parse(error) if !error.is_empty()));
    assert_eq!(text, "four");
    assert_eq!(heard.next().await, Event::Binary(vec![5]));
    // Nobody waits any more.
    drop(handled);
    socket.emit("count", &6).unwrap();
    socket.send_text("seven").unwrap();
    assert_eq!(heard.text().await, r#"{"type":"count","data":6}"#);
    assert_eq!(heard.text().await, "seven");
    assert!(counts.is_gone().await);
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn data_that_one_handler_can_not_read_reaches_those_that_can() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut came) = tell();
    let numbers = {
        let told = told.clone();
        socket.on::<u32>("mixed", move |_, number| told(number.to_string()))
    };
    let words = socket.on::<String>("mixed", move |_, word| told(word));
    socket.emit("mixed", "word").unwrap();
    socket.emit("mixed", &1).unwrap();
    assert_eq!(came.next().await, "word");
    assert_eq!(came.next().await, "1");
    for data in ["\"word\"", "1"] {
        assert_eq!(heard.invalid().await.1, format!(r#"{{"type":"mixed","data":{data}}}"#));
    }
    drop((numbers, words));
}

#[wasm_bindgen_test]
async fn typed_messages_and_others_keep_their_order() {
    let (socket, mut heard) = connect("/echo", Options::default());
    let (told, mut came) = tell();
    let _all = socket.on_any::<u32>(move |_, _, number| told(number));
    // Some are queued, some are not.
    socket.emit("n", &0).unwrap();
    socket.send_text("1").unwrap();
    socket.emit("n", &2).unwrap();
    assert_eq!(socket.buffered_amount(), 21 + 1 + 21);
    heard.open().await;
    socket.emit("n", &3).unwrap();
    assert_eq!(came.next().await, 0);
    assert_eq!(heard.invalid().await.1, "1");
    assert_eq!(came.next().await, 2);
    assert_eq!(came.next().await, 3);
}

#[wasm_bindgen_test]
async fn a_message_that_is_not_sent_is_told_as_lost_in_its_envelope() {
    let (socket, mut heard) = connect_and_lose(Queue::default()).await;
    socket.emit("late", &[1, 2]).unwrap();
    socket.close();
    assert_eq!(heard.next().await, Event::Lost(r#"{"type":"late","data":[1,2]}"#.into(), Outcome::Closed));
    heard.close().await;
    assert_eq!(socket.emit("late", &()), Err(Error::Closed));
}

#[wasm_bindgen_test]
async fn without_a_queue_nothing_typed_is_accepted_before_open() {
    let (socket, mut heard) = connect("/echo", hasty().queue(None));
    assert_eq!(socket.emit("early", &()), Err(Error::NotOpen));
    heard.open().await;
    socket.emit("in time", &()).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"in time","data":null}"#);
}

#[wasm_bindgen_test]
async fn data_that_is_not_json_is_refused_and_nothing_is_sent() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let keyed: std::collections::BTreeMap<Vec<u8>, u8> = [(vec![1], 1)].into();
    for refused in [socket.emit("big", &u64::MAX), socket.emit("keyed", &keyed)] {
        let Err(Error::Serialize(error)) = refused else { panic!("{refused:?}") };
        assert!(!error.is_empty());
    }
    socket.send_text("next").unwrap();
    assert_eq!(heard.text().await, "next");
}

#[wasm_bindgen_test]
async fn typed_messages_are_counted() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut came) = tell();
    let _counts = socket.on::<u32>("count", move |_, count| told(count));
    socket.emit("count", &1).unwrap();
    came.next().await;
    let stats = socket.stats();
    assert_eq!((stats.messages_out, stats.bytes_out), (1, 25));
    assert_eq!((stats.messages_in, stats.bytes_in), (1, 25));
}

#[wasm_bindgen_test]
async fn the_reply_to_a_heartbeat_is_no_typed_message() {
    let heartbeat = Heartbeat::new("péng").reply("péng").interval(millis(10));
    let (socket, mut heard) = connect("/echo", hasty().heartbeat(heartbeat));
    heard.open().await;
    let (told, mut came): (_, Told<Value>) = tell();
    let all = socket.on_any::<Value>(move |_, _, data| told(data));
    while socket.stats().round_trip.count < 3 {
        pause().await;
    }
    assert_eq!(heard.rest().await, []);
    drop(all);
    assert!(came.is_gone().await);
}

#[wasm_bindgen_test]
async fn a_handler_may_send_and_close_through_its_argument() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let _counts = socket.on::<u32>("count", |socket: &Socket, count| {
        if count < 3 {
            socket.emit("count", &(count + 1)).unwrap();
        } else {
            socket.close_with(4000, "counted").unwrap();
        }
    });
    socket.emit("count", &0).unwrap();
    assert_eq!(heard.close().await, (0, 4000, "counted".into(), true));
}

#[wasm_bindgen_test]
async fn a_listener_may_subscribe_and_emit() {
    let (told, mut came) = tell();
    let (_socket, mut heard) = connect_with("/echo", hasty(), move |socket, event| {
        if *event == Event::Open {
            let told = told.clone();
            socket.on::<u32>("hello", move |_, number| told(number)).forget();
            socket.emit("hello", &1).unwrap();
        }
    });
    heard.open().await;
    assert_eq!(came.next().await, 1);
}
