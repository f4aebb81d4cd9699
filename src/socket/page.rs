//! What the page says of itself: one set of listeners for all sockets of a realm, be it a window or a worker.

use core::cell::Cell;

use js_sys::Reflect;
use undrop_proto::Signal;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

#[wasm_bindgen]
extern "C" {
    /// The window, or the global scope of a worker.
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static PAGE: EventTarget;
}

/// What an event of a page says.
type SignalOf = fn(&Event) -> Option<Signal>;

/// The events of a page that say something about the network or about a sleep.
const EVENTS: [(&str, SignalOf); 5] = [
    ("online", |_| Some(Signal::Online)),
    ("offline", |_| Some(Signal::Offline)),
    ("visibilitychange", |_| Some(visibility())),
    ("resume", |_| Some(Signal::Wake)),
    // Of a page that was restored from the back/forward cache.
    ("pageshow", |event| (property(event, "persisted") == JsValue::TRUE).then_some(Signal::Wake)),
];

thread_local! {
    static IS_LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// Reports what the page says, from the first call on.
pub(super) fn listen(report: fn(Signal)) {
    if IS_LISTENING.replace(true) {
        return;
    }
    for (name, signal_of) in EVENTS {
        let heard = move |event: Event| {
            if let Some(signal) = signal_of(&event) {
                report(signal);
            }
        };
        let listener = Closure::<dyn Fn(Event)>::new(heard).into_js_value();
        // Captured, because some of these events are the document's and do not bubble.
        let _ = PAGE.with(|page| page.add_event_listener_with_callback_and_bool(name, listener.unchecked_ref(), true));
    }
}

/// What the page says now: whether it is hidden, and whether there is a network.
pub(super) fn condition() -> [Signal; 2] {
    // Where the browser does not say, there is a network.
    let is_offline = global_property("navigator", "onLine") == JsValue::FALSE;
    [visibility(), if is_offline { Signal::Offline } else { Signal::Online }]
}

fn visibility() -> Signal {
    if global_property("document", "hidden") == JsValue::TRUE { Signal::Hidden } else { Signal::Visible }
}

/// A property of a global object, or undefined where there is no such object: a worker has no document.
fn global_property(object: &str, name: &str) -> JsValue {
    PAGE.with(|page| property(&property(page, object), name))
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}
