//! The court's own record of what happened, kept without looking into the core, and the laws that it is judged by.

use std::collections::VecDeque;

use undrop::core::{Cause, Config, Drop, Event, Millis, Policy, Refusal, Retry, Signal, State, Stats, Verdict};

use super::census::{CAUSES, Census};
use super::law::{Law, Outcome};
use super::mail::Mail;
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
    hidden: bool,
    offline: bool,
    /// Losses in a row, and those of them that count against the limit.
    failed: u32,
    spent: u32,
    /// Losses that the user has not yet been told of.
    owed: VecDeque<Loss>,
    /// Ends that the user has not yet been told of.
    ends: VecDeque<End>,
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

struct Loss {
    cause: Cause,
    code: u16,
    at: u64,
    window: (u32, u32),
    attempt: u32,
    last: bool,
    consulted: Option<Drop>,
    /// What the user made of it.
    delay: Option<u32>,
    /// The user's own call has made the question idle.
    settled: bool,
    /// The user closed instead of answering: only the end will tell of it.
    closed_upon: bool,
}

struct End {
    clean: bool,
    /// It is what became of a loss.
    of_loss: bool,
}

/// What lets the next dial happen.
#[derive(Debug, Default)]
struct Permit {
    /// The time drawn, or said by the user.
    from: u64,
    hastened: bool,
    asked: bool,
    /// The user has closed.
    never: bool,
}

/// How far apart dials are that a signal brings forward.
const HASTE: u64 = 1_000;

impl Book {
    pub fn new(config: Config, now: u64) -> Self {
        Self {
            config,
            stats: Stats::default(),
            mail: Mail::new(config.queue),
            silence: Silence::new(config.heartbeat),
            hidden: false,
            offline: false,
            failed: 0,
            spent: 0,
            owed: VecDeque::new(),
            ends: VecDeque::new(),
            dialed_at: now,
            opened_at: now,
            permit: Permit { asked: true, ..Permit::default() },
            clean: true,
            error_told: false,
            native_error: false,
            state_told: State::Connecting,
            lives: 1,
            deaths: 0,
        }
    }

    /// The core was told this; `live` says that it did not come from a dead socket.
    pub fn told(&mut self, now: u64, input: Input, before: Before, after: Before, census: &mut Census) -> Outcome {
        let down = matches!(before.state, State::Waiting | State::Offline);
        if matches!(input, Input::Close | Input::CloseUnanswered | Input::Reconnect | Input::GiveUp) {
            let closes = matches!(input, Input::Close | Input::CloseUnanswered);
            let asks = matches!(self.config.policy, Policy::Ask(_));
            for loss in self.owed.iter_mut().filter(|loss| !loss.settled) {
                loss.settled = true;
                loss.closed_upon = closes && asks && loss.cause != Cause::Reconnect;
            }
        }
        match input {
            Input::Opened(_) if before.state == State::Connecting => {
                self.stats.opens += 1;
                self.opened_at = now;
                self.silence.opened();
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
            Input::Reply(_) => self.silence.heard(census),
            Input::Ending(_) => self.mail.ending = true,
            Input::Closed(_, code, clean) => {
                self.clean = clean;
                if matches!(before.state, State::Connecting | State::Open) {
                    self.lose(now, Cause::Close, code, before.state)?;
                }
            }
            Input::NoUrl(_) if before.state == State::Connecting => {
                self.clean = false;
                self.lose(now, Cause::Url, 1006, before.state)?;
            }
            Input::Signal(signal) => {
                match signal {
                    Signal::Hidden => self.hidden = true,
                    Signal::Visible => self.hidden = false,
                    Signal::Offline => self.offline = true,
                    Signal::Online => self.offline = false,
                    Signal::Wake => {}
                }
                let hastens = !matches!(signal, Signal::Hidden | Signal::Offline);
                self.permit.hastened |= down && hastens;
                if down && hastens && after.state != State::Connecting {
                    census.held_back += 1;
                }
            }
            Input::Close | Input::CloseUnanswered => {
                self.permit.never = true;
                if matches!(before.state, State::Waiting | State::Offline) {
                    self.clean = false;
                }
            }
            Input::Reconnect => {
                self.failed = 0;
                self.spent = 0;
                self.permit.never = false;
                if before.state == State::Open {
                    self.lose(now, Cause::Reconnect, 1006, before.state)?;
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
                    self.owed.retain(|loss| !loss.closed_upon);
                }
            }
            Input::Timeout => self.timed_out(now, before, after, census)?,
            _ => {}
        }
        if after.state == State::Closed && before.state != State::Closed {
            self.mail.closed();
            let by_user = matches!(input, Input::GiveUp);
            let loss = self.owed.back();
            if let (Some(loss), Policy::Retry(_), false) = (loss, self.config.policy, by_user) {
                Law::I3.holds(loss.last, || format!("a loss by {:?} was made final", loss.cause))?;
            }
            // A loss that will be told as a drop is not what the end is about.
            let asks = matches!(self.config.policy, Policy::Ask(_));
            let clean = match self.retry() {
                Some(_) => self.clean,
                // What the browser tells of its own socket is true.
                None => !self.native_error && matches!(input, Input::Closed(..)),
            };
            self.ends.push_back(End { clean, of_loss: loss.is_some_and(|loss| loss.last || asks) });
        }
        self.counted(before, after)
    }

    /// A timer fired, late or not.
    fn timed_out(&mut self, now: u64, before: Before, after: Before, census: &mut Census) -> Outcome {
        match before.state {
            State::Connecting if self.retry().is_some() => {
                if now >= self.dialed_at + u64::from(self.config.connect_timeout) {
                    self.clean = false;
                    census.takeovers += 1;
                    self.lose(now, Cause::Timeout, 1006, before.state)?;
                }
            }
            State::Open => {
                for cause in [Cause::Heartbeat, Cause::Wake] {
                    let index = cause as usize;
                    if after.stats.drops[index] != before.stats.drops[index] {
                        self.silence.judge(now, cause, before.timeout.filter(|_| !self.mail.ending))?;
                        self.clean = false;
                        census.silent_deaths += 1;
                        self.lose(now, cause, 1006, before.state)?;
                    }
                }
            }
            State::Closing => {
                self.clean = false;
                census.close_timeouts += u64::from(after.state == State::Closed);
            }
            _ => {}
        }
        Ok(())
    }

    fn lose(&mut self, now: u64, cause: Cause, code: u16, from: State) -> Outcome {
        if let Some(count) = self.stats.drops.get_mut(cause as usize) {
            *count += 1;
        }
        let mut loss = Loss {
            cause,
            code,
            at: now,
            window: (0, 0),
            attempt: 1,
            last: cause != Cause::Reconnect,
            consulted: None,
            delay: None,
            settled: false,
            closed_upon: false,
        };
        let Some(retry) = self.retry().filter(|_| loss.last) else {
            self.owed.push_back(loss);
            return Ok(());
        };
        let held = now - self.opened_at >= u64::from(retry.reset_after);
        if from == State::Open && held {
            self.failed = 0;
            self.spent = 0;
        } else if !self.hidden && !self.offline {
            self.spent += 1;
        }
        loss.window = self.window(&retry, cause, code);
        self.failed += 1;
        loss.attempt = self.failed;
        loss.last = is_final(code) || self.spent >= retry.limit;
        self.owed.push_back(loss);
        Ok(())
    }

    /// What the wait must have been drawn from.
    fn window(&self, retry: &Retry, cause: Cause, code: u16) -> (u32, u32) {
        let wide = u64::from(retry.first) << self.failed.min(32);
        let wide = wide.min(u64::from(retry.cap)) as u32;
        let (from, to) = match (cause, code) {
            (Cause::Wake, _) if self.failed == 0 => (0, 0),
            (_, 1012 | 1013) => (retry.first.min(retry.cap), retry.cap),
            _ => (0, wide),
        };
        if self.hidden && self.failed > 0 { (from + retry.cap, to + retry.cap) } else { (from, to) }
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
    pub fn dial(&mut self, now: u64, census: &mut Census) -> Outcome {
        let permit = std::mem::take(&mut self.permit);
        Law::I2.holds(!permit.never, || "it dialled after close()".to_owned())?;
        Law::I2.holds(self.lives > self.deaths, || "it dialled after the end".to_owned())?;
        let hastened = permit.hastened && now >= self.dialed_at + HASTE;
        Law::I9.holds(permit.asked || now >= permit.from || hastened, || {
            let since = now - self.dialed_at;
            format!("it dialled at {now}, {since} ms after the dial before, with {permit:?}")
        })?;
        census.dials += 1;
        census.hastened += u64::from(!permit.asked && now < permit.from);
        self.stats.dials += 1;
        self.native_error = false;
        self.dialed_at = now;
        Ok(())
    }

    /// The user is asked what to make of a loss.
    pub fn consult(&mut self, drop: Drop) -> Outcome {
        Law::I3.holds(matches!(self.config.policy, Policy::Ask(_)), || "it asked without being told to".to_owned())?;
        let Some(loss) = self
            .owed
            .iter_mut()
            .find(|loss| loss.consulted.is_none() && !loss.settled && loss.cause != Cause::Reconnect)
        else {
            return Law::I3.broken(format!("it asked about {drop:?}, which did not happen"));
        };
        loss.consulted = Some(drop);
        loss.matches(&drop)?;
        self.permit.from = loss.at + u64::from(drop.delay);
        let last = loss.last;
        Law::I3.holds(drop.last == last, || format!("the loss was said to be the last: {}, but {last}", drop.last))
    }

    /// The user answered.
    pub fn verdict(&mut self, now: u64, drop: Drop, verdict: Verdict) {
        if let (Verdict::After(delay), Some(loss)) =
            (verdict, self.owed.iter_mut().find(|loss| loss.consulted == Some(drop) && !loss.settled))
        {
            loss.delay = Some(delay);
            self.permit.from = now + u64::from(delay);
        }
    }

    /// Whether a verdict on this loss is awaited.
    pub fn awaits_verdict(&self, drop: Drop) -> bool {
        self.owed.iter().any(|loss| loss.consulted == Some(drop) && !loss.settled)
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
        if loss.consulted.is_none() && !loss.settled {
            loss.matches(&drop)?;
            Law::I3.holds(!loss.last, || format!("{drop:?} was not made final"))?;
            self.permit.from = loss.at + u64::from(drop.delay);
        }
        if let Some(delay) = loss.delay {
            Law::I9.holds(drop.delay == delay, || format!("the user said {delay} ms and heard of {}", drop.delay))?;
        }
        Law::I3
            .holds(loss.cause == drop.cause, || format!("a loss by {:?} was told as {:?}", loss.cause, drop.cause))?;
        if !loss.settled && loss.delay.is_none() {
            census.drawn += u64::from(drop.delay - loss.window.0);
            census.windows += u64::from(loss.window.1 - loss.window.0);
        }
        census.no_wait += u64::from(drop.delay == 0);
        census.restarts += u64::from(matches!(drop.code, 1012 | 1013));
        census.hidden_waits += u64::from(self.hidden && drop.attempt > 1);
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

impl Loss {
    /// Whether it was told as it was.
    fn matches(&self, drop: &Drop) -> Outcome {
        Law::I3.holds(self.cause == drop.cause && self.code == drop.code, || {
            format!("{:?} {} was told as {drop:?}", self.cause, self.code)
        })?;
        Law::I3.holds(self.attempt == drop.attempt, || format!("attempt {} was told as {drop:?}", self.attempt))?;
        let (from, to) = self.window;
        Law::I9.holds(from <= drop.delay && drop.delay <= to, || {
            format!("{drop:?} should have been drawn from {from}..={to}")
        })
    }
}

/// Codes after which another try is pointless.
fn is_final(code: u16) -> bool {
    [1000, 1002, 1003, 1007, 1008, 1009, 1010].contains(&code) || (4400..4500).contains(&code)
}
