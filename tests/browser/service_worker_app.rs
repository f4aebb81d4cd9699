//! Functions of the app, streams and the page's signals in a service worker: see `service_worker`.
#![cfg(target_arch = "wasm32")]

#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod cases {
    mod decision;
    mod page;
    mod source;
    mod streams;
    #[allow(dead_code, reason = "it serves the others, too")]
    mod support;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);
