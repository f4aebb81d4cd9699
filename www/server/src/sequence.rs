//! Checks a sequence of numbered messages on the receiving side: which arrived, which are missing, which arrived twice or
//! late. The page does the same with the numbers of the server (`page/score/sequence.js`).

use std::collections::BTreeSet;

use serde::Serialize;

/// The most missing numbers that are remembered. Older ones count as lost even if they arrive later.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Default, Clone)]
pub struct Sequence {
    highest: u64,
    missing: BTreeSet<u64>,
    forgotten: u64,
    twice: u64,
    late: u64,
}

/// The result so far.
#[derive(Debug, PartialEq, Serialize)]
pub struct Sum {
    /// The highest number that arrived. Messages arrive in order, so a number that is missing below it is lost.
    pub highest: u64,
    pub lost: u64,
    pub twice: u64,
    /// How many arrived after a higher number.
    pub late: u64,
}

impl Sequence {
    /// Counts a number, from 1. A number too far ahead is ignored, as no page sends it and it would use up the memory.
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
        let mut sequence = Sequence::default();
        numbers.into_iter().for_each(|number| sequence.count(number));
        sequence.sum()
    }

    #[test]
    fn each_outcome_is_counted() {
        assert_eq!(sum(1..=5), Sum { highest: 5, lost: 0, twice: 0, late: 0 });
        assert_eq!(sum([1, 2, 5]), Sum { highest: 5, lost: 2, twice: 0, late: 0 });
        assert_eq!(sum([1, 3, 2]), Sum { highest: 3, lost: 0, twice: 0, late: 1 });
        assert_eq!(sum([1, 2, 2, 1]), Sum { highest: 2, lost: 0, twice: 2, late: 0 });
    }

    #[test]
    fn what_it_remembers_is_bounded() {
        let mut sequence = Sequence::default();
        sequence.count(u64::MAX);
        assert_eq!(sequence.sum().highest, 0);
        for step in 1..=10 {
            sequence.count(step * 9_000);
        }
        assert_eq!(sequence.missing.len(), REMEMBERED);
        assert_eq!(sequence.sum().lost, 90_000 - 10);
    }
}
