//! The counts that are going on in a room: for each tab the numbers that it says, and those that it is told.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::tally::Tally;
use crate::words::Key;

/// So often a tab that counts is told a number, whether or not it can hear it.
pub const PACE: Duration = Duration::from_millis(100);
/// As many tabs may count at once; then the one that began first is forgotten.
const RUNS: usize = 64;
/// As many numbers are told at once to a tab that lags behind.
const AT_ONCE: u64 = 50;

#[derive(Default)]
pub struct Runs(VecDeque<Run>);

struct Run {
    tab: Key,
    number: u64,
    started: Instant,
    /// The highest number that was said, heard or not.
    said: u64,
    heard: Tally,
    /// The member that hears it: the last that asked.
    member: u64,
}

impl Runs {
    /// Begins a run, or goes on with it for another member. What was to be said while there was none is lost: without a
    /// session nobody keeps it.
    pub fn attend(&mut self, tab: &Key, number: u64, member: u64, now: Instant) {
        if let Some(run) = self.0.iter_mut().find(|run| run.tab == *tab && run.number == number) {
            if run.member != member {
                run.member = member;
                run.said = run.said.max(run.due(now));
            }
            return;
        }
        self.end(tab);
        if self.0.len() == RUNS {
            self.0.pop_front();
        }
        let heard = Tally::default();
        self.0.push_back(Run { tab: tab.clone(), number, started: now, said: 0, heard, member });
    }

    pub fn end(&mut self, tab: &Key) {
        self.0.retain(|run| run.tab != *tab);
    }

    /// Takes a number that a tab has said. None when it does not count.
    pub fn hear(&mut self, tab: &Key, number: u64) -> Option<Value> {
        let run = self.0.iter_mut().find(|run| run.tab == *tab)?;
        run.heard.count(number);
        Some(json!({ "heard": run.heard.sum(), "said": run.said }))
    }

    /// How it stands.
    pub fn sum(&self, tab: &Key) -> Option<Value> {
        let run = self.0.iter().find(|run| run.tab == *tab)?;
        Some(json!({ "heard": run.heard.sum(), "said": run.said }))
    }

    /// The numbers that are to be said now, to this member.
    pub fn due(&mut self, tab: &Key, member: u64, now: Instant) -> Range<u64> {
        let Some(run) = self.0.iter_mut().find(|run| run.tab == *tab && run.member == member) else {
            return 0..0;
        };
        let first = run.said + 1;
        run.said = run.due(now).clamp(run.said, run.said + AT_ONCE);
        first..run.said + 1
    }
}

impl Run {
    fn due(&self, now: Instant) -> u64 {
        u64::try_from((now - self.started).as_millis() / PACE.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_to_be_said_without_a_line_is_left_out() {
        let (tab, start) = (Key::parse(&"a".repeat(16)).unwrap(), Instant::now());
        let mut runs = Runs::default();
        runs.attend(&tab, 1, 10, start);
        assert_eq!(runs.due(&tab, 10, start + PACE * 2), 1..3);
        runs.attend(&tab, 1, 11, start + PACE * 5);
        assert!(runs.due(&tab, 10, start + PACE * 6).is_empty());
        assert_eq!(runs.due(&tab, 11, start + PACE * 6), 6..7);
        // To ask again costs nothing.
        runs.attend(&tab, 1, 11, start + PACE * 7);
        assert_eq!(runs.due(&tab, 11, start + PACE * 7), 7..8);
        runs.attend(&tab, 2, 11, start + PACE * 7);
        assert!(runs.due(&tab, 11, start + PACE * 7).is_empty());
    }
}
