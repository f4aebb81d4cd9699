//! A session: what is sent arrives once and in order, over any number of connections.

use undrop::{Cause, Error, Event, Heartbeat, Message, Outcome, Resume, Rhythm, Socket};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, connect_with, memory, millis, pause, resuming};
use super::tally::Id;

#[wasm_bindgen_test]
async fn every_kind_of_message_comes_back_as_it_was() {
    let (socket, mut heard) = connect("/session", resuming());
    let texts = ["", "ä€😀", "a\0b", "\u{10}", "\u{10}\u{10}ack 7", "\u{10}ack 7"];
    for text in texts {
        socket.send_text(text).unwrap();
    }
    let bytes = [&[][..], &[0, 16, 255], &[16; 100_000]];
    for bytes in bytes {
        socket.send_bytes(bytes).unwrap();
    }
    assert_eq!((socket.unacknowledged(), socket.stats().messages_out), (9, 9));
    heard.open().await;
    for text in texts {
        assert_eq!(heard.text().await, text);
    }
    for bytes in bytes {
        assert_eq!(heard.next().await, Event::Binary(bytes.into()));
    }
    assert_eq!(socket.stats().messages_in, 9);
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn over_many_cuts_everything_arrives_once_and_in_order_both_ways() {
    const COUNT: usize = 1_000;
    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session?cut=70&spread=1"), resuming());
    heard.open().await;
    for number in 1..=COUNT {
        socket.send_text(&number.to_string()).unwrap();
    }
    let (mut echoes, mut resumes) = (Vec::<usize>::new(), 0);
    while echoes.len() < COUNT {
        match heard.next().await {
            Event::Text(text) => echoes.push(text.parse().unwrap()),
            Event::Dropped(drop) => assert_eq!(drop.cause, Cause::Close),
            Event::Resume => resumes += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(echoes, (1..=COUNT).collect::<Vec<_>>());
    // What the server reads before the reset takes effect may make up for one.
    assert!(resumes >= 5, "{resumes}");
    let tally = id.tally().await;
    assert_eq!((&tally["received"], &tally["lost"], &tally["duplicated"]), (&COUNT.into(), &0.into(), &0.into()));
    assert_eq!(tally["sessions"], 1);
}

#[wasm_bindgen_test]
async fn what_the_server_sends_over_many_connections_arrives_once_and_in_order() {
    const COUNT: u32 = 500;
    let (_socket, mut heard) =
        connect_with(&format!("/session?count={COUNT}&spread=1"), resuming(), |socket, event| {
            if let Event::Text(number) = event
                && number.parse::<u32>().unwrap() % 100 == 0
            {
                socket.reconnect();
            }
        });
    let mut next = 1;
    let mut resumes = 0;
    while next <= COUNT || resumes < COUNT / 100 {
        match heard.next().await {
            Event::Text(number) => {
                assert_eq!(number, next.to_string());
                next += 1;
            }
            Event::Resume => resumes += 1,
            Event::Open | Event::Dropped(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[wasm_bindgen_test]
async fn what_is_sent_leaves_in_the_order_of_sending() {
    let (socket, mut heard) = connect_with("/session", resuming(), |socket, event| {
        if *event == Event::Open {
            socket.send_text("3").unwrap();
        }
    });
    socket.send_text("1").unwrap();
    socket.send_text("2").unwrap();
    heard.open().await;
    for expected in ["1", "2", "3"] {
        assert_eq!(heard.text().await, expected);
    }
    socket.reconnect();
    socket.send_text("4").unwrap();
    assert!((1..=4).contains(&socket.buffered_amount()), "those that are not yet acknowledged wait again");
    heard.resumed().await;
    assert_eq!(heard.text().await, "4");
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn what_is_not_acknowledged_is_not_in_wasm_memory() {
    let (socket, mut heard) = connect("/session?deaf=1&echo=0", resuming());
    heard.open().await;
    let (text, bytes) = ("x".repeat(100_000), vec![0; 100_000]);
    let send = || {
        socket.send_text(&text).unwrap();
        socket.send_bytes(&bytes).unwrap();
    };
    send();
    let memory = memory();
    for _ in 0..50 {
        send();
    }
    assert_eq!(socket.unacknowledged(), 102);
    assert_eq!(self::memory(), memory, "of the WebAssembly memory, in bytes");
}

#[wasm_bindgen_test]
async fn the_app_sees_its_own_subprotocol() {
    let options = resuming().protocols(["chat", "news"]);
    for (options, own) in [(options, "chat"), (resuming(), "")] {
        let (socket, mut heard) = connect("/session", options);
        assert_eq!(socket.protocol(), "");
        heard.open().await;
        assert_eq!(socket.protocol(), own);
    }
}

#[wasm_bindgen_test]
async fn what_is_too_much_is_refused() {
    let limits = Resume::default().limit_messages(2).limit_bytes(100);
    let (socket, mut heard) = connect("/session?deaf=1&echo=0", resuming().resume(limits));
    heard.open().await;
    assert_eq!(socket.send_bytes(&[0; 101]), Err(Error::Full));
    socket.send_text("one").unwrap();
    socket.send_text("two").unwrap();
    assert_eq!(socket.send_text("three"), Err(Error::Full));
    assert_eq!(socket.deliver("three").await, Err(Error::Full));
    assert_eq!(socket.unacknowledged(), 2);
}

#[wasm_bindgen_test]
async fn what_is_larger_than_the_server_accepts_is_refused_with_both_sizes_and_comes_back_if_it_was_queued() {
    let (socket, mut heard) = connect("/session?largest=10", resuming());
    socket.send_text("äöüäöü").unwrap();
    socket.send_text("äöüäö").unwrap();
    let queued = socket.deliver(vec![0; 11]).await;
    assert_eq!(queued, Err(Error::Undelivered(Outcome::TooLarge)));
    let (told, _) = heard.until(|event| *event == Event::Text("äöüäö".into())).await;
    assert!(told.contains(&Event::Lost("äöüäöü".into(), Outcome::TooLarge)), "{told:?}");
    let too_large = |bytes| Err(Error::TooLarge { bytes, largest: 10 });
    assert_eq!(socket.send_bytes(&[0; 11]), too_large(11));
    assert_eq!(socket.send_text("äöüäöü"), too_large(12));
    // The escape that it travels with counts.
    assert_eq!(socket.send_text("\u{10}123456789"), too_large(11));
    assert_eq!(socket.deliver("12345678901").await, too_large(11));
    let error = socket.send_text("12345678901").unwrap_err().to_string();
    assert!(error.contains("11 bytes") && error.contains("accepts 10"), "{error}");
    socket.deliver("1234567890").await.unwrap();
}

#[wasm_bindgen_test]
async fn the_heartbeat_is_the_protocols_own_and_is_measured() {
    let heartbeat = Rhythm::default().interval(millis(10)).timeout(millis(10_000));
    let options = resuming().resume(Resume::default().heartbeat(heartbeat));
    let (socket, mut heard) = connect("/session", options);
    heard.open().await;
    while socket.stats().round_trip.count < 3 {
        pause().await;
    }
    assert_eq!(heard.rest().await, []);
    assert_eq!(socket.stats().messages_in, 0);
}

#[wasm_bindgen_test]
fn options_that_exclude_a_session_say_why() {
    let wrong = [
        (resuming().retry(None), "Options::retry"),
        (resuming().queue(None), "Options::queue"),
        (resuming().heartbeat(Heartbeat::new("ping")), "Options::heartbeat"),
    ];
    for (options, field) in wrong {
        match Socket::connect("ws://never.connected", options, |_, _| ()) {
            Err(Error::Options(advice)) => assert!(advice.contains(field), "{advice}"),
            other => panic!("{other:?}"),
        }
    }
}

#[wasm_bindgen_test]
async fn a_sink_over_a_session_loses_nothing() {
    use futures_util::{StreamExt as _, stream};

    let id = Id::new();
    let (socket, mut heard) = connect(&id.of("/session?cut=20&spread=1&echo=0"), resuming());
    let messages = (1..=100).map(|number: u32| Ok(Message::from(format!("{number}.{}", "x".repeat(50_000)))));
    stream::iter(messages).forward(socket.writable()).await.unwrap();
    socket.deliver("101").await.unwrap();
    heard.open().await;
    let tally = id.tally().await;
    assert_eq!((&tally["received"], &tally["lost"], &tally["duplicated"]), (&101.into(), &0.into(), &0.into()));
}
