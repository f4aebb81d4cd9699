//! Any bytes, read as a frame.

#![no_main]

#[allow(dead_code)]
#[path = "../../tests/session/assault.rs"]
mod assault;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assault::decode(bytes));
