//! The browser's WebSocket: made once, and sent to, without copying what JavaScript has already.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, WebSocket};

#[wasm_bindgen(module = "/src/socket/native.js")]
extern "C" {
    /// Makes a native socket for the socket of this number. Throws what the browser's constructor throws.
    #[wasm_bindgen(catch)]
    pub(super) fn construct(
        url: &JsValue,
        protocols: &Array,
        socket: u32,
        handle: &Function,
        hears_messages: bool,
    ) -> Result<WebSocket, JsValue>;

    pub(super) fn detach(native: &WebSocket);

    /// Sends a message that JavaScript has. web-sys would copy it into wasm and back.
    pub(super) fn send(native: &WebSocket, data: &JsValue);

    /// Sends a text.
    #[cfg(feature = "session")]
    #[wasm_bindgen(js_name = send)]
    pub(super) fn send_text(native: &WebSocket, text: &str);

    /// Sends the heartbeat's message, or what this function of the page returns.
    #[wasm_bindgen(js_name = sendPing)]
    pub(super) fn send_ping(native: &WebSocket, message: &JsValue);

    /// What stands for the event of a native socket that has reported none.
    #[wasm_bindgen(js_name = closeEvent)]
    pub(super) fn close_event(code: u16, reason: &str) -> CloseEvent;

    /// Closes a native socket. Without a code there is no reason.
    pub(super) fn close(native: &WebSocket, code: Option<u16>, reason: &str);

    /// Calls a function that waits for an outcome. What it throws is its own affair.
    pub(super) fn settle(waiter: &Function, outcome: &str);

    /// The bytes of a message: a text, a buffer, a view or a blob.
    #[wasm_bindgen(js_name = byteLength)]
    pub(crate) fn byte_length(data: &JsValue) -> f64;
}

#[cfg(feature = "serde")]
#[wasm_bindgen]
extern "C" {
    /// A native socket that takes any message as it is.
    type AnySender;

    #[wasm_bindgen(method, catch, js_name = send)]
    fn try_send(this: &AnySender, data: &JsValue) -> Result<(), JsValue>;
}

/// Sends a message that JavaScript has, and returns what the native socket throws.
#[cfg(feature = "serde")]
pub(crate) fn try_send(native: &WebSocket, data: &JsValue) -> Result<(), JsValue> {
    native.unchecked_ref::<AnySender>().try_send(data)
}
