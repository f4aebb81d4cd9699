//! What a socket does in a real browser, with a server that misbehaves on request: see `tools/test-server/src/route.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

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
mod typed;
mod typed_answers;
mod typed_bad_input;
mod typed_envelopes;
mod typed_lives;
mod typed_requests;
mod typed_streams;
mod user;
mod writable;
