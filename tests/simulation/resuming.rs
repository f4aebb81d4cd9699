//! A connection that keeps a session, and the server's real end of it: I5 and I6 over any number of lines.
//!
//! The other files know every move of a connection without one. Here little is known of its moves; what counts is what
//! becomes of the messages.

use std::collections::{BTreeMap, VecDeque};

use undrop::core::outbox::{Bounds, Ticket};
use undrop::core::session::{self, Host, Request, Session, Violation};
use undrop::core::wire::{Control, Token, Welcome};
use undrop::core::{
    Config, Connection, Deed, Epoch, Event, Fate, Heartbeat, Millis, Output, Policy, Retry, Signal, State, Verdict,
};

use super::bulk::number;
use super::random::Random;

/// Enough in a build that is meant for it.
const SCENARIOS: u64 = if cfg!(debug_assertions) { 2_000 } else { 100_000 };

#[test]
fn nothing_is_lost_doubled_or_reordered_by_a_connection_with_a_session() {
    let mut census = Census::default();
    for seed in 0..number("UNDROP_SCENARIOS").unwrap_or(SCENARIOS) {
        World::run(seed, false, &mut census);
    }
    println!("{census:#?}");
    assert!(census.is_complete(), "the simulation is blind: {census:?}");
}

/// `UNDROP_SEED=42 cargo test --release --test simulation replay -- --nocapture`
#[test]
fn replay_with_a_session() {
    if let Some(seed) = number("UNDROP_SEED") {
        World::run(seed, true, &mut Census::default());
    }
}

/// What was met.
#[derive(Debug, Default)]
struct Census {
    up: u64,
    down: u64,
    delivered: u64,
    expired: u64,
    withdrawn: u64,
    unsent: u64,
    unconfirmed: u64,
    opens: u64,
    resumes: u64,
    resets: u64,
    drops: u64,
    closes: u64,
    goodbyes: u64,
    breaches: u64,
    timeouts: u64,
}

impl Census {
    fn is_complete(&self) -> bool {
        let Self { up, down, delivered, expired, withdrawn, unsent, unconfirmed, .. } = *self;
        let Self { opens, resumes, resets, drops, closes, goodbyes, breaches, timeouts, .. } = *self;
        let messages = [up, down, delivered, expired, withdrawn, unsent, unconfirmed];
        let lines = [opens, resumes, resets, drops, closes, goodbyes, breaches, timeouts];
        messages.into_iter().chain(lines).all(|count| count > 0)
    }
}

/// On its way.
#[derive(Clone, Copy, Debug)]
enum Frame {
    Message(u64),
    Control(Control),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Up,
    Down,
}

/// The one socket that the driver holds, and the server's end of it.
struct Line {
    epoch: Epoch,
    opens: u64,
    is_open: bool,
    /// Nothing gets through any more, and nobody says so.
    silent: bool,
    /// When the page hears that it is gone, with this code.
    closes: Option<(u64, u16, bool)>,
    flights: VecDeque<(u64, Way, Frame)>,
    /// The session at the other end, and the name of the line there.
    host: Option<(u128, Epoch)>,
}

/// What has become of a message of the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Course {
    Sent,
    Delivered,
    Returned(Fate),
}

struct World<'a> {
    seed: u64,
    now: u64,
    random: Random,
    core: Connection<u64>,
    line: Option<Line>,
    /// The messages of the page by their number, in the order in which they were sent.
    courses: BTreeMap<u64, Course>,
    tickets: Vec<Ticket>,
    next: u64,
    /// Those that have left, and neither arrived for certain nor come back.
    left: VecDeque<u64>,
    hosts: BTreeMap<u128, Session<u64, Host>>,
    /// What arrived in each session, here and there, by its token.
    arrived_up: BTreeMap<u128, Vec<u64>>,
    sent_down: BTreeMap<u128, Vec<u64>>,
    arrived_down: BTreeMap<u128, Vec<u64>>,
    /// The session that the page is in.
    token: u128,
    last_host_line: u32,
    latency: u64,
    weather: Weather,
    calm: bool,
    spread: u32,
    depth: u32,
    tells: bool,
    census: &'a mut Census,
}

#[derive(Clone, Copy, Debug)]
enum Weather {
    Fine,
    Refusing,
    /// The socket opens, and nobody answers.
    Mute,
}

impl<'a> World<'a> {
    fn run(seed: u64, tells: bool, census: &'a mut Census) {
        let mut random = Random::new(seed);
        let retry = Retry {
            limit: u32::MAX,
            first: random.pick(&[5_000, 100]),
            cap: random.pick(&[30_000, 500]),
            reset_after: random.pick(&[5_000, 0]),
        };
        let config = Config {
            policy: random.pick(&[Policy::Retry(retry), Policy::Ask(retry)]),
            connect_timeout: random.pick(&[10_000, 1_500]),
            queue: None,
            heartbeat: random.pick(&[None, Some(Heartbeat { interval: 2_000, timeout: 1_000 })]),
        };
        let bounds = Bounds { messages: random.pick(&[65_536, 20, 3]), bytes: random.pick(&[16 << 20, 200]) };
        let core = Connection::with_session(config, bounds, Millis(0), random.draw());
        let latency = random.pick(&[1, 20, 300]);
        let spread = random.pick(&[0, 50, 2_000]);
        let mut world = World {
            seed,
            now: 0,
            random,
            core,
            line: None,
            courses: BTreeMap::new(),
            tickets: Vec::new(),
            next: 0,
            left: VecDeque::new(),
            hosts: BTreeMap::new(),
            arrived_up: BTreeMap::new(),
            sent_down: BTreeMap::new(),
            arrived_down: BTreeMap::new(),
            token: 0,
            last_host_line: 0,
            latency,
            weather: Weather::Fine,
            calm: false,
            spread,
            depth: 0,
            tells,
            census,
        };
        world.drain();
        for _ in 0..60 + world.random.below(120) {
            world.act();
        }
        world.heal();
    }

    fn act(&mut self) {
        match self.random.below(40) {
            0..=13 => {
                let span = self.random.pick(&[5, 60, 400, 3_000, 12_000]);
                let span = self.random.below(span);
                self.pass(u64::from(span));
            }
            14..=20 => (0..=self.random.below(6)).for_each(|_| self.send()),
            21..=25 => (0..=self.random.below(6)).for_each(|_| self.serve()),
            26..=28 => self.cut(),
            29 => {
                if let Some(line) = &mut self.line {
                    line.silent = true;
                }
            }
            30 => self.weather = self.random.pick(&[Weather::Refusing, Weather::Mute, Weather::Fine]),
            31..=32 => self.weather = Weather::Fine,
            33 => {
                // The server forgets.
                self.hosts.clear();
                if let Some(line) = &mut self.line {
                    line.host = None;
                    line.silent = true;
                    line.flights.clear();
                    line.closes.get_or_insert((self.now + self.latency, 1006, false));
                }
            }
            34 => {
                let signal = self.random.pick(&[Signal::Online, Signal::Wake, Signal::Offline, Signal::Visible]);
                self.core.handle_signal(Millis(self.now), signal);
                self.drain();
            }
            35 => {
                if let Some(&ticket) = self.tickets.last() {
                    self.core.recall(ticket);
                    self.drain();
                }
            }
            36 => {
                self.core.reconnect(Millis(self.now));
                self.drain();
            }
            37 if self.random.one_in(3) => self.close(),
            38 if self.random.one_in(3) => self.host(|host, _| host.end()),
            39 if self.random.one_in(4) => self.breach(),
            _ => {}
        }
        if self.core.state() == State::Closed && self.random.one_in(2) {
            self.core.reconnect(Millis(self.now));
            self.drain();
        }
    }

    // The page.

    fn send(&mut self) {
        let number = self.next + 1;
        let time_to_live = self.random.one_in(4).then(|| self.random.below(2_000));
        let bytes = u64::from(self.random.below(80));
        if let Ok(ticket) = self.core.post(|| Millis(self.now), number, bytes, time_to_live) {
            self.next = number;
            self.courses.insert(number, Course::Sent);
            self.tickets.push(ticket);
        }
        self.drain();
    }

    fn close(&mut self) {
        let now = Millis(self.now);
        if self.line.is_some() {
            self.core.close(now)
        } else {
            self.core.close_unanswered(now)
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll() {
            self.say(|| format!("    {output:?}"));
            self.depth += 1;
            self.carry_out(output);
            self.depth -= 1;
        }
        self.check(self.core.is_drained(), "it is drained, and is not");
    }

    fn carry_out(&mut self, output: Output<u64>) {
        match output {
            Output::Dial(epoch) => {
                self.check(self.line.is_none(), "a second socket");
                let handshake = self.now + 2 * self.latency;
                let refused = matches!(self.weather, Weather::Refusing);
                self.line = Some(Line {
                    epoch,
                    opens: if refused { u64::MAX } else { handshake },
                    is_open: false,
                    silent: matches!(self.weather, Weather::Mute),
                    closes: refused.then_some((handshake, 1006, false)),
                    flights: VecDeque::new(),
                    host: None,
                });
            }
            Output::HangUp(epoch) => self.hang_up(epoch),
            Output::Transmit(message) => {
                let course = self.courses.get(&message).copied();
                self.check(course == Some(Course::Sent), "what is over was transmitted");
                if !self.left.contains(&message) {
                    self.left.push_back(message);
                }
                self.give(Way::Up, Frame::Message(message));
            }
            Output::Session(Deed::Say(control)) => self.give(Way::Up, Frame::Control(control)),
            Output::Session(Deed::Delivered(count)) => {
                for _ in 0..count {
                    let message = self.left.pop_front().unwrap_or_default();
                    let arrived = self.arrived_up.get(&self.token).is_some_and(|list| list.contains(&message));
                    self.check(arrived, "what was delivered has not arrived");
                    self.courses.insert(message, Course::Delivered);
                    self.census.delivered += 1;
                }
            }
            Output::Session(Deed::Part) => {
                self.census.goodbyes += 1;
                let after = 2 * self.latency;
                if let Some(line) = self.line.as_mut().filter(|line| !line.silent) {
                    let clean = line.is_open;
                    line.closes.get_or_insert((self.now + after, if clean { 1000 } else { 1006 }, clean));
                }
            }
            Output::Session(Deed::Reject(_)) => {
                self.census.breaches += 1;
                let epoch = self.core.epoch();
                self.hang_up(epoch);
            }
            Output::Ping => self.check(false, "a heartbeat that is not the session's"),
            Output::Consult(epoch, _) => {
                let verdict = match self.random.below(8) {
                    0 if !self.calm => Verdict::GiveUp,
                    1 => Verdict::Retry,
                    _ => Verdict::Default,
                };
                self.core.handle_verdict(Millis(self.now), epoch, verdict);
            }
            Output::Notify(event) => self.hear(event),
            Output::Return(message, fate) => {
                let course = self.courses.insert(message, Course::Returned(fate));
                self.check(course == Some(Course::Sent), "a message came to two ends");
                let left = self.left.iter().position(|one| *one == message);
                self.check(left.is_some() == (fate == Fate::Unconfirmed), "a message says wrongly whether it left");
                if let Some(index) = left {
                    self.left.remove(index);
                }
                match fate {
                    Fate::Expired => self.census.expired += 1,
                    Fate::Withdrawn => self.census.withdrawn += 1,
                    Fate::Unsent => self.census.unsent += 1,
                    Fate::Unconfirmed => self.census.unconfirmed += 1,
                    Fate::Overflow | Fate::Closed => self.check(false, "a fate that no session has"),
                }
                self.meddle();
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Open => {
                self.census.opens += 1;
                self.check(self.left.is_empty(), "a fresh session holds what another had");
            }
            Event::Resume => self.census.resumes += 1,
            Event::Drop(_) => self.census.drops += 1,
            Event::Close => {
                self.census.closes += 1;
                // Unless the user, told of something else, has asked for a new line.
                if self.core.state() == State::Closed {
                    let holds = self.courses.values().any(|course| *course == Course::Sent);
                    self.check(!holds, "it ended, and holds a message");
                    self.host_loses();
                    self.line = None;
                }
            }
            Event::Error | Event::State => {}
        }
        self.meddle();
    }

    /// The user acts from within an event.
    fn meddle(&mut self) {
        if self.calm || self.depth > 3 || !self.random.one_in(12) {
            return;
        }
        match self.random.below(8) {
            0 => self.close(),
            1 => {
                self.core.reconnect(Millis(self.now));
                self.drain();
            }
            _ => self.send(),
        }
    }

    // The network.

    fn give(&mut self, way: Way, frame: Frame) {
        let at = self.now + self.latency;
        if let Some(line) = self.line.as_mut().filter(|line| line.is_open && !line.silent) {
            line.flights.push_back((at, way, frame));
        }
    }

    fn hang_up(&mut self, epoch: Epoch) {
        if self.line.as_ref().is_some_and(|line| line.epoch == epoch) {
            self.host_loses();
            self.line = None;
        }
    }

    /// The line ends, and with it the last of what was on its way.
    fn cut(&mut self) {
        let Some(line) = &mut self.line else { return };
        let kept = self.random.below(line.flights.len() as u32 + 1) as usize;
        line.flights.truncate(kept);
        let code = self.random.pick(&[1006, 1006, 1001, 1012, 4000]);
        line.closes.get_or_insert((self.now + self.latency, code, code != 1006));
        line.silent = true;
    }

    fn pass(&mut self, span: u64) {
        let end = self.now + span;
        for _ in 0..100_000 {
            let next =
                [self.line.as_ref().and_then(Line::next), self.core.poll_timeout().map(|at| at.0), self.host_next()]
                    .into_iter()
                    .flatten()
                    .min()
                    .filter(|at| *at <= end);
            let Some(at) = next else {
                self.now = end;
                return;
            };
            self.now = self.now.max(at);
            self.step();
        }
        self.check(false, "time does not get on");
    }

    fn step(&mut self) {
        let now = Millis(self.now);
        if self.core.poll_timeout().is_some_and(|at| at <= now) {
            let before = self.core.stats().drops[2];
            self.core.handle_timeout(now);
            self.census.timeouts += u64::from(self.core.stats().drops[2] - before);
            return self.drain();
        }
        if self.host_next().is_some_and(|at| at <= now.0) {
            return self.host(|host, now| host.handle_timeout(now));
        }
        let Some(line) = &mut self.line else { return };
        if !line.is_open && line.opens <= now.0 {
            line.is_open = true;
            let epoch = line.epoch;
            self.say(|| "  opened".to_owned());
            self.core.handle_opened(now, epoch);
            return self.drain();
        }
        if line.flights.front().is_some_and(|(at, ..)| *at <= now.0)
            && let Some((_, way, frame)) = line.flights.pop_front()
        {
            self.say(|| format!("  {way:?} {frame:?}"));
            return match way {
                Way::Up => self.arrive_up(frame),
                Way::Down => self.arrive_down(frame),
            };
        }
        if let Some((at, code, clean)) = line.closes
            && at <= now.0
        {
            let epoch = line.epoch;
            self.say(|| format!("  closed {code}"));
            self.host_loses();
            self.line = None;
            self.core.handle_closed(now, epoch, code, clean);
            self.drain();
        }
    }

    fn arrive_down(&mut self, frame: Frame) {
        let (now, epoch) = (Millis(self.now), self.core.epoch());
        match frame {
            Frame::Message(message) => {
                if self.core.handle_arrival(|| now, epoch, message % 80) {
                    self.arrived_down.entry(self.token).or_default().push(message);
                    self.census.down += 1;
                    let (arrived, sent) = (&self.arrived_down[&self.token], &self.sent_down[&self.token]);
                    self.check(sent.starts_with(arrived), "what arrived here is not what was sent there");
                }
            }
            Frame::Control(control) => {
                if let Control::Welcome(welcome) = control
                    && self.core.state() == State::Connecting
                {
                    self.census.resets += u64::from(self.token != 0);
                    self.token = welcome.token.0;
                }
                self.core.handle_control(now, epoch, Ok(control));
            }
        }
        self.drain();
    }

    // The server.

    fn arrive_up(&mut self, frame: Frame) {
        let now = Millis(self.now);
        let Some(line) = &mut self.line else { return };
        let outcome = match (line.host, frame) {
            (None, Frame::Control(greeting)) => match Request::try_from(greeting) {
                Ok(request) => self.seat(request),
                Err(violation) => Err(violation),
            },
            (None, Frame::Message(_)) => Ok(()),
            (Some((token, name)), frame) => {
                let Some(host) = self.hosts.get_mut(&token) else { return };
                match frame {
                    Frame::Message(message) => host.handle_message(name, message % 80).map(|number| {
                        let Some(number) = number else { return };
                        host.take(now, number);
                        self.arrived_up.entry(token).or_default().push(message);
                        self.census.up += 1;
                    }),
                    Frame::Control(control) => host.handle_control(now, name, control).map(|heard| {
                        if heard == session::Heard::Ended && host.is_over() {
                            line.closes.get_or_insert((self.now + self.latency, 1000, true));
                        }
                    }),
                }
            }
        };
        if let Err(violation) = outcome {
            panic!("the server says: {violation}, of an honest page, in the scenario of the seed {}", self.seed);
        }
        if let Some(list) = self.arrived_up.get(&self.token) {
            self.check(list.is_sorted_by(|one, other| one < other), "what arrived there is out of order or doubled");
        }
        self.host_drain();
    }

    fn seat(&mut self, request: Request) -> Result<(), Violation> {
        self.last_host_line += 1;
        let name = Epoch(self.last_host_line);
        let token = match request {
            Request::Resume { token, received } if self.hosts.get(&token.0).is_some_and(|host| !host.is_ending()) => {
                if let Some(host) = self.hosts.get_mut(&token.0) {
                    host.handle_resume(Millis(self.now), name, received)?;
                }
                token.0
            }
            _ => {
                let token = u128::from(self.last_host_line);
                let welcome = Welcome { token: Token(token), time_to_live: 60_000, spread: self.spread };
                self.hosts.insert(token, Session::<_, Host>::new(Bounds::default(), welcome, name));
                self.sent_down.entry(token).or_default();
                token
            }
        };
        if let Some(line) = &mut self.line {
            line.host = Some((token, name));
        }
        Ok(())
    }

    fn serve(&mut self) {
        let Some(token) = self.hosts.keys().last().copied() else { return };
        let (sent, now) = (self.sent_down.entry(token).or_default(), Millis(self.now));
        let message = sent.len() as u64 + 1;
        if let Some(host) = self.hosts.get_mut(&token)
            && host.send(now, message, message % 80, None).is_ok()
        {
            sent.push(message);
        }
        self.host_drain();
    }

    /// The server says what can't be.
    fn breach(&mut self) {
        if self.line.as_ref().is_some_and(|line| line.host.is_some()) {
            let frame = self.random.pick(&[Control::Ack { received: u64::from(u32::MAX) }, Control::New]);
            self.give(Way::Down, Frame::Control(frame));
        }
    }

    fn host(&mut self, call: impl FnOnce(&mut Session<u64, Host>, Millis)) {
        let now = Millis(self.now);
        if let Some((token, _)) = self.line.as_ref().and_then(|line| line.host)
            && let Some(host) = self.hosts.get_mut(&token)
        {
            call(host, now);
        }
        self.host_drain();
    }

    fn host_loses(&mut self) {
        if let Some((token, name)) = self.line.as_ref().and_then(|line| line.host)
            && let Some(host) = self.hosts.get_mut(&token)
        {
            host.handle_lost(name);
            while host.poll().is_some() {}
        }
    }

    fn host_next(&self) -> Option<u64> {
        let (token, _) = self.line.as_ref()?.host?;
        self.hosts.get(&token)?.poll_timeout().map(|at| at.0)
    }

    fn host_drain(&mut self) {
        let Some((token, name)) = self.line.as_ref().and_then(|line| line.host) else { return };
        while let Some(output) = self.hosts.get_mut(&token).and_then(Session::poll) {
            match output {
                session::Output::Transmit(line, message) if line == name => {
                    self.give(Way::Down, Frame::Message(message));
                }
                session::Output::Control(line, control) if line == name => {
                    self.give(Way::Down, Frame::Control(control));
                }
                _ => {}
            }
        }
    }

    /// The weather turns fine for good. All that is still on its way arrives.
    fn heal(&mut self) {
        self.calm = true;
        self.weather = Weather::Fine;
        if let Some(line) = self.line.as_mut().filter(|line| line.silent) {
            line.closes.get_or_insert((self.now + 1_000, 1006, false));
        }
        self.core.handle_signal(Millis(self.now), Signal::Online);
        self.drain();
        self.pass(200_000);
        let (state, held) = (self.core.state(), self.core.unacknowledged());
        let healthy = state == State::Closed || state == State::Open;
        self.check(healthy && held == 0, "the weather has long been fine, and it is not done");
        let open = self.courses.values().filter(|course| **course == Course::Sent).count();
        self.check(open == 0, "a message has no end");
        if state == State::Open
            && let Some(sent) = self.sent_down.get(&self.token)
        {
            let arrived = self.arrived_down.get(&self.token).map_or(0, Vec::len);
            self.check(arrived == sent.len(), "not all that was sent there has arrived here");
        }
    }

    fn check(&self, holds: bool, what: &str) {
        assert!(
            holds,
            "{what}, at {} ms, while {:?}, in the scenario of the seed {seed}; alone: UNDROP_SEED={seed} cargo test --release \
             --test simulation replay_with -- --nocapture",
            self.now,
            self.core.state(),
            seed = self.seed
        );
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.tells {
            println!("{:>8} {}", self.now, what());
        }
    }
}

impl Line {
    /// When something happens on it.
    fn next(&self) -> Option<u64> {
        let opens = (!self.is_open).then_some(self.opens);
        let arrives = self.flights.front().map(|(at, ..)| *at);
        [opens, arrives, self.closes.map(|(at, ..)| at)].into_iter().flatten().min()
    }
}
