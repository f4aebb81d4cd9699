//! The head of an HTTP request: reads it from the stream, parses it, and answers questions about it.

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// What a client asked for, with the bytes that it sent after its request.
#[derive(Debug)]
pub struct Head {
    pub method: String,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// What follows the `?`, as it came.
    pub query: String,
    headers: Vec<(String, String)>,
    /// Frames that the client sent without waiting for the response.
    pub rest: Vec<u8>,
}

impl Head {
    /// Reads up to the empty line. `None` when the client left without sending anything.
    pub async fn read(stream: &mut TcpStream) -> Result<Option<Self>, String> {
        let mut bytes = Vec::new();
        loop {
            if let Some(head) = Self::parse(&bytes)? {
                return Ok(Some(head));
            }
            if bytes.len() > MAX_HEAD {
                return Err(format!("the request head is longer than {MAX_HEAD} bytes"));
            }
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) if bytes.is_empty() => return Ok(None),
                Ok(0) => return Err("the request ended within its head".into()),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(format!("not an HTTP request: {error}")),
        };
        let target = request.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Some(Self {
            method: request.method.unwrap_or_default().into(),
            path: path.into(),
            query: query.into(),
            headers: request
                .headers
                .iter()
                .map(|header| {
                    let value = String::from_utf8_lossy(header.value);
                    (header.name.to_ascii_lowercase(), value.trim().to_owned())
                })
                .collect(),
            rest: bytes[length..].to_vec(),
        }))
    }

    /// A header by its name in lower case; several of the same name are joined, as HTTP says.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// A query parameter, percent-decoded; the first one counts.
    pub fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The key of a WebSocket handshake (RFC 6455 4.2.1), or what is missing in it.
    pub fn websocket_key(&self) -> Result<String, String> {
        if self.method != "GET" {
            return Err(format!("{}: a handshake is a GET", self.method));
        }
        if !self.lists("upgrade", "websocket") || !self.lists("connection", "upgrade") {
            return Err("this route speaks WebSocket only, plain HTTP is for /stats".into());
        }
        if self.header("sec-websocket-version").as_deref() != Some("13") {
            return Err("Sec-WebSocket-Version is not 13".into());
        }
        self.header("sec-websocket-key").ok_or_else(|| "Sec-WebSocket-Key is missing".into())
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        self.header(name).is_some_and(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(token)))
    }
}

#[cfg(test)]
impl Head {
    /// A handshake for this target, for the tests of the other modules.
    pub fn asking(target: &str) -> Self {
        let request = format!("GET {target} HTTP/1.1\r\nHost: here\r\n\r\n");
        Self::parse(request.as_bytes()).unwrap().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_head_waits_for_more() {
        assert!(Head::parse(b"").unwrap().is_none());
        assert!(Head::parse(b"GET / HTTP/1.1\r\nHost: x\r\n").unwrap().is_none());
    }

    #[test]
    fn what_follows_the_head_is_kept() {
        let head = Head::parse(b"GET /echo HTTP/1.1\r\n\r\n\x81\x00").unwrap().unwrap();
        assert_eq!(head.rest, b"\x81\x00");
    }

    #[test]
    fn what_is_not_http_is_refused() {
        assert!(Head::parse(b"\x16\x03\x01").is_err());
    }

    #[test]
    fn parameters_are_percent_decoded_and_the_first_counts() {
        let head = Head::asking("/close?reason=so%20%C3%A4h+x&reason=y");
        assert_eq!(head.parameter("reason").as_deref(), Some("so äh x"));
        assert_eq!(head.parameter("code"), None);
    }

    #[test]
    fn headers_of_one_name_are_joined() {
        let head = Head::parse(b"GET / HTTP/1.1\r\nA: 1\r\na:  2 \r\n\r\n").unwrap().unwrap();
        assert_eq!(head.header("a").as_deref(), Some("1, 2"));
    }

    #[test]
    fn a_handshake_says_what_it_lacks() {
        assert!(Head::asking("/echo").websocket_key().unwrap_err().contains("/stats"));
        let complete = "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n";
        let head = Head::parse(complete.as_bytes()).unwrap().unwrap();
        assert_eq!(head.websocket_key().as_deref(), Ok("k"));
    }
}
