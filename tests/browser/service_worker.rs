//! The socket in a service worker. Firefox ends a service worker that has had no event for 30 s, and tests are none: so those
//! of sessions and of typed messages have a worker of their own each, `service_worker_session` and `service_worker_typed`.
#![cfg(target_arch = "wasm32")]

#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod cases {
    mod asked;
    mod beating;
    mod ending;
    mod listening;
    mod many;
    mod mending;
    mod sending;
    #[allow(dead_code, reason = "it serves the others, too")]
    mod user;
    mod writable;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);
