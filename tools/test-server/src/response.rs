//! HTTP responses: the 101 that opens a WebSocket, valid or with a wrong key, and those that end the connection.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::connection::end_tcp;

/// The 101 for this key.
pub fn switching(key: &str, protocol: Option<&str>) -> String {
    switching_with(&derive_accept_key(key.as_bytes()), protocol)
}

/// A 101 whose accept key belongs to another handshake.
pub fn invalid_switching(protocol: Option<&str>) -> String {
    switching_with(&derive_accept_key(b"the key of another handshake"), protocol)
}

fn switching_with(accept: &str, protocol: Option<&str>) -> String {
    let protocol = protocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
    )
}

/// Says why not, in plain text, and ends the connection.
pub async fn refuse(stream: TcpStream, status: u16, reason: &str) {
    plain(stream, status, "text/plain; charset=utf-8", reason).await;
}

/// Answers with JSON and ends the connection.
pub async fn json(stream: TcpStream, value: &serde_json::Value) {
    plain(stream, 200, "application/json", &value.to_string()).await;
}

async fn plain(mut stream: TcpStream, status: u16, kind: &str, body: &str) {
    let phrase = phrase(status);
    // Pages of any origin may read the counters. RFC 9110 15.5.22: a 426 says what to upgrade to.
    let upgrade = if status == 426 { "Upgrade: websocket\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status} {phrase}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{upgrade}\
         Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if stream.write_all(format!("{head}{body}").as_bytes()).await.is_ok() {
        end_tcp(&mut stream).await;
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "As Asked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6455 1.3.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    #[test]
    fn a_101_answers_the_key_it_was_given() {
        assert!(switching(KEY, None).contains(ACCEPT));
        assert!(!switching(KEY, None).contains("Protocol:"));
        assert!(switching(KEY, Some("chat")).contains("Sec-WebSocket-Protocol: chat\r\n"));
    }

    #[test]
    fn an_invalid_101_has_another_key() {
        assert!(!invalid_switching(None).contains(ACCEPT));
    }
}
