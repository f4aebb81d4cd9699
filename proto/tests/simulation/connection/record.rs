//! The record of what happened, kept without looking into the protocol, and the laws that it is judged by.

use std::collections::VecDeque;

use undrop_proto::{
    Attempt, Cause, Config, Decision, Dropped, Event, Lifetime, Millis, Policy, Retry, SendError, Signal, State, Stats,
};

use super::census::Census;
use super::input::Input;
use super::loss::{Loss, Permit, Report, Tries, is_final};
use super::messages::Messages;
use super::silence::{Hanging, Silence};
use crate::law::{Law, Verdict};

/// What the protocol answered with before it was told something.
#[derive(Clone, Copy)]
pub struct Snapshot {
    pub state: State,
    pub stats: Stats,
    pub timeout: Option<Millis>,
}

#[derive(Default)]
pub struct Record {
    config: Config,
    /// What the protocol must have counted.
    pub stats: Stats,
    pub messages: Messages,
    pub silence: Silence,
    hanging: Hanging,
    tries: Tries,
    /// Losses that the user has not yet been told of.
    owed: VecDeque<Loss>,
    /// Ends that the user has not yet been told of.
    ends: VecDeque<End>,
    /// Why the last connection dropped.
    last_cause: Option<Cause>,
    /// Until when the peer has time to answer a close.
    closing: Option<u64>,
    /// The user has closed, and no peer is waited for.
    pub closes_alone: bool,
    connected: Attempt,
    connected_at: u64,
    opened_at: u64,
    permit: Permit,
    /// Whether the last connection that the user was told of ended, or will, in order.
    clean: bool,
    error_told: bool,
    /// The browser has told of an error by itself.
    native_error: bool,
    state_told: Option<State>,
    /// How often it was connected while closed, the first time included, and how often the user was told of its close.
    begun: u32,
    closed: u32,
    /// The native socket is open, and the user has yet to authenticate.
    pub authenticating: bool,
}

struct End {
    clean: bool,
    /// Why, if it dropped; nothing if the user closed it.
    cause: Option<Cause>,
    /// It is what became of a loss.
    of_loss: bool,
}

impl Record {
    pub fn new(config: Config, texts: bool, now: u64) -> Self {
        Self {
            config,
            messages: Messages::new(config.queue, texts),
            silence: Silence::new(config.heartbeat),
            connected_at: now,
            opened_at: now,
            permit: Permit::of_the_user(),
            clean: true,
            state_told: Some(State::Connecting),
            begun: 1,
            ..Self::default()
        }
    }

    /// The protocol was told this, and had to listen.
    pub fn told(&mut self, now: u64, input: Input, before: Snapshot, after: Snapshot, census: &mut Census) -> Verdict {
        let down = matches!(before.state, State::Waiting | State::Offline);
        self.user_settles(input);
        match input {
            Input::Opened(_) if before.state == State::Connecting && self.config.authenticates => {
                self.authenticating = true;
                self.hanging.began(now + u64::from(self.config.connect_timeout));
            }
            Input::Unauthenticated(_) if before.state == State::Connecting => {
                self.clean = false;
                self.lose(now, Cause::Authenticate, 1006, before.state);
            }
            Input::Opened(_) | Input::Authenticated(_) if before.state == State::Connecting => {
                self.authenticating = false;
                self.stats.opens += 1;
                self.opened_at = now;
                self.silence.opened(now);
                self.messages.ending = false;
                census.opens += 1;
            }
            Input::Message(..) | Input::Reply(_) if self.authenticating => {}
            Input::Message(_, bytes) => {
                self.stats.messages_in += 1;
                self.stats.bytes_in += bytes;
                self.silence.heard(census);
                census.arrived += 1;
            }
            Input::Error(_) => self.native_error = true,
            Input::Reply(_) => self.silence.replied(now, census),
            Input::Ending(_) => self.messages.ending = true,
            Input::Closed(_, code, clean) => {
                self.clean = clean;
                if matches!(before.state, State::Connecting | State::Open) {
                    self.lose(now, Cause::Close, code, before.state);
                }
            }
            Input::NoUrl(_) if before.state == State::Connecting => {
                self.clean = false;
                self.lose(now, Cause::Url, 1006, before.state);
            }
            Input::Signal(signal) => {
                self.tries.signal(now, signal, before.state);
                let hastens = !matches!(signal, Signal::Hidden | Signal::Offline);
                self.permit.hastened |= down && hastens;
                census.outlasted += u64::from(down && hastens && self.permit.said);
                census.held_back += u64::from(down && hastens && !self.permit.said && after.state != State::Connecting);
            }
            Input::Close | Input::CloseUnanswered => {
                self.permit.never = true;
                self.authenticating = false;
                self.clean &= !down;
                self.closes(now, input, before, after, census)?;
            }
            Input::Reconnect => {
                self.tries.reset();
                self.permit.never = false;
                if before.state == State::Open {
                    self.lose(now, Cause::Reconnect, 1006, before.state);
                }
                if before.state == State::Closed {
                    self.begun += 1;
                }
                self.permit.asked |= before.state != State::Connecting;
                // Whoever asks for a new connection while the old one closes does not hear of its end.
                if matches!(before.state, State::Open | State::Closing) && self.ends.is_empty() {
                    self.error_told = false;
                }
                if before.state == State::Closing {
                    self.owed.retain(|loss| loss.report != Report::End);
                }
            }
            Input::Timeout => self.timed_out(now, before, after, census)?,
            _ => {}
        }
        if after.state == State::Closed && before.state != State::Closed {
            self.over(input, before.state);
        }
        self.counted(before, after)
    }

    /// The user has closed. Only a peer that may be there is waited for, and not for ever.
    fn closes(&mut self, now: u64, input: Input, before: Snapshot, after: Snapshot, census: &mut Census) -> Verdict {
        let open = before.state == State::Open;
        let alone = match input {
            Input::Close if matches!(before.state, State::Connecting | State::Open) => {
                open && self.has_timeouts() && self.silence.is_suspicious(now)
            }
            _ => true,
        };
        census.closes_of_suspects += u64::from(alone && open && matches!(input, Input::Close));
        self.closes_alone = alone;
        self.closing = match self.has_timeouts() {
            _ if alone => Some(now),
            true => Some(now + u64::from(self.config.close_timeout)),
            false => None,
        };
        let Some(until) = self.closing else { return Ok(()) };
        Law::I4.holds(after.timeout.is_some_and(|at| at.0 <= until), || {
            format!("a close that is over at {until} waits until {:?}", after.timeout)
        })
    }

    /// What the user does may decide how a loss is told.
    fn user_settles(&mut self, input: Input) {
        for loss in &mut self.owed {
            if loss.report == Report::Undecided && matches!(input, Input::Reconnect) {
                loss.tries = 1;
            }
            loss.report = match (loss.report, input) {
                (Report::Undecided, Input::Close | Input::CloseUnanswered | Input::GiveUp) => Report::End,
                (Report::Undecided | Report::Drop, Input::Reconnect) => Report::IdleDrop,
                (Report::Drop, Input::Close | Input::CloseUnanswered | Input::GiveUp) => Report::IdleDrop,
                (told, _) => told,
            };
        }
    }

    fn over(&mut self, input: Input, before: State) {
        self.messages.closed();
        let clean = match self.retry() {
            Some(_) => self.clean,
            // What the browser tells of its own socket is true.
            None => !self.native_error && matches!(input, Input::Closed(..)),
        };
        // A loss that will be told as a drop is not what the end is about.
        let loss = self.owed.back_mut().filter(|loss| loss.report == Report::End);
        let of_loss = loss.map(|loss| loss.report = Report::Ended).is_some();
        // Without retries the close event of the native socket tells what there is to tell.
        let is_told_natively = self.retry().is_none() && self.last_cause == Some(Cause::Close);
        let cause = if before == State::Closing || is_told_natively { None } else { self.last_cause };
        self.ends.push_back(End { clean, cause, of_loss });
    }

    /// A timer fired, late or not.
    fn timed_out(&mut self, now: u64, before: Snapshot, after: Snapshot, census: &mut Census) -> Verdict {
        match before.state {
            State::Connecting if self.has_timeouts() || self.authenticating => {
                let given_up = after.state != State::Connecting;
                self.hanging.judge(now, given_up, census)?;
                if given_up {
                    self.clean = false;
                    self.lose(now, Cause::Timeout, 1006, before.state);
                }
            }
            State::Open => {
                for cause in [Cause::Heartbeat, Cause::Wake] {
                    let index = cause as usize;
                    if after.stats.drops[index] != before.stats.drops[index] {
                        self.silence.judge(now, cause, census)?;
                        self.clean = false;
                        self.lose(now, cause, 1006, before.state);
                    }
                }
                self.silence.spared(now);
            }
            State::Closing => {
                self.clean = false;
                let until = self.closing.unwrap_or(u64::MAX);
                if after.state == State::Closed {
                    census.close_timeouts += 1;
                    let early = || format!("it waited until {now} for an answer that had until {until}");
                    Law::I8.holds(now >= until, early)?;
                } else {
                    Law::I4.holds(now < until, || "it still waits for an answer to its close".to_owned())?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn lose(&mut self, now: u64, cause: Cause, code: u16, from: State) {
        self.last_cause = Some(cause);
        if let Some(count) = self.stats.drops.get_mut(cause as usize) {
            *count += 1;
        }
        let mut loss = Loss {
            attempt: self.connected,
            cause,
            code,
            at: now,
            window: (0, 0),
            tries: 0,
            last: false,
            spent: false,
            asked: false,
            delay: None,
            report: Report::Drop,
        };
        match self.retry() {
            _ if cause == Cause::Reconnect => loss.tries = 1,
            None => loss.report = Report::End,
            Some(retry) => {
                self.tries.lose(&retry, &mut loss, from, now - self.opened_at);
                loss.report = match self.config.policy {
                    Policy::Ask(_) => Report::Undecided,
                    _ if loss.last => Report::End,
                    _ => Report::Drop,
                };
            }
        }
        self.owed.push_back(loss);
    }

    fn counted(&self, before: Snapshot, after: Snapshot) -> Verdict {
        for cause in Cause::ALL {
            let (was, is) = (before.stats.drops, after.stats.drops);
            let mine = self.stats.drops[cause as usize];
            Law::I3.holds(is[cause as usize] == mine, || {
                format!("{cause:?} was counted {is:?} after {was:?}, {mine} such losses took place")
            })?;
        }
        Ok(())
    }

    /// A socket is to be opened.
    pub fn connects(&mut self, now: u64, attempt: Attempt, census: &mut Census) -> Verdict {
        let permit = std::mem::take(&mut self.permit);
        Law::I2.holds(self.begun > self.closed, || "it connected after the close".to_owned())?;
        permit.judge(now, self.connected_at)?;
        census.attempts += 1;
        census.hastened += u64::from(!permit.asked && now < permit.from);
        self.stats.attempts += 1;
        self.native_error = false;
        self.authenticating = false;
        self.connected = attempt;
        self.connected_at = now;
        self.hanging.began(now + u64::from(self.config.connect_timeout));
        Ok(())
    }

    /// The user is asked what to make of the loss of the connection of this attempt.
    pub fn asks(&mut self, attempt: Attempt, drop: Dropped) -> Verdict {
        Law::I3.holds(matches!(self.config.policy, Policy::Ask(_)), || "it asked without being told to".to_owned())?;
        let unasked = |loss: &&mut Loss| loss.report == Report::Undecided && !loss.asked && loss.attempt == attempt;
        let Some(loss) = self.owed.iter_mut().find(unasked) else {
            return Law::I3.broken(format!("it asked about {drop:?}, which did not happen"));
        };
        loss.asked = true;
        loss.matches(&drop)?;
        self.permit.from = loss.at + u64::from(drop.delay);
        let last = loss.last;
        Law::I3.holds(drop.last == last, || format!("the loss was said to be the last: {}, but {last}", drop.last))
    }

    /// The user answered.
    pub fn decision(
        &mut self,
        now: u64,
        attempt: Attempt,
        decision: Decision,
        after: State,
        census: &mut Census,
    ) -> Verdict {
        let Some(loss) = self.owed.iter_mut().find(|loss| loss.awaits(attempt)) else {
            return Ok(());
        };
        loss.report = match decision {
            Decision::GiveUp => Report::End,
            Decision::Default if loss.last => Report::End,
            _ if loss.spent => Report::End,
            _ => Report::Drop,
        };
        let ends = loss.report == Report::End;
        census.beyond_limit += u64::from(loss.spent && !matches!(decision, Decision::GiveUp | Decision::Default));
        if let Decision::After(delay) = decision {
            loss.delay = Some(delay);
            self.permit.from = now + u64::from(delay);
            self.permit.said = true;
        }
        Law::I3.holds(ends == (after == State::Closed), || {
            format!("{after:?} after the decision {decision:?} on the drop of {attempt:?}")
        })
    }

    /// Whether a decision on this loss is awaited.
    pub fn awaits_decision(&self, attempt: Attempt) -> bool {
        self.owed.iter().any(|loss| loss.awaits(attempt))
    }

    /// The user is told.
    pub fn event(&mut self, event: Event, state: State, census: &mut Census) -> Verdict {
        if event == Event::State {
            self.state_told = Some(state);
            return Ok(());
        }
        Law::Events.holds(self.begun > self.closed, || format!("{event:?} after the end"))?;
        if self.retry().is_some() {
            Law::Events.holds(!self.error_told || matches!(event, Event::Close(_)), || {
                format!("{event:?} between the error and the end")
            })?;
        }
        match event {
            Event::Open | Event::State => Ok(()),
            Event::Resume | Event::Reset(_) | Event::Unanswered => {
                Law::Events.broken(format!("{event:?} of a session that there is not"))
            }
            Event::Drop(drop) => self.dropped(drop, census),
            Event::Error => {
                Law::Events.holds(!self.error_told, || "a second error".to_owned())?;
                self.error_told = true;
                Ok(())
            }
            Event::Close(cause) => self.ended(cause, census),
        }
    }

    fn dropped(&mut self, drop: Dropped, census: &mut Census) -> Verdict {
        let Some(loss) = self.owed.pop_front() else {
            return Law::I3.broken(format!("{drop:?} was told, which did not happen"));
        };
        let told_as_drop = matches!(loss.report, Report::Drop | Report::IdleDrop);
        Law::I3.holds(told_as_drop, || format!("{loss:?} was told as {drop:?}"))?;
        loss.is_of(&drop)?;
        if !loss.asked && loss.report == Report::Drop {
            loss.matches(&drop)?;
            self.permit.from = loss.at + u64::from(drop.delay);
        }
        if let Some(delay) = loss.delay {
            Law::I9.holds(drop.delay == delay, || format!("the user said {delay} ms and heard of {}", drop.delay))?;
        }
        if loss.report == Report::Drop && loss.delay.is_none() {
            census.drawn += u64::from(drop.delay - loss.window.0);
            census.windows += u64::from(loss.window.1 - loss.window.0);
        }
        census.no_wait += u64::from(drop.delay == 0);
        census.restarts += u64::from(matches!(drop.code, 1012 | 1013));
        census.hidden_waits += u64::from(self.tries.hidden && drop.attempt > 1);
        Ok(())
    }

    fn ended(&mut self, cause: Option<Cause>, census: &mut Census) -> Verdict {
        self.closed += 1;
        let Some(end) = self.ends.pop_front() else {
            return Law::Events.broken("it ended without being over");
        };
        Law::I3.holds(cause == end.cause, || format!("it ended by {:?} and told {cause:?}", end.cause))?;
        census.closes_by_user += u64::from(cause.is_none());
        let error_told = std::mem::take(&mut self.error_told);
        Law::Events
            .holds(error_told != end.clean, || format!("an error was told: {error_told}, clean: {}", end.clean))?;
        if end.of_loss
            && let Some(loss) = self.owed.pop_front()
        {
            census.final_codes += u64::from(is_final(loss.code));
            census.spent += u64::from(loss.last && !is_final(loss.code) && self.retry().is_some());
        }
        census.closes += 1;
        census.errors += u64::from(!end.clean);
        Ok(())
    }

    /// All that was to be done is done.
    pub fn settle(&mut self, state: State, stats: Stats, queued: u64) -> Verdict {
        let (owed, ends) = (self.owed.len(), self.ends.len());
        // An end that is still to come tells of a loss that was being asked about.
        Law::I3.holds(owed == 0 || state == State::Closing, || {
            let causes: Vec<Cause> = self.owed.iter().map(|loss| loss.cause).collect();
            format!("nobody was told of a loss by {causes:?}")
        })?;
        Law::Events.holds(ends == 0, || "nobody was told of the end".to_owned())?;
        Law::Events.holds(self.state_told == Some(state), || format!("{state:?} was told as {:?}", self.state_told))?;
        self.messages.settle(state, queued)?;
        let expected = Stats {
            messages_out: self.messages.sent.0,
            bytes_out: self.messages.sent.1,
            round_trip: stats.round_trip,
            ..self.stats
        };
        Law::I3.holds(stats == expected, || format!("it counted {stats:?} instead of {expected:?}"))
    }

    /// What may have become of a message that was to be sent.
    pub fn answered(&self, state: State, refusal: SendError, fits: bool) -> Verdict {
        let right = match refusal {
            SendError::Closed => matches!(state, State::Closing | State::Closed),
            SendError::NotOpen => self.config.queue.is_none() && self.may_wait(state),
            SendError::Full => self.may_wait(state) && !fits,
            SendError::TooLarge { .. } => false,
        };
        Law::I7.holds(right, || format!("a message was refused, {refusal:?} while {state:?}"))
    }

    fn may_wait(&self, state: State) -> bool {
        let down = matches!(state, State::Connecting | State::Waiting | State::Offline);
        down || state == State::Open && self.messages.ending
    }

    /// Whether an attempt, and a close, have to succeed in time.
    pub fn has_timeouts(&self) -> bool {
        self.retry().is_some() || self.config.lifetime == Lifetime::Connection
    }

    pub fn retry(&self) -> Option<Retry> {
        retries(&self.config)
    }
}

/// How such a connection retries, if it does.
pub fn retries(config: &Config) -> Option<Retry> {
    match config.policy {
        _ if config.lifetime == Lifetime::Connection => None,
        Policy::Never => None,
        Policy::Retry(retry) | Policy::Ask(retry) => Some(retry),
    }
}
