//! A connection: one WebSocket.

use std::future::poll_fn;
use std::mem::replace;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use undrop_proto::server::{self, Disconnect, Inbound};
use undrop_proto::session::Violation;
use undrop_proto::wire::{self, Control};

use crate::admission::Admitted;
use crate::ending::CloseFrame;
use crate::handshake::ConnectionKind;
use crate::message::Utf8Bytes;
use crate::meter::{Excess, Meter};
use crate::metrics::{Close, Closer, Loss, Metrics};
use crate::runtime::{Instant, sleep, timeout};
use crate::turns::Place;
use crate::{Message, codes};

/// How many bytes a WebSocket has at most in its buffer for writing.
pub(crate) const MOST_BUFFERED: usize = (20 << 10) + 10;

/// What is read from a WebSocket, and written to it.
#[derive(Debug)]
pub(crate) enum Frame {
    Text(Utf8Bytes),
    Binary(Bytes),
    Close(u16, String),
    Ping,
    /// What the library handles by itself.
    Other,
}

impl Frame {
    /// How many bytes a message has.
    pub(crate) fn length(&self) -> usize {
        match self {
            Frame::Text(text) => text.len(),
            Frame::Binary(bytes) => bytes.len(),
            Frame::Close(..) | Frame::Ping | Frame::Other => 0,
        }
    }
}

/// Why a WebSocket can't be read or written any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Broken {
    Gone,
    Excess(Excess),
    TooLarge,
    NotUtf8,
    BadFrame,
}

/// A WebSocket, whatever its stream is.
pub(crate) trait Socket: Send {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>>;
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>>;
    fn write(&mut self, frame: Frame) -> Result<(), Broken>;
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>>;
    fn meter(&mut self) -> &mut Meter;
}

pub(crate) struct Connection {
    socket: Box<dyn Socket>,
    kind: ConnectionKind,
    /// How many bytes a message of the app may have.
    most_bytes: usize,
    /// Whether something was written since the last flush.
    written: bool,
    metrics: Arc<Metrics>,
    /// Whether it is counted how it ends.
    is_counted: bool,
    /// Boxed, since a connection has one at its end at most.
    client_close: Option<Box<CloseFrame>>,
    _admitted: Admitted,
}

impl From<Broken> for Disconnect {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Gone => Disconnect::Gone,
            Broken::Excess(Excess::Greeting) => Disconnect::close(Violation::CODE, Violation::NoGreeting.reason()),
            Broken::Excess(Excess::Budget) => Disconnect::close(codes::TRY_LATER, "too much is unfinished"),
            Broken::TooLarge => Disconnect::close(codes::TOO_LARGE, "message too large"),
            Broken::NotUtf8 => Disconnect::close(codes::NOT_UTF8, "text that is not UTF-8"),
            Broken::BadFrame => Disconnect::close(Violation::CODE, "malformed frame"),
        }
    }
}

impl Connection {
    pub(crate) fn new(
        socket: Box<dyn Socket>,
        kind: ConnectionKind,
        admitted: Admitted,
        most_bytes: usize,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            socket,
            kind,
            most_bytes,
            written: false,
            metrics,
            is_counted: false,
            client_close: None,
            _admitted: admitted,
        }
    }

    /// What is read and not yet a whole message.
    pub(crate) fn meter(&mut self) -> &mut Meter {
        self.socket.meter()
    }

    /// What the client has sent next.
    pub(crate) fn poll_inbound(&mut self, context: &mut Context<'_>) -> Poll<Result<Inbound<Message>, Disconnect>> {
        let has_session = self.kind == ConnectionKind::Session;
        let frame = ready!(self.socket.poll_read(context))?;
        let bytes = frame.length();
        let inbound = match frame {
            Frame::Binary(bytes) => Inbound::Message(Message::Binary(bytes)),
            Frame::Text(text) if has_session && text.starts_with(wire::ESCAPE) => match wire::unescape(&text) {
                Some(escaped) => Inbound::Message(Message::text(escaped)),
                None => Control::decode(text.bytes()).map_or_else(Inbound::Malformed, Inbound::Control),
            },
            Frame::Text(text) => Inbound::Message(Message::Text(text)),
            Frame::Ping | Frame::Other => Inbound::Alive,
            Frame::Close(code, reason) => {
                self.closed_by_client(code, reason);
                return Poll::Ready(Err(Disconnect::Gone));
            }
        };
        if bytes > self.most_bytes && matches!(inbound, Inbound::Message(_)) {
            return Poll::Ready(Err(Broken::TooLarge.into()));
        }
        Poll::Ready(Ok(inbound))
    }

    /// Whether the connection takes one more frame now.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Disconnect>> {
        self.socket.poll_ready(context).map_err(Disconnect::from)
    }

    /// Called when the connection is ready.
    pub(crate) fn write(&mut self, frame: server::Frame<Message>) -> Result<(), Disconnect> {
        let has_session = self.kind == ConnectionKind::Session;
        self.written = true;
        let frame = match frame {
            server::Frame::Message(Message::Text(text)) if has_session && text.starts_with(wire::ESCAPE) => {
                Frame::Text(wire::escape(&text).into_owned().into())
            }
            server::Frame::Message(Message::Text(text)) => Frame::Text(text),
            server::Frame::Message(Message::Binary(bytes)) => Frame::Binary(bytes),
            server::Frame::Control(control) => Frame::Text(control.to_text().into()),
            server::Frame::Ping => Frame::Ping,
        };
        Ok(self.socket.write(frame)?)
    }

    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Disconnect>> {
        if self.written {
            ready!(self.socket.poll_flush(context))?;
            self.written = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the close frame, if there is one to send, and waits at most `close_timeout` for the client's.
    pub(crate) async fn close(self, disconnect: Disconnect, close_timeout: Duration) {
        self.exchange_close(disconnect, close_timeout).await;
    }

    /// As [`close`](Self::close). Returns the client's close frame.
    pub(crate) async fn exchange_close(
        mut self,
        disconnect: Disconnect,
        close_timeout: Duration,
    ) -> Option<CloseFrame> {
        match &disconnect {
            Disconnect::Silent => {
                self.metrics.losses.of(Loss::Silent).count();
                return None;
            }
            Disconnect::Close(code, _) => self.count_close(Closer::Server, *code),
            Disconnect::Gone => {}
        }
        let _ = timeout(close_timeout, async {
            if let Disconnect::Close(code, reason) = disconnect {
                poll_fn(|context| self.socket.poll_ready(context)).await?;
                self.socket.write(Frame::Close(code, cut(reason.into_owned())))?;
            }
            poll_fn(|context| self.socket.poll_flush(context)).await?;
            let mut place = self.socket.meter().turns().map(Place::new);
            if poll_fn(|context| self.poll_end(context, place.as_mut())).await != Broken::Gone {
                // Bytes that can't be parsed stay unread, and a TCP connection that is dropped with unread bytes is reset, which
                // discards what was written. The close frame should arrive first.
                sleep(close_timeout).await;
            }
            Ok::<(), Broken>(())
        })
        .await;
        if !self.is_counted {
            self.metrics.losses.of(Loss::Broken).count();
        }
        self.client_close.map(|frame| *frame)
    }

    fn closed_by_client(&mut self, code: u16, reason: String) {
        self.count_close(Closer::Client, code);
        self.client_close.get_or_insert_with(|| Box::new(CloseFrame { code, reason }));
    }

    /// The first close frame says how the connection ends. The other end answers it.
    fn count_close(&mut self, by: Closer, code: u16) {
        if !replace(&mut self.is_counted, true) {
            self.metrics.closes.of(Close::new(by, code)).count();
        }
    }

    /// Reads until the client has ended the connection. It may flood meanwhile.
    fn poll_end(&mut self, context: &mut Context<'_>, place: Option<&mut Place>) -> Poll<Broken> {
        let working = match place {
            Some(place) => Some(ready!(place.poll_work(context))),
            None => None,
        };
        loop {
            match ready!(self.socket.poll_read(context)) {
                Ok(Frame::Close(code, reason)) => self.closed_by_client(code, reason),
                Ok(_) => {}
                Err(broken) => return Poll::Ready(broken),
            }
            if working.as_ref().is_some_and(|working| working.is_over(Instant::now())) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

/// A close reason has at most 123 bytes. <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
fn cut(mut reason: String) -> String {
    let length = (0..=reason.len().min(123)).rev().find(|length| reason.is_char_boundary(*length));
    reason.truncate(length.unwrap_or(0));
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        assert_eq!(cut("ä".repeat(100)).len(), 122);
        assert_eq!(cut("short".into()), "short");
    }
}
