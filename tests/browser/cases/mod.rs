//! What a socket does in a real browser, with a server that misbehaves on request: see `tools/test-server/src/route.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod authenticating;
mod closing;
mod connecting;
mod decision;
mod heartbeat;
mod listener;
mod many;
mod page;
mod reconnecting;
mod sending;
mod session;
mod session_delivery;
mod session_end;
mod session_typed;
mod source;
mod streams;
mod support;
mod tally;
mod typed;
mod typed_bad_input;
mod typed_envelopes;
mod typed_handle;
mod typed_lifetimes;
mod typed_numbers;
mod typed_requests;
mod typed_streams;
