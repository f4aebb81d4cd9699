//! The socket in a service worker, all but its typed messages. Firefox ends a service worker that has had no event for
//! 30 s, and tests are none: these and those of `service_worker_typed` take half of that each.
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
    mod session;
    mod session_deliveries;
    mod session_endings;
    mod session_typed;
    mod tallies;
    #[allow(dead_code, reason = "it serves the typed messages, too")]
    mod user;
    mod writable;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);
