//! Has a scenario happen to a client and a server, judges each step, and sees that in the end nothing is left undone.

use undrop_proto::{Attempt, Outcome};

use super::bare_client::BareClient;
use super::message::Frame;
use super::record::Record;
use super::scenario::{Act, Scenario, Setup};
use super::server::Server;
use super::twins::Defect;
use super::whole_client::WholeClient;
use crate::census::census;
use crate::law::{Law, Verdict};
use crate::network::{Network, Way};
use crate::random::Random;
use crate::twins::Twin;

/// More than this can't happen in any scenario: who still has something to do then is never done.
const ENOUGH: usize = 200_000;

/// How long after the last act a client whose heartbeat never ends is looked at for whether all is done, and has to be
/// done, in milliseconds.
const CALM: u64 = 30_000;
const END: u64 = 250_000;

/// The two ends, and what is between them.
pub struct World {
    shared: Shared,
    client: Box<dyn Client>,
    server: Server,
}

/// What both ends have to do with.
pub struct Shared {
    pub setup: Setup,
    pub net: Network<Event>,
    /// By the way that their messages go.
    pub records: [Record; 2],
    /// When the server is back.
    pub server_up_at: u64,
    /// The last act: from then on nothing goes wrong.
    pub calm_from: u64,
    pub census: Census,
    /// Says all that happens, for a replay.
    tell: bool,
}

/// What is to happen at a time.
#[derive(Clone, Debug)]
pub enum Event {
    /// The script goes on with this act.
    Act(usize),
    Connect,
    /// The handshake of this connection succeeded.
    Opened(Attempt),
    /// A frame of a message of so many bytes, or a control frame, has arrived.
    Arrives(Attempt, Way, Frame, u32),
    /// The end that this way leads to finds out that the connection is gone.
    Noticed(Attempt, Way),
    /// The server has answered the client's close frame.
    Closed(Attempt),
    /// A bare client waits no longer for this connection to be live.
    TimedOut(Attempt),
    /// The client has ended the session on this connection, and waits no longer for an answer.
    Unanswered(Attempt),
    ClientTimer,
    /// The client's app is done with so many messages of its session of this age.
    ClientTook(u32, u64),
    ServerTimer(usize),
    /// So many messages of this session are to be stored, for the server that was started so many times.
    Stored(usize, u32, u64),
    /// This session was without a connection from a time on.
    Evict(usize, u64),
}

/// The end that connects: a bare session end with the simplest owner, or a whole connection.
pub trait Client {
    /// The connection that it is on.
    fn attempt(&self) -> Option<Attempt>;
    fn connect(&mut self, shared: &mut Shared) -> Verdict;
    fn opened(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict;
    fn arrives(&mut self, shared: &mut Shared, attempt: Attempt, frame: Frame, bytes: u32) -> Verdict;
    /// The connection is gone.
    fn noticed(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict;
    fn timer(&mut self, shared: &mut Shared) -> Verdict;
    /// One of the events that only this kind of client schedules.
    fn special(&mut self, shared: &mut Shared, event: Event) -> Verdict;
    fn act(&mut self, shared: &mut Shared, act: Act) -> Verdict;
    /// To be called when nothing more happens, with the record of what it sent.
    fn close(&self, record: &Record) -> Verdict;
}

census! {
    Census {
        scenarios: "scenarios",
        steps: "steps",
        up: "messages arrived at the server",
        down: "messages arrived at the client",
        delivered: "messages delivered",
        expired: "messages expired",
        withdrawn: "messages withdrawn",
        unsent: "messages unsent",
        unconfirmed: "messages unconfirmed",
        too_large: "messages too large for the server",
        refused_as_too_large: "messages refused as too large",
        cuts: "connections cut",
        reconnects: "connections left for another",
        kills: "times the server was killed",
        sessions: "sessions began",
        resumes: "sessions resumed",
        restores: "sessions restored from the store",
        losses: "sessions of which the store lost a part",
        lost: "times the server found that out",
        left: "times the client found that out",
        store_lost: "sessions after one of which the store lost a part",
        forged: "resumes with impossible counts",
        takeovers: "sessions taken over by a second connection",
        refusals: "late resumes refused",
        server_pongs: "pings of the server answered",
        client_ends: "times the client ended it",
        server_ends: "times the server ended it",
        bare: "scenarios with a bare client",
        client_pongs: "pings of a bare client answered",
        whole: "scenarios with a whole connection",
        resets: "sessions after another",
        drops: "connections dropped",
        timeouts: "attempts that took too long",
        heartbeats: "connections that died of silence",
        closes: "connections closed",
        close_frames: "close frames after the end of a session",
        close_timeouts: "closes that nobody answered",
        successes: "short connections that count as successes",
        violations: "violations of the protocol by the server",
        revivals: "connections asked for after the close",
    }
}

impl World {
    pub fn run(scenario: &Scenario, defect: Option<Defect>, tell: bool) -> Verdict<Census> {
        let twin = Twin::new(defect);
        let is_whole = scenario.setup.connection.is_some();
        let random = Random::new(scenario.seed ^ 0x5e55_1011);
        let shared = Shared {
            setup: scenario.setup,
            net: Network::new(0, random),
            records: Default::default(),
            server_up_at: 0,
            calm_from: scenario.script.iter().map(|(at, _)| *at).max().unwrap_or(0),
            census: Census {
                scenarios: 1,
                whole: u64::from(is_whole),
                bare: u64::from(!is_whole),
                ..Census::default()
            },
            tell,
        };
        let mut world =
            Self { client: client(&scenario.setup, scenario.seed, twin), server: Server::new(twin), shared };
        world.run_to_end(scenario).map_err(|violation| violation.at(world.shared.net.now))?;
        Ok(world.shared.census)
    }

    fn run_to_end(&mut self, scenario: &Scenario) -> Verdict {
        for (index, (at, _)) in scenario.script.iter().enumerate() {
            self.shared.net.at(*at, Event::Act(index));
        }
        self.shared.net.at(0, Event::Connect);
        for _ in 0..ENOUGH {
            let is_over = self.shared.setup.connection.is_some() && self.is_over();
            let Some(event) = self.shared.net.take().filter(|_| !is_over) else {
                return self.close();
            };
            self.shared.say(|| format!("{event:?}"));
            self.shared.census.steps += 1;
            self.step(event, scenario)?;
        }
        Law::I4.broken("there is no end to it")
    }

    /// Whether only the heartbeat of a client is left to happen, or nothing else should be.
    fn is_over(&self) -> bool {
        let calm = self.shared.net.now.saturating_sub(self.shared.calm_from);
        calm > END || calm > CALM && self.shared.census.steps.is_multiple_of(16) && self.close().is_ok()
    }

    fn close(&self) -> Verdict {
        self.client.close(&self.shared.records[Way::Up as usize])?;
        self.server.close()?;
        self.shared.records.iter().try_for_each(Record::close)
    }

    fn step(&mut self, event: Event, scenario: &Scenario) -> Verdict {
        let Self { shared, client, server } = self;
        match event {
            Event::Act(index) => self.act(scenario.script[index].1),
            Event::Connect => client.connect(shared),
            Event::Opened(attempt) if shared.net.has_left(attempt, Way::Down) => Ok(()),
            Event::Opened(attempt) => client.opened(shared, attempt),
            Event::Arrives(attempt, Way::Up, frame, bytes) => server.arrives(shared, attempt, frame, bytes),
            Event::Arrives(attempt, Way::Down, frame, bytes) => client.arrives(shared, attempt, frame, bytes),
            Event::Noticed(attempt, Way::Up) => server.noticed(shared, attempt),
            Event::Noticed(attempt, Way::Down) => client.noticed(shared, attempt),
            Event::ClientTimer => client.timer(shared),
            Event::ServerTimer(session) => server.timer(shared, session),
            Event::Stored(session, starts, number) => server.stored(shared, session, starts, number),
            Event::Evict(session, since) => server.evict(shared, session, since),
            Event::Closed(_) | Event::TimedOut(_) | Event::Unanswered(_) | Event::ClientTook(..) => {
                client.special(shared, event)
            }
        }
    }

    fn act(&mut self, act: Act) -> Verdict {
        let Self { shared, client, server } = self;
        shared.say(|| format!("{act:?}"));
        match act {
            Act::ServerSends(count) => (0..count).try_for_each(|_| server.send(shared)),
            Act::ServerWithdraws => server.withdraw(shared),
            Act::ServerPings => server.ping(shared),
            Act::Forge => server.forge(shared),
            Act::ServerEnds => {
                shared.census.server_ends += 1;
                server.finish(shared)
            }
            Act::ServerErrs => {
                if let Some(attempt) = client.attempt() {
                    server.err(shared, attempt);
                }
                Ok(())
            }
            Act::Cut => {
                if let Some(attempt) = client.attempt() {
                    shared.cut(attempt);
                }
                Ok(())
            }
            Act::Kill => {
                shared.census.kills += 1;
                server.kill(shared)
            }
            Act::ClientSends(_)
            | Act::ClientWithdraws
            | Act::ClientPings
            | Act::Reconnect
            | Act::ClientEnds
            | Act::Signal(_) => client.act(shared, act),
        }
    }
}

fn client(setup: &Setup, seed: u64, twin: Twin<Defect>) -> Box<dyn Client> {
    match setup.connection {
        Some(config) => Box::new(WholeClient::new(config, setup.bounds, seed, twin)),
        None => Box::new(BareClient::new(setup.bounds, twin)),
    }
}

impl Shared {
    pub fn is_calm(&self) -> bool {
        self.net.now >= self.calm_from
    }

    pub fn is_server_up(&self) -> bool {
        self.server_up_at <= self.net.now
    }

    /// A new connection. Most are fast; what is sent on a slow one can arrive after what was sent later on another.
    pub fn connect(&mut self, attempt: Attempt) {
        let most = if self.net.random.one_in(4) { self.setup.latency } else { 1 + self.setup.latency / 16 };
        let latency = 1 + self.net.random.below(most);
        self.net.connect(attempt, latency);
    }

    pub fn give(&mut self, attempt: Attempt, way: Way, frame: Frame, bytes: u32) {
        let latency = self.net.latency(attempt);
        let delay = latency + self.net.random.below(latency.max(1));
        self.net.send(attempt, way, u64::from(delay), Event::Arrives(attempt, way, frame, bytes));
    }

    /// The end that this way comes from leaves the connection; the other hears of it after all that was sent before.
    pub fn leave(&mut self, attempt: Attempt, way: Way) {
        self.net.leave(attempt, way);
        if !self.net.is_cut(attempt) {
            let at = self.net.now + u64::from(self.net.latency(attempt));
            self.net.deliver(attempt, way, at, Event::Noticed(attempt, way));
        }
    }

    pub fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            println!("{:>7} ms {}", self.net.now, what());
        }
    }

    /// What is under way loses its end; sooner or later the client notices, and the server perhaps never.
    fn cut(&mut self, attempt: Attempt) {
        if self.net.is_cut(attempt) {
            return;
        }
        self.census.cuts += 1;
        self.net.cut(attempt, true);
        for way in [Way::Up, Way::Down] {
            self.net.lose_some(attempt, way);
        }
        let half_open = self.net.random.one_in(3);
        let notices = if half_open { 10_000 } else { 1 + self.net.random.below(3_000) };
        self.net.after(notices, Event::Noticed(attempt, Way::Down));
        let notices = if half_open { 60_000 } else { self.net.random.below(3_000) };
        self.net.after(notices, Event::Noticed(attempt, Way::Up));
    }
}

impl Census {
    pub fn settled(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Expired => self.expired += 1,
            Outcome::Withdrawn => self.withdrawn += 1,
            Outcome::Unsent => self.unsent += 1,
            Outcome::Unconfirmed => self.unconfirmed += 1,
            Outcome::TooLarge => self.too_large += 1,
            // None of the others is an outcome of a session.
            _ => {}
        }
    }
}
