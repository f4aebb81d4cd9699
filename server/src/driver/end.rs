//! How a session ends on this node: for good, for now, or because it has long been elsewhere.

use std::mem::{replace, take};
use std::task::{Context, Poll};

use tracing::{debug, info, warn};
use undrop::core::Millis;
use undrop::core::session::Output;

use super::books::{NotOurs, remove};
use super::{Commit, Driver, Link, Phase, Waiting};
use crate::config::millis;
use crate::line::Loss;
use crate::mailbox::Held;
use crate::metrics::add;
use crate::session::{Cause, Ending, NotCommitted};
use crate::{Message, codes};

impl Driver {
    /// The core is over: why, and what that means for the line.
    pub(super) fn settle(&mut self) -> bool {
        match &mut self.phase {
            Phase::Closing { code, reason, .. } => {
                let loss = Loss::Close(*code, take(reason));
                self.end(Cause::App, loss);
            }
            // Who asked first closes the line.
            Phase::Parting => self.end(Cause::Client, Loss::Gone),
            Phase::Running => self.end(Cause::Violation, Loss::Gone),
            Phase::Removing { .. } | Phase::Leaving { .. } | Phase::Over { .. } => return false,
        }
        true
    }

    /// It is over, here and everywhere, if it is this node's.
    pub(super) fn end(&mut self, cause: Cause, loss: Loss) {
        if matches!(self.phase, Phase::Removing { .. } | Phase::Over { .. }) {
            return;
        }
        debug!(?cause, "ended");
        let work = Box::pin(remove(self.house.clone(), self.id, self.fence));
        let commits = self.clear(loss).into_iter().map(|done| (done, Ok(()))).collect();
        self.phase = Phase::Removing { cause, work, commits };
    }

    /// Says so, now that the store has.
    fn ended(&mut self, cause: Cause) {
        let commits = self.go_over(cause);
        let undelivered = take(&mut self.undelivered);
        self.say_how_it_ended(cause, undelivered);
        for (done, answer) in commits {
            let _ = done.send(answer);
        }
        self.vacate();
    }

    /// Returns the commits that waited for the store to forget the session.
    fn go_over(&mut self, cause: Cause) -> Vec<(Commit, Result<(), NotCommitted>)> {
        match replace(&mut self.phase, Phase::Over { cause }) {
            Phase::Removing { commits, .. } => commits,
            _ => Vec::new(),
        }
    }

    /// It goes on, but not with this handler.
    pub(super) fn leave(&mut self, now: Millis, cause: Cause, loss: Loss) {
        if self.core.is_ending() {
            self.core.break_off();
            self.settle();
        }
        if !matches!(self.phase, Phase::Running | Phase::Closing { .. } | Phase::Parting) {
            return;
        }
        self.phase = Phase::Leaving { cause, until: now + millis(self.house.config.grace) };
        self.lose(now, loss);
        self.say_how_it_ended(cause, Vec::new());
    }

    /// It goes on elsewhere.
    pub(super) fn move_out(&mut self) {
        info!("the session is not this node's any more");
        add(&self.house.metrics.fenced, 1);
        let pending = self.clear(Loss::close(codes::TAKEN_OVER, "taken over"));
        let waited = self.go_over(Cause::Moved).into_iter().map(|(done, _)| done);
        self.undelivered.clear();
        self.say_how_it_ended(Cause::Moved, Vec::new());
        for done in pending.into_iter().chain(waited) {
            let _ = done.send(Err(NotCommitted::Moved));
        }
        self.vacate();
    }

    /// Lets go of all there is, and returns the commits that have to be answered when it is known whose the session is.
    #[must_use]
    fn clear(&mut self, loss: Loss) -> Vec<Commit> {
        self.core.break_off();
        while let Some(output) = self.core.poll() {
            if let Output::Return(returned) = output {
                self.undelivered.push(returned.message);
            }
        }
        if let Link::Up(up) = replace(&mut self.link, Link::Down { since: Millis(0) }) {
            self.part(up.line, loss);
        }
        let news = take(&mut self.news);
        let mut waiting = Waiting::default();
        if let Some(storing) = self.storing.take() {
            self.undelivered.extend(storing.change.sent.messages.iter().cloned());
            waiting = storing.waiting;
        }
        self.undelivered.extend(news.change.sent.messages);
        let callers = waiting.callers.into_iter().chain(news.waiting.callers);
        self.late.extend(callers.map(|caller| caller.arrival));
        self.deliveries.clear();
        self.unstored = Held::default();
        self.tell_what_is_held();
        waiting.commits.into_iter().chain(news.waiting.commits).collect()
    }

    fn say_how_it_ended(&mut self, cause: Cause, undelivered: Vec<Message>) {
        add(&self.house.metrics.ended[cause as usize], 1);
        self.seat.mailbox().end(Ending { cause, undelivered });
        self.handler_is_due = true;
    }

    /// Whoever asks for the session now does so elsewhere.
    pub(super) fn vacate(&mut self) {
        let storing = self.storing.take().map(|storing| storing.waiting.callers).unwrap_or_default();
        let callers = storing.into_iter().chain(take(&mut self.news.waiting.callers)).map(|caller| caller.arrival);
        let came_too_late = self.seat.give_up();
        for late in take(&mut self.late).into_iter().chain(callers).chain(came_too_late) {
            self.house.clone().reseat(late);
        }
    }

    pub(super) fn wind_up(&mut self, context: &mut Context<'_>, now: Millis) -> bool {
        if self.patience.is_some_and(|until| until <= now) && self.handler.take().is_some() {
            warn!("the handler did not finish in time");
            return true;
        }
        match &mut self.phase {
            Phase::Removing { cause, work, .. } => {
                let cause = *cause;
                match work.as_mut().poll(context) {
                    Poll::Pending => return false,
                    Poll::Ready(Ok(())) => self.ended(cause),
                    Poll::Ready(Err(NotOurs)) => self.move_out(),
                }
                return true;
            }
            Phase::Leaving { cause, until } => {
                let cause = *cause;
                // A store that does not answer is not waited for any longer than a handler.
                let until = *until + millis(self.house.config.farewell);
                if now < until && !(self.handler.is_none() && self.is_stored()) {
                    return false;
                }
                self.phase = Phase::Over { cause };
            }
            _ => return false,
        }
        self.vacate();
        true
    }
}
