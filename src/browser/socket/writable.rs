//! Messages into a sink that paces who fills it.

use alloc::rc::{Rc, Weak};
use core::fmt;
use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_sink::Sink;
use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::error::Error;
use super::line::Line;
use super::message::Message;
use crate::core::State;

/// How much may be on its way before it is enough for now.
const HIGH_WATER_MARK: u64 = 1 << 20;

/// Milliseconds until it is looked at again: the browser does not say when its buffer has emptied.
const PAUSE: i32 = 5;

/// A `Sink` of messages that paces who fills it: it is ready while no more than 1 MiB is on its way, in the browser or
/// waiting for the line.
///
/// Flushing it waits until all has left, that of others included; whether it has arrived,
/// [`Socket::deliver`](crate::Socket::deliver) can say. Closing it does the same and leaves the socket open.
/// It does not hold the socket.
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
/// [`Error::Over`] once the socket is closed or dropped, and what keeps [`Socket::send_bytes`](crate::Socket) from
/// taking a message.
#[must_use = "a sink does nothing by itself"]
pub struct Writable {
    line: Weak<Line>,
    pause: Option<JsFuture>,
}

impl Writable {
    pub(super) fn new(line: &Rc<Line>) -> Self {
        Self { line: Rc::downgrade(line), pause: None }
    }

    fn line(&self) -> Result<Rc<Line>, Error> {
        let line = self.line.upgrade().filter(|line| !line.is_let_go()).ok_or(Error::Over)?;
        if line.state() == State::Closed { Err(Error::Over) } else { Ok(line) }
    }

    /// Waits until no more than this is on its way.
    fn poll_until(&mut self, mark: u64, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.line()?.buffered_amount() > mark {
            ready!(Pin::new(self.pause.get_or_insert_with(pause)).poll(context)).map_err(|_| Error::Over)?;
            self.pause = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl Sink<Message> for Writable {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_until(HIGH_WATER_MARK, context)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.line()?.send_message(&message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_until(0, context)
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

fn pause() -> JsFuture {
    Promise::new(&mut |resolve, _| set_timeout(&resolve, PAUSE)).into()
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(call: &Function, milliseconds: i32);
}
