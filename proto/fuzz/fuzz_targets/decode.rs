//! Any bytes, read as a frame.

#![no_main]

#[allow(dead_code)]
#[path = "../../tests/simulation/attack.rs"]
mod attack;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| attack::decode(bytes));
