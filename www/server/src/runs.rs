//! The delivery tests that run in a room: for each tab, the numbers that it sends and those that it is sent.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::input::Key;
use crate::sequence::Sequence;

/// How often a number is sent to a tab, whether or not it is connected.
pub const PACE: Duration = Duration::from_millis(100);
/// The most runs at once. One more, and the oldest run is removed.
const RUNS: usize = 64;
/// The most numbers that are sent at once to a tab that lags behind.
const AT_ONCE: u64 = 50;

#[derive(Default)]
pub struct Runs(VecDeque<Run>);

struct Run {
    tab: Key,
    number: u64,
    started: Instant,
    /// The highest number that was sent or left out.
    sent: u64,
    received: Sequence,
    /// The member that is sent the numbers: the last one that asked.
    member: u64,
}

impl Runs {
    /// Begins a run, or continues it for another member. The numbers that were due between the two members are left out:
    /// without a session nobody keeps them.
    pub fn begin(&mut self, tab: &Key, number: u64, member: u64, now: Instant) {
        if let Some(run) = self.0.iter_mut().find(|run| run.tab == *tab && run.number == number) {
            if run.member != member {
                run.member = member;
                run.sent = run.sent.max(run.due(now));
            }
            return;
        }
        self.end(tab);
        if self.0.len() == RUNS {
            self.0.pop_front();
        }
        let received = Sequence::default();
        self.0.push_back(Run { tab: tab.clone(), number, started: now, sent: 0, received, member });
    }

    pub fn end(&mut self, tab: &Key) {
        self.0.retain(|run| run.tab != *tab);
    }

    /// Counts a number that a tab has sent. Returns `None` when the tab has no run.
    pub fn receive(&mut self, tab: &Key, number: u64) -> Option<Value> {
        let run = self.0.iter_mut().find(|run| run.tab == *tab)?;
        run.received.count(number);
        Some(run.sum())
    }

    /// The result of a tab's run so far.
    pub fn sum(&self, tab: &Key) -> Option<Value> {
        Some(self.0.iter().find(|run| run.tab == *tab)?.sum())
    }

    /// The numbers that are to be sent to this member now.
    pub fn due(&mut self, tab: &Key, member: u64, now: Instant) -> Range<u64> {
        let Some(run) = self.0.iter_mut().find(|run| run.tab == *tab && run.member == member) else {
            return 0..0;
        };
        let first = run.sent + 1;
        run.sent = run.due(now).clamp(run.sent, run.sent + AT_ONCE);
        first..run.sent + 1
    }
}

impl Run {
    fn sum(&self) -> Value {
        json!({ "heard": self.received.sum(), "said": self.sent })
    }

    fn due(&self, now: Instant) -> u64 {
        u64::try_from((now - self.started).as_millis() / PACE.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_due_without_a_connection_is_left_out() {
        let (tab, start) = (Key::parse(&"a".repeat(16)).unwrap(), Instant::now());
        let mut runs = Runs::default();
        runs.begin(&tab, 1, 10, start);
        assert_eq!(runs.due(&tab, 10, start + PACE * 2), 1..3);
        runs.begin(&tab, 1, 11, start + PACE * 5);
        assert!(runs.due(&tab, 10, start + PACE * 6).is_empty());
        assert_eq!(runs.due(&tab, 11, start + PACE * 6), 6..7);
        // Asking again leaves nothing out.
        runs.begin(&tab, 1, 11, start + PACE * 7);
        assert_eq!(runs.due(&tab, 11, start + PACE * 7), 7..8);
        runs.begin(&tab, 2, 11, start + PACE * 7);
        assert!(runs.due(&tab, 11, start + PACE * 7).is_empty());
    }
}
