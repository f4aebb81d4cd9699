//! From a dial to the line.

use super::Connection;
use super::losing::ABNORMAL;
use super::phase::{Ending, Phase, Question};
use crate::core::patience::Patience;
use crate::core::pulse::Pulse;
use crate::core::{Cause, Drop, Epoch, Event, Millis, Output};

impl<M: Clone> Connection<M> {
    /// Dial now, whatever the line is doing, also after the end. A dial that is under way goes on.
    pub fn reconnect(&mut self, now: Millis) {
        self.backoff.reset();
        match self.phase {
            Phase::Dialing { .. } => return,
            // The loss that the user was asked about is told like any other.
            Phase::Waiting { question: Question::New(drop) | Question::Asked(drop), .. } => {
                self.notify(Event::Drop(Drop { delay: 0, last: false, ..drop }))
            }
            Phase::Waiting { .. } => {}
            Phase::Closing { .. } => {
                self.agenda.push(Output::HangUp(self.epoch));
                self.attempt = 0;
            }
            Phase::Leaving { .. } | Phase::Closed => self.attempt = 0,
            Phase::Open { .. } => {
                self.has_held(now);
                self.count(Cause::Reconnect);
                self.agenda.push(Output::HangUp(self.epoch));
                self.notify(Event::Drop(Drop {
                    cause: Cause::Reconnect,
                    code: ABNORMAL,
                    attempt: self.attempt,
                    delay: 0,
                    last: false,
                }));
            }
        }
        self.dial(now);
    }

    /// The handshake of this dial succeeded. With a session the line stands when the other end has answered.
    pub fn handle_opened(&mut self, now: Millis, epoch: Epoch) {
        if epoch == self.epoch && matches!(self.phase, Phase::Dialing { .. }) && !self.mail.greets(epoch) {
            self.stand(now, Event::Open);
        }
    }

    pub(super) fn stand(&mut self, now: Millis, event: Event) {
        self.stats.opens += 1;
        let pulse = self.config.heartbeat.map(|heartbeat| Pulse::new(heartbeat, now));
        self.enter(Phase::Open { since: now, pulse, ending: false });
        self.return_expired(now);
        self.notify(event);
    }

    /// There was no URL for this dial.
    pub fn handle_no_url(&mut self, now: Millis, epoch: Epoch) {
        if epoch == self.epoch && matches!(self.phase, Phase::Dialing { .. }) {
            self.lose(now, Cause::Url, ABNORMAL, Ending::Broken);
        }
    }

    pub(super) fn dial(&mut self, now: Millis) {
        self.leave();
        self.mail.begin();
        self.epoch = Epoch(self.epoch.0.wrapping_add(1));
        self.attempt = self.attempt.saturating_add(1);
        self.stats.dials += 1;
        self.dialed = now;
        self.error_told = false;
        let patience = self.policy().map(|_| Patience::until(now + self.config.connect_timeout));
        self.enter(Phase::Dialing { patience });
        self.agenda.push(Output::Dial(self.epoch));
    }
}
