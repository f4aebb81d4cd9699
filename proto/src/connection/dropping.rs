//! The one way in which an attempt or an open connection drops.

use super::phase::{Ending, Phase, Plan};
use super::{Connection, Delivery};
use crate::backoff::Window;
use crate::close::{self, ABNORMAL};
use crate::deadline::GRACE;
use crate::{Attempt, Cause, Dropped, Millis, Output, Policy};

impl<M: Clone, D: Delivery<M>> Connection<M, D> {
    /// The native socket of this attempt closed, or could not be opened.
    pub fn handle_closed(&mut self, now: Millis, attempt: Attempt, code: u16, clean: bool) {
        if attempt != self.attempt {
            return;
        }
        // Under `Policy::Never` the native socket reports an error itself, to `handle_error`.
        let ending = if clean || self.retry().is_none() { Ending::Clean } else { Ending::Broken };
        match self.phase {
            Phase::Connecting { .. } | Phase::Authenticating { .. } | Phase::Open { .. } => {
                self.drop_connection(now, Cause::Close, code, ending);
            }
            Phase::Closing { .. } => self.finish(ending),
            Phase::Waiting { .. } | Phase::ClosingWithoutSocket { .. } | Phase::Closed => {}
        }
    }

    /// The one way in which an attempt or an open connection drops.
    pub(super) fn drop_connection(&mut self, now: Millis, cause: Cause, code: u16, ending: Ending) {
        self.count(cause);
        self.detach();
        if !matches!(cause, Cause::Close | Cause::Url) {
            self.actions.push(Output::Abandon(self.attempt));
        }
        // Without reconnecting a native socket that closes has told all there is to tell.
        self.last_cause = (cause != Cause::Close || self.retry().is_some()).then_some(cause);
        let Some(retry) = self.retry().copied() else {
            return self.finish(ending);
        };
        let page_is_away = self.hidden || self.offline;
        if self.has_lasted(now) {
            self.backoff.reset();
        } else if !page_is_away {
            self.backoff.spend();
        }
        // The browser may report the end of a connection that died during a sleep only after the page woke.
        let woke = self.suspected.is_some_and(|at| now.since(at) <= u64::from(GRACE))
            && matches!(self.phase, Phase::Open { .. });
        let window = match (cause, code, self.delivery.spread()) {
            (Cause::Wake, ..) => Window::None,
            (Cause::Close, ABNORMAL, _) if woke => Window::None,
            (_, close::RESTART | close::TRY_AGAIN_LATER, None) => Window::Restart,
            (.., spread) => Window::Plain(spread.unwrap_or(0)),
        };
        let last = close::is_final(code) || self.backoff.is_spent(&retry);
        let has_failed = self.backoff.has_failed();
        let mut delay = self.backoff.draw(&retry, window);
        if self.hidden && has_failed {
            // The user does not see the page, and there may be many such pages.
            delay = delay.saturating_add(retry.cap);
        }
        let dropped = Dropped { cause, code, attempt: self.backoff.next_try(&retry), delay, last };
        if matches!(self.config.policy, Policy::Ask(_)) {
            self.enter(Phase::Waiting { until: now + delay, ending, plan: Plan::Undecided(dropped) });
        } else if last {
            self.finish(ending);
        } else {
            self.enter(Phase::Waiting { until: now + delay, ending, plan: Plan::Backoff });
            self.wait(dropped);
        }
    }

    /// The session, if there is one, has no connection any more.
    pub(super) fn detach(&mut self) {
        self.delivery.detach(self.attempt);
        self.settle_all();
    }

    /// Whether the connection was open for long enough, or has resumed a session and brought it on. Without reconnecting
    /// each has lasted.
    fn has_lasted(&self, now: Millis) -> bool {
        let Phase::Open { since, .. } = self.phase else {
            return false;
        };
        let is_old = self.retry().is_none_or(|retry| now.since(since) >= u64::from(retry.reset_after));
        is_old || self.delivery.has_progressed()
    }

    pub(super) fn count(&mut self, cause: Cause) {
        if let Some(count) = self.stats.drops.get_mut(cause as usize) {
            *count += 1;
        }
    }
}
