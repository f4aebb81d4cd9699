//! Random faults, one after the other, from a seed: the same seed makes the same plan.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::connections::Connections;
use crate::settings::{ByteLimit, Change, Cut, Direction, Directions, Scope};

/// One fault of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// All connections are cut.
    Cut(Cut),
    /// Each connection is cut after a number of bytes, which is mostly within a frame.
    Limit(Direction, ByteLimit),
    /// Nothing passes for a while, on new connections neither.
    Hole(Directions, Duration),
    /// Every byte arrives later for a while.
    Latency(Directions, Duration, Duration),
}

impl Fault {
    fn kind(&self) -> &'static str {
        match self {
            Self::Cut(Cut::Reset) => "reset",
            Self::Cut(Cut::Fin) => "fin",
            Self::Limit(_, ByteLimit { cut: Cut::Reset, .. }) => "reset-after",
            Self::Limit(_, ByteLimit { cut: Cut::Fin, .. }) => "fin-after",
            Self::Hole(..) => "hole",
            Self::Latency(..) => "latency",
        }
    }
}

/// How often a kind of fault was applied, and to how many connections; one connection may be hit many times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How often it was applied.
    pub times: usize,
    /// The number of live connections each time, summed up.
    pub connections: usize,
}

/// An endless plan: how long to wait, and what then.
#[derive(Clone, Debug)]
pub struct Plan {
    state: u64,
    every: Duration,
    longest: Duration,
}

impl Plan {
    /// The plan of `seed`, with faults that are `every` apart on the average, beside what they last, which is never longer
    /// than `longest`.
    #[must_use]
    pub fn new(seed: u64, every: Duration, longest: Duration) -> Self {
        Self { state: seed, every, longest }
    }

    /// SplitMix64: any seed will do, 0 too.
    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A random time from zero to `most`.
    fn time(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.roll() as f64 / u64::MAX as f64)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.roll() % of.len() as u64) as usize]
    }

    fn directions(&mut self) -> Directions {
        self.one(&[Directions::One(Direction::Up), Directions::One(Direction::Down), Directions::Each])
    }
}

impl Iterator for Plan {
    type Item = (Duration, Fault);

    fn next(&mut self) -> Option<Self::Item> {
        let pause = self.time(2 * self.every);
        let kind = self.roll() % 6;
        let cut = if kind.is_multiple_of(2) { Cut::Reset } else { Cut::Fin };
        let fault = match kind {
            0 | 1 => Fault::Cut(cut),
            2 | 3 => {
                let direction = self.one(&[Direction::Up, Direction::Down]);
                Fault::Limit(direction, ByteLimit { left: 1 + self.roll() % 4096, cut })
            }
            4 => {
                let directions = self.directions();
                Fault::Hole(directions, self.time(self.longest))
            }
            _ => {
                let (directions, latency) = (self.directions(), self.time(Duration::from_millis(200)));
                Fault::Latency(directions, latency, self.time(self.longest))
            }
        };
        Some((pause, fault))
    }
}

/// Applies the faults of `plan` to `connections` until `end`, then takes all of them away. Returns the count of each kind.
pub async fn chaos(
    connections: &Connections,
    plan: Plan,
    end: impl Future<Output = ()>,
) -> BTreeMap<&'static str, Count> {
    let mut counts = BTreeMap::<_, Count>::new();
    let mut end = pin!(end);
    for (pause, fault) in plan {
        tokio::select! {
            biased;
            () = &mut end => break,
            () = sleep(pause) => {}
        }
        let count = counts.entry(fault.kind()).or_default();
        count.times += 1;
        count.connections += apply(connections, fault).await;
        tokio::select! {
            biased;
            () = &mut end => break,
            () = wait_out(connections, fault) => {}
        }
    }
    for change in [
        Change::Hole(Directions::Each, false),
        Change::Latency(Directions::Each, Duration::ZERO),
        Change::Limit(Direction::Up, None),
        Change::Limit(Direction::Down, None),
    ] {
        connections.change(Scope::All, change);
    }
    counts
}

async fn apply(connections: &Connections, fault: Fault) -> usize {
    match fault {
        Fault::Cut(cut) => connections.cut(cut).await,
        Fault::Limit(direction, limit) => connections.change(Scope::Live, Change::Limit(direction, Some(limit))),
        Fault::Hole(directions, _) => connections.change(Scope::All, Change::Hole(directions, true)),
        Fault::Latency(directions, latency, _) => connections.change(Scope::All, Change::Latency(directions, latency)),
    }
}

/// Waits until a fault that lasts is over.
async fn wait_out(connections: &Connections, fault: Fault) {
    let (lasts, change) = match fault {
        Fault::Cut(_) | Fault::Limit(..) => return,
        Fault::Hole(directions, lasts) => (lasts, Change::Hole(directions, false)),
        Fault::Latency(directions, _, lasts) => (lasts, Change::Latency(directions, Duration::ZERO)),
    };
    sleep(lasts).await;
    connections.change(Scope::All, change);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::Entry;

    const EVERY: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_millis(700);

    fn first(seed: u64) -> Vec<(Duration, Fault)> {
        Plan::new(seed, EVERY, LONGEST).take(600).collect()
    }

    #[test]
    fn a_seed_makes_its_plan_and_no_other() {
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
    }

    #[test]
    fn every_kind_has_its_share() {
        let mut kinds = BTreeMap::<_, usize>::new();
        for (_, fault) in first(0) {
            *kinds.entry(fault.kind()).or_default() += 1;
        }
        assert_eq!(kinds.len(), 6, "{kinds:?}");
        assert!(kinds.values().all(|&times| times > 50), "{kinds:?}");
    }

    #[test]
    fn the_pauses_are_as_long_as_was_asked_on_the_average() {
        let sum: Duration = first(0).iter().map(|&(pause, _)| pause).sum();
        assert!((0.9..1.1).contains(&(sum.as_secs_f64() / (600.0 * EVERY.as_secs_f64()))), "{sum:?}");
    }

    #[test]
    fn what_lasts_is_over_in_time() {
        let longest = |(_, fault): &(Duration, Fault)| match fault {
            Fault::Hole(_, lasts) | Fault::Latency(_, _, lasts) => *lasts,
            Fault::Cut(_) | Fault::Limit(..) => Duration::ZERO,
        };
        let longest = first(0).iter().map(longest).max();
        assert!(longest.is_some_and(|longest| LONGEST / 2 < longest && longest <= LONGEST), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_chaos_counts_what_it_did_and_leaves_no_fault() {
        let connections = Connections::default();
        let Entry { connection: old, .. } = connections.enter();
        let counts = chaos(&connections, Plan::new(1, EVERY, LONGEST), sleep(Duration::from_secs(60))).await;
        assert!(counts.values().map(|count| count.times).sum::<usize>() > 60, "{counts:?}");
        assert!(counts.values().all(|count| count.connections == count.times), "one connection each time: {counts:?}");
        for connection in [old, connections.enter().connection] {
            assert_eq!(*connection.changes().borrow(), crate::Settings::default());
        }
    }
}
