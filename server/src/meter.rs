//! A stream that counts what is read of it and not yet a whole frame: a client can begin a message and never end it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::budget::Purse;

/// What a connection may read at once without its being counted: it has a buffer of this size anyway.
const FREE: u64 = 4 << 10;
/// How many bytes the first frame may have, with its header. It has 63 bytes, and some more one day.
const GREETING: u64 = 256;

/// A stream and its meter.
pub(crate) struct Metered<S> {
    stream: S,
    pub(crate) meter: Meter,
}

/// What was read and is not yet a whole frame.
#[derive(Debug)]
pub(crate) struct Meter {
    read: u64,
    /// How much may be read. More of it ends the connection.
    limit: u64,
    /// How much of that was taken from the purse.
    taken: u64,
    purse: Option<Arc<Purse>>,
    /// Why nothing more is read.
    excess: Option<Excess>,
}

/// Why a connection is not read any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Excess {
    /// The first frame is larger than any greeting.
    Greeting,
    /// The client's share of what may be unfinished, or the whole, is used up.
    Budget,
}

impl<S> Metered<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, meter: Meter { read: 0, limit: u64::MAX, taken: 0, purse: None, excess: None } }
    }
}

impl Meter {
    /// The handshake is done, and the client's first frame is to come.
    pub(crate) fn expect_greeting(&mut self, purse: Arc<Purse>) {
        self.read = 0;
        self.limit = GREETING;
        self.purse = Some(purse);
    }

    /// The client may send messages from now on, on account of this purse.
    pub(crate) fn expect_messages(&mut self, purse: Arc<Purse>) {
        self.finish_frame();
        self.limit = u64::MAX;
        self.purse = Some(purse);
    }

    /// A whole frame was read.
    pub(crate) fn finish_frame(&mut self) {
        self.read = 0;
        if self.taken > 0
            && let Some(purse) = &self.purse
        {
            purse.give_back(std::mem::take(&mut self.taken));
        }
    }

    pub(crate) fn excess(&self) -> Option<Excess> {
        self.excess
    }

    fn is_within_limit(&mut self) -> bool {
        if self.read >= self.limit {
            self.excess = Some(Excess::Greeting);
        }
        self.excess.is_none()
    }

    fn count(&mut self, bytes: u64) -> bool {
        self.read += bytes;
        let more = self.read.saturating_sub(FREE + self.taken);
        if more > 0
            && let Some(purse) = &self.purse
        {
            if !purse.take(more) {
                self.excess = Some(Excess::Budget);
                return false;
            }
            self.taken += more;
        }
        true
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.finish_frame();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.meter.is_within_limit() {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        let counted = self.meter.count((into.filled().len() - before) as u64);
        Poll::Ready(if counted { Ok(()) } else { Err(io::ErrorKind::OutOfMemory.into()) })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
