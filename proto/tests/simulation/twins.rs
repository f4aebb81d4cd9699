//! Broken twins. A broken twin is the real thing but for a single defect, and must be caught by the law that it breaks. A
//! simulation that lets one pass proves nothing.

use super::law::Violation;
use super::world::{Scenario, World};

/// Which defect it has, if it is a broken twin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Twin<D> {
    defect: Option<D>,
    /// How often the defect had its occasion.
    occasions: u32,
}

impl<D: Copy + PartialEq> Twin<D> {
    pub fn new(defect: Option<D>) -> Self {
        Self { defect, occasions: 0 }
    }

    pub fn defect(&self) -> Option<D> {
        self.defect
    }

    pub fn has(&self, defect: D) -> bool {
        self.defect == Some(defect)
    }

    /// Whether it has this defect, and it is its turn: every third occasion, so that it is not the first thing that happens.
    pub fn strikes(&mut self, defect: D) -> bool {
        if !self.has(defect) {
            return false;
        }
        self.occasions += 1;
        self.occasions.is_multiple_of(3)
    }
}

/// The defects, and a test for each, with the law that catches it. `$scenario` makes the scenario of a seed.
macro_rules! twins {
    ($($scenario:path { $($name:ident: $defect:ident by $($law:ident)|+,)* })+) => {
        /// What is wrong with a broken twin.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Defect {
            $($($defect,)*)+
        }

        $($(
            #[test]
            fn $name() {
                let violation = $crate::twins::first_violation($scenario, Defect::$defect);
                assert!(matches!(violation.law, $(Law::$law)|+), "{violation}");
            }
        )*)+
    };
}

pub(crate) use twins;

/// The first scenario in which a broken twin is caught, and how.
pub fn first_violation<W: World>(scenario: impl Fn(u64) -> Scenario<W>, defect: W::Defect) -> Violation {
    let found = (0..20_000).find_map(|seed| Some((seed, scenario(seed).run(Some(defect), false).err()?)));
    let (seed, violation) = found.unwrap_or_else(|| panic!("{defect:?} was not noticed"));
    println!("{:<26} caught in scenario {seed:>4}: {violation}", format!("{defect:?}"));
    violation
}
