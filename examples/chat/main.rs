//! A chat page in plain web-sys: typed messages over a socket that reconnects, and its state on the page.
//!
//! ```sh
//! cargo build --example chat --target wasm32-unknown-unknown
//! wasm-bindgen --target web --out-dir pkg target/wasm32-unknown-unknown/debug/examples/chat.wasm
//! ```
//!
//! A page that imports `pkg/chat.js` and calls its default export gets the chat into its body. The server sends each
//! message to every member of the room, including its sender.
#![cfg(target_arch = "wasm32")]

mod room;

use wasm_bindgen::prelude::*;

use self::room::Room;

#[wasm_bindgen(start)]
fn start() -> Result<(), JsValue> {
    let document = web_sys::window().and_then(|window| window.document()).ok_or("there is no page")?;
    let body = document.body().ok_or("the page has no body")?;
    // The path is relative to the page, and the scheme follows the page's.
    let room = Room::join("/chat", "somebody", &body)?;
    // The chat lives as long as the page.
    std::mem::forget(room);
    Ok(())
}
