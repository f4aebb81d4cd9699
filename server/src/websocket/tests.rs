#![allow(clippy::unwrap_used)]

use std::task::Waker;

use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::budget::{Budget, Owner};
use crate::metrics::Gauge;

/// A WebSocket, and what its client holds. At least as much goes through at once as a test needs.
fn connected(through: usize) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (server, client) = duplex(through);
    let mut socket = WebSocket::new(server, &Limits::default());
    socket.meter().expect_messages(Budget::new(1 << 30, 1 << 30, Gauge::default()).open(&Owner::Unknown, None));
    (socket, client)
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [1, 2, 3, 4];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn read(socket: &mut WebSocket<DuplexStream>) -> Poll<Result<Frame, Broken>> {
    socket.poll_read(&mut Context::from_waker(Waker::noop()))
}

fn flush(socket: &mut WebSocket<DuplexStream>) -> Poll<Result<(), Broken>> {
    socket.poll_flush(&mut Context::from_waker(Waker::noop()))
}

fn is_binary(read: Poll<Result<Frame, Broken>>, expected: &[u8]) -> bool {
    matches!(read, Poll::Ready(Ok(Frame::Binary(bytes))) if bytes == expected)
}

#[tokio::test]
async fn a_message_is_read_whatever_pieces_it_comes_in() {
    let message: Vec<u8> = (0..20_000_u32).map(|number| number as u8).collect();
    for piece in [1, 7, 4_095, 4_096, 30_000] {
        let (mut socket, mut client) = connected(300_000);
        let bytes = [frame(0x02, &message[..7_001]), frame(0x00, b""), frame(0x80, &message[7_001..])].concat();
        let mut last = Poll::Pending;
        for piece in bytes.chunks(piece) {
            assert!(last.is_pending());
            client.write_all(piece).await.unwrap();
            last = read(&mut socket);
        }
        assert!(is_binary(last, &message), "in pieces of {piece} bytes");
    }
}

#[tokio::test]
async fn a_ping_between_fragments_does_not_make_them_free() {
    let (mut socket, mut client) = connected(300_000);
    let budget = Budget::new(1 << 30, 1 << 30, Gauge::default());
    socket.meter().expect_messages(budget.open(&Owner::Unknown, None));
    client.write_all(&frame(0x02, &[7; 50_000])).await.unwrap();
    client.write_all(&frame(0x89, b"there?")).await.unwrap();
    assert!(matches!(read(&mut socket), Poll::Ready(Ok(Frame::Ping))));
    assert!(budget.used() >= 45_000);
    client.write_all(&frame(0x80, b"")).await.unwrap();
    assert!(is_binary(read(&mut socket), &[7; 50_000]));
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn what_is_announced_takes_no_memory_before_it_comes() {
    let (mut socket, mut client) = connected(300_000);
    let budget = Budget::new(1 << 30, 1 << 30, Gauge::default());
    socket.meter().expect_messages(budget.open(&Owner::Unknown, None));
    client.write_all(&frame(0x82, &vec![7; 1 << 20])[..100]).await.unwrap();
    assert!(read(&mut socket).is_pending());
    assert!(budget.used() <= FIRST_ROOM as u64);
}

#[tokio::test]
async fn a_connection_keeps_nothing_of_a_large_message() {
    let (mut socket, mut client) = connected(2 << 20);
    client.write_all(&frame(0x82, &vec![7; 1 << 20])).await.unwrap();
    let message = std::future::poll_fn(|context| socket.poll_read(context)).await.unwrap();
    socket.write(message).unwrap();
    assert!(flush(&mut socket).is_ready() && read(&mut socket).is_pending());
    let WebSocket { incoming, outgoing, .. } = &socket;
    assert_eq!((incoming.buffer.capacity(), incoming.payload.capacity()), (0, 0));
    assert!(outgoing.buffer.capacity() <= KEPT && outgoing.body.is_empty());
}

#[tokio::test]
async fn what_a_slow_reader_has_not_read_is_written_once_and_in_order() {
    let (mut socket, mut client) = connected(1_000);
    let messages = [vec![1; 10], vec![2; 60_000], vec![3; 3_000]];
    let mut expected = Vec::new();
    for message in &messages {
        let header = FrameHeader { opcode: OpCode::Data(Data::Binary), ..FrameHeader::default() };
        header.format(message.len() as u64, &mut expected).unwrap();
        expected.extend(message);
    }
    let mut read = Vec::new();
    let mut take = async |most: usize| {
        let mut some = vec![0; most.min(expected.len() - read.len())];
        tokio::io::AsyncReadExt::read_exact(&mut client, &mut some).await.unwrap();
        read.extend(some);
        read.len()
    };
    for message in messages {
        while socket.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending() {
            take(500).await;
        }
        socket.write(Frame::Binary(message.into())).unwrap();
    }
    while flush(&mut socket).is_pending() {
        take(500).await;
    }
    take(usize::MAX).await;
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_flood_of_pings_is_read_as_fast_as_its_answers_are() {
    let (mut socket, mut client) = connected(8 << 10);
    let pings = frame(0x89, &[7; 100]).repeat(10);
    let mut rounds = 0;
    // The client reads nothing. What goes into the pipe is full in the end, both ways.
    while tokio::time::timeout(std::time::Duration::ZERO, client.write_all(&pings)).await.is_ok() {
        while read(&mut socket).is_ready() {}
        rounds += 1;
        assert!(rounds < 1_000, "all is read");
        tokio::task::yield_now().await;
    }
    assert!(socket.outgoing.buffer.capacity() <= MOST_BUFFERED);
    while read(&mut socket).is_pending() {
        tokio::io::AsyncReadExt::read(&mut client, &mut [0; 1 << 10]).await.unwrap();
    }
}

#[tokio::test]
async fn what_breaks_the_protocol_is_not_read() {
    let unmasked = vec![0x82, 1, 7];
    let mut reserved_bit = frame(0x82, b"x");
    reserved_bit[0] |= 0x40;
    for (bytes, broken) in [
        (unmasked, Broken::Gone),
        (reserved_bit, Broken::BadFrame),
        (frame(0x83, b"x"), Broken::BadFrame),
        (frame(0x80, b"x"), Broken::BadFrame),
        ([frame(0x02, b"x"), frame(0x82, b"x")].concat(), Broken::BadFrame),
        (frame(0x09, b"x"), Broken::BadFrame),
        (frame(0x89, &[7; 126]), Broken::BadFrame),
        (frame(0x88, b"x"), Broken::BadFrame),
        (frame(0x81, b"\xff"), Broken::NotUtf8),
        (frame(0x82, &vec![7; (1 << 20) + 1]), Broken::TooLarge),
    ] {
        let (mut socket, mut client) = connected(2 << 20);
        client.write_all(&bytes).await.unwrap();
        for _ in 0..2 {
            assert!(matches!(read(&mut socket), Poll::Ready(Err(found)) if found == broken), "{broken:?}");
        }
    }
}

#[tokio::test]
async fn a_close_frame_is_read_once_with_its_code_and_reason() {
    let code = 4_001_u16.to_be_bytes();
    let cases = [
        (vec![], (1_005, "")),
        (code.to_vec(), (4_001, "")),
        ([&code[..], "café".as_bytes()].concat(), (4_001, "café")),
        ([&code[..], b"caf\xe9"].concat(), (4_001, "caf\u{fffd}")),
    ];
    for (payload, expected) in cases {
        let (mut socket, mut client) = connected(1 << 10);
        client.write_all(&frame(0x88, &payload)).await.unwrap();
        let close = read(&mut socket);
        let is_expected =
            matches!(&close, Poll::Ready(Ok(Frame::Close(code, reason))) if (*code, &**reason) == expected);
        assert!(is_expected, "{close:?}");
        assert!(matches!(read(&mut socket), Poll::Ready(Err(Broken::Gone))));
    }
}
