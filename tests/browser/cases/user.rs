//! One who connects, and waits for what the socket tells.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use js_sys::{ArrayBuffer, Reflect, WebAssembly};
use undrop::core::{Limits, Retry};
use undrop::{Event, Fault, Options, Reason, Resume, Socket};
use wasm_bindgen::{JsCast as _, JsValue};

/// Mends the line, and does not keep a test waiting.
pub(super) fn hasty() -> Options {
    Options { retry: Some(Retry { first: 20, cap: 50, ..Retry::default() }), ..Options::default() }
}

/// The same with a session. How long it waits is the server's to say: `spread`.
pub(super) fn resuming() -> Options {
    Options { resume: Some(Resume::default()), ..hasty() }
}

/// Leaves the browser's own socket to itself.
pub(super) fn plain() -> Options {
    Options { retry: None, queue: None, ..Options::default() }
}

/// Where the test server answers this route.
pub(super) fn server(route: &str) -> String {
    format!("{}{route}", env!("UNDROP_TEST_SERVER"))
}

pub(super) fn connect(route: &str, options: Options) -> (Socket, Heard) {
    connect_with(route, options, |_, _| ())
}

/// One whose line was lost, and will not be dialled again for as long as a test may take. A dial that hangs would keep
/// the browser from dialling for other tests.
pub(super) async fn connect_and_lose(queue: Limits) -> (Socket, Heard) {
    const HOUR: u32 = 3_600_000;
    let retry = Retry { first: HOUR, cap: HOUR, ..Retry::default() };
    // A server that says that it restarts is given all of that time.
    let options = Options { retry: Some(retry), queue: Some(queue), ..Options::default() };
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
    let (tell, heard) = unbounded();
    let socket = Socket::connect(&server(route), options, move |socket, event| {
        act(socket, &event);
        let _ = tell.unbounded_send(event);
    });
    (socket.unwrap(), Heard(heard))
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

    /// A line that was lost, and is back with its session.
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

    pub(super) async fn dropped(&mut self) -> undrop::core::Drop {
        match self.next().await {
            Event::Drop(dropped) => dropped,
            other => panic!("no drop but {other:?}"),
        }
    }

    /// Waits for the end: the errors that came before it, and its code, reason and cleanness.
    pub(super) async fn close(&mut self) -> (usize, u16, String, bool) {
        match self.until(|event| matches!(event, Event::Close { .. })).await {
            (before, Event::Close { code, reason, clean }) => {
                assert!(before.iter().all(|event| *event == Event::Error(Fault::Line)), "{before:?}");
                (before.len(), code, reason, clean)
            }
            other => panic!("no close but {other:?}"),
        }
    }

    /// Whether the listener and all that it held has been let go.
    pub(super) async fn is_gone(&mut self) -> bool {
        self.0.recv().await.is_err()
    }

    /// Whatever was on its way has come by now: another line has been dialled, used and closed meanwhile.
    pub(super) async fn rest(&mut self) -> Vec<Event> {
        pause().await;
        let mut rest = Vec::new();
        while let Ok(event) = self.0.try_recv() {
            rest.push(event);
        }
        rest
    }
}

/// The time that a line takes from its dial to its close.
pub(super) async fn pause() {
    let (socket, mut heard) = connect("/echo", plain());
    heard.open().await;
    socket.send_text("").unwrap();
    assert_eq!(heard.text().await, "");
    socket.close();
    heard.close().await;
}

/// A worker of Firefox that closes a socket whose handshake is never answered may wait for ever for its next one to that
/// host, and so may all that come after it: with the browser's own class too, which is told `close` all the same.
pub(super) fn may_give_up_a_dial_that_hangs() -> bool {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let scope = js_sys::global();
    let agent = get(&get(&scope, "navigator"), "userAgent").as_string();
    !get(&scope, "document").is_undefined() || agent.is_none_or(|agent| !agent.contains("Firefox"))
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
