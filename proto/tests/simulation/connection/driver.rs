//! What a driver in a browser does: tells the protocol what happened, does what it says, and lets the user act whenever
//! the user is told something.

use undrop_proto::{Attempt, Decision, Dropped, MessageId, Millis, SendError, State};

use super::input::{Input, bytes_of_text, message};
use super::messages::Size;
use super::record::Snapshot;
use super::scenario::Action;
use super::silence::LATE;
use super::sockets::Stage;
use super::twins::Output;
use super::world::World;
use crate::law::{Law, Verdict};

impl World {
    /// Tells the protocol, and does what it says.
    pub(super) fn tell(&mut self, input: Input) -> Verdict {
        self.census.steps += 1;
        let (now, before) = (self.sockets.now(), self.snapshot());
        let ignored = self.law_against(input, before);
        let due = matches!(input, Input::Timeout) && before.timeout.is_some_and(|at| at.0 <= now);
        let copy = (ignored.is_some() || due).then(|| self.subject.clone());
        let late = due && before.timeout.is_some_and(|at| now - at.0 > LATE);
        self.census.late_timers += u64::from(late);
        self.timing = matches!(input, Input::Timeout);
        if ignored.is_none() {
            self.sockets.heard(input);
        }
        self.say(|| {
            format!("  {input:?} while {:?}{}", before.state, if ignored.is_some() { ", ignored" } else { "" })
        });
        let answer = self.subject.tell(Millis(now), input);
        match (ignored, copy) {
            (Some(law), Some(copy)) => {
                return law.holds(copy == self.subject, || format!("{input:?} should change nothing"));
            }
            (None, Some(copy)) => {
                Law::I4.holds(copy != self.subject, || "a timer that was due did nothing".to_owned())?;
            }
            _ => {}
        }
        match input {
            Input::Send(message, bytes) => self.sent(message, Size { nominal: bytes, bytes }, before.state, answer)?,
            Input::SendText(message, units) => {
                let bytes = bytes_of_text(&message);
                self.sent(message, Size { nominal: units, bytes }, before.state, answer)?;
            }
            _ => {}
        }
        let after = self.snapshot();
        if let Input::Decision(attempt, decision) = input {
            self.record.decision(now, attempt, decision, after.state, &mut self.census)?;
        }
        self.record.told(now, input, before, after, &mut self.census)?;
        self.count(input, before.state);
        self.drain()?;
        if self.depth == 0 {
            self.acts_left = 6;
            self.settle()?;
        }
        Ok(())
    }

    /// Mutate, then drain: also from inside an event, so that the user's calls take effect in their order.
    pub(super) fn drain(&mut self) -> Verdict {
        while let Some(output) = self.subject.poll() {
            self.depth += 1;
            self.carry_out(output)?;
            self.depth -= 1;
        }
        Law::I4.holds(self.subject.is_drained(), || "it is drained, and is not".to_owned())
    }

    fn carry_out(&mut self, output: Output) -> Verdict {
        self.say(|| format!("    {output:?}"));
        match output {
            Output::Connect(attempt) => {
                Law::I1.holds(self.sockets.live().is_none(), || {
                    format!("{attempt:?} was connected while {:?} lives", self.sockets.live())
                })?;
                Law::I1
                    .holds(!self.sockets.past().contains(&attempt), || format!("{attempt:?} was connected twice"))?;
                self.record.connects(self.sockets.now(), attempt, &mut self.census)?;
                if !self.sockets.connect(attempt) {
                    self.tell(Input::NoUrl(attempt))?;
                }
                Ok(())
            }
            Output::Abandon(attempt) => {
                let known = self.sockets.live().or(self.sockets.without_url);
                Law::I1.holds(known == Some(attempt), || {
                    format!("{attempt:?} was abandoned while {:?} lives", self.sockets.live())
                })?;
                self.sockets.abandon();
                Ok(())
            }
            Output::Authenticate(attempt) => {
                Law::I1.holds(self.sockets.live() == Some(attempt), || {
                    format!("the user authenticates on {attempt:?} while {:?} lives", self.sockets.live())
                })?;
                self.authenticate();
                Ok(())
            }
            Output::Transmit(message) => {
                Law::I6.holds(!self.record.authenticating, || {
                    format!("message {message} left before the user had authenticated")
                })?;
                Law::I6.holds(self.sockets.stage() == Some(Stage::Open), || {
                    format!("message {message} was handed to a socket that is {:?}", self.sockets.stage())
                })?;
                self.sockets.serve_echo();
                self.record.messages.transmits(self.sockets.now(), message, &mut self.census)
            }
            Output::Ping => {
                Law::I6
                    .holds(!self.record.authenticating, || "a heartbeat before the user had authenticated".into())?;
                Law::I6.holds(self.sockets.stage() == Some(Stage::Open), || {
                    format!("a heartbeat for a socket that is {:?}", self.sockets.stage())
                })?;
                self.record.silence.asked(self.sockets.now(), self.timing, &mut self.census)?;
                self.sockets.serve_pong();
                Ok(())
            }
            Output::Decide(attempt, drop) => self.answer(attempt, drop),
            Output::Notify(event) => {
                let state = self.subject.state();
                self.record.event(event, state, &mut self.census)?;
                self.act_in_event()
            }
            Output::Session(action) => match action {},
            Output::Settle(settled) => {
                self.record.messages.settles(self.sockets.now(), settled, &mut self.census)?;
                self.act_in_event()
            }
        }
    }

    /// The user sends something, and the server answers, or does not.
    fn authenticate(&mut self) {
        self.census.authentications += 1;
        if self.calm {
            return self.sockets.serve(0, Input::Authenticated);
        }
        let span = u64::from(self.sockets.random().below(2_000));
        match self.sockets.random().below(6) {
            0..=3 => self.sockets.serve(span, Input::Authenticated),
            4 => self.sockets.serve(span, Input::Unauthenticated),
            _ => {}
        }
    }

    /// The user says what to make of a loss, and may do anything before.
    fn answer(&mut self, attempt: Attempt, drop: Dropped) -> Verdict {
        self.record.asks(attempt, drop)?;
        self.act_in_event()?;
        let decision = if self.calm {
            Decision::Default
        } else {
            let (kind, delay) = (self.sockets.random().below(6), self.sockets.random().below(8_000));
            Action::decision(kind, delay)
        };
        self.census.decisions += 1;
        self.tell(Input::Decision(attempt, decision))
    }

    /// The user acts from inside an event.
    fn act_in_event(&mut self) -> Verdict {
        let acts_in_events = self.setup.acts_in_events;
        if acts_in_events == 0 || self.calm || self.acts_left == 0 || !self.sockets.random().one_in(acts_in_events) {
            return Ok(());
        }
        self.acts_left -= 1;
        self.census.acted_in_events += 1;
        match self.sockets.random().below(13) {
            0..=6 => self.send(9),
            7..=8 => self.close(),
            9..=10 => self.tell(Input::Reconnect),
            11 => self.tell(Input::Decision(self.sockets.oldest(), Decision::Retry)),
            _ => self.tell(Input::GiveUp),
        }
    }

    pub(super) fn send(&mut self, size: u64) -> Verdict {
        if self.setup.bypasses && self.subject.is_writable() {
            if let Some(attempt) = self.sockets.live().filter(|_| self.sockets.is_ending()) {
                self.census.endings += 1;
                self.tell(Input::Ending(attempt))?;
            }
            if self.subject.is_writable() {
                return self.bypass(size);
            }
        }
        self.last_message += 1;
        let message = message(self.last_message, size);
        self.tell(if self.setup.texts { Input::SendText(message, size) } else { Input::Send(message, size) })
    }

    /// Past the protocol, to the socket.
    fn bypass(&mut self, bytes: u64) -> Verdict {
        if self.sockets.stage() == Some(Stage::Open) {
            self.census.bypassed += 1;
            self.sockets.serve_echo();
            self.record.messages.bypassed(bytes);
            return self.tell(Input::Sent(bytes));
        }
        // Without retries the socket itself says what becomes of a message, as ever.
        Law::I6.holds(self.record.retry().is_none(), || {
            format!("a message may go to a socket that is {:?}", self.sockets.stage())
        })
    }

    pub(super) fn close(&mut self) -> Verdict {
        self.census.user_closes += 1;
        if matches!(self.sockets.stage(), None | Some(Stage::FindingUrl)) {
            return self.tell(Input::CloseUnanswered);
        }
        self.sockets.close();
        self.tell(Input::Close)
    }

    /// The law by which this must change nothing, if there is one.
    fn law_against(&mut self, input: Input, before: Snapshot) -> Option<Law> {
        let down = matches!(before.state, State::Waiting | State::Offline);
        let over = matches!(before.state, State::Closing | State::Closed);
        let stale = input.attempt().is_some_and(|attempt| self.sockets.live() != Some(attempt));
        match input {
            _ if stale => {
                self.census.stale += 1;
                self.census.stale_of_now += u64::from(input.attempt() == Some(self.subject.attempt()));
                Some(Law::I1)
            }
            Input::Close | Input::CloseUnanswered if over => Some(Law::I2),
            Input::GiveUp if !down => Some(Law::I3),
            Input::Decision(attempt, _) if !self.record.awaits_decision(attempt) => {
                self.census.stray_decisions += 1;
                Some(Law::I3)
            }
            Input::Timeout if before.timeout.is_none_or(|at| at.0 > self.sockets.now()) => {
                self.census.stray_timers += 1;
                Some(Law::I8)
            }
            _ => None,
        }
    }

    fn sent(
        &mut self,
        message: u64,
        size: Size,
        state: State,
        answer: Result<Option<MessageId>, SendError>,
    ) -> Verdict {
        let fits = self.record.messages.fits(self.sockets.now(), size.bytes);
        match answer {
            Ok(id) => {
                self.census.accepted += 1;
                self.census.texts += u64::from(self.setup.texts);
                let open = state == State::Open && !self.record.messages.ending;
                self.record.messages.accepted(self.sockets.now(), id, message, size, open)?;
                Law::I7.holds(open || fits, || "a message was taken that doesn't fit".to_owned())
            }
            Err(refusal) => {
                match refusal {
                    SendError::Full => self.census.refused_full += 1,
                    SendError::Closed => self.census.refused_closed += 1,
                    SendError::NotOpen => self.census.refused_not_open += 1,
                    // Only the server of a session says how much it accepts.
                    SendError::TooLarge { .. } => {}
                }
                self.record.answered(state, refusal, fits)
            }
        }
    }

    fn count(&mut self, input: Input, state: State) {
        match input {
            Input::Reconnect => {
                self.census.reconnects += 1;
                self.census.revivals += u64::from(state == State::Closed);
            }
            Input::GiveUp => self.census.gave_up += 1,
            _ => {}
        }
    }
}
