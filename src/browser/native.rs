//! The browser's own socket.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/browser/native.js")]
extern "C" {
    /// web-sys has this class too; here its arguments stay JavaScript's, so that the browser itself converts
    /// and checks them, and throws what it would throw, and no text is copied into wasm memory and back.
    #[wasm_bindgen]
    #[derive(Clone)]
    pub(crate) type Native;

    #[wasm_bindgen(constructor, catch)]
    pub(crate) fn new(url: &JsValue, protocols: &JsValue) -> Result<Native, JsValue>;

    #[wasm_bindgen(method, catch, js_name = close)]
    pub(crate) fn hang_up(this: &Native, code: &JsValue, reason: &JsValue) -> Result<(), JsValue>;

    pub(crate) fn listen(socket: &Native, epoch: u32, hear: &Closure<Hear>);

    pub(crate) fn ignore(socket: &Native);
}

/// `(epoch, kind, code, clean)`, and whether the event may be seen by others.
pub(crate) type Hear = dyn Fn(u32, u32, u32, bool) -> bool;
