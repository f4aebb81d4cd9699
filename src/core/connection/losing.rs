//! The one way to lose a line, or a dial.

use super::Connection;
use super::phase::{Ending, Phase, Question};
use crate::core::backoff::Window;
use crate::core::patience::GRACE;
use crate::core::{Cause, Drop, Epoch, Event, Millis, Output, Policy};

/// What a line is said to have closed with when it did not say so itself.
pub(super) const ABNORMAL: u16 = 1006;

impl<M: Clone> Connection<M> {
    /// The socket of this dial closed, or could not be opened.
    pub fn handle_closed(&mut self, now: Millis, epoch: Epoch, code: u16, clean: bool) {
        if epoch != self.epoch {
            return;
        }
        // A socket that is left to itself tells of its errors itself.
        let ending = if clean || self.policy().is_none() { Ending::Clean } else { Ending::Broken };
        match self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } => self.lose(now, Cause::Close, code, ending),
            Phase::Closing { .. } => self.finish(ending),
            Phase::Waiting { .. } | Phase::Leaving { .. } | Phase::Closed => {}
        }
    }

    /// The one way to lose a line.
    pub(super) fn lose(&mut self, now: Millis, cause: Cause, code: u16, ending: Ending) {
        self.count(cause);
        self.leave();
        if !matches!(cause, Cause::Close | Cause::Url) {
            self.agenda.push(Output::HangUp(self.epoch));
        }
        let Some(retry) = self.policy().map(|retry| self.mail.retry(*retry)) else {
            return self.finish(ending);
        };
        let patient = self.hidden || self.offline;
        if self.has_held(now) {
            self.backoff.reset();
        } else if !patient {
            self.backoff.spend();
        }
        // What died in its sleep may be noticed by the browser a moment after the page woke.
        let woke = self.suspected.is_some_and(|at| now.since(at) <= u64::from(GRACE))
            && matches!(self.phase, Phase::Open { .. });
        let window = match (cause, code) {
            (Cause::Wake, _) => Window::None,
            (Cause::Close, ABNORMAL) if woke => Window::None,
            (_, 1012 | 1013) if !self.mail.is_spread() => Window::Restart,
            _ => Window::Plain,
        };
        let last = is_final(code) || self.backoff.is_spent(&retry);
        let mut delay = self.backoff.draw(&retry, window);
        if self.hidden && self.attempt > 1 {
            // Nobody looks, and there may be many such pages.
            delay = delay.saturating_add(retry.cap);
        }
        let drop = Drop { cause, code, attempt: self.attempt, delay, last };
        if matches!(self.config.policy, Policy::Ask(_)) {
            self.enter(Phase::Waiting { until: now + delay, ending, question: Question::New(drop) });
        } else if last {
            self.finish(ending);
        } else {
            self.enter(Phase::Waiting { until: now + delay, ending, question: Question::Settled });
            self.notify(Event::Drop(drop));
        }
    }

    /// The session, if there is one, has no line any more. If it can't do without, what it held comes back.
    pub(super) fn leave(&mut self) {
        self.mail.lose(self.epoch);
        self.return_all();
    }

    /// What has come back is told before what happens next.
    pub(super) fn return_all(&mut self) {
        while let Some((message, fate)) = self.mail.next_returned() {
            self.agenda.push(Output::Return(message, fate));
        }
    }

    /// Whether there was a line, and it held. Without retries each does.
    pub(super) fn has_held(&mut self, now: Millis) -> bool {
        let Phase::Open { since, .. } = self.phase else {
            return false;
        };
        let held = self.policy().is_none_or(|retry| now.since(since) >= u64::from(retry.reset_after));
        if held {
            self.attempt = 1;
        }
        held
    }

    pub(super) fn count(&mut self, cause: Cause) {
        if let Some(count) = self.stats.drops.get_mut(cause as usize) {
            *count += 1;
        }
    }
}

/// The server, or what this end did, makes another try pointless.
/// <https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number>
fn is_final(code: u16) -> bool {
    matches!(code, 1000 | 1002 | 1003 | 1007..=1010 | 4400..=4499)
}
