//! One way of a line: takes what is sent and lets it through in order, on the line's terms.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep_until};

use crate::line::Handle;
use crate::terms::{Cut, Passage, Way};

/// How many bytes are taken and passed at once.
const PARCEL: usize = 16 << 10;
/// How many parcels may be on their way. When as many are, nothing more is taken, as when a network's buffers are full.
const PARCELS: usize = 4 << 10;
/// A limited rate passes this long a time's worth of bytes at once.
const GRAIN: Duration = Duration::from_millis(20);

/// What was sent, with the time at which it was taken.
#[derive(Debug)]
pub struct Parcel {
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

/// How a way came to its end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The end has passed, after all that was sent before it.
    Ended,
    /// The receiver takes no more.
    Broken,
}

/// The queue between [`take`] and [`give`].
pub fn queue() -> (Sender<Parcel>, Receiver<Parcel>) {
    channel(PARCELS)
}

/// Takes all that is sent, and its end.
pub async fn take(mut from: impl AsyncRead + Unpin, queue: Sender<Parcel>, line: &Handle, way: Way) {
    let mut buffer = vec![0; PARCEL];
    loop {
        let content = match from.read(&mut buffer).await {
            Ok(0) => Content::End,
            Ok(length) => {
                line.taken(way, length);
                Content::Bytes(buffer[..length].to_vec())
            }
            Err(_) => Content::Reset,
        };
        let over = !matches!(content, Content::Bytes(_));
        if queue.send(Parcel { at: Instant::now(), content }).await.is_err() || over {
            return;
        }
    }
}

/// Lets through what was taken; an error when the line is to be cut.
pub async fn give(
    mut to: impl AsyncWrite + Unpin,
    mut queue: Receiver<Parcel>,
    line: &Handle,
    way: Way,
) -> Result<Outcome, Cut> {
    // When the bytes before have been through, at a limited rate.
    let mut free = Instant::now();
    while let Some(Parcel { at, content }) = queue.recv().await {
        match content {
            Content::Reset => {
                through(line, way, at, free, |_, _| Poll::Ready(())).await;
                return Err(Cut::Reset);
            }
            Content::End => {
                let ended = through(line, way, at, free, |_, context| Pin::new(&mut to).poll_shutdown(context)).await;
                return Ok(if ended.is_ok() { Outcome::Ended } else { Outcome::Broken });
            }
            Content::Bytes(bytes) => {
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let write = |passage: &mut Passage, context: &mut Context| {
                        let wrote = write(&mut to, rest, passage, context);
                        if let Poll::Ready(Ok(Wrote { length, .. })) = &wrote {
                            line.passed(way, *length);
                        }
                        wrote
                    };
                    let Ok(Wrote { length, takes, cut }) = through(line, way, at, free, write).await else {
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
    // Nobody takes any more, which is without an end only when the line is over.
    Ok(Outcome::Broken)
}

/// Does `act` once the terms allow it: not before what was taken at `at` is due, not before `free`, and not in a hole.
/// The terms cannot change while it acts, so that an order that was answered holds.
async fn through<T>(
    line: &Handle,
    way: Way,
    at: Instant,
    free: Instant,
    mut act: impl FnMut(&mut Passage, &mut Context) -> Poll<T>,
) -> T {
    let mut news = line.news();
    loop {
        let seen = news.borrow_and_update().ways.of(way).clone();
        let allowed = async {
            if seen.hole {
                pending::<()>().await;
            }
            let due = free.max(at + seen.latency);
            if due > Instant::now() {
                sleep_until(due).await;
            }
            poll_fn(|context| {
                line.on_terms(|terms| {
                    let passage = terms.ways.of_mut(way);
                    // What changed is told to `news`, which wakes this.
                    if *passage == seen { act(passage, context) } else { Poll::Pending }
                })
            })
            .await
        };
        tokio::select! {
            biased;
            _ = news.changed() => {}
            done = allowed => return done,
        }
    }
}

struct Wrote {
    length: usize,
    /// How long they take at the rate that there is.
    takes: Duration,
    cut: Option<Cut>,
}

/// Writes as many of `bytes` as may pass at once.
fn write(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    passage: &mut Passage,
    context: &mut Context,
) -> Poll<io::Result<Wrote>> {
    let grain = passage.rate.map_or(PARCEL, |rate| {
        let grain = u128::from(rate.get()) * GRAIN.as_nanos() / Duration::from_secs(1).as_nanos();
        usize::try_from(grain).unwrap_or(PARCEL).max(1)
    });
    let left = passage.fuse.map_or(usize::MAX, |fuse| usize::try_from(fuse.left).unwrap_or(usize::MAX));
    let most = bytes.len().min(grain).min(left);
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
    let cut = passage.fuse.as_mut().and_then(|fuse| {
        fuse.left -= length as u64;
        (fuse.left == 0).then_some(fuse.cut)
    });
    let takes =
        passage.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1).mul_f64(length as f64 / rate.get() as f64));
    Poll::Ready(Ok(Wrote { length, takes, cut }))
}
