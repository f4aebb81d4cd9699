//! Sessions in a service worker: see `service_worker`.
#![cfg(target_arch = "wasm32")]

#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod cases {
    mod session;
    mod session_deliveries;
    mod session_endings;
    mod session_typed;
    mod tallies;
    #[allow(dead_code, reason = "it serves the others, too")]
    mod user;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);
