//! The socket in a window.
#![cfg(target_arch = "wasm32")]

mod cases;
mod chat;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
