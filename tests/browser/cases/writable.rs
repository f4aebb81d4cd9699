//! Messages into a sink that paces who fills it.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::{FutureExt as _, Sink as _, SinkExt as _, StreamExt as _, stream};
use undrop::core::Limits;
use undrop::{Error, Event, Message, Writable};
use wasm_bindgen_test::wasm_bindgen_test;

use super::user::{connect, connect_and_lose, hasty};

const MEBIBYTE: usize = 1 << 20;

#[wasm_bindgen_test]
async fn what_goes_in_arrives_in_order() {
    let (socket, mut heard) = connect("/echo", hasty());
    let mut writable = socket.writable();
    writable.send("waits for the line".into()).await.unwrap();
    writable.send(vec![1u8, 2].into()).await.unwrap();
    writable.close().await.unwrap();
    assert_eq!(socket.buffered_amount(), 0);
    heard.open().await;
    assert_eq!(heard.text().await, "waits for the line");
    assert_eq!(heard.next().await, Event::Binary(vec![1, 2]));
    // Closing it has left the socket open.
    socket.send_text("after").unwrap();
    assert_eq!(heard.text().await, "after");
}

#[wasm_bindgen_test]
async fn an_upload_never_has_more_than_its_mark_and_one_message_on_its_way() {
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
async fn who_writes_waits_until_no_more_than_its_mark_is_on_its_way() {
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
async fn while_the_line_is_down_what_waits_counts() {
    let (socket, _heard) = connect_and_lose(Limits::default()).await;
    let mut writable = socket.writable();
    writable.feed(vec![0u8; MEBIBYTE].into()).await.unwrap();
    assert!(is_ready(&mut writable));
    writable.feed(vec![0u8; 1].into()).await.unwrap();
    assert!(!is_ready(&mut writable));
    assert_eq!(writable.flush().now_or_never(), None);
}

#[wasm_bindgen_test]
async fn after_the_end_nothing_goes_in() {
    let (socket, mut heard) = connect_and_lose(Limits::default()).await;
    let mut writable = socket.writable();
    writable.feed("waits".into()).await.unwrap();
    socket.close();
    assert_eq!(writable.flush().await, Err(Error::Over));
    heard.until(|event| matches!(event, Event::Close { .. })).await;
    assert_eq!(writable.send("late".into()).await, Err(Error::Over));
    let mut other = socket.writable();
    drop(socket);
    assert_eq!(other.send("late".into()).await, Err(Error::Over));
}

fn is_ready(writable: &mut Writable) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(Pin::new(writable).poll_ready(&mut context), Poll::Ready(Ok(())))
}
