//! Messages into a sink that paces its writer.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_sink::Sink;

use super::error::Error;
use super::flushed::Flushed;
use super::inner::Inner;
use super::message::Message;

/// How many bytes may have yet to leave before the writer has to wait.
const HIGH_WATER_MARK: u64 = 1 << 20;

/// A `Sink` of messages that paces its writer: it is ready while no more than 1 MiB has yet to leave the page, in the
/// browser or in the queue.
///
/// Flushing it waits until everything has left, messages of others included; whether a message has arrived,
/// [`Socket::deliver`](crate::Socket::deliver) can say. Closing it does the same, and leaves the socket open. It does not
/// keep the socket alive.
///
/// ```no_run
/// # use futures_util::{SinkExt as _, StreamExt as _, stream};
/// # use undrop::{Error, Message, Socket};
/// async fn upload(socket: &Socket, file: &[u8]) -> Result<(), Error> {
///     let pieces = file.chunks(16_384).map(|piece| Ok(Message::from(piece)));
///     stream::iter(pieces).forward(socket.writable()).await
/// }
/// ```
///
/// # Errors
///
/// [`Error::Closed`] once the socket is closed or dropped, and what keeps
/// [`Socket::send_bytes`](crate::Socket::send_bytes) from accepting a message.
#[must_use = "a sink does nothing by itself"]
pub struct Writable {
    flushed: Flushed,
}

impl Writable {
    pub(super) fn new(inner: &Rc<Inner>) -> Self {
        Self { flushed: Flushed::new(inner) }
    }
}

impl Sink<Message> for Writable {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.flushed.poll_until(HIGH_WATER_MARK, context)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.flushed.inner()?.send(&message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.flushed.poll_until(0, context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_flush(context)
    }
}

impl fmt::Debug for Writable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Writable").finish_non_exhaustive()
    }
}
