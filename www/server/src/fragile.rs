//! TCP connections that can be injured from within, for the demo's switches: a line dies here as lines die out there, without
//! a word to the WebSocket above it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep, timeout};

/// How much later a slow line moves anything, in each direction.
const LATENCY: Duration = Duration::from_millis(300);
/// How much it then moves at once.
const SIP: usize = 16 << 10;
/// How long a black hole stays one after the server has given the line up.
const ABYSS: Duration = Duration::from_secs(600);

/// How a line is injured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wound {
    None,
    /// Late and little at a time.
    Slow,
    /// TCP ends with a reset.
    Cut,
    /// TCP ends in order, the WebSocket does not.
    Fin,
    /// Nothing arrives any more, and nobody says so.
    BlackHole,
}

/// What injures one connection.
#[derive(Clone, Default)]
pub struct Wounds(Arc<Mutex<Condition>>);

/// Reaches a connection for as long as it is there.
pub struct Reach(Weak<Mutex<Condition>>);

struct Condition {
    wound: Wound,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Default for Condition {
    fn default() -> Self {
        Self { wound: Wound::None, reader: None, writer: None }
    }
}

impl Wound {
    /// Whether this one can follow. What a black hole has swallowed nobody has any more: if such a line went on there would be
    /// something missing in it, and that never happens to TCP.
    fn turns_into(self, next: Self) -> bool {
        match self {
            Wound::None | Wound::Slow => true,
            Wound::BlackHole => matches!(next, Wound::Cut | Wound::Fin | Wound::BlackHole),
            Wound::Cut | Wound::Fin => next == self,
        }
    }
}

impl Wounds {
    /// `false` when it is past that.
    fn inflict(&self, wound: Wound) -> bool {
        let mut condition = self.lock();
        if !condition.wound.turns_into(wound) {
            return false;
        }
        condition.wound = wound;
        for waker in [condition.reader.take(), condition.writer.take()].into_iter().flatten() {
            waker.wake();
        }
        true
    }

    pub fn reach(&self) -> Reach {
        Reach(Arc::downgrade(&self.0))
    }

    fn lock(&self) -> MutexGuard<'_, Condition> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The wound; whoever reads is woken when it changes.
    fn for_reader(&self, context: &Context<'_>) -> Wound {
        let mut condition = self.lock();
        condition.reader = Some(context.waker().clone());
        condition.wound
    }

    fn for_writer(&self, context: &Context<'_>) -> Wound {
        let mut condition = self.lock();
        condition.writer = Some(context.waker().clone());
        condition.wound
    }
}

impl Reach {
    pub fn is_there(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// `false` when it is gone, or past that.
    pub fn inflict(&self, wound: Wound) -> bool {
        self.0.upgrade().is_some_and(|condition| Wounds(condition).inflict(wound))
    }
}

/// Accepts such connections.
pub struct FragileListener(pub TcpListener);

impl Listener for FragileListener {
    type Io = Fragile;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Fragile, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // A round trip is to be the line's, not that of Nagle's algorithm. It works without, too.
        let _ = stream.set_nodelay(true);
        let wounds = Wounds::default();
        (Fragile { stream: Some(stream), wounds, read_delay: None, write_delay: None }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Who asks, and what injures their connection.
#[derive(Clone)]
pub struct Connection {
    pub wounds: Wounds,
}

impl Connected<IncomingStream<'_, FragileListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, FragileListener>) -> Self {
        Self { wounds: stream.io().wounds.clone() }
    }
}

/// A connection as the server sees it.
pub struct Fragile {
    /// Only `drop` takes it out.
    stream: Option<TcpStream>,
    wounds: Wounds,
    read_delay: Option<Pin<Box<Sleep>>>,
    write_delay: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Fragile {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(())) };
        match this.wounds.for_reader(context) {
            Wound::None => Pin::new(stream).poll_read(context, buffer),
            Wound::Slow => {
                ready!(stream.poll_read_ready(context))?;
                ready!(pass(&mut this.read_delay, context));
                let mut bytes = [0; SIP];
                let most = buffer.remaining().min(SIP);
                let mut sip = ReadBuf::new(bytes.get_mut(..most).unwrap_or_default());
                let outcome = ready!(Pin::new(stream).poll_read(context, &mut sip));
                this.read_delay = None;
                buffer.put_slice(sip.filled());
                Poll::Ready(outcome)
            }
            Wound::Cut => Poll::Ready(Err(cut(stream))),
            Wound::Fin => Poll::Ready(Ok(())),
            Wound::BlackHole => loop {
                let mut nothing = [0; 4096];
                let mut scrap = ReadBuf::new(&mut nothing);
                ready!(Pin::new(&mut *stream).poll_read(context, &mut scrap))?;
                if scrap.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
            },
        }
    }
}

impl AsyncWrite for Fragile {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(bytes.len())) };
        match this.wounds.for_writer(context) {
            Wound::None => Pin::new(stream).poll_write(context, bytes),
            Wound::Slow => {
                ready!(pass(&mut this.write_delay, context));
                let sip = bytes.get(..SIP).unwrap_or(bytes);
                let outcome = ready!(Pin::new(stream).poll_write(context, sip));
                this.write_delay = None;
                Poll::Ready(outcome)
            }
            Wound::Cut => Poll::Ready(Err(cut(stream))),
            Wound::Fin => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Wound::BlackHole => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match (&mut this.stream, this.wounds.for_writer(context)) {
            (Some(stream), Wound::None | Wound::Slow | Wound::Fin) => Pin::new(stream).poll_shutdown(context),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        // The server is done with it; but from a black hole no end of TCP comes out either.
        if self.wounds.lock().wound == Wound::BlackHole
            && let Some(mut stream) = self.stream.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(timeout(ABYSS, async move {
                let mut nothing = [0; 4096];
                while stream.read(&mut nothing).await.is_ok_and(|length| length > 0) {}
            }));
        }
    }
}

/// Waits for a slow line's latency, once for each time that something moves.
fn pass(delay: &mut Option<Pin<Box<Sleep>>>, context: &mut Context<'_>) -> Poll<()> {
    delay.get_or_insert_with(|| Box::pin(sleep(LATENCY))).as_mut().poll(context)
}

/// Makes the end of this connection a reset.
fn cut(stream: &TcpStream) -> io::Error {
    match stream.set_zero_linger() {
        Ok(()) => io::ErrorKind::ConnectionReset.into(),
        Err(error) => error,
    }
}
