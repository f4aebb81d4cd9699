//! What the page says of itself, and what it does with the browser's classes.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::ready;
use std::rc::Rc;

use js_sys::{Object, Reflect};
use undrop::{Event, Heartbeat, Options, Retry, Socket, State};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{EventTarget, WebSocket};

use super::support::{HOUR, connect, hasty, listener, server};

#[wasm_bindgen_test]
async fn a_browser_that_does_not_say_whether_it_is_online_is_not_offline() {
    let navigator = Object::from(Reflect::get(&js_sys::global(), &"navigator".into()).unwrap());
    let undefined = Object::new();
    Reflect::set(&undefined, &"configurable".into(), &true.into()).unwrap();
    Reflect::define_property(&navigator, &"onLine".into(), &undefined).unwrap();
    assert_eq!(Reflect::get(&navigator, &"onLine".into()), Ok(JsValue::UNDEFINED));
    let retry = Retry::default().first(HOUR).cap(HOUR);
    let (socket, mut heard) = connect("/close?code=1012", Options::default().retry(retry));
    Reflect::delete_property(&navigator, &"onLine".into()).unwrap();
    heard.open().await;
    heard.dropped().await;
    assert_eq!(socket.state(), State::Waiting);
}

#[wasm_bindgen_test]
async fn a_connection_that_is_suspected_to_be_dead_is_closed_at_once() {
    // The server answers neither a heartbeat nor a close.
    let options = hasty().close_timeout(HOUR).heartbeat(Heartbeat::new("ping").interval(HOUR));
    let (socket, mut heard) = connect("/blackhole", options);
    heard.open().await;
    let page: EventTarget = js_sys::global().unchecked_into();
    page.dispatch_event(&web_sys::Event::new("online").unwrap()).unwrap();
    socket.close();
    assert_eq!(heard.close().await, (1, 1006, String::new(), false));
}

#[wasm_bindgen_test]
async fn untrusted_events_of_a_native_socket_are_heard_as_those_of_a_class_that_replaces_the_browsers() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let native = native_socket(&mut || socket.send_text("echo").unwrap());
    assert_eq!(heard.text().await, "echo");
    assert!(!dispatch_message(&native, "untrusted"));
    assert_eq!(heard.next().await, Event::Text("untrusted".into()));
    assert!(!dispatch_close(&native, 4400));
    assert_eq!(heard.closed().await.code, 4400);
}

/// A class that replaces the browser's may be late, and the page may dispatch what it wants.
#[wasm_bindgen_test]
async fn events_of_the_native_socket_of_an_earlier_attempt_change_nothing() {
    let earlier = Rc::new(RefCell::new(None));
    let (listener, mut heard) = listener();
    let find = {
        let earlier = earlier.clone();
        move || {
            if let Some(native) = &*earlier.borrow() {
                dispatch_close(native, 4400);
            }
            ready(Ok::<_, Infallible>(server("/fin?after=1")))
        }
    };
    let socket = Socket::connect_with(find, hasty(), listener).unwrap();
    heard.open().await;
    let native = native_socket(&mut || socket.send_text("first").unwrap());
    earlier.replace(Some(native.clone()));
    assert_eq!(heard.text().await, "first");
    assert_eq!(heard.dropped().await.code, 1006);
    heard.open().await;
    dispatch_message(&native, "late");
    dispatch_close(&native, 4400);
    socket.send_text("second").unwrap();
    assert_eq!(heard.text().await, "second");
}

#[wasm_bindgen(inline_js = "
export function nativeSocket(send) {
  const original = WebSocket.prototype.send;
  let native;
  WebSocket.prototype.send = function (data) {
    native = this;
    original.call(this, data);
  };
  send();
  WebSocket.prototype.send = original;
  return native;
}
const dispatch = (native, event) => {
  native.dispatchEvent(event);
  return event.isTrusted;
};
export const dispatchMessage = (native, data) => dispatch(native, new MessageEvent('message', { data }));
export const dispatchClose = (native, code) => dispatch(native, new CloseEvent('close', { code, wasClean: true }));
")]
extern "C" {
    /// The native socket on which this sends.
    #[wasm_bindgen(js_name = nativeSocket)]
    fn native_socket(send: &mut dyn FnMut()) -> WebSocket;

    /// Returns whether the event was trusted.
    #[wasm_bindgen(js_name = dispatchMessage)]
    fn dispatch_message(native: &WebSocket, data: &str) -> bool;

    /// Returns whether the event was trusted.
    #[wasm_bindgen(js_name = dispatchClose)]
    fn dispatch_close(native: &WebSocket, code: u16) -> bool;
}
