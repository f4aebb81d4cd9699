//! Random faults, one after the other, from a seed: the same seed makes the same plan.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::lines::Lines;
use crate::terms::{Change, Cut, Fuse, Scope, Way, Ways};

/// One fault of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// All lines are cut.
    Cut(Cut),
    /// Each line is cut when so much more has passed, so that it mostly happens within a frame.
    Fuse(Way, Fuse),
    /// Nothing passes for a while, on new lines neither.
    Hole(Ways, Duration),
    /// Every byte comes later for a while.
    Latency(Ways, Duration, Duration),
}

impl Fault {
    fn kind(&self) -> &'static str {
        match self {
            Self::Cut(Cut::Reset) => "reset",
            Self::Cut(Cut::Fin) => "fin",
            Self::Fuse(_, Fuse { cut: Cut::Reset, .. }) => "reset-after",
            Self::Fuse(_, Fuse { cut: Cut::Fin, .. }) => "fin-after",
            Self::Hole(..) => "hole",
            Self::Latency(..) => "latency",
        }
    }
}

/// How often a kind of fault came, and how many lines it hit; one line may be hit many times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How often it came.
    pub times: usize,
    /// The lines that there were each time, summed up.
    pub lines: usize,
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

    /// Evenly from none to `most`.
    fn time(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.roll() as f64 / u64::MAX as f64)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.roll() % of.len() as u64) as usize]
    }

    fn ways(&mut self) -> Ways {
        self.one(&[Ways::One(Way::Up), Ways::One(Way::Down), Ways::Each])
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
                let way = self.one(&[Way::Up, Way::Down]);
                Fault::Fuse(way, Fuse { left: 1 + self.roll() % 4096, cut })
            }
            4 => {
                let ways = self.ways();
                Fault::Hole(ways, self.time(self.longest))
            }
            _ => {
                let (ways, latency) = (self.ways(), self.time(Duration::from_millis(200)));
                Fault::Latency(ways, latency, self.time(self.longest))
            }
        };
        Some((pause, fault))
    }
}

/// Does to `lines` as `plan` says until `end`; then the weather is calm again. Returns how much there was of each kind.
pub async fn chaos(lines: &Lines, plan: Plan, end: impl Future<Output = ()>) -> BTreeMap<&'static str, Count> {
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
        count.lines += strike(lines, fault).await;
        tokio::select! {
            biased;
            () = &mut end => break,
            () = lull(lines, fault) => {}
        }
    }
    for change in [
        Change::Hole(Ways::Each, false),
        Change::Latency(Ways::Each, Duration::ZERO),
        Change::Fuse(Way::Up, None),
        Change::Fuse(Way::Down, None),
    ] {
        lines.change(Scope::All, change);
    }
    counts
}

async fn strike(lines: &Lines, fault: Fault) -> usize {
    match fault {
        Fault::Cut(cut) => lines.cut(cut).await,
        Fault::Fuse(way, fuse) => lines.change(Scope::Live, Change::Fuse(way, Some(fuse))),
        Fault::Hole(ways, _) => lines.change(Scope::All, Change::Hole(ways, true)),
        Fault::Latency(ways, latency, _) => lines.change(Scope::All, Change::Latency(ways, latency)),
    }
}

/// Waits until a fault that lasts is over.
async fn lull(lines: &Lines, fault: Fault) {
    let (lasts, change) = match fault {
        Fault::Cut(_) | Fault::Fuse(..) => return,
        Fault::Hole(ways, lasts) => (lasts, Change::Hole(ways, false)),
        Fault::Latency(ways, _, lasts) => (lasts, Change::Latency(ways, Duration::ZERO)),
    };
    sleep(lasts).await;
    lines.change(Scope::All, change);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Entry;

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
            Fault::Cut(_) | Fault::Fuse(..) => Duration::ZERO,
        };
        let longest = first(0).iter().map(longest).max();
        assert!(longest.is_some_and(|longest| LONGEST / 2 < longest && longest <= LONGEST), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_chaos_counts_what_it_did_and_leaves_the_weather_calm() {
        let lines = Lines::default();
        let Entry { line: old, .. } = lines.enter();
        let counts = chaos(&lines, Plan::new(1, EVERY, LONGEST), sleep(Duration::from_secs(60))).await;
        assert!(counts.values().map(|count| count.times).sum::<usize>() > 60, "{counts:?}");
        assert!(counts.values().all(|count| count.lines == count.times), "one line each time: {counts:?}");
        for line in [old, lines.enter().line] {
            assert_eq!(*line.news().borrow(), crate::Terms::default());
        }
    }
}
