//! The socket in a service worker. Firefox ends a service worker that has had no event for 30 s, and tests are none: so there
//! are several such workers: this one, `service_worker_app`, `service_worker_session` and `service_worker_typed`.
#![cfg(target_arch = "wasm32")]

#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod cases {
    mod closing;
    mod connecting;
    mod heartbeat;
    mod listener;
    mod many;
    mod reconnecting;
    mod sending;
    #[allow(dead_code, reason = "it serves the others, too")]
    mod support;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);
