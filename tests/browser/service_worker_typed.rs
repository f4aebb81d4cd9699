//! Typed messages in a service worker: see `service_worker`.
#![cfg(target_arch = "wasm32")]

#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod cases {
    #[allow(dead_code, reason = "it serves the others, too")]
    mod support;
    mod typed;
    mod typed_bad_input;
    mod typed_envelopes;
    mod typed_handle;
    mod typed_lifetimes;
    mod typed_numbers;
    mod typed_requests;
    mod typed_streams;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);
