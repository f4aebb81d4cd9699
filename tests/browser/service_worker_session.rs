//! Sessions in a service worker: see `service_worker`.
#![cfg(target_arch = "wasm32")]

#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod cases {
    mod session;
    mod session_delivery;
    mod session_end;
    mod session_typed;
    #[allow(dead_code, reason = "it serves the others, too")]
    mod support;
    mod tally;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);
