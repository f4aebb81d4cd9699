//! How often it is logged what happens again and again.

use std::mem::take;
use std::time::Duration;

use crate::runtime::Instant;

/// For how long nothing more is logged of it.
const PAUSE: Duration = Duration::from_secs(60);

/// Something that happens again and again, and is logged at first and then once a minute.
#[derive(Clone, Copy, Default)]
pub(crate) struct Reminder {
    logged: Option<Instant>,
    /// How often it has happened since.
    unlogged: u64,
}

impl Reminder {
    /// It has happened. If it is to be logged now, returns how often it has happened since it was logged last.
    pub(crate) fn note(&mut self, now: Instant) -> Option<u64> {
        self.unlogged += 1;
        if self.logged.is_some_and(|logged| now - logged < PAUSE) {
            return None;
        }
        self.logged = Some(now);
        Some(take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_each_second_is_logged_at_first_and_then_once_a_minute_with_how_often_it_was() {
        let (mut reminder, begin) = (Reminder::default(), Instant::now());
        let mut logged = Vec::new();
        for second in 0..=150 {
            let noted = reminder.note(begin + Duration::from_secs(second));
            logged.extend(noted.map(|count| (second, count)));
        }
        assert_eq!(logged, [(0, 1), (60, 60), (120, 60)]);
    }
}
