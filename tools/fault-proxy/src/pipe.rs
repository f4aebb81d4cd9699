//! One direction of a connection: reads what is sent and forwards it in order, as the connection's settings say.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep_until};

use crate::handle::Handle;
use crate::settings::{Cut, Direction, DirectionSettings};

/// How many bytes are read and written at once.
const CHUNK: usize = 16 << 10;
/// How many chunks may be in flight. When as many are, nothing more is read, as when a network's buffers are full.
const MAX_CHUNKS: usize = 4 << 10;
/// At a limited rate, the bytes of this much time are written at once.
const BURST: Duration = Duration::from_millis(20);

/// What was sent, with the time at which it was read.
#[derive(Debug)]
pub struct Chunk {
    at: Instant,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Bytes(Vec<u8>),
    /// The sender has ended in order.
    End,
    /// The sender has reset TCP, or is gone.
    Reset,
}

/// How a direction ended without a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The end was forwarded, after all that was sent before it.
    Ended,
    /// The receiver takes no more.
    Broken,
}

/// The queue between [`read`] and [`forward`].
pub fn queue() -> (Sender<Chunk>, Receiver<Chunk>) {
    channel(MAX_CHUNKS)
}

/// Reads all that is sent, and its end, into the queue.
pub async fn read(mut from: impl AsyncRead + Unpin, queue: Sender<Chunk>, connection: &Handle, direction: Direction) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let content = match from.read(&mut buffer).await {
            Ok(0) => Content::End,
            Ok(length) => {
                connection.taken(direction, length);
                Content::Bytes(buffer[..length].to_vec())
            }
            Err(_) => Content::Reset,
        };
        let over = !matches!(content, Content::Bytes(_));
        if queue.send(Chunk { at: Instant::now(), content }).await.is_err() || over {
            return;
        }
    }
}

/// Forwards what is in the queue; an error when the connection is to be cut.
pub async fn forward(
    mut to: impl AsyncWrite + Unpin,
    mut queue: Receiver<Chunk>,
    connection: &Handle,
    direction: Direction,
) -> Result<Outcome, Cut> {
    // When the bytes before have been sent, at a limited rate.
    let mut free = Instant::now();
    while let Some(Chunk { at, content }) = queue.recv().await {
        match content {
            Content::Reset => {
                when_allowed(connection, direction, at, free, |_, _| Poll::Ready(())).await;
                return Err(Cut::Reset);
            }
            Content::End => {
                let ended = when_allowed(connection, direction, at, free, |_, context| {
                    Pin::new(&mut to).poll_shutdown(context)
                })
                .await;
                return Ok(if ended.is_ok() { Outcome::Ended } else { Outcome::Broken });
            }
            Content::Bytes(bytes) => {
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let write = |settings: &mut DirectionSettings, context: &mut Context| {
                        let wrote = write(&mut to, rest, settings, context);
                        if let Poll::Ready(Ok(Wrote { length, .. })) = &wrote {
                            connection.passed(direction, *length);
                        }
                        wrote
                    };
                    let Ok(Wrote { length, takes, cut }) = when_allowed(connection, direction, at, free, write).await
                    else {
                        return Ok(Outcome::Broken);
                    };
                    if let Some(cut) = cut {
                        return Err(cut);
                    }
                    rest = &rest[length..];
                    free = free.max(Instant::now()) + takes;
                }
            }
        }
    }
    // The reader has gone without an end, which it does only when the connection is over.
    Ok(Outcome::Broken)
}

/// Calls `act` once the settings allow it: not before what was read at `at` is due, not before `free`, and not in a hole.
/// The settings are locked meanwhile, so that an order holds once it is answered.
async fn when_allowed<T>(
    connection: &Handle,
    direction: Direction,
    at: Instant,
    free: Instant,
    mut act: impl FnMut(&mut DirectionSettings, &mut Context) -> Poll<T>,
) -> T {
    let mut changes = connection.changes();
    loop {
        let seen = changes.borrow_and_update().directions.of(direction).clone();
        let allowed = async {
            if seen.hole {
                pending::<()>().await;
            }
            let due = free.max(at + seen.latency);
            if due > Instant::now() {
                sleep_until(due).await;
            }
            poll_fn(|context| {
                connection.with_settings(|settings| {
                    let settings = settings.directions.of_mut(direction);
                    // After a change `changes` wakes this task.
                    if *settings == seen { act(settings, context) } else { Poll::Pending }
                })
            })
            .await
        };
        tokio::select! {
            biased;
            _ = changes.changed() => {}
            done = allowed => return done,
        }
    }
}

struct Wrote {
    length: usize,
    /// How long they take at the current rate.
    takes: Duration,
    cut: Option<Cut>,
}

/// Writes as many of `bytes` as may pass at once.
fn write(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    settings: &mut DirectionSettings,
    context: &mut Context,
) -> Poll<io::Result<Wrote>> {
    let burst = settings.rate.map_or(CHUNK, |rate| {
        let burst = u128::from(rate.get()) * BURST.as_nanos() / Duration::from_secs(1).as_nanos();
        usize::try_from(burst).unwrap_or(CHUNK).max(1)
    });
    let left = settings.limit.map_or(usize::MAX, |limit| usize::try_from(limit.left).unwrap_or(usize::MAX));
    let most = bytes.len().min(burst).min(left);
    let length = if most == 0 {
        0
    } else {
        match Pin::new(to).poll_write(context, &bytes[..most]) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(length)) => length,
        }
    };
    let cut = settings.limit.as_mut().and_then(|limit| {
        limit.left -= length as u64;
        (limit.left == 0).then_some(limit.cut)
    });
    let takes =
        settings.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1).mul_f64(length as f64 / rate.get() as f64));
    Poll::Ready(Ok(Wrote { length, takes, cut }))
}
