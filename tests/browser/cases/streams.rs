//! Messages out of a stream, and into a sink that paces its writer.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::{FutureExt as _, Sink as _, SinkExt as _, StreamExt as _, stream};
use undrop::{Error, Event, Message, Queue, Writable};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, connect_and_lose, hasty, resuming};

const MEBIBYTE: usize = 1 << 20;

#[wasm_bindgen_test]
async fn what_is_written_arrives_in_order() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut writable = socket.writable();
    writable.send("is queued".into()).await.unwrap();
    writable.send(vec![1u8, 2].into()).await.unwrap();
    writable.close().await.unwrap();
    assert_eq!(socket.buffered_amount(), 0);
    heard.open().await;
    assert_eq!(heard.text().await, "is queued");
    assert_eq!(heard.next().await, Event::Binary(vec![1, 2]));
    // Closing it has left the socket open.
    socket.send_text("after").unwrap();
    assert_eq!(heard.text().await, "after");
}

#[wasm_bindgen_test]
async fn an_upload_has_no_more_than_its_mark_and_one_message_in_the_buffer() {
    let (socket, mut heard) = connect("/count", hasty());
    heard.open().await;
    let pieces = (0..256u32).map(|number| {
        assert!(socket.buffered_amount() <= (MEBIBYTE + 65_536) as u64);
        Ok(Message::from(vec![number as u8; 65_536]))
    });
    stream::iter(pieces).forward(socket.writable()).await.unwrap();
    assert_eq!(socket.buffered_amount(), 0);
    for _ in 0..256 {
        assert!(heard.text().await.contains("\"bytes\":65536"));
    }
}

#[wasm_bindgen_test]
async fn a_writer_waits_until_no_more_than_its_mark_is_in_the_buffer() {
    let (socket, mut heard) = connect("/count", hasty());
    heard.open().await;
    let mut writable = socket.writable();
    // What the browser has taken counts until it says otherwise, and it says nothing before this function waits.
    writable.feed(vec![0u8; 2 * MEBIBYTE].into()).await.unwrap();
    assert_eq!(socket.buffered_amount(), 2 * MEBIBYTE as u64);
    assert!(!is_ready(&mut writable));
    poll_fn(|context| Pin::new(&mut writable).poll_ready(context)).await.unwrap();
    assert!(socket.buffered_amount() <= MEBIBYTE as u64);
}

#[wasm_bindgen_test]
async fn while_the_connection_is_down_what_is_queued_counts() {
    let (socket, _heard) = connect_and_lose(Queue::default()).await;
    let mut writable = socket.writable();
    writable.feed(vec![0u8; MEBIBYTE].into()).await.unwrap();
    assert!(is_ready(&mut writable));
    writable.feed(vec![0u8; 1].into()).await.unwrap();
    assert!(!is_ready(&mut writable));
    assert_eq!(writable.flush().now_or_never(), None);
}

#[wasm_bindgen_test]
async fn after_the_close_nothing_is_written() {
    let (socket, mut heard) = connect_and_lose(Queue::default()).await;
    let mut writable = socket.writable();
    writable.feed("waits".into()).await.unwrap();
    socket.close();
    assert_eq!(writable.flush().await, Err(Error::Closed));
    heard.until(|event| matches!(event, Event::Close(_))).await;
    assert_eq!(writable.send("late".into()).await, Err(Error::Closed));
    let mut other = socket.writable();
    drop(socket);
    assert_eq!(other.send("late".into()).await, Err(Error::Closed));
}

fn is_ready(writable: &mut Writable) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(Pin::new(writable).poll_ready(&mut context), Poll::Ready(Ok(())))
}

#[wasm_bindgen_test]
async fn flushed_waits_until_all_that_was_sent_has_left() {
    let (socket, mut heard) = connect("/count", hasty());
    for _ in 0..4 {
        socket.send_bytes(&vec![0; MEBIBYTE]).unwrap();
    }
    assert_eq!(socket.buffered_amount(), 4 * MEBIBYTE as u64);
    socket.flushed().await.unwrap();
    assert_eq!((socket.buffered_amount(), socket.stats().messages_out), (0, 4));
    heard.open().await;
    for _ in 0..4 {
        heard.text().await;
    }
}

#[wasm_bindgen_test]
async fn flushed_fails_when_the_socket_closes_and_a_drop_of_it_waits_for_nothing() {
    let (socket, mut heard) = connect_and_lose(Queue::default()).await;
    socket.flushed().await.unwrap();
    socket.send_text("waits").unwrap();
    drop(socket.flushed());
    let mut flushed = socket.flushed();
    assert_eq!((&mut flushed).now_or_never(), None);
    socket.close();
    heard.closed().await;
    assert_eq!(flushed.await, Err(Error::Closed));
    let flushed = socket.flushed();
    drop(socket);
    assert_eq!(flushed.await, Err(Error::Closed));
}

#[wasm_bindgen_test]
async fn a_readable_gives_all_messages_in_order_and_the_listener_gets_none() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut messages = socket.readable();
    let mut others = socket.readable();
    heard.open().await;
    socket.send_text("one").unwrap();
    socket.send_bytes(&[2]).unwrap();
    for messages in [&mut messages, &mut others] {
        assert_eq!(messages.next().await, Some(Ok("one".into())));
        assert_eq!(messages.next().await, Some(Ok(vec![2].into())));
    }
    assert_eq!(heard.rest().await, []);
    drop((messages, others));
    socket.send_text("three").unwrap();
    assert_eq!(heard.text().await, "three");
}

#[wasm_bindgen_test]
async fn a_readable_goes_on_after_a_reconnect_and_ends_with_the_close() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut messages = socket.readable();
    heard.open().await;
    socket.reconnect();
    socket.send_text("one").unwrap();
    assert_eq!(messages.next().await, Some(Ok("one".into())));
    socket.close();
    heard.closed().await;
    assert_eq!(messages.next().await, None);
    assert_eq!(socket.readable().next().await, None);
    socket.reconnect();
    heard.open().await;
    let messages = socket.readable();
    drop(socket);
    assert_eq!(messages.collect::<Vec<_>>().await, []);
}

#[wasm_bindgen_test]
async fn a_readable_whose_reader_is_too_slow_says_so_after_what_it_holds() {
    let (socket, mut heard) = connect("/echo", hasty());
    let messages = socket.readable().limit(2);
    heard.open().await;
    for number in 0..4 {
        socket.send_text(&number.to_string()).unwrap();
    }
    assert_eq!(heard.text().await, "3", "the one that was too many is told nobody");
    assert_eq!(messages.collect::<Vec<_>>().await, [Ok("0".into()), Ok("1".into()), Err(Error::Lagged(2))]);
}

#[wasm_bindgen_test]
async fn a_readable_over_a_session_gives_each_message_once() {
    let (socket, mut heard) = connect("/session?cut=20&spread=1", resuming());
    let mut messages = socket.readable();
    for number in 0..100 {
        socket.send_text(&format!("\u{10}{number}")).unwrap();
    }
    for number in 0..100 {
        assert_eq!(messages.next().await, Some(Ok(format!("\u{10}{number}").into())));
    }
    heard.open().await;
}

#[wasm_bindgen_test]
async fn what_handlers_take_is_in_no_readable() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut messages = socket.readable();
    let mut counts = socket.messages::<u32>("count");
    heard.open().await;
    socket.emit("count", &1).unwrap();
    socket.emit("other", &2).unwrap();
    assert_eq!(counts.next().await, Some(Ok(1)));
    assert_eq!(messages.next().await, Some(Ok(r#"{"type":"other","data":2}"#.into())));
}
