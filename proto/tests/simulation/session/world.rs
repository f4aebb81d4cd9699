//! A client and a server: what happens to them, and whether they are done.

use std::ops::Range;

use undrop_proto::{Attempt, Millis, Outcome};

use super::bare_client::BareClient;
use super::record::{Record, Records};
use super::scenario::{Act, Setup};
use super::server::Server;
use super::twins::Defect;
use super::whole_client::WholeClient;
use crate::census::census;
use crate::law::Verdict;
use crate::message::Frame;
use crate::network::Way;
use crate::twins::Twin;
use crate::world::{self, END};

/// The two ends.
pub struct World {
    client: Box<dyn Client>,
    server: Server,
}

pub type Scenario = world::Scenario<World>;
pub type Shared = world::Shared<World>;

/// What is to happen at a time.
#[derive(Clone, Debug)]
pub enum Event {
    Connect,
    /// The handshake of this connection succeeded.
    Opened(Attempt),
    /// A frame has arrived at the end that this way leads to.
    Arrives(Attempt, Way, Frame),
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
    fn arrives(&mut self, shared: &mut Shared, attempt: Attempt, frame: Frame) -> Verdict;
    fn timer(&mut self, shared: &mut Shared) -> Verdict;
    /// One of the events that only this kind of client schedules.
    fn special(&mut self, _: &mut Shared, _: Event) -> Verdict {
        Ok(())
    }
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

impl world::World for World {
    type Setup = Setup;
    type Act = Act;
    type Event = Event;
    type Record = Records;
    type Census = Census;
    type Defect = Defect;

    fn new(Scenario { seed, setup, .. }: &Scenario, twin: Twin<Defect>, now: Millis) -> (Self, Records, Census) {
        let mut census = Census { scenarios: 1, ..Census::default() };
        let client: Box<dyn Client> = match setup.connection {
            Some(config) => {
                census.whole = 1;
                Box::new(WholeClient::new(config, setup.bounds, now, *seed))
            }
            None => {
                census.bare = 1;
                Box::new(BareClient::new(setup.bounds, twin))
            }
        };
        (Self { client, server: Server::default() }, Records::default(), census)
    }

    fn begin(&mut self, shared: &mut Shared) -> Verdict {
        self.client.connect(shared)
    }

    fn act(&mut self, shared: &mut Shared, act: Act) -> Verdict {
        let Self { client, server } = self;
        match act {
            Act::ServerSends(count) => (0..count).try_for_each(|_| server.send(shared)),
            Act::ServerWithdraws => server.withdraw(shared),
            Act::ServerPings => server.ping(shared),
            Act::Forge => server.forge(shared),
            Act::ServerEnds => {
                shared.census.server_ends += 1;
                server.finish(shared)
            }
            Act::ServerErrs => client.attempt().map_or(Ok(()), |attempt| server.err(shared, attempt)),
            Act::Cut => {
                let is_cut = client.attempt().is_some_and(|attempt| shared.cut(attempt));
                shared.census.cuts += u64::from(is_cut);
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

    fn step(&mut self, shared: &mut Shared, event: Event) -> Verdict {
        let Self { client, server } = self;
        shared.census.steps += 1;
        match event {
            Event::Connect => client.connect(shared),
            Event::Opened(attempt) if shared.net.has_left(attempt, Way::Down) => Ok(()),
            Event::Opened(attempt) => client.opened(shared, attempt),
            Event::Arrives(attempt, Way::Up, frame) => server.arrives(shared, attempt, frame),
            Event::Arrives(attempt, Way::Down, frame) => client.arrives(shared, attempt, frame),
            Event::ClientTimer => client.timer(shared),
            Event::ServerTimer(session) => server.timer(shared, session),
            Event::Stored(session, starts, number) => server.stored(shared, session, starts, number),
            Event::Evict(session, since) => server.evict(shared, session, since),
            Event::TimedOut(_) | Event::Unanswered(_) | Event::ClientTook(..) => client.special(shared, event),
        }
    }

    fn close(&self, shared: &Shared) -> Verdict {
        self.client.close(shared.record.of(Way::Up))?;
        self.server.close()?;
        shared.record.close()
    }

    /// The heartbeat of a connection never ends.
    fn calm(setup: &Setup) -> Range<u64> {
        setup.connection.map_or(END..END, |_| 30_000..END)
    }
}

impl world::Frames for World {
    const ARRIVES: fn(Attempt, Way, Frame) -> Event = Event::Arrives;
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
