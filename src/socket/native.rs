//! The browser's WebSocket: made once, and sent to, without copying what JavaScript has already.

use js_sys::JsString;
#[cfg(feature = "session")]
use undrop_proto::close::CloseFrame;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, Event, WebSocket};

#[wasm_bindgen(module = "/src/socket/native.js")]
extern "C" {
    /// Makes a native socket for the socket of this number. Throws what the browser's constructor throws.
    #[wasm_bindgen(catch)]
    pub(super) fn construct(url: &JsValue, protocols: &JsValue, socket: u32) -> Result<WebSocket, JsValue>;

    /// The number of the socket whose native socket the event was dispatched at.
    #[wasm_bindgen(js_name = ownerOf)]
    pub(super) fn owner_of(event: &Event) -> u32;

    /// The bytes of a message: a text, a buffer, a view or a blob.
    #[wasm_bindgen(js_name = byteLength)]
    pub(crate) fn byte_length(data: &JsValue) -> f64;
}

#[wasm_bindgen]
extern "C" {
    /// Reports an error of the page's as the browser reports one that nobody catches.
    #[wasm_bindgen(js_name = reportError)]
    pub(crate) fn report_error(error: &JsValue);

    /// A close event whose reason stays JavaScript's.
    type CloseEventWithReason;

    #[wasm_bindgen(method, getter)]
    fn reason(this: &CloseEventWithReason) -> JsString;

    /// A native socket that takes any message as it is. web-sys would copy it into wasm and back.
    type AnySender;

    #[wasm_bindgen(method, catch)]
    fn send(this: &AnySender, data: &JsValue) -> Result<(), JsValue>;
}

/// Sends a message that JavaScript has.
pub(crate) fn send(native: &WebSocket, data: &JsValue) -> Result<(), JsValue> {
    native.unchecked_ref::<AnySender>().send(data)
}

/// The reason of a close event, as JavaScript has it.
pub(super) fn reason_of(event: &CloseEvent) -> JsString {
    event.unchecked_ref::<CloseEventWithReason>().reason()
}

/// Closes a native socket with this close frame.
#[cfg(feature = "session")]
pub(super) fn close_with(native: &WebSocket, frame: &CloseFrame) {
    // It throws for a code or a reason that can't be one, and these were checked.
    let _ = match frame.code() {
        Some(code) => native.close_with_code_and_reason(code, frame.reason()),
        None => native.close(),
    };
}
