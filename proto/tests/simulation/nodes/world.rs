//! Two nodes, their store and their client: what happens to them, and whether they are done.

use std::ops::Range;

use undrop_proto::{Attempt, Millis, Outcome};

use super::client::Client;
use super::node::{self, Node};
use super::record::Record;
use super::scenario::{Act, Setup};
use super::store::{self, Store};
use super::twins::Defect;
use crate::census::census;
use crate::law::Verdict;
use crate::message::Frame;
use crate::network::Way;
use crate::twins::Twin;
use crate::world::{self, END};

pub struct World {
    client: Client,
    nodes: [Node; 2],
    store: Store,
}

pub type Scenario = world::Scenario<World>;
pub type Shared = world::Shared<World>;

/// What is to happen at a time.
#[derive(Clone, Debug)]
pub enum Event {
    Connect,
    /// The handshake of this connection succeeded.
    Opened(Attempt),
    Arrives(Attempt, Way, Frame),
    /// The client waits no longer for this connection to be live.
    TimedOut(Attempt),
    /// The client waits no longer for the answer to its `end`.
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

impl world::World for World {
    type Setup = Setup;
    type Act = Act;
    type Event = Event;
    type Record = Record;
    type Census = Census;
    type Defect = Defect;

    fn new(Scenario { setup, .. }: &Scenario, _: Twin<Defect>, _: Millis) -> (Self, Record, Census) {
        let lies = setup.storing.lies;
        let census = Census { scenarios: 1, lying: u64::from(lies), honest: u64::from(!lies), ..Census::default() };
        let nodes = [Node::new(0), Node::new(1)];
        (Self { client: Client::new(setup.bounds), nodes, store: Store::default() }, Record::default(), census)
    }

    fn begin(&mut self, shared: &mut Shared) -> Verdict {
        self.step(shared, Event::Connect)
    }

    fn act(&mut self, shared: &mut Shared, act: Act) -> Verdict {
        let Self { client, nodes, store } = self;
        match act {
            Act::Cut => {
                let is_cut = client.attempt.is_some_and(|attempt| shared.cut(attempt));
                shared.census.cuts += u64::from(is_cut);
                Ok(())
            }
            Act::Block(span) => match client.attempt {
                Some(attempt) => nodes[shared.record.node_of(attempt)].block(shared, attempt, span),
                None => Ok(()),
            },
            Act::AppSends(count) => nodes.iter_mut().try_for_each(|node| node.app_sends(shared, store, count)),
            Act::AppSendsHere(count) => match client.attempt {
                Some(attempt) => nodes[shared.record.node_of(attempt)].app_sends(shared, store, count),
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

    fn step(&mut self, shared: &mut Shared, event: Event) -> Verdict {
        let Self { client, nodes, store } = self;
        shared.census.steps += 1;
        match event {
            Event::Connect => {
                let node = shared.net.random.below(2) as usize;
                client.connect(shared, node, nodes[node].is_up)
            }
            Event::Opened(attempt) if shared.net.has_left(attempt, Way::Down) => Ok(()),
            Event::Opened(attempt) => client.opened(shared, attempt),
            Event::Arrives(attempt, Way::Up, frame) => {
                nodes[shared.record.node_of(attempt)].arrives(shared, store, attempt, frame)
            }
            Event::Arrives(attempt, Way::Down, frame) => client.arrives(shared, attempt, frame),
            Event::TimedOut(attempt) => client.timed_out(shared, attempt),
            Event::Unanswered(attempt) => client.lose(shared, attempt),
            Event::ClientTimer => client.timer(shared),
            Event::ClientTook(sessions, count) => client.took(shared, sessions, count),
            Event::Renew => client.renew(shared),
            Event::Node(node, starts, event) => nodes[node].happens(shared, store, starts, event),
            Event::NodeStarts(node) => {
                nodes[node].is_up = true;
                Ok(())
            }
            Event::Store(number) => store.carry_out(shared, number),
            Event::Answer(asker, answer) => nodes[asker.node].answered(shared, store, asker, answer),
        }
    }

    fn close(&self, shared: &Shared) -> Verdict {
        self.client.close()?;
        self.nodes.iter().try_for_each(Node::close)?;
        self.store.close(self.client.session())?;
        shared.record.close(self.client.session())
    }

    /// The nodes ask for ever whether their client is still there.
    fn calm(_: &Setup) -> Range<u64> {
        2_000..END
    }
}

impl world::Frames for World {
    const ARRIVES: fn(Attempt, Way, Frame) -> Event = Event::Arrives;
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
