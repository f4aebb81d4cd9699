//! Outside of a browser the types exist, and connecting says what is missing.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::future::ready;
use std::rc::Rc;

use undrop::{
    Cause, CloseError, Closed, Decision, Delivery, Dropped, Endpoint, Error, Event, Fault, Flushed, Heartbeat, Message,
    Options, Outcome, Overflow, Queue, Readable, Reason, Reset, Resume, Retry, Rhythm, RoundTrip, Socket, State, Stats,
    Writable,
};
#[cfg(feature = "serde")]
use undrop::{Envelope, Messages, Request, Subscription};

/// A component that is rendered on a server, too.
struct Room {
    socket: Option<Socket>,
    lines: Vec<String>,
}

impl Room {
    fn mount(&mut self) -> Result<(), Error> {
        self.socket = Some(Socket::connect("/room", Options::default(), |socket, event| {
            if event == Event::Open {
                let _ = socket.send_text("hello");
            }
        })?);
        Ok(())
    }

    fn render(&self) -> String {
        let state = self.socket.as_ref().map_or("not connected", |socket| socket.state().name());
        format!("{state}: {}", self.lines.join(", "))
    }
}

#[test]
fn a_component_that_holds_a_socket_is_rendered_without_a_browser() {
    let mut room = Room { socket: None, lines: vec!["hi".into()] };
    assert_eq!(room.mount(), Err(Error::Unsupported));
    assert_eq!(room.render(), "not connected: hi");
}

#[test]
fn whatever_the_options_are_connecting_says_that_it_needs_a_browser() {
    let all = [
        Options::default(),
        Options::default().retry(None).queue(None),
        Options::default().heartbeat(Heartbeat::new("ping").reply(vec![1u8])),
        Options::default().resume(Resume::default()).retry(Retry::default().limit(3)).protocols(["chat"]),
    ];
    for options in all {
        let error = Socket::connect("wss://example.org", options, |_, _| ()).unwrap_err();
        assert_eq!(error, Error::Unsupported);
        assert!(error.to_string().contains("needs a browser"), "{error}");
    }
}

#[test]
fn a_function_for_the_url_is_not_called_without_a_browser() {
    let called = Rc::new(Cell::new(false));
    let calls = called.clone();
    let find = move || {
        calls.set(true);
        ready(Ok::<_, Error>("wss://example.org"))
    };
    let error = Socket::connect_with(find, Options::default(), |_, _| ()).unwrap_err();
    assert_eq!((error, called.get()), (Error::Unsupported, false));
}

/// What an app holds, in a struct of its own: each type has its one name, at the root.
#[allow(dead_code, reason = "it is enough that it compiles")]
struct App {
    options: (Options, Retry, Queue, Overflow, Heartbeat, Rhythm, Resume, Endpoint),
    told: (Event, State, Dropped, Cause, Closed, Fault, Reason, Reset, Message, Outcome),
    decided: (Decision, Error, CloseError),
    shown: (Stats, RoundTrip),
    awaited: (Delivery, Flushed, Readable, Writable),
    #[cfg(feature = "serde")]
    typed: (Envelope, Messages<u32>, Request<u32>, Subscription),
}
