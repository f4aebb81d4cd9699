//! A WebSocket of tokio-tungstenite, as a connection uses it.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink as _, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::config::Limits;
use crate::connection::{Broken, Frame, Socket};
use crate::meter::{Meter, Metered};

/// How many bytes are written at once. A connection that had as many to write once keeps a buffer of this size.
const WRITE_BUFFER: usize = 16 << 10;

pub(crate) fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
        .read_buffer_size(limits.read_buffer)
        .write_buffer_size(WRITE_BUFFER)
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for WebSocketStream<Metered<S>> {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>> {
        Pin::new(self).poll_next(context).map(|next| match next {
            None | Some(Ok(Message::Close(_))) => Err(Broken::Gone),
            Some(Err(error)) => Err(broken(&error)),
            Some(Ok(Message::Text(text))) => Ok(Frame::Text(text)),
            Some(Ok(Message::Binary(bytes))) => Ok(Frame::Binary(bytes)),
            Some(Ok(Message::Ping(_))) => Ok(Frame::Ping),
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => Ok(Frame::Other),
        })
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(self).poll_ready(context).map_err(|error| broken(&error))
    }

    fn write(&mut self, frame: Frame) -> Result<(), Broken> {
        let message = match frame {
            Frame::Text(text) => Message::Text(text),
            Frame::Binary(bytes) => Message::Binary(bytes),
            Frame::Close(code, reason) => Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() })),
            Frame::Ping => Message::Ping(bytes::Bytes::new()),
            Frame::Other => return Ok(()),
        };
        Pin::new(self).start_send(message).map_err(|error| broken(&error))
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(self).poll_flush(context).map_err(|error| broken(&error))
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.get_mut().meter
    }
}

/// Classifies an error of the library.
fn broken(error: &tungstenite::Error) -> Broken {
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
