//! What a driver in a browser does: tells the protocol what happened, does what it says, and lets the user act whenever
//! the user is told something.

use undrop_proto::{Attempt, Decision, Dropped, MessageId, Millis, SendError, State};

use super::input::{Input, message};
use super::record::Snapshot;
use super::scenario::draw_decision;
use super::silence::LATE;
use super::sockets::Stage;
use super::twins::Output;
use super::world::{Shared, World};
use crate::law::{Law, Verdict};

impl World {
    /// Tells the protocol, and does what it says.
    pub(super) fn tell(&mut self, shared: &mut Shared, input: Input) -> Verdict {
        shared.census.steps += 1;
        let (now, before) = (shared.net.now, self.snapshot());
        let ignored = self.law_against(shared, input, before);
        let due = matches!(input, Input::Timeout) && before.timeout.is_some_and(|at| at.0 <= now);
        let copy = (ignored.is_some() || due).then(|| self.subject.clone());
        let late = due && before.timeout.is_some_and(|at| now - at.0 > LATE);
        shared.census.late_timers += u64::from(late);
        self.timing = matches!(input, Input::Timeout);
        if ignored.is_none() {
            self.sockets.heard(input);
        }
        shared.say(|| {
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
        if let Input::Send(message) | Input::SendText(message) = input {
            self.sent(shared, message, before.state, answer)?;
        }
        let after = self.snapshot();
        if let Input::Decision(attempt, decision) = input {
            shared.record.decision(now, attempt, decision, after.state, &mut shared.census)?;
        }
        shared.record.told(now, input, before, after, &mut shared.census)?;
        self.count(shared, input, before, after);
        self.drain(shared)?;
        if self.depth == 0 {
            self.acts_left = 6;
            self.settle(shared)?;
        }
        Ok(())
    }

    /// Mutate, then drain: also from inside an event, so that the user's calls take effect in their order.
    pub(super) fn drain(&mut self, shared: &mut Shared) -> Verdict {
        while let Some(output) = self.subject.poll() {
            self.depth += 1;
            self.carry_out(shared, output)?;
            self.depth -= 1;
        }
        Law::I4.holds(self.subject.is_drained(), || "it is drained, and is not".to_owned())
    }

    fn carry_out(&mut self, shared: &mut Shared, output: Output) -> Verdict {
        shared.say(|| format!("    {output:?}"));
        match output {
            Output::Connect(attempt) => {
                Law::I1.holds(self.sockets.live().is_none(), || {
                    format!("{attempt:?} was connected while {:?} lives", self.sockets.live())
                })?;
                Law::I1.holds(!self.sockets.past.contains(&attempt), || format!("{attempt:?} was connected twice"))?;
                shared.record.connects(shared.net.now, attempt, &mut shared.census)?;
                if !self.sockets.connect(&mut shared.net, attempt) {
                    self.tell(shared, Input::NoUrl(attempt))?;
                }
                Ok(())
            }
            Output::Abandon(attempt) => {
                let known = self.sockets.live().or(self.sockets.without_url);
                Law::I1.holds(known == Some(attempt), || {
                    format!("{attempt:?} was abandoned while {:?} lives", self.sockets.live())
                })?;
                self.sockets.abandon(&mut shared.net);
                Ok(())
            }
            Output::Authenticate(attempt) => {
                Law::I1.holds(self.sockets.live() == Some(attempt), || {
                    format!("the user authenticates on {attempt:?} while {:?} lives", self.sockets.live())
                })?;
                self.authenticate(shared);
                Ok(())
            }
            Output::Transmit(message) => {
                self.is_ready(shared)?;
                self.sockets.serve_echo(&mut shared.net);
                shared.record.messages.transmits(shared.net.now, message, &mut shared.census)
            }
            Output::Ping => {
                self.is_ready(shared)?;
                self.sockets.serve_pong(&mut shared.net);
                shared.record.silence.asked(shared.net.now, self.timing, &mut shared.census)
            }
            Output::Decide(attempt, drop) => self.answer(shared, attempt, drop),
            Output::Notify(event) => {
                let state = self.subject.state();
                shared.record.event(event, state, &mut shared.census)?;
                self.act_in_event(shared)
            }
            Output::Session(action) => match action {},
            Output::Settle(settled) => {
                shared.record.messages.settles(shared.net.now, settled, &mut shared.census)?;
                self.act_in_event(shared)
            }
        }
    }

    /// Whether something may be handed to the socket.
    fn is_ready(&self, shared: &Shared) -> Verdict {
        let stage = self.sockets.stage();
        Law::I6.holds(stage == Some(Stage::Open), || format!("something is handed to a socket that is {stage:?}"))?;
        Law::I6.holds(!shared.record.authenticating, || "something left before the user had authenticated".to_owned())
    }

    /// The user sends something, and the server answers, or does not.
    fn authenticate(&mut self, shared: &mut Shared) {
        shared.census.authentications += 1;
        if shared.is_calm() {
            return self.sockets.serve(&mut shared.net, 0, Input::Authenticated);
        }
        let span = u64::from(shared.net.random.below(2_000));
        match shared.net.random.below(6) {
            0..=3 => self.sockets.serve(&mut shared.net, span, Input::Authenticated),
            4 => self.sockets.serve(&mut shared.net, span, Input::Unauthenticated),
            _ => {}
        }
    }

    /// The user says what to make of a loss, and may do anything before.
    fn answer(&mut self, shared: &mut Shared, attempt: Attempt, drop: Dropped) -> Verdict {
        shared.record.asks(attempt, drop)?;
        self.act_in_event(shared)?;
        let decision = if shared.is_calm() { Decision::Default } else { draw_decision(&mut shared.net.random) };
        shared.census.decisions += 1;
        self.tell(shared, Input::Decision(attempt, decision))
    }

    /// The user acts from inside an event.
    fn act_in_event(&mut self, shared: &mut Shared) -> Verdict {
        let acts_in_events = shared.setup.acts_in_events;
        if acts_in_events == 0 || shared.is_calm() || self.acts_left == 0 || !shared.net.random.one_in(acts_in_events) {
            return Ok(());
        }
        self.acts_left -= 1;
        shared.census.acted_in_events += 1;
        match shared.net.random.below(13) {
            0..=6 => self.send(shared, 9),
            7..=8 => self.close_socket(shared),
            9..=10 => self.tell(shared, Input::Reconnect),
            11 => self.tell(shared, Input::Decision(self.sockets.oldest(), Decision::Retry)),
            _ => self.tell(shared, Input::GiveUp),
        }
    }

    pub(super) fn send(&mut self, shared: &mut Shared, size: u64) -> Verdict {
        if shared.setup.bypasses && self.subject.is_writable() {
            if let Some(attempt) = self.sockets.live().filter(|_| self.sockets.is_ending(&shared.net, shared.net.now)) {
                shared.census.endings += 1;
                self.tell(shared, Input::Ending(attempt))?;
            }
            if self.subject.is_writable() {
                return self.bypass(shared, size);
            }
        }
        self.last_message += 1;
        let message = message(self.last_message, size);
        self.tell(shared, if shared.setup.texts { Input::SendText(message) } else { Input::Send(message) })
    }

    /// Past the protocol, to the socket.
    fn bypass(&mut self, shared: &mut Shared, bytes: u64) -> Verdict {
        if self.sockets.stage() == Some(Stage::Open) {
            shared.census.bypassed += 1;
            self.sockets.serve_echo(&mut shared.net);
            shared.record.messages.bypassed(bytes);
            return self.tell(shared, Input::Sent(bytes));
        }
        // Without retries the socket itself says what becomes of a message, as ever.
        Law::I6.holds(shared.record.retry().is_none(), || {
            format!("a message may go to a socket that is {:?}", self.sockets.stage())
        })
    }

    pub(super) fn close_socket(&mut self, shared: &mut Shared) -> Verdict {
        shared.census.user_closes += 1;
        if matches!(self.sockets.stage(), None | Some(Stage::FindingUrl)) {
            return self.tell(shared, Input::CloseUnanswered);
        }
        self.sockets.close(&mut shared.net);
        self.tell(shared, Input::Close)
    }

    /// The law by which this must change nothing, if there is one.
    fn law_against(&mut self, shared: &mut Shared, input: Input, before: Snapshot) -> Option<Law> {
        let down = matches!(before.state, State::Waiting | State::Offline);
        let over = matches!(before.state, State::Closing | State::Closed);
        let stale = input.attempt().is_some_and(|attempt| self.sockets.live() != Some(attempt));
        match input {
            _ if stale => {
                shared.census.stale += 1;
                shared.census.stale_of_now += u64::from(input.attempt() == Some(self.subject.attempt()));
                Some(Law::I1)
            }
            Input::Close | Input::CloseUnanswered if over => Some(Law::I2),
            Input::GiveUp if !down => Some(Law::I3),
            Input::Decision(attempt, _) if !shared.record.awaits_decision(attempt) => {
                shared.census.stray_decisions += 1;
                Some(Law::I3)
            }
            Input::Timeout if before.timeout.is_none_or(|at| at.0 > shared.net.now) => {
                shared.census.stray_timers += 1;
                Some(Law::I8)
            }
            _ => None,
        }
    }

    fn sent(
        &mut self,
        shared: &mut Shared,
        message: u64,
        state: State,
        answer: Result<Option<MessageId>, SendError>,
    ) -> Verdict {
        let fits = shared.record.messages.fits(shared.net.now, message);
        match answer {
            Ok(id) => {
                shared.census.accepted += 1;
                shared.census.texts += u64::from(shared.setup.texts);
                let open = state == State::Open && !shared.record.messages.ending;
                shared.record.messages.accepted(shared.net.now, id, message, open)?;
                Law::I7.holds(open || fits, || "a message was taken that doesn't fit".to_owned())
            }
            Err(refusal) => {
                match refusal {
                    SendError::Full => shared.census.refused_full += 1,
                    SendError::Closed => shared.census.refused_closed += 1,
                    SendError::NotOpen => shared.census.refused_not_open += 1,
                    // Only the server of a session says how much it accepts.
                    SendError::TooLarge { .. } => {}
                }
                shared.record.answered(state, refusal, fits)
            }
        }
    }

    fn count(&self, shared: &mut Shared, input: Input, before: Snapshot, after: Snapshot) {
        let opens = before.state != State::Open && after.state == State::Open;
        let recovers = opens && shared.is_calm() && !self.is_revived;
        let census = &mut shared.census;
        census.dropped(&before.stats, &after.stats);
        census.recovered += u64::from(recovers);
        match input {
            Input::Reconnect => {
                census.reconnects += 1;
                census.revivals += u64::from(before.state == State::Closed);
            }
            Input::GiveUp => census.gave_up += 1,
            _ => {}
        }
    }
}
