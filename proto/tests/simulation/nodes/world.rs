//! Has a scenario happen to two nodes, their store and their client, judges each step, and sees that in the end nothing is
//! left undone.

use undrop_proto::wire::Control;
use undrop_proto::{Attempt, Outcome};

use super::client::Client;
use super::node::{self, Node};
use super::record::Record;
use super::scenario::{Act, Scenario, Setup};
use super::store::{self, Store};
use super::twins::Defect;
use crate::census::census;
use crate::law::{Law, Verdict};
use crate::network::{Network, Way};
use crate::random::Random;
use crate::twins::Twin;

/// More than this can't happen in any scenario: who still has something to do then is never done.
const ENOUGH: usize = 50_000;

/// How long after the last act it is first looked at whether all is done, and when it has to be done, in milliseconds.
const CALM: u64 = 2_000;
const END: u64 = 250_000;

pub struct World {
    shared: Shared,
    client: Client,
    nodes: [Node; 2],
    store: Store,
}

/// What all of them have to do with.
pub struct Shared {
    pub setup: Setup,
    pub net: Network<Event>,
    pub record: Record,
    pub census: Census,
    pub twin: Twin<Defect>,
    /// The node that a connection leads to, by the attempt before which there were so many.
    pub routes: Vec<usize>,
    /// The last act: from then on nothing goes wrong.
    calm_from: u64,
    /// Says all that happens, for a replay.
    tell: bool,
}

/// A message. Its number says which one of its direction it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Message {
    pub number: u32,
    pub bytes: u32,
}

/// What a connection carries.
#[derive(Clone, Copy, Debug)]
pub enum Frame {
    Message(Message),
    Control(Control),
    /// The server has closed the connection, with this code.
    Close(u16),
    /// The other end has left, or the connection is found to be lost.
    Gone,
}

/// What is to happen at a time.
#[derive(Clone, Debug)]
pub enum Event {
    /// The script goes on with this act.
    Act(usize),
    Connect,
    /// The handshake of this connection succeeded.
    Opened(Attempt),
    Arrives(Attempt, Way, Frame),
    /// The client waits no longer for this connection to be live, ...
    TimedOut(Attempt),
    /// ... or for the answer to its `end`.
    Unanswered(Attempt),
    ClientTimer,
    /// The client's app is done with so many messages of its session of this age.
    ClientTook(u32, u64),
    /// The client's session is over, and it wants another.
    Renew,
    /// Something happens to a node that was started so many times.
    Node(usize, u32, node::Event),
    NodeStarts(usize),
    /// The store carries out the request of this number.
    Store(u64),
    /// The store answers.
    Answer(store::Asker, store::Answer),
}

census! {
    Census {
        scenarios: "scenarios",
        steps: "steps",
        honest: "scenarios with an honest store",
        lying: "scenarios with a store that loses state",
        up: "messages received by a handler",
        again: "messages received again by another handler",
        down: "messages received by the client",
        delivered: "messages of the client delivered",
        unsent: "messages of the client unsent",
        unconfirmed: "messages of the client unconfirmed",
        arrived: "deliveries that arrived",
        unknown: "deliveries of which it is not known",
        undelivered: "messages returned to a handler",
        forwarded: "messages forwarded to a session",
        no_room: "times there was no room for a forwarded message",
        committed: "commits that are stored",
        several: "commits of several messages",
        replies: "commits with replies",
        removed: "commits of a session that is removed",
        moved: "commits of a session that has moved",
        moved_after: "commits after the session has moved",
        over: "commits of a session that is over",
        uncertain: "commits of which it is not known",
        sessions: "sessions began",
        resumes: "sessions resumed",
        restores: "sessions restored from the store",
        takeovers: "sessions taken over by a second connection",
        moves: "sessions that went from one node, or start of a node, to another",
        fenced: "sessions that a node found to be another's",
        late: "late resumes refused",
        readmitted: "connections admitted again",
        busy: "connections told to try later",
        resets: "sessions after another",
        expired: "sessions expired",
        forgotten_records: "sessions expired in the store",
        evicted: "sessions evicted",
        closed: "sessions closed by the app",
        client_ends: "sessions ended by the client",
        revoked: "sessions revoked",
        revoked_elsewhere: "sessions that a node found to be revoked",
        panics: "handlers that panicked",
        failing: "connections refused since a handler panics",
        failed: "sessions ended since a handler panics",
        stopped: "handlers stopped",
        silent: "connections that died of silence",
        store_timeouts: "connections that waited for the store in vain",
        full: "times a connection was not read",
        throttled: "times a connection was not read for want of room for all",
        blocked: "times a connection took no frames",
        kills: "nodes killed",
        shutdowns: "nodes shut down",
        cuts: "connections cut",
        refusals: "requests that the store refused",
        losses: "requests or answers that were lost",
        delays: "requests that the store carried out after it had failed",
        repetitions: "answers that came twice",
        fenced_writes: "writes that the store refused to another node",
        rollbacks: "times the store came back with an older state",
        evictions: "times the store evicted",
        behind: "writes with a gap before them",
        repaired: "sessions that a node wrote again",
        lost: "claims of a session that has lost a part",
        renewed: "resumes of a session that has lost a part",
        forgotten_commits: "commits that the store forgot and nobody noticed",
        forks: "sessions that went on with other messages than the client knows",
        forgotten_messages: "messages of a handler that the store forgot and nobody noticed",
    }
}

impl World {
    pub fn run(scenario: &Scenario, defect: Option<Defect>, tell: bool) -> Verdict<Census> {
        let lies = scenario.setup.storing.lies;
        let shared = Shared {
            setup: scenario.setup,
            net: Network::new(0, Random::new(scenario.seed ^ 0x0de5_5702)),
            record: Record::default(),
            census: Census { scenarios: 1, lying: u64::from(lies), honest: u64::from(!lies), ..Census::default() },
            twin: Twin::new(defect),
            routes: Vec::new(),
            calm_from: scenario.script.iter().map(|(at, _)| *at).max().unwrap_or(0),
            tell,
        };
        let mut world = Self {
            client: Client::new(scenario.setup.bounds),
            nodes: [Node::new(0), Node::new(1)],
            store: Store::default(),
            shared,
        };
        world.run_to_end(scenario).map_err(|violation| violation.at(world.shared.net.now))?;
        Ok(world.shared.census)
    }

    fn run_to_end(&mut self, scenario: &Scenario) -> Verdict {
        for (index, (at, _)) in scenario.script.iter().enumerate() {
            self.shared.net.at(*at, Event::Act(index));
        }
        self.shared.net.at(0, Event::Connect);
        for step in 0..ENOUGH {
            let calm = self.shared.net.now.saturating_sub(self.shared.calm_from);
            if calm > CALM && step % 16 == 0 && self.close().is_ok() {
                return Ok(());
            }
            let Some(event) = self.shared.net.take().filter(|_| calm <= END) else { return self.close() };
            self.shared.say(|| format!("{event:?}"));
            self.shared.census.steps += 1;
            self.step(event, scenario)?;
        }
        Law::I4.broken("there is no end to it")
    }

    /// Whether nothing is left to be done.
    fn close(&self) -> Verdict {
        self.client.close()?;
        self.nodes.iter().try_for_each(Node::close)?;
        self.store.close(self.client.session())?;
        self.shared.record.close(self.client.session())
    }

    fn step(&mut self, event: Event, scenario: &Scenario) -> Verdict {
        let Self { shared, client, nodes, store } = self;
        match event {
            Event::Act(index) => self.act(scenario.script[index].1),
            Event::Connect => {
                let node = shared.net.random.below(2) as usize;
                client.connect(shared, node, nodes[node].is_up())
            }
            Event::Opened(attempt) if shared.net.has_left(attempt, Way::Down) => Ok(()),
            Event::Opened(attempt) => client.opened(shared, attempt),
            Event::Arrives(attempt, Way::Up, frame) => {
                nodes[shared.routes[attempt.0 as usize - 1]].arrives(shared, store, attempt, frame)
            }
            Event::Arrives(attempt, Way::Down, frame) => client.arrives(shared, attempt, frame),
            Event::TimedOut(attempt) => client.timed_out(shared, attempt),
            Event::Unanswered(attempt) => client.lose(shared, attempt),
            Event::ClientTimer => client.timer(shared),
            Event::ClientTook(sessions, count) => client.took(shared, sessions, count),
            Event::Renew => client.renew(shared),
            Event::Node(node, starts, event) => nodes[node].happens(shared, store, starts, event),
            Event::NodeStarts(node) => {
                nodes[node].start();
                Ok(())
            }
            Event::Store(number) => store.carry_out(shared, number),
            Event::Answer(asker, answer) => nodes[asker.node].answered(shared, store, asker, answer),
        }
    }

    fn act(&mut self, act: Act) -> Verdict {
        let Self { shared, client, nodes, store } = self;
        shared.say(|| format!("{act:?}"));
        match act {
            Act::Cut => {
                if let Some(attempt) = client.attempt() {
                    shared.cut(attempt);
                }
                Ok(())
            }
            Act::Block(span) => match client.attempt() {
                Some(attempt) => nodes[shared.routes[attempt.0 as usize - 1]].block(shared, attempt, span),
                None => Ok(()),
            },
            Act::AppSends(count) => nodes.iter_mut().try_for_each(|node| node.app_sends(shared, store, count)),
            Act::AppSendsHere(count) => match client.attempt() {
                Some(attempt) => nodes[shared.routes[attempt.0 as usize - 1]].app_sends(shared, store, count),
                None => Ok(()),
            },
            Act::AppForwards(count) => {
                let session = store.forward(shared, count);
                // Not every message tells the node that there is one.
                let Some(session) = session.filter(|_| !shared.net.random.one_in(4)) else { return Ok(()) };
                nodes.iter_mut().try_for_each(|node| node.is_woken(shared, store, session))
            }
            Act::AppCloses => nodes.iter_mut().try_for_each(|node| node.app_closes(shared, store)),
            Act::AppRevokes(node) => {
                store.revoke(shared);
                nodes[node].revoke(shared, store)
            }
            Act::Throttle(node, span) => nodes[node].throttle(shared, span),
            Act::Kill(node) => nodes[node].kill(shared),
            Act::ShutDown(node) => nodes[node].shut_down(shared, store),
            Act::StoreFails(span) => store.fail(shared, span),
            Act::StoreIsSlow(span) => store.be_slow(shared, span),
            Act::StoreRollsBack(most) => store.roll_back(shared, most),
            Act::StoreEvicts => store.evict(shared),
            Act::ClientSends(count) => client.send(shared, count),
            Act::ClientPings => client.ping(shared),
            Act::Reconnect => client.reconnect(shared),
            Act::ClientEnds => client.end(shared),
        }
    }
}

impl Shared {
    pub fn is_calm(&self) -> bool {
        self.net.now >= self.calm_from
    }

    /// A new connection to a node. Most are fast; what is sent on a slow one can arrive after what was sent later on another.
    pub fn connect(&mut self, node: usize) -> Attempt {
        self.routes.push(node);
        let attempt = Attempt(self.routes.len() as u32);
        let most = if self.net.random.one_in(4) { self.setup.latency } else { 1 + self.setup.latency / 16 };
        let latency = 1 + self.net.random.below(most);
        self.net.connect(attempt, latency);
        attempt
    }

    pub fn give(&mut self, attempt: Attempt, way: Way, frame: Frame) {
        let latency = self.net.latency(attempt);
        let delay = latency + self.net.random.below(latency.max(1));
        self.net.send(attempt, way, u64::from(delay), Event::Arrives(attempt, way, frame));
    }

    /// The end that this way comes from leaves the connection; the other hears of it after all that was sent before.
    pub fn leave(&mut self, attempt: Attempt, way: Way) {
        if self.net.has_left(attempt, way) {
            return;
        }
        self.net.leave(attempt, way);
        if !self.net.is_cut(attempt) {
            let at = self.net.now + u64::from(self.net.latency(attempt));
            self.net.deliver(attempt, way, at, Event::Arrives(attempt, way, Frame::Gone));
        }
    }

    pub fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            println!("{:>7} ms {}", self.net.now, what());
        }
    }

    /// What is under way loses its end; sooner or later both ends notice.
    fn cut(&mut self, attempt: Attempt) {
        if self.net.is_cut(attempt) {
            return;
        }
        self.census.cuts += 1;
        self.net.cut(attempt, true);
        let half_open = self.net.random.one_in(3);
        for (way, late) in [(Way::Up, 60_000), (Way::Down, 10_000)] {
            self.net.lose_some(attempt, way);
            let notices = if half_open { late } else { 1 + self.net.random.below(3_000) };
            let at = self.net.now + u64::from(notices);
            self.net.deliver(attempt, way, at, Event::Arrives(attempt, way, Frame::Gone));
        }
    }
}

impl Census {
    pub fn settled(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Unsent => self.unsent += 1,
            Outcome::Unconfirmed => self.unconfirmed += 1,
            // The client's app withdraws nothing, and its messages do not expire.
            _ => {}
        }
    }
}
