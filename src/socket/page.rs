//! What the page says of itself: one set of listeners for all sockets of a realm, be it a window or a worker.

use core::cell::Cell;

use undrop_proto::Signal;
use wasm_bindgen::prelude::*;

/// A signal, by its name in `page.js`.
#[wasm_bindgen(private)]
#[derive(Clone, Copy)]
pub(crate) enum SignalName {
    Online = "online",
    Offline = "offline",
    Visible = "visible",
    Hidden = "hidden",
    Wake = "wake",
}

#[wasm_bindgen(module = "/src/socket/page.js")]
extern "C" {
    fn visibility() -> SignalName;

    fn network() -> SignalName;

    fn observe(report: JsValue);
}

thread_local! {
    static IS_LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// Reports what the page says, from the first call on.
pub(super) fn listen(report: fn(Signal)) {
    if !IS_LISTENING.replace(true) {
        let heard = move |name: SignalName| report(name.into());
        observe(Closure::<dyn Fn(SignalName)>::new(heard).into_js_value());
    }
}

/// What the page says now: whether it is hidden, and whether there is a network.
pub(super) fn condition() -> [Signal; 2] {
    [visibility().into(), network().into()]
}

impl From<SignalName> for Signal {
    fn from(name: SignalName) -> Self {
        match name {
            SignalName::Online => Signal::Online,
            SignalName::Offline => Signal::Offline,
            SignalName::Visible => Signal::Visible,
            SignalName::Hidden => Signal::Hidden,
            _ => Signal::Wake,
        }
    }
}
