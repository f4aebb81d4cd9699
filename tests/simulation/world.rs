//! The world: it drives the core as a driver in a browser would, and has everything happen to it.

use undrop::core::{Config, Millis, Signal, State};

use super::book::{Before, Book};
use super::census::Census;
use super::law::{Law, Outcome};
use super::network::Network;
use super::random::Random;
use super::scenario::{Action, Scenario, Setup, Weather};
use super::subject::{Input, Subject};

pub struct World<S> {
    pub(super) core: S,
    pub(super) setup: Setup,
    pub(super) net: Network,
    pub(super) now: u64,
    pub(super) random: Random,
    pub(super) book: Book,
    pub(super) census: Census,
    /// Timers fire at multiples of this.
    pub(super) throttle: u64,
    /// The user has calmed down.
    pub(super) calm: bool,
    /// How often the user may yet act within this step. Two handlers that call each other would never end.
    pub(super) patience: u32,
    /// What is being told is that a timer fired.
    pub(super) timing: bool,
    pub(super) depth: u32,
    pub(super) next_message: u64,
    /// Says all that happens, for a replay.
    aloud: bool,
}

/// How often something may happen without time passing.
const SPINS: u32 = 10_000;

impl<S: Subject> World<S> {
    /// Has it all happen, to the end and past it.
    pub fn run(scenario: &Scenario, start: impl Fn(Config, Millis, u64) -> S) -> Outcome<Census> {
        Self::run_and_tell(scenario, start, false)
    }

    /// The same, saying all that happens if `aloud`.
    pub fn run_and_tell(scenario: &Scenario, start: impl Fn(Config, Millis, u64) -> S, aloud: bool) -> Outcome<Census> {
        let mut random = Random::new(scenario.seed);
        let now = u64::from(random.below(1_000_000));
        let mut world = Self {
            core: start(scenario.setup.config, Millis(now), random.draw()),
            setup: scenario.setup,
            net: Network::new(scenario.setup.latency),
            now,
            random,
            book: Book::new(scenario.setup.config, now),
            census: Census::default(),
            throttle: 1,
            calm: false,
            patience: 0,
            timing: false,
            depth: 0,
            next_message: 0,
            aloud,
        };
        world.drain()?;
        world.settle()?;
        for action in &scenario.actions {
            world.act(*action)?;
            // What is over is of little interest.
            if world.core.state() == State::Closed && world.random.one_in(4) {
                world.tell(Input::Reconnect)?;
            }
        }
        world.heal()?;
        world.census.scenarios = 1;
        let stats = world.core.stats();
        world.census.lost(&stats);
        Ok(world.census)
    }

    fn act(&mut self, action: Action) -> Outcome {
        let now = self.now;
        self.say(|| format!("{action:?}"));
        match action {
            Action::Pass(span) => return self.pass(u64::from(span)),
            Action::Sleep(span, signal) => {
                self.now += u64::from(span);
                self.census.sleeps += 1;
                if let Some(signal) = signal {
                    return self.tell(Input::Signal(signal));
                }
            }
            Action::Weather(weather) => self.net.weather = weather,
            Action::Cut(code, clean) => {
                self.census.lost_in_flight += self.net.cut(now, code, clean, &mut self.random);
            }
            Action::Silence => {
                self.census.lost_in_flight += self.net.silence(now, &mut self.random);
            }
            Action::Thaw => self.net.thaw(),
            Action::ServerSends(count) => {
                for bytes in 0..u64::from(count) {
                    self.net.serve(now, |epoch| Input::Message(epoch, bytes));
                }
            }
            Action::ServerReplies => self.net.serve(now, Input::Reply),
            Action::ServerMute(mute) => self.net.mute = mute,
            Action::Signal(signal) => return self.tell(Input::Signal(signal)),
            Action::Flap(count) => {
                let pair = self.random.pick(&[
                    [Signal::Offline, Signal::Online],
                    [Signal::Hidden, Signal::Visible],
                    [Signal::Wake, Signal::Online],
                ]);
                for turn in 0..count {
                    self.tell(Input::Signal(pair[turn as usize % 2]))?;
                    self.pass(100)?;
                }
            }
            Action::Send(count, bytes) => {
                for _ in 0..count {
                    self.send(u64::from(bytes))?;
                }
            }
            Action::Withdraw(index) => {
                let taken = self.core.withdraw(index as usize);
                self.book.mail.withdrawn(index as usize, taken, &mut self.census)?;
                self.drain()?;
                return self.settle();
            }
            Action::Close => return self.close(),
            Action::Reconnect => return self.tell(Input::Reconnect),
            Action::GiveUp => return self.tell(Input::GiveUp),
            Action::Verdict(verdict) => {
                let now = self.random.one_in(2);
                let epoch = if now { self.core.epoch() } else { self.net.oldest_grave() };
                return self.tell(Input::Verdict(epoch, verdict));
            }
            Action::Ghost(kind) => return self.haunt(kind),
            Action::StrayTimer => {
                if self.core.poll_timeout().is_none_or(|at| at.0 > self.now) {
                    return self.tell(Input::Timeout);
                }
            }
            Action::Throttle(to) => self.throttle = u64::from(to),
        }
        Ok(())
    }

    /// Time passes, and everything that is due has its turn.
    pub(super) fn pass(&mut self, span: u64) -> Outcome {
        let end = self.now + span;
        for _ in 0..SPINS {
            let arrival = self.net.next().filter(|at| *at <= end);
            let timer = self.timer().filter(|at| *at <= end);
            let timer_first = match (arrival, timer) {
                (None, None) => {
                    self.now = end;
                    return Ok(());
                }
                (Some(_), None) => false,
                (None, Some(_)) => true,
                // After a sleep nobody knows what the browser comes to first.
                (Some(arrival), Some(timer)) if arrival <= self.now && timer <= self.now => self.random.one_in(2),
                (Some(arrival), Some(timer)) => timer < arrival,
            };
            if timer_first {
                self.now = self.now.max(timer.unwrap_or_default());
                self.tell(Input::Timeout)?;
            } else if let Some(input) = self.net.arrive() {
                self.now = self.now.max(arrival.unwrap_or_default());
                self.tell(input)?;
            }
        }
        Law::I4.broken("time does not get on: a timer is due again and again")
    }

    /// When the timer fires that the core has asked for.
    fn timer(&self) -> Option<u64> {
        let at = self.core.poll_timeout()?.0 + u64::from(self.setup.lateness);
        Some(at.div_ceil(self.throttle) * self.throttle)
    }

    /// Something is told from a socket that is long gone.
    fn haunt(&mut self, kind: u32) -> Outcome {
        let epoch = match self.net.graves() {
            [] => return Ok(()),
            graves => self.random.pick(graves),
        };
        let code = self.random.pick(&[1000, 1006, 1012]);
        self.tell(match kind {
            0 => Input::Opened(epoch),
            1 => Input::Message(epoch, 3),
            2 => Input::Reply(epoch),
            3 => Input::Error(epoch),
            4 => Input::Closed(epoch, code, code == 1000),
            _ => Input::NoUrl(epoch),
        })
    }

    /// What must hold when all that was to be done is done.
    pub(super) fn settle(&mut self) -> Outcome {
        let (state, stats) = (self.core.state(), self.core.stats());
        self.book.settled(state, stats, self.core.queued())?;
        let line = self.net.live().is_some();
        let deadline = self.core.poll_timeout();
        let left_alone = self.book.retry().is_none() && line;
        Law::I1.holds(line == self.has_line(state) || state == State::Closing, || {
            format!("{state:?}, but there is a socket: {line}")
        })?;
        Law::I4.holds(
            match state {
                State::Open => self.setup.config.heartbeat.is_none() || deadline.is_some(),
                State::Closed => deadline.is_none(),
                _ => deadline.is_some() || left_alone,
            },
            || format!("{state:?} with the deadline {deadline:?}"),
        )?;
        let far = deadline.is_some_and(|at| at.0 > self.now + 3_600_000);
        Law::I4.holds(!far, || format!("the deadline {deadline:?} is out of sight"))
    }

    pub(super) fn say(&self, what: impl FnOnce() -> String) {
        if self.aloud {
            println!("{:>10} {:indent$}{}", self.now, "", what(), indent = 4 * self.depth as usize);
        }
    }

    fn has_line(&self, state: State) -> bool {
        matches!(state, State::Connecting | State::Open)
    }

    pub(super) fn snapshot(&self) -> Before {
        Before { state: self.core.state(), stats: self.core.stats(), timeout: self.core.poll_timeout() }
    }

    /// The weather turns fine for good, and everybody is calm.
    fn heal(&mut self) -> Outcome {
        self.net.weather = Weather::Fine;
        self.net.mute = false;
        self.net.latency = 5;
        self.throttle = 1;
        self.calm = true;
        for _ in 0..self.patience_of_healing() {
            if self.is_healthy() {
                break;
            }
            self.pass(1_000)?;
        }
        if self.book.retry().is_none() {
            return Ok(());
        }
        let state = self.core.state();
        Law::I4.holds(self.is_healthy(), || format!("the weather has long been fine, and it is {state:?}"))?;
        if state == State::Closed {
            self.tell(Input::Reconnect)?;
            self.pass(11)?;
            let state = self.core.state();
            return Law::I4.holds(state == State::Open, || format!("a reconnect in fine weather, and it is {state:?}"));
        }
        self.census.healed += 1;
        Ok(())
    }

    /// Within how many seconds of fine weather a line has to be back: two losses, each with the longest wait, found
    /// out in the longest way. The line that stands when the weather turns can still be lost, as can the dial.
    fn patience_of_healing(&self) -> u64 {
        let config = self.setup.config;
        let retry = self.book.retry().unwrap_or_default();
        let heartbeat = config.heartbeat.map_or(0, |heart| heart.interval + heart.timeout);
        let found_out = u64::from(config.connect_timeout.max(heartbeat)) + 12_000;
        let wait = 2 * u64::from(retry.cap) + 8_000;
        2 * (found_out + wait) / 1_000
    }

    fn is_healthy(&self) -> bool {
        let state = self.core.state();
        let settled = self.net.next().is_none_or(|at| at > self.now + 8_000);
        let heard = self.setup.config.heartbeat.is_none() || !self.net.is_silent();
        state == State::Closed || (state == State::Open && heard && settled)
    }
}
