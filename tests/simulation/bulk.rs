//! Many scenarios, each from a seed of its own.

use std::env;
use std::time::{Duration, Instant};

use super::census::Census;
use super::scenario::Scenario;
use super::subject::real;
use super::world::World;

/// Enough in a build that is meant for it.
const SCENARIOS: u64 = if cfg!(debug_assertions) { 3_000 } else { 100_000 };

#[test]
fn every_law_holds_in_a_hundred_thousand_scenarios() {
    let count = number("UNDROP_SCENARIOS").unwrap_or(SCENARIOS);
    let started = Instant::now();
    let mut census = Census::default();
    for seed in 0..count {
        census.add(&run(seed));
    }
    report(&census, started.elapsed());
    let blind = census.blind_spots();
    assert!(blind.is_empty(), "the simulation never met: {blind:?}");
    // I9: full jitter means half a window, on average.
    let half = census.drawn as f64 / census.windows as f64;
    assert!((0.48..0.52).contains(&half), "waits are {half} of their windows");
}

/// `UNDROP_SOAK_SECONDS=600 cargo test --release --test simulation soak -- --nocapture`
#[test]
fn soak() {
    let Some(seconds) = number("UNDROP_SOAK_SECONDS") else {
        return;
    };
    let started = Instant::now();
    // Other seeds than every other run's.
    let first =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    let mut census = Census::default();
    let mut seed = first;
    while started.elapsed() < Duration::from_secs(seconds) {
        census.add(&run(seed));
        seed = seed.wrapping_add(1);
    }
    report(&census, started.elapsed());
}

/// `UNDROP_SEED=42 cargo test --release --test simulation replay -- --nocapture`
#[test]
fn replay() {
    let Some(seed) = number("UNDROP_SEED") else {
        return;
    };
    let scenario = Scenario::from_seed(seed);
    println!("{:#?}", scenario.setup);
    match World::run_and_tell(&scenario, real, true) {
        Ok(census) => println!("{census}"),
        Err(crime) => panic!("{crime}"),
    }
}

fn run(seed: u64) -> Census {
    let scenario = Scenario::from_seed(seed);
    match World::run(&scenario, real) {
        Ok(census) => census,
        Err(crime) => panic!(
            "{crime}\nin the scenario of the seed {seed}; alone: \
             UNDROP_SEED={seed} cargo test --release --test simulation replay -- --nocapture"
        ),
    }
}

fn report(census: &Census, took: Duration) {
    println!("{census}{:>14.1}  seconds", took.as_secs_f64());
}

pub fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}
