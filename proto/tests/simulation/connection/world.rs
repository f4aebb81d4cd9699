//! The world: it drives the protocol as a driver in a browser would, and has everything happen to it.

use undrop_proto::{Millis, Signal, State};

use super::census::Census;
use super::input::Input;
use super::record::{Record, Snapshot};
use super::scenario::{Action, Conditions, Scenario, Setup};
use super::sockets::Sockets;
use super::twins::{Defect, Subject};
use crate::law::{Law, Verdict};
use crate::random::Random;

pub struct World {
    pub(super) subject: Subject,
    pub(super) setup: Setup,
    pub(super) sockets: Sockets,
    pub(super) record: Record,
    pub(super) census: Census,
    /// Timers fire at multiples of this.
    throttle: u64,
    /// The user has calmed down.
    pub(super) calm: bool,
    /// How often the user may yet act within this step. Two handlers that call each other would never end.
    pub(super) acts_left: u32,
    /// The input is that a timer fired.
    pub(super) timing: bool,
    pub(super) depth: u32,
    pub(super) last_message: u64,
    /// Says all that happens, for a replay.
    tell: bool,
}

/// How often something may happen without time passing.
const SPINS: u32 = 10_000;

impl World {
    /// Has it all happen, to the end and past it.
    pub fn run(scenario: &Scenario, defect: Option<Defect>, tell: bool) -> Verdict<Census> {
        let mut random = Random::new(scenario.seed);
        let now = u64::from(random.below(1_000_000));
        let mut world = Self {
            subject: Subject::new(defect, scenario.setup.config, Millis(now), random.draw()),
            setup: scenario.setup,
            sockets: Sockets::new(scenario.setup.latency, now, random),
            record: Record::new(scenario.setup.config, scenario.setup.texts, now),
            census: Census::default(),
            throttle: 1,
            calm: false,
            acts_left: 0,
            timing: false,
            depth: 0,
            last_message: 0,
            tell,
        };
        world.run_to_end(scenario).map_err(|violation| violation.at(world.sockets.now()))?;
        world.census.scenarios = 1;
        let stats = world.subject.stats();
        world.census.dropped(&stats);
        Ok(world.census)
    }

    fn run_to_end(&mut self, scenario: &Scenario) -> Verdict {
        self.drain()?;
        self.settle()?;
        for action in &scenario.actions {
            self.act(*action)?;
            // What is closed is of little interest.
            if self.subject.state() == State::Closed && self.sockets.random().one_in(4) {
                self.tell(Input::Reconnect)?;
            }
        }
        self.recover()
    }

    fn act(&mut self, action: Action) -> Verdict {
        self.say(|| format!("{action:?}"));
        match action {
            Action::Pass(span) => return self.pass(u64::from(span)),
            Action::Sleep(span, signal) => {
                self.sockets.network.now += u64::from(span);
                self.census.sleeps += 1;
                if let Some(signal) = signal {
                    return self.tell(Input::Signal(signal));
                }
            }
            Action::Conditions(conditions) => self.sockets.conditions = conditions,
            Action::Cut(code, clean) => self.census.lost_under_way += self.sockets.cut(code, clean),
            Action::Silence => self.census.lost_under_way += self.sockets.silence(),
            Action::Thaw => self.sockets.thaw(),
            Action::ServerSends(count) => {
                for bytes in 0..u64::from(count) {
                    self.sockets.serve(0, |attempt| Input::Message(attempt, bytes));
                }
            }
            Action::ServerReplies => self.sockets.serve(0, Input::Reply),
            Action::ServerMute(mute) => self.sockets.mute = mute,
            Action::Signal(signal) => return self.tell(Input::Signal(signal)),
            Action::Flap(count) => {
                let pair = self.sockets.random().pick(&[
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
                let id = self.record.messages.candidate(self.sockets.random(), index);
                let message = self.subject.withdraw(id);
                self.record.messages.withdrawn(id, message, &mut self.census)?;
                self.drain()?;
                return self.settle();
            }
            Action::Count => {
                self.census.counts += 1;
                let queued = self.subject.count_queued();
                return self.record.messages.counted(queued);
            }
            Action::Close => return self.close(),
            Action::Reconnect => return self.tell(Input::Reconnect),
            Action::GiveUp => return self.tell(Input::GiveUp),
            Action::Decision(decision) => {
                let is_now = self.sockets.random().one_in(2);
                let attempt = if is_now { self.subject.attempt() } else { self.sockets.oldest() };
                return self.tell(Input::Decision(attempt, decision));
            }
            Action::Stale(kind) => return self.tell_stale(kind),
            Action::StrayTimer => {
                if self.subject.poll_timeout().is_none_or(|at| at.0 > self.sockets.now()) {
                    return self.tell(Input::Timeout);
                }
            }
            Action::Throttle(to) => self.throttle = u64::from(to),
        }
        Ok(())
    }

    /// Time passes, and everything that is due has its turn.
    fn pass(&mut self, span: u64) -> Verdict {
        let end = self.sockets.now() + span;
        for _ in 0..SPINS {
            let now = self.sockets.now();
            let arrival = self.sockets.network.next().filter(|at| *at <= end);
            let timer = self.timer().filter(|at| *at <= end);
            let timer_first = match (arrival, timer) {
                (None, None) => {
                    self.sockets.network.now = end;
                    return Ok(());
                }
                (Some(_), None) => false,
                (None, Some(_)) => true,
                // After a sleep nobody knows what the browser comes to first.
                (Some(arrival), Some(timer)) if arrival <= now && timer <= now => self.sockets.random().one_in(2),
                (Some(arrival), Some(timer)) => timer < arrival,
            };
            if timer_first {
                self.sockets.network.now = now.max(timer.unwrap_or_default());
                self.tell(Input::Timeout)?;
            } else if let Some(input) = self.sockets.network.take() {
                self.tell(input)?;
            }
        }
        Law::I4.broken("time does not get on: a timer is due again and again")
    }

    /// When the timer fires that the protocol has asked for.
    fn timer(&self) -> Option<u64> {
        let at = self.subject.poll_timeout()?.0 + u64::from(self.setup.lateness);
        Some(at.div_ceil(self.throttle) * self.throttle)
    }

    /// A socket that is long gone says something.
    fn tell_stale(&mut self, kind: u32) -> Verdict {
        if self.sockets.past().is_empty() {
            return Ok(());
        }
        let past = self.sockets.past().to_vec();
        let attempt = self.sockets.random().pick(&past);
        let code = self.sockets.random().pick(&[1000, 1006, 1012]);
        self.tell(match kind {
            0 => Input::Opened(attempt),
            1 => Input::Message(attempt, 3),
            2 => Input::Reply(attempt),
            3 => Input::Error(attempt),
            4 => Input::Closed(attempt, code, code == 1000),
            _ => Input::NoUrl(attempt),
        })
    }

    /// What must hold when all that was to be done is done.
    pub(super) fn settle(&mut self) -> Verdict {
        let (state, stats) = (self.subject.state(), self.subject.stats());
        self.record.settle(state, stats, self.subject.queued())?;
        let holds_socket = self.sockets.live().is_some();
        let deadline = self.subject.poll_timeout();
        let left_alone = !self.record.has_timeouts() && holds_socket;
        let needs_socket = matches!(state, State::Connecting | State::Open);
        Law::I1.holds(holds_socket == needs_socket || state == State::Closing, || {
            format!("{state:?}, but there is a socket: {holds_socket}")
        })?;
        Law::I4.holds(state != State::Closing || !self.record.closes_alone() || !holds_socket, || {
            "it closes a socket from which it expects nothing, and keeps it".to_owned()
        })?;
        Law::I4.holds(
            match state {
                State::Open => self.setup.config.heartbeat.is_none() || deadline.is_some(),
                State::Closed => deadline.is_none(),
                _ => deadline.is_some() || left_alone,
            },
            || format!("{state:?} with the deadline {deadline:?}"),
        )?;
        let far = deadline.is_some_and(|at| at.0 > self.sockets.now() + 3_600_000);
        Law::I4.holds(!far, || format!("the deadline {deadline:?} is out of sight"))
    }

    pub(super) fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            println!("{:>10} {:indent$}{}", self.sockets.now(), "", what(), indent = 4 * self.depth as usize);
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { state: self.subject.state(), stats: self.subject.stats(), timeout: self.subject.poll_timeout() }
    }

    /// From now on nothing goes wrong, and everybody is calm.
    fn recover(&mut self) -> Verdict {
        self.sockets.conditions = Conditions::Fine;
        self.sockets.mute = false;
        self.sockets.latency = 5;
        self.throttle = 1;
        self.calm = true;
        for _ in 0..self.seconds_to_recover() {
            if self.is_healthy() {
                break;
            }
            self.pass(1_000)?;
        }
        if self.record.retry().is_none() {
            return Ok(());
        }
        let state = self.subject.state();
        Law::I4.holds(self.is_healthy(), || format!("nothing has gone wrong for long, and it is {state:?}"))?;
        if state == State::Closed {
            self.tell(Input::Reconnect)?;
            // A handshake takes 10 ms, and the user another 5 to authenticate.
            self.pass(16)?;
            let state = self.subject.state();
            return Law::I4
                .holds(state == State::Open, || format!("nothing went wrong since a reconnect, and it is {state:?}"));
        }
        self.census.recovered += 1;
        Ok(())
    }

    /// Within how many seconds a connection has to be back: two drops, each with the longest wait, found out in the
    /// longest way. The connection that is open when nothing goes wrong any more can still drop, as can the attempt.
    fn seconds_to_recover(&self) -> u64 {
        let config = self.setup.config;
        let retry = self.record.retry().unwrap_or_default();
        let heartbeat = config.heartbeat.map_or(0, |heartbeat| heartbeat.interval + heartbeat.timeout);
        let found_out = u64::from(config.connect_timeout.max(heartbeat)) + 12_000;
        let wait = 2 * u64::from(retry.cap) + 8_000;
        2 * (found_out + wait) / 1_000
    }

    fn is_healthy(&self) -> bool {
        let state = self.subject.state();
        let settled = self.sockets.network.next().is_none_or(|at| at > self.sockets.now() + 8_000);
        let heard = self.setup.config.heartbeat.is_none() || !self.sockets.is_silent();
        state == State::Closed || (state == State::Open && heard && settled)
    }
}
