//! A WebSocket, from the server's side: <https://www.rfc-editor.org/rfc/rfc6455>.
//!
//! tungstenite's keeps buffers as large as the largest message, its messages keep the buffer that they were read into, and it
//! copies what it writes. This one holds no more than it accounts for: a message has its own bytes, a buffer is as large as
//! what is in it, and what is written is shared with the outbox.

use std::io::{Cursor, IoSlice};
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use undrop_proto::close::NO_CODE;

use crate::config::Limits;
use crate::connection::{Broken, Frame, MOST_BUFFERED, Socket};
use crate::meter::{Excess, Meter};

/// How many bytes are written at once: those of a small message and its header come on top.
const WRITE_BUFFER: usize = MOST_BUFFERED - COPIED - HEADER;
/// A larger message is not copied into the buffer.
const COPIED: usize = 4 << 10;
/// The largest header that a server sends.
const HEADER: usize = 10;
/// How many bytes of it a connection keeps that has nothing to write.
const KEPT: usize = 1 << 10;
/// The largest payload of a control frame. <https://www.rfc-editor.org/rfc/rfc6455#section-5.5>
const MOST_CONTROL: usize = 125;
/// A buffer for reading is at least as large, so that a whole control frame fits.
const LEAST_BUFFER: usize = 256;
/// How much room a message that does not come at once has to begin with.
const FIRST_ROOM: usize = 16 << 10;

pub(crate) struct WebSocket<S> {
    stream: S,
    most_bytes: usize,
    buffer_bytes: usize,
    meter: Meter,
    incoming: Incoming,
    outgoing: Outgoing,
    closing: Closing,
}

/// What was read and not returned.
#[derive(Default)]
struct Incoming {
    /// Nothing is allocated while nothing is there.
    buffer: Vec<u8>,
    /// Where what is read and not parsed begins in it.
    begin: usize,
    /// Where what is read ends in it.
    end: usize,
    /// The data frame whose payload comes.
    frame: Option<DataFrame>,
    message: Option<Data>,
    /// The payload of the message so far.
    payload: Vec<u8>,
}

struct DataFrame {
    is_final: bool,
    mask: [u8; 4],
    missing: usize,
}

/// What was to be written and is not yet.
#[derive(Default)]
struct Outgoing {
    buffer: Vec<u8>,
    /// What comes after the buffer.
    body: Bytes,
    /// How much of the buffer is written.
    written: usize,
    pong: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Closing {
    No,
    /// This end has sent a close frame.
    Sent,
    /// The client has sent one, and it is answered.
    Received,
    /// The client breaks the protocol, or its limits. Nothing more is read.
    Broken(Broken),
}

impl<S> WebSocket<S> {
    /// A WebSocket whose handshake is done.
    pub(crate) fn new(stream: S, limits: &Limits) -> Self {
        Self {
            stream,
            most_bytes: limits.most_bytes(),
            buffer_bytes: limits.read_buffer.max(LEAST_BUFFER),
            meter: Meter::default(),
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            closing: Closing::No,
        }
    }

    /// The next frame of what is read, if it is there in whole.
    fn parse(&mut self) -> Result<Option<Frame>, Broken> {
        loop {
            let Incoming { buffer, begin, end, frame, payload, .. } = &mut self.incoming;
            if let Some(frame) = frame {
                let here = frame.missing.min(*end - *begin);
                let part = &mut buffer[*begin..*begin + here];
                unmask(part, &mut frame.mask);
                *begin += here;
                frame.missing -= here;
                let is_last = frame.is_final && frame.missing == 0;
                if is_last && payload.is_empty() {
                    let bytes = Bytes::copy_from_slice(part);
                    return self.finish_message(bytes).map(Some);
                }
                let room = payload.capacity();
                if payload.len() + here > room {
                    // No more than is known to come, and twice as much at most as has come.
                    let wanted = (2 * room).max(FIRST_ROOM).min(payload.len() + here + frame.missing);
                    let wanted = wanted.max(payload.len() + here);
                    self.meter.count(wanted - room).map_err(Broken::Excess)?;
                    payload.reserve_exact(wanted - payload.len());
                }
                payload.extend_from_slice(part);
                if frame.missing > 0 {
                    return Ok(None);
                }
                if is_last {
                    let payload = take(payload).into_boxed_slice();
                    return self.finish_message(payload.into()).map(Some);
                }
                self.incoming.frame = None;
            }
            let unparsed = self.incoming.begin..self.incoming.end;
            let mut cursor = Cursor::new(&self.incoming.buffer[unparsed.clone()]);
            let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(|_| Broken::BadFrame)? else {
                return Ok(None);
            };
            let begins = unparsed.start + usize::try_from(cursor.position()).unwrap_or(0);
            let FrameHeader { is_final, rsv1, rsv2, rsv3, opcode, mask } = header;
            // Every client masks its frames, so this one is of a proxy that ends the connection, as old versions of Caddy do:
            // https://github.com/caddyserver/caddy/pull/5199. The close frame that the server may send here would end the session.
            // https://www.rfc-editor.org/rfc/rfc6455#section-5.1
            let Some(mut mask) = mask else { return Err(Broken::Gone) };
            if rsv1 || rsv2 || rsv3 {
                return Err(Broken::BadFrame);
            }
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            match opcode {
                OpCode::Data(data) => {
                    if (data == Data::Continue) != self.incoming.message.is_some() {
                        return Err(Broken::BadFrame);
                    }
                    let size = length.saturating_add(self.incoming.payload.len());
                    if self.meter.limit().is_some_and(|most| size > most) {
                        return Err(Broken::Excess(Excess::Greeting));
                    }
                    if size > self.most_bytes {
                        return Err(Broken::TooLarge);
                    }
                    self.incoming.message.get_or_insert(data);
                    self.incoming.frame = Some(DataFrame { is_final, mask, missing: length });
                    self.incoming.begin = begins;
                }
                OpCode::Control(control) => {
                    if !is_final || length > MOST_CONTROL {
                        return Err(Broken::BadFrame);
                    }
                    if begins + length > unparsed.end {
                        return Ok(None);
                    }
                    let payload = &mut self.incoming.buffer[begins..begins + length];
                    unmask(payload, &mut mask);
                    self.incoming.begin = begins + length;
                    let payload = payload.to_vec();
                    return self.take_control(control, payload).map(Some);
                }
            }
        }
    }

    fn finish_message(&mut self, payload: Bytes) -> Result<Frame, Broken> {
        self.incoming.frame = None;
        self.meter.finish_message();
        match self.incoming.message.take() {
            Some(Data::Text) => Utf8Bytes::try_from(payload).map(Frame::Text).map_err(|_| Broken::NotUtf8),
            _ => Ok(Frame::Binary(payload)),
        }
    }

    fn take_control(&mut self, control: Control, payload: Vec<u8>) -> Result<Frame, Broken> {
        match control {
            Control::Ping => {
                // A pong that has not left is for an older ping, and this one will do for both.
                // <https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3>
                self.outgoing.pong = Some(payload);
                Ok(Frame::Ping)
            }
            Control::Close => {
                if payload.len() == 1 {
                    return Err(Broken::BadFrame);
                }
                let code = payload.first_chunk().map(|code| CloseCode::from(u16::from_be_bytes(*code)));
                if self.closing == Closing::No {
                    let answer = code.map(|code| if code.is_allowed() { code } else { CloseCode::Protocol });
                    let answer = answer.map(|code| u16::from(code).to_be_bytes());
                    self.outgoing.push(Control::Close, answer.as_ref().map_or(&[], |code| code));
                }
                self.closing = Closing::Received;
                let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
                Ok(Frame::Close(code.map_or(NO_CODE, u16::from), reason.into_owned()))
            }
            Control::Pong | Control::Reserved(_) => Ok(Frame::Other),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<S> {
    /// Reads more into the buffer.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let Incoming { buffer, begin, end, .. } = &mut self.incoming;
        // The beginning of a frame, whose rest comes after it.
        buffer.copy_within(*begin..*end, 0);
        (*begin, *end) = (0, *end - *begin);
        if buffer.is_empty() {
            buffer.resize(self.buffer_bytes, 0);
        }
        let mut into = ReadBuf::new(&mut buffer[*end..]);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut into);
        let bytes = into.filled().len();
        if *end + bytes == 0 {
            *buffer = Vec::new();
        }
        match ready!(read) {
            Ok(()) if bytes > 0 => {
                *end += bytes;
                Poll::Ready(Ok(()))
            }
            // The end of the stream, or a connection that has failed.
            Ok(()) | Err(_) => Poll::Ready(Err(Broken::Gone)),
        }
    }

    /// Writes what there is to write.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let Outgoing { buffer, body, written, .. } = &mut self.outgoing;
        while *written < buffer.len() || !body.is_empty() {
            let slices = [IoSlice::new(&buffer[*written..]), IoSlice::new(body)];
            let slices = if *written < buffer.len() { &slices[..] } else { &slices[1..] };
            let Ok(bytes @ 1..) = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, slices)) else {
                return Poll::Ready(Err(Broken::Gone));
            };
            let of_buffer = bytes.min(buffer.len() - *written);
            *written += of_buffer;
            drop(body.split_to(bytes - of_buffer));
        }
        *written = 0;
        // A body is a part of its message until it is replaced.
        *body = Bytes::new();
        buffer.clear();
        if buffer.capacity() > KEPT {
            *buffer = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for WebSocket<S> {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>> {
        match self.closing {
            Closing::Received => return Poll::Ready(Err(Broken::Gone)),
            Closing::Broken(broken) => return Poll::Ready(Err(broken)),
            Closing::No | Closing::Sent => {}
        }
        loop {
            match self.parse() {
                Ok(Some(frame)) => return Poll::Ready(Ok(frame)),
                Ok(None) => {}
                Err(Broken::Gone) => return Poll::Ready(Err(Broken::Gone)),
                Err(broken) => {
                    self.closing = Closing::Broken(broken);
                    self.incoming = Incoming::default();
                    self.meter.finish_message();
                    return Poll::Ready(Err(broken));
                }
            }
            // A client that asks for pongs faster than it reads them is read as fast as it reads.
            if self.outgoing.pong.is_some() {
                ready!(self.poll_flush(context))?;
            }
            ready!(self.poll_fill(context))?;
        }
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if self.outgoing.is_full() { self.poll_drain(context) } else { Poll::Ready(Ok(())) }
    }

    fn write(&mut self, frame: Frame) -> Result<(), Broken> {
        if matches!(self.closing, Closing::Sent | Closing::Received) {
            return Err(Broken::Gone);
        }
        match frame {
            Frame::Text(text) => self.outgoing.push_message(Data::Text, text.into()),
            Frame::Binary(bytes) => self.outgoing.push_message(Data::Binary, bytes),
            Frame::Ping => self.outgoing.push(Control::Ping, &[]),
            Frame::Close(code, reason) => {
                if self.closing == Closing::No {
                    self.closing = Closing::Sent;
                }
                let payload =
                    if code == NO_CODE { Vec::new() } else { [&code.to_be_bytes(), reason.as_bytes()].concat() };
                self.outgoing.push(Control::Close, &payload);
            }
            Frame::Other => {}
        }
        Ok(())
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if self.outgoing.is_full() {
            ready!(self.poll_drain(context))?;
        }
        if let Some(pong) = self.outgoing.pong.take() {
            self.outgoing.push(Control::Pong, &pong);
        }
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.stream).poll_flush(context).map_err(|_| Broken::Gone)
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }
}

impl Outgoing {
    fn is_full(&self) -> bool {
        self.buffer.len() >= WRITE_BUFFER || !self.body.is_empty()
    }

    fn push(&mut self, control: Control, payload: &[u8]) {
        self.push_header(OpCode::Control(control), payload.len(), payload.len());
        self.buffer.extend_from_slice(payload);
    }

    fn push_message(&mut self, data: Data, payload: Bytes) {
        let copied = if payload.len() > COPIED { 0 } else { payload.len() };
        self.push_header(OpCode::Data(data), payload.len(), copied);
        if copied == payload.len() {
            self.buffer.extend_from_slice(&payload);
        } else {
            self.body = payload;
        }
    }

    fn push_header(&mut self, opcode: OpCode, length: usize, copied: usize) {
        let needed = self.buffer.len() + HEADER + copied;
        if needed > self.buffer.capacity() {
            let wanted = (2 * self.buffer.capacity()).min(MOST_BUFFERED).max(needed);
            self.buffer.reserve_exact(wanted - self.buffer.len());
        }
        let header = FrameHeader { opcode, ..FrameHeader::default() };
        // Nothing fails that is written to a vector.
        let _ = header.format(length as u64, &mut self.buffer);
    }
}

/// Unmasks a part of a payload, and turns the mask for the next part.
/// <https://www.rfc-editor.org/rfc/rfc6455#section-5.3>
fn unmask(part: &mut [u8], mask: &mut [u8; 4]) {
    let word = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (words, rest) = part.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    mask.rotate_left(part.len() % 4);
}

#[cfg(test)]
mod tests;
