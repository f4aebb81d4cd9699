//! What the user makes of a lost line, and the wait for the next dial.

use super::Connection;
use super::phase::{Phase, Question};
use crate::core::{Drop, Epoch, Event, Millis, Output, Verdict};

/// How far apart dials are that a signal brings forward. Signals come in bursts, and lie.
const HASTE: u32 = 1_000;

impl<M: Clone> Connection<M> {
    /// What the user made of a lost line. Of no effect if that has been settled otherwise.
    pub fn handle_verdict(&mut self, now: Millis, epoch: Epoch, verdict: Verdict) {
        let Phase::Waiting { until, question, .. } = &mut self.phase else {
            return;
        };
        let Question::Asked(drop) = *question else {
            return;
        };
        if epoch != self.epoch {
            return;
        }
        let (answer, delay) = match verdict {
            Verdict::GiveUp => return self.give_up(),
            Verdict::Default if drop.last => return self.give_up(),
            Verdict::Default | Verdict::Retry => (Question::Settled, drop.delay),
            Verdict::After(delay) => (Question::Answered, delay),
        };
        *question = answer;
        *until = now + delay;
        self.notify(Event::Drop(Drop { delay, last: false, ..drop }));
    }

    /// Do not dial again. Of no effect but on a line that waits.
    pub fn give_up(&mut self) {
        if let Phase::Waiting { ending, .. } = self.phase {
            self.finish(ending);
        }
    }

    /// Dials now, unless that would be too soon, or the user has said when.
    pub(super) fn hasten(&mut self, now: Millis) {
        let Phase::Waiting { until, question: Question::Settled, .. } = &mut self.phase else {
            return;
        };
        *until = (*until).min(now.max(self.dialed + HASTE));
        if *until <= now {
            self.dial(now);
        }
    }

    /// Asks only now: what the user has done since the loss may have settled the question. Not inlined: `poll` is
    /// less code without it.
    #[inline(never)]
    pub(super) fn consult(&mut self) -> Option<Output<M>> {
        let Phase::Waiting { question, .. } = &mut self.phase else {
            return None;
        };
        let Question::New(drop) = *question else {
            return None;
        };
        *question = Question::Asked(drop);
        Some(Output::Consult(self.epoch, drop))
    }
}
