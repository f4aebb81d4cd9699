//! What a driver in a browser does: tells the core what happened, does what it says, and lets the user act whenever
//! the user is told something.

use undrop::core::{Drop, Epoch, Millis, Output, Refusal, State, Verdict};

use super::book::Before;
use super::law::{Law, Outcome};
use super::network::Stage;
use super::scenario::Action;
use super::silence::LATE;
use super::subject::{Input, Subject};
use super::world::World;

impl<S: Subject> World<S> {
    /// Tells the core, and does what it says.
    pub(super) fn tell(&mut self, input: Input) -> Outcome {
        self.census.steps += 1;
        let (now, before) = (self.now, self.snapshot());
        let ignored = self.law_against(input, before);
        let due = matches!(input, Input::Timeout) && before.timeout.is_some_and(|at| at.0 <= now);
        let copy = (ignored.is_some() || due).then(|| self.core.clone());
        let late = due && before.timeout.is_some_and(|at| now - at.0 > LATE);
        self.census.late_timers += u64::from(late);
        self.timing = matches!(input, Input::Timeout);
        if ignored.is_none() {
            self.net.heard(input);
        }
        self.say(|| {
            format!("  {input:?} while {:?}{}", before.state, if ignored.is_some() { ", ignored" } else { "" })
        });
        let answer = self.core.tell(Millis(now), input);
        if let (Input::Verdict(epoch, verdict), None) = (input, ignored) {
            self.book.verdict(now, epoch, verdict);
        }
        match (ignored, copy) {
            (Some(law), Some(copy)) => {
                return law.holds(copy == self.core, || format!("{input:?} should change nothing"));
            }
            (None, Some(copy)) => {
                Law::I4.holds(copy != self.core, || "a timer that was due did nothing".to_owned())?;
            }
            _ => {}
        }
        if let Input::Send(message, bytes) = input {
            self.sent(message, bytes, before.state, answer)?;
        }
        let after = self.snapshot();
        self.book.told(now, input, before, after, &mut self.census)?;
        self.count(input, before.state);
        self.drain()?;
        if self.depth == 0 {
            self.patience = 6;
            self.settle()?;
        }
        Ok(())
    }

    /// Mutate, then drain: also from inside an event, so that the user's calls take effect in their order.
    pub(super) fn drain(&mut self) -> Outcome {
        while let Some(output) = self.core.poll() {
            self.depth += 1;
            self.carry_out(output)?;
            self.depth -= 1;
        }
        Law::I4.holds(self.core.is_drained(), || "it is drained, and is not".to_owned())
    }

    fn carry_out(&mut self, output: Output<u64>) -> Outcome {
        self.say(|| format!("    {output:?}"));
        match output {
            Output::Dial(epoch) => {
                Law::I1.holds(self.net.live().is_none(), || {
                    format!("{epoch:?} was dialled while {:?} lives", self.net.live())
                })?;
                Law::I1.holds(!self.net.graves().contains(&epoch), || format!("{epoch:?} was dialled twice"))?;
                self.book.dial(self.now, epoch, &mut self.census)?;
                if !self.net.dial(self.now, epoch, &mut self.random) {
                    self.tell(Input::NoUrl(epoch))?;
                }
                Ok(())
            }
            Output::HangUp(epoch) => {
                let known = self.net.live().or(self.net.unfound);
                Law::I1.holds(known == Some(epoch), || {
                    format!("{epoch:?} was hung up while {:?} lives", self.net.live())
                })?;
                self.net.hang_up(self.now, &mut self.random);
                Ok(())
            }
            Output::Transmit(message) => {
                Law::I6.holds(self.net.stage() == Some(Stage::Open), || {
                    format!("message {message} was handed to a socket that is {:?}", self.net.stage())
                })?;
                self.net.serve_echo(self.now, &mut self.random);
                self.book.mail.transmitted(self.now, message, &mut self.census)
            }
            Output::Ping => {
                Law::I6.holds(self.net.stage() == Some(Stage::Open), || {
                    format!("a heartbeat for a socket that is {:?}", self.net.stage())
                })?;
                self.book.silence.asked(self.now, self.timing, &mut self.census)?;
                self.net.serve_ping(self.now);
                Ok(())
            }
            Output::Consult(epoch, drop) => self.answer(epoch, drop),
            Output::Notify(event) => {
                let state = self.core.state();
                self.book.event(event, state, &mut self.census)?;
                self.meddle()
            }
            Output::Session(deed) => Law::I6.broken(format!("{deed:?} for a session that there is not")),
            Output::Return(message, fate) => {
                self.book.mail.returned(self.now, message, fate, &mut self.census)?;
                self.meddle()
            }
        }
    }

    /// The user says what to make of a loss, and may do anything before.
    fn answer(&mut self, epoch: Epoch, drop: Drop) -> Outcome {
        self.book.consult(epoch, drop)?;
        self.meddle()?;
        let verdict = if self.calm {
            Verdict::Default
        } else {
            let (kind, delay) = (self.random.below(6), self.random.below(8_000));
            Action::verdict(kind, delay)
        };
        self.census.verdicts += 1;
        self.tell(Input::Verdict(epoch, verdict))
    }

    /// The user acts from inside an event.
    fn meddle(&mut self) -> Outcome {
        let meddles = self.setup.meddles;
        if meddles == 0 || self.calm || self.patience == 0 || !self.random.one_in(meddles) {
            return Ok(());
        }
        self.patience -= 1;
        self.census.meddled += 1;
        match self.random.below(13) {
            0..=6 => self.send(9),
            7..=8 => self.close(),
            9..=10 => self.tell(Input::Reconnect),
            11 => self.tell(Input::Verdict(self.net.oldest_grave(), Verdict::Retry)),
            _ => self.tell(Input::GiveUp),
        }
    }

    pub(super) fn send(&mut self, bytes: u64) -> Outcome {
        if self.setup.straight && self.core.is_writable() {
            if let Some(epoch) = self.net.live().filter(|_| self.net.is_ending(self.now)) {
                self.census.endings += 1;
                self.tell(Input::Ending(epoch))?;
            }
            if self.core.is_writable() {
                return self.send_straight(bytes);
            }
        }
        self.next_message += 1;
        self.tell(Input::Send(self.next_message, bytes))
    }

    /// Past the core, to the socket.
    fn send_straight(&mut self, bytes: u64) -> Outcome {
        if self.net.stage() == Some(Stage::Open) {
            self.census.straight += 1;
            self.net.serve_echo(self.now, &mut self.random);
            self.book.mail.went_straight(bytes);
            return self.tell(Input::Sent(bytes));
        }
        // Without retries the socket itself says what becomes of a message, as ever.
        Law::I6.holds(self.book.retry().is_none(), || {
            format!("a message may go to a socket that is {:?}", self.net.stage())
        })
    }

    pub(super) fn close(&mut self) -> Outcome {
        self.census.user_closes += 1;
        if matches!(self.net.stage(), None | Some(Stage::Finding)) {
            return self.tell(Input::CloseUnanswered);
        }
        self.net.close(self.now, &mut self.random);
        self.tell(Input::Close)
    }

    /// The law by which this must change nothing, if there is one.
    fn law_against(&mut self, input: Input, before: Before) -> Option<Law> {
        let down = matches!(before.state, State::Waiting | State::Offline);
        let over = matches!(before.state, State::Closing | State::Closed);
        let ghost = input.epoch().is_some_and(|epoch| self.net.live() != Some(epoch));
        match input {
            _ if ghost => {
                self.census.ghosts += 1;
                self.census.ghosts_of_now += u64::from(input.epoch() == Some(self.core.epoch()));
                Some(Law::I1)
            }
            Input::Close | Input::CloseUnanswered if over => Some(Law::I2),
            Input::GiveUp if !down => Some(Law::I3),
            Input::Verdict(epoch, _) if !self.book.awaits_verdict(epoch) => {
                self.census.stray_verdicts += 1;
                Some(Law::I3)
            }
            Input::Timeout if before.timeout.is_none_or(|at| at.0 > self.now) => {
                self.census.stray_timers += 1;
                Some(Law::I8)
            }
            _ => None,
        }
    }

    fn sent(&mut self, message: u64, bytes: u64, state: State, answer: Result<(), Refusal>) -> Outcome {
        let fits = self.book.mail.fits(self.now, bytes);
        match answer {
            Ok(()) => {
                self.census.taken += 1;
                let open = state == State::Open && !self.book.mail.ending;
                self.book.mail.taken(self.now, message, bytes, open);
                Law::I7.holds(open || fits, || "a message was taken that doesn't fit".to_owned())
            }
            Err(refusal) => {
                match refusal {
                    Refusal::Full => self.census.refused_full += 1,
                    Refusal::Closed => self.census.refused_shut += 1,
                    Refusal::NotOpen => self.census.refused_down += 1,
                }
                self.book.answered(state, refusal, fits)
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
