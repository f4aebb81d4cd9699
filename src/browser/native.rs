//! What the browser gives: its WebSocket, its clock, its timers, and what it says of the page.
//!
//! web-sys has most of this too. Here the arguments stay JavaScript's: the browser itself converts and checks them and
//! throws what it would throw, and no text is copied into wasm memory and back. It also spares the npm build js-sys,
//! whose futures would stay in the module though nobody calls them.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/browser/native.js")]
extern "C" {
    pub(super) fn now() -> f64;
}

/// For the Rust face; the JavaScript one calls it without a detour.
#[cfg(feature = "socket")]
#[wasm_bindgen(module = "/src/browser/native.js")]
extern "C" {
    /// The browser's own socket.
    #[derive(Clone)]
    pub(super) type Native;

    /// Throws what the constructor throws.
    #[wasm_bindgen(catch)]
    pub(super) fn dial(source: &JsValue, epoch: u32, hear: &JsValue) -> Result<Option<Native>, JsValue>;

    pub(super) fn forget(socket: &Native);

    pub(super) fn wake(last: u32, delay: f64, hear: &JsValue) -> u32;

    pub(super) fn watch(hear: &JsValue);

    pub(super) fn unwatch(hear: &JsValue);

    /// 1 if the page is hidden, 2 if there is no network.
    pub(super) fn condition() -> u32;
}

/// What is heard, as in `native.js`.
pub(super) mod heard {
    pub(crate) const OPENED: u32 = 0;
    pub(crate) const FAILED: u32 = 1;
    /// The detail is the close code.
    pub(crate) const CLOSED: u32 = 2;
    /// The URL is known. Answered with whether it is still wanted.
    pub(crate) const FOUND: u32 = 3;
    // 4: the value is the socket that was dialled. That is for the face.
    pub(crate) const NOT_FOUND: u32 = 5;
    pub(crate) const TIME: u32 = 6;
    /// The detail is the signal.
    pub(crate) const SIGNAL: u32 = 7;
}
