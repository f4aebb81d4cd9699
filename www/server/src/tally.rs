//! Numbered messages, checked by who hears them: which came, which are missing, which came twice or late. The page has the
//! same for what the server says (`page/score/tally.js`).

use std::collections::BTreeSet;

use serde::Serialize;

/// As many missing numbers are remembered; older ones stay missing for good.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Default, Clone)]
pub struct Tally {
    highest: u64,
    missing: BTreeSet<u64>,
    forgotten: u64,
    twice: u64,
    late: u64,
}

/// What it comes to.
#[derive(Debug, PartialEq, Serialize)]
pub struct Sum {
    /// The highest number that came. All come in order, so what is missing below it is lost.
    pub highest: u64,
    pub lost: u64,
    pub twice: u64,
    /// Came after one with a higher number.
    pub late: u64,
}

impl Tally {
    /// Counts a number, from 1. One that is absurdly far ahead is nobody's honest count, and is passed over.
    pub fn count(&mut self, number: u64) {
        if number > self.highest {
            if number - self.highest > REMEMBERED as u64 {
                return;
            }
            self.missing.extend(self.highest + 1..number);
            self.highest = number;
            while self.missing.len() > REMEMBERED {
                self.missing.pop_first();
                self.forgotten += 1;
            }
        } else if self.missing.remove(&number) {
            self.late += 1;
        } else {
            self.twice += 1;
        }
    }

    pub fn sum(&self) -> Sum {
        let lost = self.missing.len() as u64 + self.forgotten;
        Sum { highest: self.highest, lost, twice: self.twice, late: self.late }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: impl IntoIterator<Item = u64>) -> Sum {
        let mut tally = Tally::default();
        numbers.into_iter().for_each(|number| tally.count(number));
        tally.sum()
    }

    #[test]
    fn each_fate_is_counted() {
        assert_eq!(sum(1..=5), Sum { highest: 5, lost: 0, twice: 0, late: 0 });
        assert_eq!(sum([1, 2, 5]), Sum { highest: 5, lost: 2, twice: 0, late: 0 });
        assert_eq!(sum([1, 3, 2]), Sum { highest: 3, lost: 0, twice: 0, late: 1 });
        assert_eq!(sum([1, 2, 2, 1]), Sum { highest: 2, lost: 0, twice: 2, late: 0 });
    }

    #[test]
    fn what_it_remembers_is_bounded() {
        let mut tally = Tally::default();
        tally.count(u64::MAX);
        assert_eq!(tally.sum().highest, 0);
        for step in 1..=10 {
            tally.count(step * 9_000);
        }
        assert_eq!(tally.missing.len(), REMEMBERED);
        assert_eq!(tally.sum().lost, 90_000 - 10);
    }
}
