//! A WebSocket of the JavaScript runtime.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem::{replace, take};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use send_wrapper::SendWrapper;
use undrop_proto::close::{ABNORMAL, NO_CODE};
use wasm_bindgen::prelude::*;

use crate::connection::{Broken, Frame, Socket};
use crate::meter::{Excess, Meter};

/// The WebSocket is not read while so many bytes wait that came on it, with this for each frame.
pub(crate) const MOST_WAITING: usize = 4 << 10;
const FRAME: usize = 256;

#[wasm_bindgen]
extern "C" {
    /// A WebSocket as the package's adapters have it.
    #[derive(Clone)]
    pub type ServerSocket;

    /// Writes a message: the bytes of a text, or any bytes. They are there until it returns.
    #[wasm_bindgen(method)]
    fn send(this: &ServerSocket, bytes: &[u8], is_text: bool);

    #[wasm_bindgen(method)]
    fn ping(this: &ServerSocket);

    /// Sends a close frame.
    #[wasm_bindgen(method)]
    fn close(this: &ServerSocket, code: Option<u16>, reason: &str);

    /// Drops the TCP connection, if it is still there.
    #[wasm_bindgen(method)]
    fn terminate(this: &ServerSocket);

    /// Whether it takes one more message now. If not, it calls `drained` of its connection when it does.
    #[wasm_bindgen(method, js_name = isReady)]
    fn is_ready(this: &ServerSocket) -> bool;

    /// Reads nothing more, or goes on.
    #[wasm_bindgen(method)]
    pub(super) fn pause(this: &ServerSocket, is_paused: bool);
}

/// What the adapter and the session's task share of a WebSocket.
#[derive(Default)]
pub(super) struct Inbound {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// What the adapter holds of a message that is not there in whole.
    unfinished: usize,
    is_paused: bool,
    broken: Option<Broken>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Inbound {
    /// Something arrived. Returns whether enough waits for now.
    pub(super) fn push(&mut self, frame: Frame) -> bool {
        if self.broken.is_some() {
            return false;
        }
        self.bytes += cost(&frame);
        self.frames.push_back(frame);
        wake(&mut self.reader);
        self.is_enough()
    }

    /// The adapter holds so much of a message. Returns whether enough waits for now.
    pub(super) fn hold(&mut self, unfinished: usize) -> bool {
        self.unfinished = unfinished;
        wake(&mut self.reader);
        self.is_enough()
    }

    fn is_enough(&mut self) -> bool {
        let is_enough = self.bytes + self.unfinished > MOST_WAITING && !self.is_paused;
        self.is_paused |= is_enough;
        is_enough
    }

    /// The WebSocket is closed: with the client's close frame, or without one (1006).
    pub(super) fn close(&mut self, code: u16, reason: String) {
        if code != ABNORMAL && self.broken.is_none() {
            self.push(Frame::Close(code, reason));
        }
        self.end(Broken::Gone);
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
        wake(&mut self.reader);
        wake(&mut self.writer);
    }

    /// The WebSocket takes messages again.
    pub(super) fn drained(&mut self) {
        wake(&mut self.writer);
    }
}

/// The session's end of a WebSocket.
pub(super) struct NativeSocket {
    socket: SendWrapper<ServerSocket>,
    inbound: SendWrapper<Rc<RefCell<Inbound>>>,
    meter: Meter,
    /// How much of what is unfinished is counted.
    counted: usize,
}

impl NativeSocket {
    pub(super) fn new(socket: ServerSocket, inbound: Rc<RefCell<Inbound>>) -> Self {
        let (socket, inbound) = (SendWrapper::new(socket), SendWrapper::new(inbound));
        Self { socket, inbound, meter: Meter::default(), counted: 0 }
    }

    /// Counts what is held of a message that is not there in whole.
    fn count(&mut self, unfinished: usize) -> Result<(), Broken> {
        if self.meter.limit().is_some_and(|most| unfinished > most) {
            return Err(Broken::Excess(Excess::Greeting));
        }
        if unfinished < self.counted {
            self.meter.finish_message();
            self.counted = 0;
        }
        let more = unfinished - replace(&mut self.counted, unfinished);
        self.meter.count(more).map_err(Broken::Excess)
    }

    fn is_gone(&self) -> bool {
        self.inbound.borrow().broken == Some(Broken::Gone)
    }
}

impl Socket for NativeSocket {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>> {
        let mut inbound = self.inbound.borrow_mut();
        if let Some(frame) = inbound.frames.pop_front() {
            inbound.bytes -= cost(&frame);
            drop(inbound);
            if self.meter.limit().is_some_and(|most| frame.length() > most) {
                return Poll::Ready(Err(Broken::Excess(Excess::Greeting)));
            }
            return Poll::Ready(Ok(frame));
        }
        if let Some(broken) = inbound.broken {
            return Poll::Ready(Err(broken));
        }
        inbound.reader = Some(context.waker().clone());
        let (unfinished, is_paused) = (inbound.unfinished, take(&mut inbound.is_paused));
        drop(inbound);
        if let Err(excess) = self.count(unfinished) {
            // It stays unread, and counts until the connection is dropped.
            self.inbound.borrow_mut().end(excess);
            self.socket.pause(true);
            return Poll::Ready(Err(excess));
        }
        if is_paused {
            self.socket.pause(false);
        }
        Poll::Pending
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if self.is_gone() {
            return Poll::Ready(Err(Broken::Gone));
        }
        if self.socket.is_ready() {
            return Poll::Ready(Ok(()));
        }
        self.inbound.borrow_mut().writer = Some(context.waker().clone());
        Poll::Pending
    }

    fn write(&mut self, frame: Frame) -> Result<(), Broken> {
        match frame {
            Frame::Text(text) => self.socket.send(text.as_bytes(), true),
            Frame::Binary(bytes) => self.socket.send(&bytes, false),
            Frame::Close(code, reason) => self.socket.close((code != NO_CODE).then_some(code), &reason),
            Frame::Ping => self.socket.ping(),
            Frame::Other => {}
        }
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        // What is written leaves by itself.
        Poll::Ready(Ok(()))
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }
}

impl Drop for NativeSocket {
    fn drop(&mut self) {
        // The object of JavaScript that shares it is dropped some time later.
        let mut inbound = self.inbound.borrow_mut();
        inbound.end(Broken::Gone);
        inbound.frames = VecDeque::new();
        drop(inbound);
        self.socket.terminate();
    }
}

fn cost(frame: &Frame) -> usize {
    FRAME + frame.length()
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
