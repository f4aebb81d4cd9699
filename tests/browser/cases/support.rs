//! What the tests share: a socket, and what its listener was told.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use js_sys::{ArrayBuffer, Reflect, WebAssembly};
use undrop::{Closed, Dropped, Event, Fault, Options, Queue, Reason, Resume, Retry, Socket};
use wasm_bindgen::{JsCast as _, JsValue};

/// Longer than any test may take.
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Reconnects, and does not keep a test waiting.
pub(super) fn hasty() -> Options {
    Options::default().retry(Retry::default().first(millis(20)).cap(millis(50)))
}

/// The same with a session. The server may ask for a wider window: `spread`.
pub(super) fn resuming() -> Options {
    hasty().resume(Resume::default())
}

/// Leaves the native socket to itself.
pub(super) fn plain() -> Options {
    Options::default().retry(None).queue(None)
}

/// Where the test server answers this route.
pub(super) fn server(route: &str) -> String {
    format!("{}{route}", env!("UNDROP_TEST_SERVER"))
}

pub(super) fn connect(route: &str, options: Options) -> (Socket, Heard) {
    connect_with(route, options, |_, _| ())
}

/// One whose connection dropped, and that does not reconnect for as long as a test may take. An attempt that hangs would
/// keep the browser from connecting for other tests.
pub(super) async fn connect_and_lose(queue: Queue) -> (Socket, Heard) {
    let retry = Retry::default().first(HOUR).cap(HOUR);
    // A server that says that it restarts is given all of that time.
    let options = Options::default().retry(retry).queue(queue);
    let (socket, mut heard) = connect("/close?code=1012", options);
    heard.open().await;
    heard.dropped().await;
    (socket, heard)
}

/// The listener acts, and then the test hears the same.
pub(super) fn connect_with(
    route: &str,
    options: Options,
    mut act: impl FnMut(&Socket, &Event) + 'static,
) -> (Socket, Heard) {
    let (mut tell, heard) = listener();
    let socket = Socket::connect(&server(route), options, move |socket, event| {
        act(socket, &event);
        tell(socket, event);
    });
    (socket.unwrap(), heard)
}

/// A listener that only tells the test.
pub(super) fn listener() -> (impl FnMut(&Socket, Event) + 'static, Heard) {
    let (tell, heard) = unbounded();
    let listener = move |_: &Socket, event| {
        let _ = tell.unbounded_send(event);
    };
    (listener, Heard(heard))
}

/// What the listener was told, in order.
pub(super) struct Heard(UnboundedReceiver<Event>);

impl Heard {
    /// The next event, whatever it is.
    pub(super) async fn any(&mut self) -> Event {
        self.0.recv().await.expect("the listener is gone")
    }

    /// The next one that is not a change of state.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            match self.any().await {
                Event::State(_) => {}
                event => return event,
            }
        }
    }

    /// Waits until this is told, and returns all that came before it but changes of state.
    pub(super) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> (Vec<Event>, Event) {
        let mut before = Vec::new();
        loop {
            match self.next().await {
                event if wanted(&event) => return (before, event),
                event => before.push(event),
            }
        }
    }

    pub(super) async fn open(&mut self) {
        assert_eq!(self.next().await, Event::Open);
    }

    /// Waits for a drop, and for the connection that resumes the session.
    pub(super) async fn resumed(&mut self) {
        self.dropped().await;
        assert_eq!(self.next().await, Event::Resume);
    }

    pub(super) async fn text(&mut self) -> String {
        match self.next().await {
            Event::Text(text) => text,
            other => panic!("no text but {other:?}"),
        }
    }

    pub(super) async fn invalid(&mut self) -> (Reason, String) {
        match self.next().await {
            Event::Invalid { reason, text } => (reason, text),
            other => panic!("nothing invalid but {other:?}"),
        }
    }

    /// Text, whether somebody waits for typed messages when it arrives or not.
    pub(super) async fn invalid_or_text(&mut self) -> String {
        match self.next().await {
            Event::Text(text) | Event::Invalid { text, .. } => text,
            other => panic!("no text but {other:?}"),
        }
    }

    pub(super) async fn dropped(&mut self) -> Dropped {
        match self.next().await {
            Event::Dropped(dropped) => dropped,
            other => panic!("no drop but {other:?}"),
        }
    }

    /// Waits for the end: the errors that came before it, and its code, reason and cleanness.
    pub(super) async fn close(&mut self) -> (usize, u16, String, bool) {
        match self.until(|event| matches!(event, Event::Close(_))).await {
            (before, Event::Close(Closed { code, reason, clean, .. })) => {
                assert!(before.iter().all(|event| *event == Event::Error(Fault::Connection)), "{before:?}");
                (before.len(), code, reason, clean)
            }
            other => panic!("no close but {other:?}"),
        }
    }

    /// Waits for the end, whatever came before it.
    pub(super) async fn closed(&mut self) -> Closed {
        match self.until(|event| matches!(event, Event::Close(_))).await {
            (_, Event::Close(closed)) => closed,
            other => panic!("no close but {other:?}"),
        }
    }

    /// Whether the listener and all that it held has been let go.
    pub(super) async fn is_gone(&mut self) -> bool {
        self.0.recv().await.is_err()
    }

    /// Returns what was told by the time that another connection was opened, used and closed.
    pub(super) async fn rest(&mut self) -> Vec<Event> {
        pause().await;
        let mut rest = Vec::new();
        while let Ok(event) = self.0.try_recv() {
            rest.push(event);
        }
        rest
    }
}

/// The time in which a connection is opened, used and closed.
pub(super) async fn pause() {
    let (socket, mut heard) = connect("/echo", plain());
    heard.open().await;
    socket.send_text("").unwrap();
    assert_eq!(heard.text().await, "");
    socket.close();
    heard.close().await;
}

/// In a worker of Firefox, after a socket whose handshake is never answered is closed, the next handshake to that host may
/// wait for ever, and so may all after it; with the browser's own class too, which fires `close` all the same.
pub(super) fn may_give_up_an_attempt_that_hangs() -> bool {
    !is_worker_of_firefox()
}

/// The close of a socket that was closed before it was open. In a worker of Firefox the handshake goes on in another thread:
/// where it was through by then, the browser's own class fires the same `error`, and its `close` says 1005 and clean.
pub(super) fn is_close_before_open(code: u16, clean: bool) -> bool {
    (code, clean) == (1006, false) || is_worker_of_firefox() && (code, clean) == (1005, true)
}

fn is_worker_of_firefox() -> bool {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let scope = js_sys::global();
    let agent = get(&get(&scope, "navigator"), "userAgent").as_string();
    get(&scope, "document").is_undefined() && agent.is_some_and(|agent| agent.contains("Firefox"))
}

/// A place for a socket that the listener itself can empty.
pub(super) type Place = Rc<RefCell<Option<Socket>>>;

/// A handler's way to tell the test, and what it has told.
pub(super) fn tell<T>() -> (impl Fn(T) + Clone, Told<T>) {
    let (tell, told) = unbounded();
    let tell = move |what| {
        let _ = tell.unbounded_send(what);
    };
    (tell, Told(told))
}

/// What handlers have told, in order.
pub(super) struct Told<T>(UnboundedReceiver<T>);

impl<T> Told<T> {
    pub(super) async fn next(&mut self) -> T {
        self.0.recv().await.expect("the handlers are gone")
    }

    /// Whether all who could tell have been dropped, and had told nothing more.
    pub(super) async fn is_gone(&mut self) -> bool {
        self.0.recv().await.is_err()
    }
}

/// How large the WebAssembly memory is, in bytes. It never shrinks.
pub(super) fn memory() -> u32 {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<ArrayBuffer>().byte_length()
}
