//! An open connection: the WebSocket, the raw TCP below it, and its counters.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::stats::ConnectionStats;

/// The largest message that is taken or made.
pub const MAX_MESSAGE: usize = 256 << 20;

/// A connection after its handshake. Dropping it ends TCP.
pub struct Connection {
    socket: WebSocketStream<TcpStream>,
    stats: ConnectionStats,
}

impl Connection {
    /// The server's end of `stream`, of which `early` has been read already.
    pub async fn new(stream: TcpStream, early: Vec<u8>, mut stats: ConnectionStats) -> Self {
        stats.opened();
        let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
        Self { socket, stats }
    }

    /// The next message; pings are answered by tungstenite. `None` once the client has closed, is gone or has
    /// broken the protocol. Can be cancelled without loss.
    pub async fn receive(&mut self) -> Option<Message> {
        loop {
            match self.socket.next().await? {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    self.stats.received();
                    return Some(message);
                }
                Ok(Message::Close(frame)) => {
                    match frame {
                        // tungstenite gives 1002 "Protocol violation" for a code that must not be
                        // sent, as when a browser answers our 999 with 999.
                        Some(frame) => self.stats.closed(frame.code.into(), &frame.reason),
                        None => self.stats.closed(1005, ""),
                    }
                    return None;
                }
                Ok(_) => {}
                Err(error) => {
                    self.report(&error).await;
                    return None;
                }
            }
        }
    }

    /// Tells a client that broke the protocol what it did, as RFC 6455 7.4.1 numbers it.
    async fn report(&mut self, error: &Error) {
        let code = match error {
            Error::Protocol(_) => CloseCode::Protocol,
            Error::Utf8(_) => CloseCode::Invalid,
            Error::Capacity(_) => CloseCode::Size,
            _ => return,
        };
        let reason = error.to_string().into();
        let _ = self.socket.close(Some(CloseFrame { code, reason })).await;
    }

    /// Sends a message now. `false` when the connection is lost.
    pub async fn send(&mut self, message: Message) -> bool {
        self.feed(message).await && self.flush().await
    }

    /// Sends a message at the latest with the next [`Connection::flush`].
    pub async fn feed(&mut self, message: Message) -> bool {
        let fed = self.socket.feed(message).await.is_ok();
        if fed {
            self.stats.sent();
        }
        fed
    }

    pub async fn flush(&mut self) -> bool {
        self.socket.flush().await.is_ok()
    }

    /// Writes bytes past the WebSocket. `false` when the connection is lost.
    pub async fn write_raw(&mut self, bytes: &[u8]) -> bool {
        self.flush().await && self.socket.get_mut().write_all(bytes).await.is_ok()
    }

    /// Answers the client's Close frame, if it sent one, and ends TCP.
    pub async fn finish(mut self) {
        let _ = self.flush().await;
        self.end_tcp().await;
    }

    /// Ends TCP and no more.
    pub async fn end_tcp(mut self) {
        end_tcp(self.socket.get_mut()).await;
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
pub async fn end_tcp(stream: &mut TcpStream) {
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
    const INTERVAL: Duration = Duration::from_millis(20);
    while let Ok(ready) = stream.ready(Interest::READABLE).await {
        if ready.is_read_closed() {
            return;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
