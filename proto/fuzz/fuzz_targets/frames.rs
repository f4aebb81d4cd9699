//! Any frames, and anything else that can happen, in any order, to both ends of a session.

#![no_main]

#[allow(dead_code)]
#[path = "../../tests/simulation/attack.rs"]
mod attack;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| attack::frames(bytes));
