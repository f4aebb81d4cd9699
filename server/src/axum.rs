//! Sessions as an axum extractor.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, Version, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::incoming::boxed;
use crate::websocket::WebSocket;
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
/// For the limits by address, serve with [`serve`](crate::serve()) or `into_make_service_with_connect_info::<SocketAddr>()`.
/// Behind a proxy say which header has the client's address, [`Config::proxies`](crate::Config::proxies), or set it by
/// [`from_address`](Self::from_address).
#[must_use = "a connection that is not upgraded is refused"]
pub struct SessionUpgrade {
    sessions: Sessions,
    on_upgrade: Option<OnUpgrade>,
    /// The request's `Sec-WebSocket-Key`, which HTTP/2 has not.
    key: Option<HeaderValue>,
    handshake: Handshake,
}

impl<S> FromRequestParts<S> for SessionUpgrade
where
    S: Send + Sync,
    Sessions: FromRef<S>,
{
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let sessions = Sessions::from_ref(state);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let address = sessions.manager.shared.config.proxies.client(peer, &parts.headers);
        let handshake = Handshake::of(&parts.uri, &parts.headers, address);
        let on_upgrade = parts.extensions.get::<OnUpgrade>().cloned();
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| parts.version <= Version::HTTP_11).cloned();
        // axum checks the request. The WebSocket is this crate's.
        let _ = WebSocketUpgrade::from_request_parts(parts, state).await?;
        Ok(Self { sessions, on_upgrade, key, handshake })
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
        let Self { sessions, on_upgrade, key, mut handshake } = self;
        let manager = sessions.manager;
        let (agreed, admitted) = match manager.admit(&handshake) {
            Ok(admitted) => admitted,
            Err(rejection) => return (rejection.status, rejection.text).into_response(),
        };
        handshake.protocol = agreed.protocol;
        let answer = agreed.answer.and_then(|answer| HeaderValue::try_from(answer).ok());
        let handler = boxed(handler);
        tokio::spawn(async move {
            // The extractor has refused a request that can't be upgraded.
            let Some(on_upgrade) = on_upgrade else { return };
            // The client has gone meanwhile.
            let Ok(upgraded) = on_upgrade.await else { return };
            let socket = WebSocket::new(TokioIo::new(upgraded), &manager.shared.config.limits);
            manager.receive(Box::new(socket), (agreed.kind, admitted), handshake, handler).await;
        });
        accepted(key.as_ref(), answer)
    }
}

/// The answer to a handshake that is accepted: <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>, and for HTTP/2
/// <https://www.rfc-editor.org/rfc/rfc8441#section-5>.
fn accepted(key: Option<&HeaderValue>, protocol: Option<HeaderValue>) -> Response {
    let mut response = Response::new(Body::empty());
    if let Some(accept) = key.and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok()) {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(protocol) = protocol {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

impl fmt::Debug for SessionUpgrade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionUpgrade").field("uri", &self.handshake.uri).finish_non_exhaustive()
    }
}
