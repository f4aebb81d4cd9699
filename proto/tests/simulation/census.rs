//! What was met: a simulation that never met a situation has said nothing about it.

use std::fmt::Display;

/// What is so rare that the few scenarios of a debug build need not meet it.
const RARE: &str = "sessions that went on with other messages than the client knows";

/// Counts of situations.
pub trait Census: Default + Display {
    fn add(&mut self, other: &Self);
    fn counts(&self) -> Vec<(&'static str, u64)>;

    /// The situations that were not met.
    fn blind_spots(&self) -> Vec<&'static str> {
        let may_miss = |what: &str| cfg!(debug_assertions) && what == RARE;
        let missed = self.counts().into_iter().filter(|(what, count)| *count == 0 && !may_miss(what));
        missed.map(|(what, _)| what).collect()
    }
}

/// Makes a census of what it is to count.
macro_rules! census {
    ($Census:ident { $($name:ident: $what:literal,)* }) => {
        #[derive(Clone, Debug, Default)]
        pub struct $Census {
            $(pub $name: u64,)*
        }

        impl $crate::census::Census for $Census {
            fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }

            fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$(($what, self.$name)),*]
            }
        }

        impl std::fmt::Display for $Census {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let counts = $crate::census::Census::counts(self);
                counts.iter().try_for_each(|(what, count)| writeln!(formatter, "{count:>14}  {what}"))
            }
        }
    };
}

pub(crate) use census;
