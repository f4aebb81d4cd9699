//! Sessions on a stream of bytes, with tokio-tungstenite.

use std::future::Future;
use std::net::IpAddr;

use http::{HeaderValue, Response, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request};
use tokio_tungstenite::{accept_hdr_async, tungstenite};

use crate::incoming::boxed;
use crate::runtime::timeout;
use crate::websocket::WebSocket;
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
        let mut admitted = None;
        // The type is the library's.
        #[allow(clippy::result_large_err)]
        let admit = |request: &Request, mut response: Response<()>| {
            let address = manager.shared.config.proxies.client(address, request.headers());
            let mut handshake = Handshake::of(request.uri(), request.headers(), address);
            match manager.admit(&handshake) {
                Ok((agreed, counted)) => {
                    if let Some(answer) = agreed.answer.and_then(|answer| HeaderValue::try_from(answer).ok()) {
                        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, answer);
                    }
                    handshake.protocol = agreed.protocol;
                    admitted = Some(((agreed.kind, counted), handshake));
                    Ok(response)
                }
                Err(rejection) => {
                    let mut refusal = ErrorResponse::new(Some(rejection.text.to_owned()));
                    *refusal.status_mut() = rejection.status;
                    Err(refusal)
                }
            }
        };
        let shaking = accept_hdr_async(stream, admit);
        let socket = timeout(manager.shared.config.greeting, shaking)
            .await
            .map_err(|_| tungstenite::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
        if let Some((kind, handshake)) = admitted {
            // It keeps nothing that it has read: a client that says more before it is answered is refused.
            let socket = WebSocket::new(socket.into_inner(), &manager.shared.config.limits);
            manager.clone().receive(Box::new(socket), kind, handshake, boxed(handler)).await;
        }
        Ok(())
    }
}
