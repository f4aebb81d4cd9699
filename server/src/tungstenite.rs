//! Sessions on a stream of bytes, with tokio-tungstenite.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink as _, Stream as _};
use http::{HeaderValue, Response, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::connection::{Broken, Frame, Socket, WRITE_BUFFER, broken};
use crate::incoming::boxed;
use crate::{Handshake, Session, Sessions};

impl Sessions {
    /// Makes the handshake on a stream and connects the client with its session. Returns when that is done, or why the handshake
    /// failed; the session goes on in a task of its own. A fresh session gets this handler; one that is resumed has its own.
    pub async fn accept<S, F, Fut>(
        &self,
        stream: S,
        address: Option<IpAddr>,
        handler: F,
    ) -> Result<(), tungstenite::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: FnOnce(Session) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let manager = &self.manager;
        let limits = &manager.shared.config.limits;
        let config = WebSocketConfig::default()
            .max_message_size(Some(limits.message_bytes))
            .max_frame_size(Some(limits.message_bytes))
            .read_buffer_size(limits.read_buffer)
            .write_buffer_size(WRITE_BUFFER);
        let mut admitted = None;
        // The type is the library's.
        #[allow(clippy::result_large_err)]
        let admit = |request: &Request, mut response: Response<()>| {
            let mut handshake = Handshake::of(request.uri(), request.headers(), address);
            match manager.admit(&handshake) {
                Ok(agreed) => {
                    if let Some(answer) = agreed.answer.and_then(|answer| HeaderValue::try_from(answer).ok()) {
                        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, answer);
                    }
                    handshake.protocol = agreed.protocol;
                    admitted = Some((agreed.kind, handshake));
                    Ok(response)
                }
                Err(rejection) => {
                    let mut refusal = ErrorResponse::new(Some(rejection.text.to_owned()));
                    *refusal.status_mut() = rejection.status;
                    Err(refusal)
                }
            }
        };
        let shaking = accept_hdr_async_with_config(stream, admit, Some(config));
        let socket = timeout(manager.shared.config.greeting, shaking)
            .await
            .map_err(|_| tungstenite::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
        if let Some((kind, handshake)) = admitted {
            manager.clone().receive(Box::new(socket), kind, handshake, boxed(handler)).await;
        }
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for WebSocketStream<S> {
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
}
