//! Any bytes against the decoder and both ends, from a seed; and the inputs that once broke something.

use std::fs;
use std::path::Path;

use crate::attack::{decode, frames};
use crate::random::Random;

const ATTACKS: u64 = if cfg!(debug_assertions) { 20_000 } else { 500_000 };

#[test]
fn no_bytes_break_the_decoder() {
    let mut random = Random::new(1);
    // Mostly what frames are made of.
    const UNITS: &[u8] = b"\x10 newresumwelcoackpingpongend0123456789abcdef\xc3\xa9\xff\0";
    for _ in 0..ATTACKS {
        let bytes: Vec<u8> = (0..random.below(90)).map(|_| random.pick(UNITS)).collect();
        decode(&bytes);
    }
}

#[test]
fn no_frames_break_an_end() {
    let mut random = Random::new(2);
    for _ in 0..ATTACKS / 10 {
        let mut bytes = Vec::new();
        for _ in 0..random.below(60) {
            bytes.push(random.below(256) as u8);
            // What the two ends say to each other, so that it is not over at once.
            if random.one_in(2) {
                bytes.extend_from_slice(random.pick(&[&[12, 4, 5], &[7, 9, 0], &[6, 9, 0], &[4, 5, 4], &[8, 200, 9]]));
            }
        }
        frames(&bytes);
    }
}

/// `npm run fuzz -- 600 keep` writes those that reach different code.
#[test]
fn what_the_fuzzer_has_kept_breaks_nothing() {
    for (name, target) in [("decode", decode as fn(&[u8])), ("frames", frames)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name).with_extension("txt");
        let inputs = fs::read_to_string(path).unwrap();
        for line in inputs.lines() {
            let digits = line.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            let bytes: Vec<u8> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            target(&bytes);
        }
    }
}

/// `npm run fuzz` writes what it finds to fuzz/artifacts; what is kept of it is kept here.
#[test]
fn what_once_broke_something_breaks_nothing_any_more() {
    for (folder, target) in [("decode", decode as fn(&[u8])), ("frames", frames)] {
        let Ok(files) = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions").join(folder))
        else {
            continue;
        };
        for file in files {
            target(&fs::read(file.unwrap().path()).unwrap());
        }
    }
}
