//! A browser with one socket of the page's, and the server that its native sockets reach: what happens to them, and whether all
//! is well in the end.

use std::ops::Range;

use undrop_proto::{Millis, State};

use super::census::Census;
use super::input::Input;
use super::record::{Record, Snapshot, retries};
use super::scenario::{Act, Conditions, Setup};
use super::sockets::Sockets;
use super::twins::{Defect, Subject};
use crate::law::{Law, Verdict};
use crate::network::Timer;
use crate::twins::Twin;
use crate::world::{self, END};

pub struct World {
    pub(super) subject: Subject,
    pub(super) sockets: Sockets,
    timer: Timer,
    /// The timer fires at multiples of this.
    throttle: u64,
    /// How often the user may yet act within this step. Two handlers that call each other would never end.
    pub(super) acts_left: u32,
    /// The input is that the timer fired.
    pub(super) timing: bool,
    pub(super) depth: u32,
    pub(super) last_message: u64,
    /// The user has asked for a connection since nothing goes wrong any more.
    pub(super) is_revived: bool,
}

pub type Scenario = world::Scenario<World>;
pub type Shared = world::Shared<World>;

/// What is to happen at a time.
#[derive(Clone, Debug)]
pub enum Event {
    Told(Input),
    Timer,
    /// Nothing goes wrong any more, and the connection for which the user has asked has to be there.
    IsBack,
}

impl world::World for World {
    type Setup = Setup;
    type Act = Act;
    type Event = Event;
    type Record = Record;
    type Census = Census;
    type Defect = Defect;

    fn new(Scenario { seed, setup, .. }: &Scenario, twin: Twin<Defect>, now: Millis) -> (Self, Record, Census) {
        let world = Self {
            subject: Subject::new(twin, setup.config, now, !seed),
            sockets: Sockets::new(setup.latency),
            timer: Timer::default(),
            throttle: 1,
            acts_left: 0,
            timing: false,
            depth: 0,
            last_message: 0,
            is_revived: false,
        };
        (world, Record::new(setup.config, setup.texts, now.0), Census { scenarios: 1, ..Census::default() })
    }

    fn begin(&mut self, shared: &mut Shared) -> Verdict {
        self.drain(shared)?;
        self.settle(shared)?;
        self.rest(shared)
    }

    fn act(&mut self, shared: &mut Shared, act: Act) -> Verdict {
        match act {
            Act::Sleep(span, signal) => {
                shared.census.sleeps += 1;
                shared.net.now += u64::from(span);
                self.timer.wakes(&mut shared.net);
                if let Some(signal) = signal {
                    return self.tell(shared, Input::Signal(signal));
                }
            }
            Act::Conditions(conditions) => self.sockets.conditions = conditions,
            Act::Cut(code, clean) => shared.census.lost_under_way += self.sockets.cut(&mut shared.net, code, clean),
            Act::Silence => shared.census.lost_under_way += self.sockets.silence(&mut shared.net),
            Act::Thaw => self.sockets.thaw(&mut shared.net),
            Act::ServerSends(count) => {
                for bytes in 0..u64::from(count) {
                    self.sockets.serve(&mut shared.net, 0, |attempt| Input::Message(attempt, bytes));
                }
            }
            Act::ServerReplies => self.sockets.serve(&mut shared.net, 0, Input::Reply),
            Act::ServerMute(mute) => self.sockets.mute = mute,
            Act::Tell(input) => return self.tell(shared, input),
            Act::Send(count, bytes) => {
                for _ in 0..count {
                    self.send(shared, u64::from(bytes))?;
                }
            }
            Act::Withdraw(index) => {
                let id = shared.record.messages.candidate(&mut shared.net.random, index);
                let message = self.subject.withdraw(id);
                shared.record.messages.withdrawn(id, message, &mut shared.census)?;
                self.drain(shared)?;
                return self.settle(shared);
            }
            Act::Count => {
                shared.census.counts += 1;
                let queued = self.subject.count_queued();
                return shared.record.messages.counted(queued);
            }
            Act::Close => return self.close_socket(shared),
            Act::Decision(decision) => {
                let is_now = shared.net.random.one_in(2);
                let attempt = if is_now { self.subject.attempt() } else { self.sockets.oldest() };
                return self.tell(shared, Input::Decision(attempt, decision));
            }
            Act::Stale(kind) => return self.tell_stale(shared, kind),
            Act::StrayTimer => {
                if self.subject.poll_timeout().is_none_or(|at| at > shared.net.millis()) {
                    return self.tell(shared, Input::Timeout);
                }
            }
            Act::Throttle(to) => self.throttle = u64::from(to),
        }
        Ok(())
    }

    fn step(&mut self, shared: &mut Shared, event: Event) -> Verdict {
        match event {
            Event::Told(input) => self.tell(shared, input),
            Event::Timer => {
                self.timer.fires();
                self.tell(shared, Input::Timeout)
            }
            Event::IsBack => {
                let state = self.subject.state();
                Law::I4.holds(state == State::Open, || {
                    format!("nothing went wrong since a reconnect, and it is {state:?}")
                })
            }
        }
    }

    fn rest(&mut self, shared: &mut Shared) -> Verdict {
        if self.subject.state() == State::Closed {
            self.revive(shared)?;
        }
        // The timer is late, and that of a hidden page is throttled.
        let lateness = u64::from(shared.setup.lateness);
        let at = self.subject.poll_timeout().map(|at| (at.0 + lateness).next_multiple_of(self.throttle));
        self.timer.set(&mut shared.net, at, Event::Timer);
        Ok(())
    }

    fn calm_down(&mut self, _: &mut Shared) {
        self.sockets.conditions = Conditions::Fine;
        self.sockets.mute = false;
        self.sockets.latency = 5;
        self.throttle = 1;
    }

    /// Whether it is open, and stays so. Without retries nobody sees to that.
    fn close(&self, shared: &Shared) -> Verdict {
        let state = self.subject.state();
        let is_heard = shared.setup.config.heartbeat.is_none() || !self.sockets.is_silent(&shared.net);
        let is_well = state == State::Open && is_heard && !self.sockets.is_ending(&shared.net, u64::MAX);
        Law::I4.holds(is_well || shared.record.retry().is_none(), || {
            format!("nothing has gone wrong for long, and it is {state:?}")
        })
    }

    /// It has to be back after two drops, each with the longest wait, found out in the longest way. The connection that is open
    /// when nothing goes wrong any more can still drop, as can the attempt.
    fn calm(Setup { config, .. }: &Setup) -> Range<u64> {
        let Some(retry) = retries(config) else { return 10_000..END };
        let heartbeat = config.heartbeat.map_or(0, |heartbeat| heartbeat.interval + heartbeat.timeout);
        let found_out = u64::from(config.connect_timeout.max(heartbeat)) + 12_000;
        let wait = 2 * u64::from(retry.cap) + 8_000;
        0..2 * (found_out + wait)
    }
}

impl World {
    /// A socket that is long gone says something.
    fn tell_stale(&mut self, shared: &mut Shared, kind: u32) -> Verdict {
        if self.sockets.past.is_empty() {
            return Ok(());
        }
        let attempt = shared.net.random.pick(&self.sockets.past);
        let code = shared.net.random.pick(&[1000, 1006, 1012]);
        let input = match kind {
            0 => Input::Opened(attempt),
            1 => Input::Message(attempt, 3),
            2 => Input::Reply(attempt),
            3 => Input::Error(attempt),
            4 => Input::Closed(attempt, code, code == 1000),
            _ => Input::NoUrl(attempt),
        };
        self.tell(shared, input)
    }

    /// What is closed is of little interest: the user may ask for a connection, and does once nothing goes wrong any more.
    fn revive(&mut self, shared: &mut Shared) -> Verdict {
        if !shared.is_calm() {
            return if shared.net.random.one_in(5) { self.tell(shared, Input::Reconnect) } else { Ok(()) };
        }
        if self.is_revived || shared.record.retry().is_none() {
            return Ok(());
        }
        self.is_revived = true;
        // A handshake takes 10 ms, and the user another 5 to authenticate.
        shared.net.after(16, Event::IsBack);
        self.tell(shared, Input::Reconnect)
    }

    /// What must hold when all that was to be done is done.
    pub(super) fn settle(&mut self, shared: &mut Shared) -> Verdict {
        let (state, stats) = (self.subject.state(), self.subject.counts());
        let Shared { record, setup, .. } = shared;
        record.settle(state, stats, self.subject.queued())?;
        let holds_socket = self.sockets.live().is_some();
        let deadline = self.subject.poll_timeout();
        let left_alone = !record.has_timeouts() && holds_socket;
        let needs_socket = matches!(state, State::Connecting | State::Open);
        Law::I1.holds(holds_socket == needs_socket || state == State::Closing, || {
            format!("{state:?}, but there is a socket: {holds_socket}")
        })?;
        Law::I4.holds(state != State::Closing || !record.closes_alone || !holds_socket, || {
            "it closes a socket from which it expects nothing, and keeps it".to_owned()
        })?;
        Law::I4.holds(
            match state {
                State::Open => setup.config.heartbeat.is_none() || deadline.is_some(),
                State::Closed => deadline.is_none(),
                _ => deadline.is_some() || left_alone,
            },
            || format!("{state:?} with the deadline {deadline:?}"),
        )?;
        let far = deadline.is_some_and(|at| at.0 > shared.net.now + 3_600_000);
        Law::I4.holds(!far, || format!("the deadline {deadline:?} is out of sight"))
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { state: self.subject.state(), stats: self.subject.counts(), timeout: self.subject.poll_timeout() }
    }
}
