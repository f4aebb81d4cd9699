//! Sessions as an axum extractor.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message as AxumMessage, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Sink as _, Stream as _};
use http::HeaderValue;
use http::request::Parts;
use std::pin::Pin;
use tokio_tungstenite::tungstenite;

use crate::connection::{Broken, Frame, Socket, WRITE_BUFFER, broken};
use crate::incoming::boxed;
use crate::{Handshake, Session, Sessions};

/// An extractor for a route that serves sessions. The [`Sessions`] are taken from the router's state.
///
/// ```
/// use axum::{Router, response::Response, routing::any};
/// use undrop_server::{Config, SessionUpgrade, Sessions};
///
/// async fn echo(upgrade: SessionUpgrade) -> Response {
///     upgrade.on_session(|mut session| async move {
///         while let Some(received) = session.recv().await {
///             // One atomic step: the message is committed and the answer is stored, or neither.
///             if received.commit_with([received.message.clone()]).await.is_err() {
///                 break;
///             }
///         }
///     })
/// }
///
/// let sessions = Sessions::new(Config::default());
/// let app: Router = Router::new().route("/echo", any(echo)).with_state(sessions);
/// ```
///
/// Serve on a listener whose streams have TCP_NODELAY set (`axum::serve::ListenerExt::tap_io`), as for any WebSocket.
///
/// For the limits by address, serve with `into_make_service_with_connect_info::<SocketAddr>()`, or behind a proxy set the
/// address that it names: [`from_address`](Self::from_address).
#[must_use = "a connection that is not upgraded is refused"]
pub struct SessionUpgrade {
    sessions: Sessions,
    upgrade: WebSocketUpgrade,
    handshake: Handshake,
}

impl<S> FromRequestParts<S> for SessionUpgrade
where
    S: Send + Sync,
    Sessions: FromRef<S>,
{
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let handshake = Handshake::of(&parts.uri, &parts.headers, address);
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await?;
        Ok(Self { sessions: Sessions::from_ref(state), upgrade, handshake })
    }
}

impl SessionUpgrade {
    /// The request of the connection.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Sets the client's address, as a proxy in front names it. The proxy must let no client set it.
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.handshake.address = Some(address);
        self
    }

    /// Connects the client with its session. A fresh session gets this handler; one that is resumed has its own.
    pub fn on_session<F, Fut>(self, handler: F) -> Response
    where
        F: FnOnce(Session) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let Self { sessions, upgrade, mut handshake } = self;
        let manager = sessions.manager;
        let agreed = match manager.admit(&handshake) {
            Ok(agreed) => agreed,
            Err(rejection) => return (rejection.status, rejection.text).into_response(),
        };
        handshake.protocol = agreed.protocol;
        let limits = &manager.shared.config.limits;
        let mut upgrade = upgrade
            .max_message_size(limits.message_bytes)
            .max_frame_size(limits.message_bytes)
            .read_buffer_size(limits.read_buffer)
            .write_buffer_size(WRITE_BUFFER);
        if let Some(answer) = agreed.answer.and_then(|answer| HeaderValue::try_from(answer).ok()) {
            upgrade.set_selected_protocol(answer);
        }
        let handler = boxed(handler);
        upgrade.on_upgrade(move |socket| manager.receive(Box::new(socket), agreed.kind, handshake, handler))
    }
}

impl Socket for WebSocket {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>> {
        Pin::new(self).poll_next(context).map(|next| match next {
            None => Err(Broken::Gone),
            Some(Err(error)) => Err(cause(error)),
            Some(Ok(AxumMessage::Text(text))) => {
                // It was checked before, and still is what it was.
                let text = tungstenite::Utf8Bytes::try_from(bytes::Bytes::from(text));
                text.map(Frame::Text).map_err(|_| Broken::NotUtf8)
            }
            Some(Ok(AxumMessage::Binary(bytes))) => Ok(Frame::Binary(bytes)),
            Some(Ok(AxumMessage::Ping(_))) => Ok(Frame::Ping),
            Some(Ok(AxumMessage::Pong(_))) => Ok(Frame::Other),
            Some(Ok(AxumMessage::Close(_))) => Err(Broken::Gone),
        })
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(self).poll_ready(context).map_err(cause)
    }

    fn write(&mut self, frame: Frame) -> Result<(), Broken> {
        let message = match frame {
            Frame::Text(text) => {
                let text = axum::extract::ws::Utf8Bytes::try_from(bytes::Bytes::from(text));
                AxumMessage::Text(text.map_err(|_| Broken::NotUtf8)?)
            }
            Frame::Binary(bytes) => AxumMessage::Binary(bytes),
            Frame::Close(code, reason) => AxumMessage::Close(Some(CloseFrame { code, reason: reason.into() })),
            Frame::Ping => AxumMessage::Ping(bytes::Bytes::new()),
            Frame::Other => return Ok(()),
        };
        Pin::new(self).start_send(message).map_err(cause)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(self).poll_flush(context).map_err(cause)
    }
}

fn cause(error: axum::Error) -> Broken {
    error.into_inner().downcast_ref::<tungstenite::Error>().map_or(Broken::Gone, broken)
}

impl fmt::Debug for SessionUpgrade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionUpgrade").field("uri", &self.handshake.uri).finish_non_exhaustive()
    }
}
