//! An open line: the WebSocket, the raw TCP below it, and its place in the counters.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::route::MAX_MESSAGE;
use crate::stats::Visit;

/// A line after its handshake. Dropping it ends TCP.
pub struct Line {
    socket: WebSocketStream<TcpStream>,
    visit: Visit,
}

impl Line {
    /// The server's end of `stream`, of which `early` has been read already.
    pub async fn new(stream: TcpStream, early: Vec<u8>, mut visit: Visit) -> Self {
        visit.shook_hands();
        let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
        Self { socket, visit }
    }

    /// The next message; pings are answered unseen. `None` once the client has closed, broken off or
    /// broken the protocol. Can be cancelled without loss.
    pub async fn receive(&mut self) -> Option<Message> {
        loop {
            match self.socket.next().await? {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    self.visit.received();
                    return Some(message);
                }
                Ok(Message::Close(frame)) => {
                    match frame {
                        // tungstenite gives 1002 "Protocol violation" for a code that must not be
                        // sent, as when a browser answers our 999 with 999.
                        Some(frame) => self.visit.closed(frame.code.into(), &frame.reason),
                        None => self.visit.closed(1005, ""),
                    }
                    return None;
                }
                Ok(_) => {}
                Err(error) => {
                    self.complain(&error).await;
                    return None;
                }
            }
        }
    }

    /// Tells a client that broke the protocol what it did, as RFC 6455 7.4.1 numbers it.
    async fn complain(&mut self, error: &Error) {
        let code = match error {
            Error::Protocol(_) => CloseCode::Protocol,
            Error::Utf8(_) => CloseCode::Invalid,
            Error::Capacity(_) => CloseCode::Size,
            _ => return,
        };
        let reason = error.to_string().into();
        let _ = self.socket.close(Some(CloseFrame { code, reason })).await;
    }

    /// Sends a message now. `false` when the line is gone.
    pub async fn send(&mut self, message: Message) -> bool {
        self.feed(message).await && self.flush().await
    }

    /// Sends a message at the latest with the next [`Line::flush`].
    pub async fn feed(&mut self, message: Message) -> bool {
        let fed = self.socket.feed(message).await.is_ok();
        if fed {
            self.visit.sent();
        }
        fed
    }

    pub async fn flush(&mut self) -> bool {
        self.socket.flush().await.is_ok()
    }

    /// Writes bytes past the WebSocket. `false` when the line is gone.
    pub async fn write_raw(&mut self, bytes: &[u8]) -> bool {
        self.flush().await && self.socket.get_mut().write_all(bytes).await.is_ok()
    }

    /// The end of a good conversation: answers the client's Close frame, if it sent one, and ends TCP.
    pub async fn finish(mut self) {
        let _ = self.flush().await;
        self.hang_up().await;
    }

    /// Ends TCP and no more.
    pub async fn hang_up(mut self) {
        hang_up(self.socket.get_mut()).await;
    }

    /// Resets TCP.
    pub fn reset(self) {
        reset(self.socket.into_inner());
    }

    /// Neither reads nor writes until the client's TCP has ended.
    pub async fn hold(self) {
        hold(self.socket.get_ref()).await;
    }
}

/// Ends our direction of TCP and waits for the other one. To drop a stream with unread bytes would
/// reset it, and the client could lose what it has not read yet.
pub async fn hang_up(stream: &mut TcpStream) {
    if stream.shutdown().await.is_ok() {
        let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
    }
}

/// Ends TCP with RST: what is on its way, in either direction, is lost.
pub fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Neither reads nor writes until the client's TCP has ended, which the system tells without a read.
pub async fn hold(stream: &TcpStream) {
    /// Unread bytes keep the stream readable, so there is no event to wait for.
    const GLANCE: Duration = Duration::from_millis(20);
    while let Ok(ready) = stream.ready(Interest::READABLE).await {
        if ready.is_read_closed() {
            return;
        }
        tokio::time::sleep(GLANCE).await;
    }
}
