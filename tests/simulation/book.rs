//! The court's own record of what happened, kept without looking into the core, and the laws that it is judged by.

use std::collections::VecDeque;

use undrop::core::{Cause, Config, Drop, Epoch, Event, Millis, Policy, Refusal, Retry, Signal, State, Stats, Verdict};

use super::census::{CAUSES, Census};
use super::hanging::Hanging;
use super::law::{Law, Outcome};
use super::loss::{Loss, Telling, Tries, is_final};
use super::mail::Mail;
use super::permit::Permit;
use super::silence::Silence;
use super::subject::Input;

/// What the core answered with before it was told something.
#[derive(Clone, Copy)]
pub struct Before {
    pub state: State,
    pub stats: Stats,
    pub timeout: Option<Millis>,
}

pub struct Book {
    config: Config,
    /// What the core must have counted.
    pub stats: Stats,
    pub mail: Mail,
    pub silence: Silence,
    hanging: Hanging,
    tries: Tries,
    /// Losses that the user has not yet been told of.
    owed: VecDeque<Loss>,
    /// Ends that the user has not yet been told of.
    ends: VecDeque<End>,
    dialed: Epoch,
    dialed_at: u64,
    opened_at: u64,
    permit: Permit,
    /// Whether the last line that the user was told of ended, or will, in order.
    clean: bool,
    error_told: bool,
    /// The browser has told of an error by itself.
    native_error: bool,
    state_told: State,
    /// Lives begun, and those of them whose end was told.
    lives: u32,
    deaths: u32,
}

struct End {
    clean: bool,
    /// It is what became of a loss.
    of_loss: bool,
}

impl Book {
    pub fn new(config: Config, now: u64) -> Self {
        Self {
            config,
            stats: Stats::default(),
            mail: Mail::new(config.queue),
            silence: Silence::new(config.heartbeat),
            hanging: Hanging::default(),
            tries: Tries::default(),
            owed: VecDeque::new(),
            ends: VecDeque::new(),
            dialed: Epoch::default(),
            dialed_at: now,
            opened_at: now,
            permit: Permit::of_the_user(),
            clean: true,
            error_told: false,
            native_error: false,
            state_told: State::Connecting,
            lives: 1,
            deaths: 0,
        }
    }

    /// The core was told this, and had to listen.
    pub fn told(&mut self, now: u64, input: Input, before: Before, after: Before, census: &mut Census) -> Outcome {
        let down = matches!(before.state, State::Waiting | State::Offline);
        self.user_settles(input);
        match input {
            Input::Opened(_) if before.state == State::Connecting => {
                self.stats.opens += 1;
                self.opened_at = now;
                self.silence.opened(now);
                self.mail.ending = false;
                census.opens += 1;
            }
            Input::Message(_, bytes) => {
                self.stats.messages_in += 1;
                self.stats.bytes_in += bytes;
                self.silence.heard(census);
                census.arrived += 1;
            }
            Input::Error(_) => self.native_error = true,
            Input::Reply(_) => self.silence.replied(now, census),
            Input::Ending(_) => self.mail.ending = true,
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
                self.clean &= !down;
            }
            Input::Reconnect => {
                self.tries.reset();
                self.permit.never = false;
                match before.state {
                    State::Open => self.lose(now, Cause::Reconnect, 1006, before.state),
                    State::Closing | State::Closed => self.tries.attempt = 0,
                    _ => {}
                }
                if before.state == State::Closed {
                    self.lives += 1;
                }
                self.permit.asked |= before.state != State::Connecting;
                // Whoever asks for a new line while the old one closes does not hear of its end.
                if matches!(before.state, State::Open | State::Closing) && self.ends.is_empty() {
                    self.error_told = false;
                }
                if before.state == State::Closing {
                    self.owed.retain(|loss| loss.telling != Telling::End);
                }
            }
            Input::Timeout => self.timed_out(now, before, after, census)?,
            _ => {}
        }
        if after.state == State::Closed && before.state != State::Closed {
            self.over(input);
        }
        self.counted(before, after)
    }

    /// What the user does may decide how a loss is told.
    fn user_settles(&mut self, input: Input) {
        for loss in &mut self.owed {
            loss.telling = match (loss.telling, input) {
                (Telling::Undecided, Input::Close | Input::CloseUnanswered | Input::GiveUp) => Telling::End,
                (Telling::Undecided | Telling::Drop, Input::Reconnect) => Telling::IdleDrop,
                (Telling::Drop, Input::Close | Input::CloseUnanswered | Input::GiveUp) => Telling::IdleDrop,
                (telling, _) => telling,
            };
        }
    }

    fn over(&mut self, input: Input) {
        self.mail.closed();
        let clean = match self.retry() {
            Some(_) => self.clean,
            // What the browser tells of its own socket is true.
            None => !self.native_error && matches!(input, Input::Closed(..)),
        };
        // A loss that will be told as a drop is not what the end is about.
        let loss = self.owed.back_mut().filter(|loss| loss.telling == Telling::End);
        let of_loss = loss.map(|loss| loss.telling = Telling::Ended).is_some();
        self.ends.push_back(End { clean, of_loss });
    }

    /// A timer fired, late or not.
    fn timed_out(&mut self, now: u64, before: Before, after: Before, census: &mut Census) -> Outcome {
        match before.state {
            State::Connecting if self.retry().is_some() => {
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
                census.close_timeouts += u64::from(after.state == State::Closed);
            }
            _ => {}
        }
        Ok(())
    }

    fn lose(&mut self, now: u64, cause: Cause, code: u16, from: State) {
        if let Some(count) = self.stats.drops.get_mut(cause as usize) {
            *count += 1;
        }
        let mut loss = Loss {
            epoch: self.dialed,
            cause,
            code,
            at: now,
            window: (0, 0),
            attempt: 0,
            last: false,
            consulted: false,
            delay: None,
            telling: Telling::Drop,
        };
        match self.retry() {
            retry if cause == Cause::Reconnect => {
                self.tries.held(retry.as_ref(), now - self.opened_at);
                loss.attempt = self.tries.attempt;
            }
            None => loss.telling = Telling::End,
            Some(retry) => {
                self.tries.lose(&retry, &mut loss, from, now - self.opened_at);
                loss.telling = match self.config.policy {
                    Policy::Ask(_) => Telling::Undecided,
                    _ if loss.last => Telling::End,
                    _ => Telling::Drop,
                };
            }
        }
        self.owed.push_back(loss);
    }

    fn counted(&self, before: Before, after: Before) -> Outcome {
        for cause in CAUSES {
            let (was, is) = (before.stats.drops, after.stats.drops);
            let mine = self.stats.drops[cause as usize];
            Law::I3.holds(is[cause as usize] == mine, || {
                format!("{cause:?} was counted {is:?} after {was:?}, {mine} such losses took place")
            })?;
        }
        Ok(())
    }

    /// A socket is to be opened.
    pub fn dial(&mut self, now: u64, epoch: Epoch, census: &mut Census) -> Outcome {
        let permit = std::mem::take(&mut self.permit);
        Law::I2.holds(self.lives > self.deaths, || "it dialled after the end".to_owned())?;
        permit.judge(now, self.dialed_at)?;
        census.dials += 1;
        census.hastened += u64::from(!permit.asked && now < permit.from);
        self.stats.dials += 1;
        self.native_error = false;
        self.tries.attempt += 1;
        self.dialed = epoch;
        self.dialed_at = now;
        self.hanging.dialed(now + u64::from(self.config.connect_timeout));
        Ok(())
    }

    /// The user is asked what to make of the loss of the line of this dial.
    pub fn consult(&mut self, epoch: Epoch, drop: Drop) -> Outcome {
        Law::I3.holds(matches!(self.config.policy, Policy::Ask(_)), || "it asked without being told to".to_owned())?;
        let unasked = |loss: &&mut Loss| loss.telling == Telling::Undecided && !loss.consulted && loss.epoch == epoch;
        let Some(loss) = self.owed.iter_mut().find(unasked) else {
            return Law::I3.broken(format!("it asked about {drop:?}, which did not happen"));
        };
        loss.consulted = true;
        loss.matches(&drop)?;
        self.permit.from = loss.at + u64::from(drop.delay);
        let last = loss.last;
        Law::I3.holds(drop.last == last, || format!("the loss was said to be the last: {}, but {last}", drop.last))
    }

    /// The user answered.
    pub fn verdict(&mut self, now: u64, epoch: Epoch, verdict: Verdict) {
        let Some(loss) = self.owed.iter_mut().find(|loss| loss.awaits(epoch)) else {
            return;
        };
        loss.telling = match verdict {
            Verdict::GiveUp => Telling::End,
            Verdict::Default if loss.last => Telling::End,
            _ => Telling::Drop,
        };
        if let Verdict::After(delay) = verdict {
            loss.delay = Some(delay);
            self.permit.from = now + u64::from(delay);
            self.permit.said = true;
        }
    }

    /// Whether a verdict on this loss is awaited.
    pub fn awaits_verdict(&self, epoch: Epoch) -> bool {
        self.owed.iter().any(|loss| loss.awaits(epoch))
    }

    /// The user is told.
    pub fn event(&mut self, event: Event, state: State, census: &mut Census) -> Outcome {
        if event == Event::State {
            self.state_told = state;
            return Ok(());
        }
        Law::Story.holds(self.lives > self.deaths, || format!("{event:?} after the end"))?;
        if self.retry().is_some() {
            Law::Story.holds(!self.error_told || event == Event::Close, || {
                format!("{event:?} between the error and the end")
            })?;
        }
        match event {
            Event::Open | Event::State => Ok(()),
            Event::Resume => Law::Story.broken("a session went on that there is not"),
            Event::Drop(drop) => self.dropped(drop, census),
            Event::Error => {
                Law::Story.holds(!self.error_told, || "a second error".to_owned())?;
                self.error_told = true;
                Ok(())
            }
            Event::Close => self.ended(census),
        }
    }

    fn dropped(&mut self, drop: Drop, census: &mut Census) -> Outcome {
        let Some(loss) = self.owed.pop_front() else {
            return Law::I3.broken(format!("{drop:?} was told, which did not happen"));
        };
        let told_as_drop = matches!(loss.telling, Telling::Drop | Telling::IdleDrop);
        Law::I3.holds(told_as_drop, || format!("{loss:?} was told as {drop:?}"))?;
        loss.is_of(&drop)?;
        if !loss.consulted && loss.telling == Telling::Drop {
            loss.matches(&drop)?;
            self.permit.from = loss.at + u64::from(drop.delay);
        }
        if let Some(delay) = loss.delay {
            Law::I9.holds(drop.delay == delay, || format!("the user said {delay} ms and heard of {}", drop.delay))?;
        }
        if loss.telling == Telling::Drop && loss.delay.is_none() {
            census.drawn += u64::from(drop.delay - loss.window.0);
            census.windows += u64::from(loss.window.1 - loss.window.0);
        }
        census.no_wait += u64::from(drop.delay == 0);
        census.restarts += u64::from(matches!(drop.code, 1012 | 1013));
        census.hidden_waits += u64::from(self.tries.hidden && drop.attempt > 1);
        Ok(())
    }

    fn ended(&mut self, census: &mut Census) -> Outcome {
        self.deaths += 1;
        let Some(end) = self.ends.pop_front() else {
            return Law::Story.broken("it ended without being over");
        };
        let error_told = std::mem::take(&mut self.error_told);
        Law::Story
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
    pub fn settled(&mut self, state: State, stats: Stats, queued: u64) -> Outcome {
        let (owed, ends) = (self.owed.len(), self.ends.len());
        // An end that is still to come tells of a loss that was being asked about.
        Law::I3.holds(owed == 0 || state == State::Closing, || {
            let causes: Vec<Cause> = self.owed.iter().map(|loss| loss.cause).collect();
            format!("nobody was told of a loss by {causes:?}")
        })?;
        Law::Story.holds(ends == 0, || "nobody was told of the end".to_owned())?;
        Law::Story.holds(self.state_told == state, || format!("{state:?} was told as {:?}", self.state_told))?;
        self.mail.settled(state, queued)?;
        let expected = Stats {
            messages_out: self.mail.sent.0,
            bytes_out: self.mail.sent.1,
            round_trip: stats.round_trip,
            ..self.stats
        };
        Law::I3.holds(stats == expected, || format!("it counted {stats:?} instead of {expected:?}"))
    }

    /// What may have become of a message that was to be sent.
    pub fn answered(&self, state: State, refusal: Refusal, fits: bool) -> Outcome {
        let right = match refusal {
            Refusal::Closed => matches!(state, State::Closing | State::Closed),
            Refusal::NotOpen => self.config.queue.is_none() && self.may_wait(state),
            Refusal::Full => self.may_wait(state) && !fits,
        };
        Law::I7.holds(right, || format!("a message was refused, {refusal:?} while {state:?}"))
    }

    fn may_wait(&self, state: State) -> bool {
        let down = matches!(state, State::Connecting | State::Waiting | State::Offline);
        down || state == State::Open && self.mail.ending
    }

    pub fn retry(&self) -> Option<Retry> {
        match self.config.policy {
            Policy::Never => None,
            Policy::Retry(retry) | Policy::Ask(retry) => Some(retry),
        }
    }
}
