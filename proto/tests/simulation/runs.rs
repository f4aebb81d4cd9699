//! Many scenarios, each from a seed of its own.

use std::env;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::census::Census;
use super::law::Verdict;

/// Enough in a build that is meant for it.
const SCENARIOS: u64 = if cfg!(debug_assertions) { 3_000 } else { 100_000 };

/// Runs 100,000 scenarios, or as many as UNDROP_SCENARIOS says.
pub fn many<C: Census>(run: impl Fn(u64) -> Verdict<C>) -> C {
    let census = all(0..number("UNDROP_SCENARIOS").unwrap_or(SCENARIOS), run);
    let blind = census.blind_spots();
    assert!(blind.is_empty(), "the simulation never met: {blind:?}");
    census
}

/// Runs scenarios from fresh seeds for as many seconds as UNDROP_SOAK_SECONDS says.
pub fn soak<C: Census>(run: impl Fn(u64) -> Verdict<C>) {
    let Some(seconds) = number("UNDROP_SOAK_SECONDS") else { return };
    let end = Instant::now() + Duration::from_secs(seconds);
    // Other seeds than every other run's.
    let first = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    all((first..).take_while(|_| Instant::now() < end), run);
}

/// Runs the scenario of the seed UNDROP_SEED, which then says all that happens.
pub fn replay<C: Census>(run: impl Fn(u64) -> Verdict<C>) {
    let Some(seed) = number("UNDROP_SEED") else { return };
    match run(seed) {
        Ok(census) => println!("{census}"),
        Err(violation) => panic!("{violation}"),
    }
}

/// The tests of a world: many scenarios, fresh ones, one again. Each `$scenario` makes one of a seed; `$judge` is for what only
/// holds of all together.
macro_rules! scenarios {
    ($name:ident: [$($scenario:path),+] $(, $judge:path)?) => {
        #[test]
        fn $name() {
            let _census = $crate::runs::many(|seed| $crate::world::judge([$($scenario(seed)),+], false));
            $($judge(&_census);)?
        }

        #[test]
        fn soak() {
            $crate::runs::soak(|seed| $crate::world::judge([$($scenario(seed)),+], false));
        }

        #[test]
        fn replay() {
            $crate::runs::replay(|seed| $crate::world::judge([$($scenario(seed)),+], true));
        }
    };
}

pub(crate) use scenarios;

fn all<C: Census>(seeds: impl Iterator<Item = u64>, run: impl Fn(u64) -> Verdict<C>) -> C {
    let started = Instant::now();
    let mut census = C::default();
    for seed in seeds {
        census.add(&run(seed).unwrap_or_else(|violation| {
            panic!("{violation}\nin the scenario of the seed {seed}; alone: npm run replay -- {seed}")
        }));
    }
    println!("{census}{:>14.1}  seconds", started.elapsed().as_secs_f64());
    census
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}
