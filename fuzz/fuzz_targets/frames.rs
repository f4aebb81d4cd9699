//! Any frames, and anything else that can happen, in any order, to both ends of a session.

#![no_main]

#[allow(dead_code)]
#[path = "../../tests/session/assault.rs"]
mod assault;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assault::frames(bytes));
