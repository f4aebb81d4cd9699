//! A line: one WebSocket, whichever library it is from.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};
use undrop::core::session::Violation;
use undrop::core::wire::{self, Control, Malformed};

use crate::metrics::Count;
use crate::{Message, codes};

/// So much is written at once. A line keeps a buffer of this size once it has had so much to say.
pub(crate) const WRITE_BUFFER: usize = 16 << 10;

/// What is read from a WebSocket, and written to it.
#[derive(Debug)]
pub(crate) enum Frame {
    Text(Utf8Bytes),
    Binary(Bytes),
    Close(u16, String),
    Ping,
    /// What the library sees to by itself.
    Other,
}

/// Why nothing more can be read or written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Broken {
    Gone,
    TooLarge,
    NotUtf8,
    BadFrame,
}

/// A WebSocket.
pub(crate) trait Socket: Send {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>>;
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>>;
    fn write(&mut self, frame: Frame) -> Result<(), Broken>;
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>>;
}

/// One WebSocket, and what of it has to leave yet.
pub(crate) struct Line {
    socket: Box<dyn Socket>,
    written: bool,
    /// Whether the library has an answer to a ping that has to leave.
    owes_pong: bool,
    /// While it lives the server has one line more.
    _presence: Count,
}

/// What came over a line.
#[derive(Debug)]
pub(crate) enum Heard {
    Message(Message),
    Control(Control),
    Malformed(Malformed),
    /// Something that only shows that the other end is there.
    Sign,
}

/// Why a line ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Loss {
    /// It is gone already, or the client closes it.
    Gone,
    /// The client says nothing, and will not answer a close either.
    Dead,
    /// It is to be closed with this.
    Close(u16, String),
}

impl Loss {
    pub(crate) fn close(code: u16, reason: &str) -> Self {
        Loss::Close(code, reason.to_owned())
    }
}

impl From<Violation> for Loss {
    fn from(violation: Violation) -> Self {
        Loss::close(Violation::CODE, violation.reason())
    }
}

impl From<Broken> for Loss {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Gone => Loss::Gone,
            Broken::TooLarge => Loss::close(codes::TOO_LARGE, "message too large"),
            Broken::NotUtf8 => Loss::close(codes::NOT_UTF8, "text that is not UTF-8"),
            Broken::BadFrame => Loss::close(Violation::CODE, "malformed frame"),
        }
    }
}

impl Line {
    pub(crate) fn new(socket: Box<dyn Socket>, presence: Count) -> Self {
        Self { socket, written: false, owes_pong: false, _presence: presence }
    }

    /// The next thing that comes, by the rules of the protocol.
    pub(crate) fn poll_heard(&mut self, context: &mut Context<'_>) -> Poll<Result<Heard, Loss>> {
        Poll::Ready(match ready!(self.poll_read(context))? {
            Frame::Binary(bytes) => Ok(Heard::Message(Message::Binary(bytes))),
            Frame::Text(text) if !text.starts_with(wire::ESCAPE) => Ok(Heard::Message(Message::Text(text))),
            Frame::Text(text) => match wire::unescape(&text) {
                Some(escaped) => Ok(Heard::Message(Message::text(escaped))),
                None => Ok(Control::decode(text.bytes()).map_or_else(Heard::Malformed, Heard::Control)),
            },
            Frame::Ping | Frame::Other => Ok(Heard::Sign),
            Frame::Close(..) => Err(Loss::Gone),
        })
    }

    /// The same without the protocol: all text is the app's.
    pub(crate) fn poll_plain(&mut self, context: &mut Context<'_>) -> Poll<Result<Heard, Loss>> {
        Poll::Ready(match ready!(self.poll_read(context))? {
            Frame::Binary(bytes) => Ok(Heard::Message(Message::Binary(bytes))),
            Frame::Text(text) => Ok(Heard::Message(Message::Text(text))),
            Frame::Ping | Frame::Other => Ok(Heard::Sign),
            Frame::Close(..) => Err(Loss::Gone),
        })
    }

    /// Whether it takes something more now.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Loss>> {
        self.socket.poll_ready(context).map_err(Loss::from)
    }

    /// To be called when it is ready.
    pub(crate) fn write_message(&mut self, message: Message) -> Result<(), Loss> {
        self.write(match message {
            Message::Binary(bytes) => Frame::Binary(bytes),
            Message::Text(text) if !text.starts_with(wire::ESCAPE) => Frame::Text(text),
            Message::Text(text) => Frame::Text(wire::escape(&text).into_owned().into()),
        })
    }

    /// The same without the protocol.
    pub(crate) fn write_plain(&mut self, message: Message) -> Result<(), Loss> {
        self.write(match message {
            Message::Binary(bytes) => Frame::Binary(bytes),
            Message::Text(text) => Frame::Text(text),
        })
    }

    /// The same. Browsers answer by themselves.
    pub(crate) fn write_ping(&mut self) -> Result<(), Loss> {
        self.write(Frame::Ping)
    }

    /// To be called when it is ready.
    pub(crate) fn write_control(&mut self, control: Control) -> Result<(), Loss> {
        self.write(Frame::Text(control.to_text().into()))
    }

    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Loss>> {
        if self.written {
            ready!(self.socket.poll_flush(context))?;
            self.written = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Closes it with this, if anything, and waits for the client to do its part, but not for ever.
    pub(crate) async fn part(mut self, loss: Loss, patience: Duration) {
        if loss == Loss::Dead {
            return;
        }
        let _ = timeout(patience, async {
            if let Loss::Close(code, reason) = loss {
                poll_fn(|context| self.socket.poll_ready(context)).await?;
                self.socket.write(Frame::Close(code, cut(reason)))?;
            }
            poll_fn(|context| self.socket.poll_flush(context)).await?;
            loop {
                match poll_fn(|context| self.poll_read(context)).await {
                    Ok(_) => {}
                    Err(Broken::Gone) => return Ok(()),
                    // What can't be read stays unread, and TCP takes back what was written if a line ends like that.
                    // The close frame should get there first.
                    Err(_) => sleep(patience).await,
                }
            }
            #[allow(unreachable_code)]
            Ok::<(), Broken>(())
        })
        .await;
    }

    /// The next frame. The answer to a ping leaves first: the library keeps one for each ping, and a client that asked on and on
    /// and read nothing would fill the memory with them.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>> {
        if self.owes_pong {
            ready!(self.socket.poll_flush(context))?;
            self.owes_pong = false;
        }
        let read = self.socket.poll_read(context);
        self.owes_pong = matches!(read, Poll::Ready(Ok(Frame::Ping)));
        read
    }

    fn write(&mut self, frame: Frame) -> Result<(), Loss> {
        self.written = true;
        Ok(self.socket.write(frame)?)
    }
}

/// A close reason has at most 123 bytes. <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
fn cut(mut reason: String) -> String {
    let length = (0..=reason.len().min(123)).rev().find(|length| reason.is_char_boundary(*length));
    reason.truncate(length.unwrap_or(0));
    reason
}

/// What a library's error means.
pub(crate) fn broken(error: &tungstenite::Error) -> Broken {
    match error {
        tungstenite::Error::Capacity(_) => Broken::TooLarge,
        tungstenite::Error::Utf8(_) => Broken::NotUtf8,
        // The client is gone.
        tungstenite::Error::Protocol(
            ProtocolError::ResetWithoutClosingHandshake
            | ProtocolError::SendAfterClosing
            | ProtocolError::ReceivedAfterClosing,
        ) => Broken::Gone,
        tungstenite::Error::Protocol(_) => Broken::BadFrame,
        _ => Broken::Gone,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
    use std::task::Waker;

    use super::*;
    use crate::metrics::Gauge;

    /// Pings on and on, and takes no answer until it is told to.
    struct Flood {
        pings: Arc<AtomicUsize>,
        takes: Arc<AtomicBool>,
    }

    impl Socket for Flood {
        fn poll_read(&mut self, _: &mut Context<'_>) -> Poll<Result<Frame, Broken>> {
            self.pings.fetch_add(1, Relaxed);
            Poll::Ready(Ok(Frame::Ping))
        }

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
            Poll::Pending
        }

        fn write(&mut self, _: Frame) -> Result<(), Broken> {
            Ok(())
        }

        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
            if self.takes.load(Relaxed) { Poll::Ready(Ok(())) } else { Poll::Pending }
        }
    }

    #[test]
    fn a_flood_of_pings_is_read_as_fast_as_its_answers_are() {
        let (pings, takes) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let flood = Flood { pings: pings.clone(), takes: takes.clone() };
        let mut line = Line::new(Box::new(flood), Gauge::default().count());
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(line.poll_heard(&mut context), Poll::Ready(Ok(Heard::Sign))));
        for _ in 0..10 {
            assert!(line.poll_heard(&mut context).is_pending());
        }
        assert_eq!(pings.load(Relaxed), 1);
        takes.store(true, Relaxed);
        assert!(line.poll_heard(&mut context).is_ready());
        assert_eq!(pings.load(Relaxed), 2);
    }

    #[test]
    fn a_close_reason_is_cut_between_letters() {
        assert_eq!(cut("ä".repeat(100)).len(), 122);
        assert_eq!(cut("short".into()), "short");
    }
}
