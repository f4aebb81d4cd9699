//! A connection without a session behind it, for clients that send what they like.

use std::net::SocketAddr;

use futures_util::SinkExt as _;
use http::{HeaderValue, Request, StatusCode, header};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::soon;

pub struct Raw {
    pub socket: WebSocketStream<TcpStream>,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    Text(String),
    Binary(Vec<u8>),
    Closed(Option<(u16, String)>),
}

/// Why there is no connection.
#[derive(Debug)]
pub enum NoConnection {
    Status(StatusCode),
    Other,
}

impl Raw {
    pub async fn connect(address: SocketAddr, path: &str, protocol: Option<&str>) -> Result<Self, NoConnection> {
        Self::connect_with(address, path, protocol, |_| {}).await
    }

    /// With a request that is changed first.
    pub async fn connect_with(
        address: SocketAddr,
        path: &str,
        protocol: Option<&str>,
        change: impl FnOnce(&mut Request<()>),
    ) -> Result<Self, NoConnection> {
        let mut request = format!("ws://{address}/{path}").into_client_request().unwrap();
        if let Some(protocol) = protocol {
            let offer = HeaderValue::try_from(protocol).unwrap();
            request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, offer);
        }
        change(&mut request);
        let stream = TcpStream::connect(address).await.map_err(|_| NoConnection::Other)?;
        match soon("a handshake", client_async(request, stream)).await {
            Ok((socket, response)) => {
                let protocol = response.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
                Ok(Self { socket, protocol: protocol.map(|value| value.to_str().unwrap().to_owned()) })
            }
            Err(Error::Http(response)) => Err(NoConnection::Status(response.status())),
            Err(_) => Err(NoConnection::Other),
        }
    }

    pub async fn say(&mut self, text: &str) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// The next text.
    pub async fn text(&mut self) -> String {
        match soon("a text", self.next()).await {
            Frame::Text(text) => text,
            other => panic!("not a text: {other:?}"),
        }
    }

    /// Waits until it ends, and says how.
    pub async fn closed(mut self) -> Option<(u16, String)> {
        soon("a close", async {
            loop {
                if let Frame::Closed(close) = self.next().await {
                    return close;
                }
            }
        })
        .await
    }

    /// Ends TCP as a dead network's last packet would: with a reset.
    pub fn reset(self) {
        let _ = self.socket.get_ref().set_zero_linger();
    }
}

impl Frame {
    /// What a client sees of it, if anything.
    pub fn of(next: Option<Result<Message, tungstenite::Error>>) -> Option<Self> {
        Some(match next {
            None | Some(Err(_)) => Frame::Closed(None),
            Some(Ok(Message::Close(None))) => Frame::Closed(None),
            Some(Ok(Message::Close(Some(close)))) => Frame::Closed(Some((close.code.into(), close.reason.to_string()))),
            Some(Ok(Message::Text(text))) => Frame::Text(text.to_string()),
            Some(Ok(Message::Binary(bytes))) => Frame::Binary(bytes.to_vec()),
            Some(Ok(_)) => return None,
        })
    }
}

impl From<Frame> for Message {
    fn from(frame: Frame) -> Self {
        match frame {
            Frame::Text(text) => Message::text(text),
            Frame::Binary(bytes) => Message::binary(bytes),
            Frame::Closed(_) => Message::Close(None),
        }
    }
}
