//! The session's connection: what arrives on it and what is sent on it, how another takes over, and how it is lost.

use core::mem::replace;

use super::Known;
use super::action::{Action, Disconnect, Frame, Inbound, Report};
use super::cause::Cause;
use super::slot::{Attachment, PendingResume, Phase, Probe, Slot};
use super::{DriverTypes, Serve as _, codes};
use crate::session::{Heard, NotResumed, Output, Violation};
use crate::wire::{Control, MAX_COUNT, Terms};
use crate::{Attempt, Millis};

impl<D: DriverTypes> Slot<D> {
    /// The connection of this request takes the session, if what its client knows of it is possible. Otherwise nothing happens
    /// to the session: it stays on the connection that it is on.
    pub(super) fn attach(&mut self, now: Millis, resume: PendingResume<D::Request>) {
        let PendingResume { request, known, terms, .. } = resume;
        let is_attached = self.is_attached();
        match self.resume(now, known, terms) {
            Ok(attempt) => {
                if is_attached {
                    self.report(Report::TakenOver);
                    self.actions.push_back(Action::Disconnect(Disconnect::close(codes::TAKEN_OVER, "taken over")));
                }
                self.actions.push_back(Action::Attach(attempt, request));
                self.acknowledge();
            }
            Err(NotResumed::Lost) => self.actions.push_back(Action::Renew(request)),
            Err(NotResumed::Late) => {
                let disconnect = Disconnect::close(codes::TAKEN_OVER, "taken over");
                self.actions.push_back(Action::Refuse(request, disconnect));
            }
            Err(NotResumed::Past) => {
                let violation = Violation::ResumeOfThePast;
                self.report(Report::Violation(violation));
                self.actions.push_back(Action::Refuse(request, violation.into()));
            }
            Err(NotResumed::Over) => self.late.push(request),
        }
    }

    /// A connection resumes the session, and has this number from now on.
    pub(super) fn resume(&mut self, now: Millis, known: Known, terms: Terms) -> Result<Attempt, NotResumed> {
        let attempt = Attempt(self.attempt.0 + 1);
        self.session.handle_resume(now, attempt, known, terms)?;
        self.attempt = attempt;
        self.refresh = Some(now);
        self.attachment = Attachment::Attached { heard: now, probe: Probe::None };
        self.unpersisted.change.acknowledged = self.session.acknowledged();
        self.report(Report::Resumed);
        Ok(attempt)
    }

    /// The session has no connection any more.
    pub(super) fn detach(&mut self, now: Millis, disconnect: Disconnect) {
        self.session.handle_lost(self.attempt);
        if let Attachment::Attached { .. } = replace(&mut self.attachment, Attachment::Detached { since: now }) {
            self.actions.push_back(Action::Disconnect(disconnect));
            // The session's time to live begins now, in the store as well.
            self.refresh = Some(now);
        }
    }

    pub(super) fn hear(&mut self, now: Millis, attempt: Attempt, inbound: Inbound<D::Message>) {
        if attempt != self.attempt {
            return;
        }
        let Attachment::Attached { heard, probe } = &mut self.attachment else { return };
        *heard = now;
        *probe = Probe::None;
        let result = match inbound {
            Inbound::Alive => return,
            Inbound::Message(message) => self.receive(message).map(|()| Heard::Nothing),
            Inbound::Malformed(malformed) => Err(malformed.into()),
            Inbound::Control(control) => self.session.handle_control(now, attempt, control),
        };
        match result {
            Ok(Heard::Acknowledged) => self.acknowledge(),
            Ok(Heard::Ended) if matches!(self.phase, Phase::Running) => self.phase = Phase::Parting,
            Ok(_) => {}
            Err(violation) => {
                self.report(Report::Violation(violation));
                self.end(now, Cause::Violation, violation.into());
            }
        }
    }

    fn receive(&mut self, message: D::Message) -> Result<(), Violation> {
        let bytes = D::bytes(&message);
        if let Some(number) = self.session.handle_message(self.attempt, bytes)? {
            self.uncommitted.push_back(message.clone());
            self.uncommitted_bytes += bytes;
            // The client keeps the message until it is persisted, so the next handler gets it from one of the two.
            self.unpersisted.change.taken.messages.push(message.clone());
            self.actions.push_back(Action::Receive(number, message));
        }
        Ok(())
    }

    /// Answers the calls whose messages the client has acknowledged.
    fn acknowledge(&mut self) {
        self.outbox_shrinks();
        self.unpersisted.change.acknowledged = self.session.acknowledged();
        let delivered = self.session.delivered();
        while self.deliveries.front().is_some_and(|(id, _)| *id <= delivered) {
            let Some((_, delivery)) = self.deliveries.pop_front() else { break };
            self.actions.push_back(Action::Delivered(delivery, true));
        }
    }

    pub(super) fn next_frame(&mut self, now: Millis) -> Option<Frame<D::Message>> {
        if self.session.is_live()
            && let Attachment::Attached { probe, .. } = &mut self.attachment
            && let Probe::Due(at) = *probe
        {
            *probe = Probe::Sent(at);
            return Some(Frame::Control(Control::Ping(at.0 % MAX_COUNT)));
        }
        if self.ends_next() {
            if let Phase::Closing { since, .. } = &mut self.phase {
                *since = now;
            }
            self.session.end();
        }
        while let Some(output) = self.session.poll() {
            match output {
                Output::Settle(settled) => self.settle(settled),
                Output::Transmit(_, message) => return Some(Frame::Message(message)),
                Output::Control(_, control) => return Some(Frame::Control(control)),
            }
        }
        if self.session.is_over() {
            self.finish(now);
        }
        None
    }

    pub(super) fn probe_is_due(&self) -> bool {
        matches!(self.attachment, Attachment::Attached { probe: Probe::Due(_), .. }) && self.session.is_live()
    }

    /// Whether the app has closed the session and all that it sent before is persisted and sent, or nobody is there to send it to.
    pub(super) fn ends_next(&self) -> bool {
        if self.session.is_ending() || !matches!(self.phase, Phase::Closing { .. }) || !self.is_persisted() {
            return false;
        }
        self.session.is_live() || (!self.is_attached() && self.session.unacknowledged() == 0)
    }

    /// Sends a ping to a client that has been silent for too long, and drops the connection of one that does not answer. A
    /// connection that is not read tells nothing, so it is not probed.
    pub(super) fn check(&mut self, now: Millis) {
        if self.probe_at().is_none_or(|at| now < at) {
            return;
        }
        let Attachment::Attached { probe, .. } = &mut self.attachment else { return };
        if *probe == Probe::None {
            *probe = Probe::Due(now);
        } else {
            self.report(Report::Silent);
            self.detach(now, Disconnect::Silent);
        }
    }

    /// When the client has been silent for too long.
    pub(super) fn probe_at(&self) -> Option<Millis> {
        let Attachment::Attached { heard, probe } = self.attachment else { return None };
        self.has_room().then(|| match probe {
            Probe::None => heard + self.config.idle,
            Probe::Due(at) | Probe::Sent(at) => at + self.config.probe,
        })
    }
}
