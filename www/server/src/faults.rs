//! TCP connections with injectable faults, for the demo's switches: TCP fails below the WebSocket, which is not told, as it
//! happens on a real network.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

/// The latency that a slow connection adds, in each direction.
const LATENCY: Duration = Duration::from_millis(300);
/// The most bytes that a slow connection moves at once.
const CHUNK: usize = 16 << 10;
/// How long a black hole stays open after the server has dropped the connection.
const BLACK_HOLE_LASTS: Duration = Duration::from_secs(600);

/// What is wrong with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Bytes move late, and few at a time.
    Slow,
    /// TCP ends with a reset.
    Cut,
    /// TCP ends in order, without a close frame of the WebSocket.
    Fin,
    /// Nothing arrives any more, and TCP stays open.
    BlackHole,
}

/// The faults of one connection.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

/// Injects faults into a connection for as long as it exists, and knows when it ended.
pub struct FaultHandle {
    state: Weak<Mutex<State>>,
    ended: Arc<OnceLock<Instant>>,
}

struct State {
    fault: Fault,
    reader: Option<Waker>,
    writer: Option<Waker>,
    ended: Arc<OnceLock<Instant>>,
}

impl Default for State {
    fn default() -> Self {
        Self { fault: Fault::None, reader: None, writer: None, ended: Arc::default() }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // Nothing else sets it.
        let _ = self.ended.set(Instant::now());
    }
}

impl Fault {
    /// Whether `next` may replace this fault. A black hole has discarded bytes, so its connection cannot work again: TCP
    /// never loses bytes in the middle of a stream.
    fn can_become(self, next: Self) -> bool {
        match self {
            Fault::None | Fault::Slow => true,
            Fault::BlackHole => matches!(next, Fault::Cut | Fault::Fin | Fault::BlackHole),
            Fault::Cut | Fault::Fin => next == self,
        }
    }
}

impl Faults {
    /// Returns `false` when the present fault cannot be replaced by this one.
    fn inject(&self, fault: Fault) -> bool {
        let mut state = self.lock();
        if !state.fault.can_become(fault) {
            return false;
        }
        state.fault = fault;
        for waker in [state.reader.take(), state.writer.take()].into_iter().flatten() {
            waker.wake();
        }
        true
    }

    pub fn handle(&self) -> FaultHandle {
        FaultHandle { state: Arc::downgrade(&self.0), ended: self.lock().ended.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the fault, and wakes the reader when it changes.
    fn for_reader(&self, context: &Context<'_>) -> Fault {
        let mut state = self.lock();
        state.reader = Some(context.waker().clone());
        state.fault
    }

    fn for_writer(&self, context: &Context<'_>) -> Fault {
        let mut state = self.lock();
        state.writer = Some(context.waker().clone());
        state.fault
    }
}

impl FaultHandle {
    pub fn is_alive(&self) -> bool {
        self.ended().is_none()
    }

    /// When the connection ended, if it has.
    pub fn ended(&self) -> Option<Instant> {
        self.ended.get().copied()
    }

    /// Returns `false` when the connection is gone, or when its present fault cannot be replaced by this one.
    pub fn inject(&self, fault: Fault) -> bool {
        self.state.upgrade().is_some_and(|state| Faults(state).inject(fault))
    }
}

/// What a request knows of its TCP connection.
#[derive(Clone)]
pub struct PeerInfo {
    pub address: IpAddr,
    pub faults: Faults,
}

/// A TCP connection with injectable faults.
pub struct FaultyStream {
    /// `None` only once `drop` has taken it.
    stream: Option<TcpStream>,
    faults: Faults,
    read_delay: Option<Pin<Box<Sleep>>>,
    write_delay: Option<Pin<Box<Sleep>>>,
}

impl FaultyStream {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream: Some(stream), faults: Faults::default(), read_delay: None, write_delay: None }
    }

    pub fn peer(&self, address: SocketAddr) -> PeerInfo {
        PeerInfo { address: address.ip(), faults: self.faults.clone() }
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(())) };
        match this.faults.for_reader(context) {
            Fault::None => Pin::new(stream).poll_read(context, buffer),
            Fault::Slow => {
                ready!(stream.poll_read_ready(context))?;
                ready!(wait_latency(&mut this.read_delay, context));
                let mut bytes = [0; CHUNK];
                let most = buffer.remaining().min(CHUNK);
                let mut chunk = ReadBuf::new(bytes.get_mut(..most).unwrap_or_default());
                let outcome = ready!(Pin::new(stream).poll_read(context, &mut chunk));
                this.read_delay = None;
                buffer.put_slice(chunk.filled());
                Poll::Ready(outcome)
            }
            Fault::Cut => Poll::Ready(Err(reset(stream))),
            Fault::Fin => Poll::Ready(Ok(())),
            Fault::BlackHole => loop {
                let mut bytes = [0; 4096];
                let mut discarded = ReadBuf::new(&mut bytes);
                ready!(Pin::new(&mut *stream).poll_read(context, &mut discarded))?;
                if discarded.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
            },
        }
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(bytes.len())) };
        match this.faults.for_writer(context) {
            Fault::None => Pin::new(stream).poll_write(context, bytes),
            Fault::Slow => {
                ready!(wait_latency(&mut this.write_delay, context));
                let chunk = bytes.get(..CHUNK).unwrap_or(bytes);
                let outcome = ready!(Pin::new(stream).poll_write(context, chunk));
                this.write_delay = None;
                Poll::Ready(outcome)
            }
            Fault::Cut => Poll::Ready(Err(reset(stream))),
            Fault::Fin => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Fault::BlackHole => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match (&mut this.stream, this.faults.for_writer(context)) {
            (Some(stream), Fault::None | Fault::Slow | Fault::Fin) => Pin::new(stream).poll_shutdown(context),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for FaultyStream {
    fn drop(&mut self) {
        // The server has dropped the connection, but a black hole lets no FIN out either.
        if self.faults.lock().fault == Fault::BlackHole
            && let Some(mut stream) = self.stream.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(timeout(BLACK_HOLE_LASTS, async move {
                let mut discarded = [0; 4096];
                while stream.read(&mut discarded).await.is_ok_and(|length| length > 0) {}
            }));
        }
    }
}

/// Waits for the latency of a slow connection, once for each chunk.
fn wait_latency(delay: &mut Option<Pin<Box<Sleep>>>, context: &mut Context<'_>) -> Poll<()> {
    delay.get_or_insert_with(|| Box::pin(sleep(LATENCY))).as_mut().poll(context)
}

/// Makes TCP end with a reset.
fn reset(stream: &TcpStream) -> io::Error {
    match stream.set_zero_linger() {
        Ok(()) => io::ErrorKind::ConnectionReset.into(),
        Err(error) => error,
    }
}
