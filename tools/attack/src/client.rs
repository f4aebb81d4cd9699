//! A WebSocket that sends what it likes, byte by byte. A library would not send half of what hostile clients do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const PING: u8 = 9;
const CONTINUATION: u8 = 0;
const CLOSE: u8 = 8;
const PONG: u8 = 10;
const FINAL: u8 = 0x80;

/// How a connection ended, or that there was none.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum End {
    /// The server's answer to the handshake.
    Refused(u16),
    /// The code of its close frame.
    Closed(u16),
    /// No close frame.
    Cut,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        End::Cut
    }
}

pub(crate) struct Reader(BufReader<OwnedReadHalf>);

pub(crate) struct Writer(OwnedWriteHalf);

/// A TCP connection from this loopback address.
pub(crate) async fn connect(server: SocketAddr, from: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The head of a handshake, with so many bytes in headers that nobody needs.
pub(crate) fn head(path: &str, padding: usize) -> String {
    let mut head = format!(
        "GET /{path} HTTP/1.1\r\nHost: attacked\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: undrop.1\r\n"
    );
    for number in 0..padding.div_ceil(1_000) {
        head += &format!("x-{number:03}: {}\r\n", "p".repeat(993));
    }
    head + "\r\n"
}

/// A WebSocket, when its handshake is accepted.
pub(crate) async fn open(server: SocketAddr, from: Ipv4Addr, path: &str) -> Result<(Reader, Writer), End> {
    shake_hands(connect(server, from).await?, &head(path, 0)).await
}

pub(crate) async fn shake_hands(mut stream: TcpStream, head: &str) -> Result<(Reader, Writer), End> {
    stream.write_all(head.as_bytes()).await?;
    let (reader, writer) = stream.into_split();
    let (mut reader, mut answer) = (BufReader::with_capacity(4 << 10, reader), Vec::new());
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(reader.read_u8().await?);
    }
    let status = answer.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok()).unwrap_or(0);
    if status == 101 { Ok((Reader(reader), Writer(writer))) } else { Err(End::Refused(status)) }
}

/// The same with a session, fresh or resumed. Returns its token.
pub(crate) async fn greet(
    (mut reader, mut writer): (Reader, Writer),
    greeting: &str,
) -> Result<(Reader, Writer, String), End> {
    writer.say(greeting).await?;
    loop {
        let answer = reader.text().await?;
        if let Some(token) = answer.strip_prefix("\u{10}welcome ") {
            let token = token.split(' ').next().unwrap_or_default().to_owned();
            return Ok((reader, writer, token));
        }
        if answer.starts_with("\u{10}resumed ") {
            return Ok((reader, writer, String::new()));
        }
    }
}

pub(crate) async fn open_session(
    server: SocketAddr,
    from: Ipv4Addr,
    path: &str,
) -> Result<(Reader, Writer, String), End> {
    greet(open(server, from, path).await?, "\u{10}new").await
}

impl Reader {
    /// The next message.
    pub(crate) async fn message(&mut self) -> Result<(u8, Vec<u8>), End> {
        let mut message = Vec::new();
        let mut kind = BINARY;
        loop {
            let [first, second] = self.0.read_u16().await?.to_be_bytes();
            let length = match second {
                126 => self.0.read_u16().await?.into(),
                127 => self.0.read_u64().await?,
                small => small.into(),
            };
            let begins = message.len();
            message.resize(begins + usize::try_from(length).unwrap_or(0), 0);
            self.0.read_exact(&mut message[begins..]).await?;
            match first & 0x0f {
                CLOSE => {
                    let code = message.get(begins..begins + 2).and_then(|code| code.try_into().ok());
                    return Err(code.map_or(End::Cut, |code| End::Closed(u16::from_be_bytes(code))));
                }
                PING | PONG => message.truncate(begins),
                opcode => {
                    if opcode != CONTINUATION {
                        kind = opcode;
                    }
                    if first & FINAL != 0 {
                        return Ok((kind, message));
                    }
                }
            }
        }
    }

    /// The next text.
    pub(crate) async fn text(&mut self) -> Result<String, End> {
        loop {
            let (kind, message) = self.message().await?;
            if kind == TEXT {
                return Ok(String::from_utf8_lossy(&message).into_owned());
            }
        }
    }

    /// Reads to the end, and says how it came.
    pub(crate) async fn drain(mut self) -> Result<(), End> {
        loop {
            self.message().await?;
        }
    }
}

impl Writer {
    pub(crate) async fn say(&mut self, text: &str) -> io::Result<()> {
        self.bytes(&frame(TEXT, true, text.as_bytes())).await
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }
}

/// A frame, masked with zeros.
pub(crate) fn frame(opcode: u8, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, is_final, payload.len() as u64);
    frame.extend(payload);
    frame
}

pub(crate) fn header(opcode: u8, is_final: bool, length: u64) -> Vec<u8> {
    let mut header = vec![opcode | if is_final { FINAL } else { 0 }];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..126), _) => header.push(0x80 | length),
        (_, Ok(length)) => {
            header.push(0x80 | 126);
            header.extend(length.to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header.extend([0; 4]);
    header
}
