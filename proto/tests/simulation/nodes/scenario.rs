//! What happens to the nodes, their store and their client: what stays as it is, and a script of acts at any time.

use undrop_proto::outbox::Bounds;
use undrop_proto::server::Config;

use super::world::Scenario;
use crate::random::Random;

/// What stays as it is for a whole scenario.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How long a frame takes, at most half of this and half again.
    pub latency: u32,
    /// How late a timer can be.
    pub lateness: u32,
    /// How long the client's app needs for a message.
    pub taking: u32,
    /// How long the handler needs before it has its turn.
    pub pace: u32,
    /// How long a handler goes on after its session has ended.
    pub late: u32,
    /// Of how many turns of the handler one is its last: it panics or returns. 0 for none.
    pub quits: u32,
    /// The message of the client that makes each handler panic.
    pub poison: Option<u32>,
    /// How the nodes serve their sessions.
    pub config: Config,
    /// How long a session outlives its connection.
    pub time_to_live: u32,
    /// How many sessions a client may have on a node.
    pub sessions: usize,
    /// How much may be unacknowledged, at either end.
    pub bounds: Bounds,
    /// The largest message.
    pub largest: u32,
    pub storing: Storing,
}

/// How the store behaves.
#[derive(Clone, Copy, Debug)]
pub struct Storing {
    /// How long a request takes, and its answer again.
    pub latency: u32,
    /// Of how many requests one fails: it is refused, or lost, or done later, or its answer is lost. 0 for none.
    pub failing: u32,
    /// After how long a request without an answer counts as failed.
    pub timeout: u32,
    /// Whether it may lose what it has said is written.
    pub lies: bool,
}

/// Something happens.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    ClientSends(u32),
    ClientPings,
    /// The client leaves its connection and makes another.
    Reconnect,
    /// The connection that the client is on is cut.
    Cut,
    ClientEnds,
    /// A node sends nothing on the connection that the client is on for so long, since the client reads nothing.
    Block(u32),
    /// A task of the app beside the handler sends.
    AppSends(u32),
    /// The same, only on the node that the client is connected to.
    AppSendsHere(u32),
    /// The app sends to a session by its id, wherever that is.
    AppForwards(u32),
    /// A task of the app beside the handler closes the session.
    AppCloses,
    /// The app ends all sessions of the client, on all nodes, and this node does it.
    AppRevokes(usize),
    /// A node has no room for more that comes in, for so long.
    Throttle(usize, u32),
    /// A node dies with all that it has in memory, and comes back.
    Kill(usize),
    /// A node shuts down, and comes back.
    ShutDown(usize),
    /// The store refuses all that it is asked for so long.
    StoreFails(u32),
    /// The store is so slow for so long.
    StoreIsSlow(u32),
    /// The store comes back with an older state, one of so many.
    StoreRollsBack(u32),
    /// The store drops a session, or the messages of one direction.
    StoreEvicts,
}

impl Scenario {
    pub fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let messages = random.pick(&[4, 40, 65_536, 65_536]);
        let storing = random.pick(&[1, 1, 20, 400]);
        let setup = Setup {
            latency: random.pick(&[1, 20, 200, 1_500]),
            lateness: random.pick(&[1, 1, 1_000]),
            taking: random.pick(&[0, 0, 30, 700]),
            pace: random.pick(&[0, 0, 0, 20, 500]),
            late: random.pick(&[1, 100, 4_000]),
            quits: random.pick(&[0, 0, 40, 12]),
            poison: random.one_in(16).then(|| random.below(12)),
            config: Config {
                idle: random.pick(&[700, 30_000, 30_000]),
                probe: random.pick(&[400, 10_000]),
                greeting: random.pick(&[1_000, 10_000]),
                close_timeout: random.pick(&[300, 5_000]),
                grace: random.pick(&[200, 5_000]),
                inbox: Bounds { messages: random.pick(&[2, 8, 1_024]), bytes: random.pick(&[20_000, 4 << 20]) },
            },
            time_to_live: random.pick(&[800, 5_000, 60_000, 60_000]),
            sessions: random.pick(&[1, 2, 8]),
            bounds: Bounds { messages, bytes: random.pick(&[100_000, 16 << 20]) },
            largest: random.pick(&[10, 3_000]),
            storing: Storing {
                latency: storing,
                failing: random.pick(&[0, 0, 12, 4]),
                timeout: 2 * storing + random.pick(&[10, 200, 2_000]),
                lies: random.one_in(3),
            },
        };
        let length = random.pick(&[1_000, 5_000, 15_000]);
        let rough = random.below(12);
        let ends = random.one_in(4);
        let script = if setup.storing.lies && random.one_in(4) {
            (0..3).flat_map(|_| fork(&mut random, length)).collect()
        } else {
            (0..5 + random.below(16))
                .map(|_| (u64::from(random.below(length)), act(&mut random, &setup, rough, ends)))
                .collect()
        };
        Self { seed, setup, script }
    }
}

/// The client goes to another node and hears from it; the store forgets that; and the node that had the session goes on.
fn fork(random: &mut Random, length: u32) -> [(u64, Act); 6] {
    let acts = [
        // The node may not notice that the client has left, and send on.
        random.pick(&[Act::Cut, Act::ClientPings]),
        Act::Reconnect,
        Act::AppSendsHere(1 + random.below(3)),
        Act::StoreRollsBack(random.pick(&[4, 12])),
        Act::AppSends(1 + random.below(5)),
        Act::Reconnect,
    ];
    let mut at = u64::from(random.below(length));
    let mut pause = || {
        at += random.pick(&[10, 100, 600, 2_500]);
        at
    };
    acts.map(|act| (pause(), act))
}

fn act(random: &mut Random, setup: &Setup, rough: u32, ends: bool) -> Act {
    let burst = |random: &mut Random| 1 + random.below(5) * random.below(4);
    if random.below(24) < rough {
        if setup.storing.lies && random.one_in(3) {
            let rolls_back = Act::StoreRollsBack(u32::MAX);
            return random.pick(&[rolls_back, rolls_back, Act::StoreEvicts]);
        }
        let node = random.below(2) as usize;
        let span = random.pick(&[100, 800, 4_000]);
        return random.pick(&[
            Act::Cut,
            Act::Cut,
            Act::Cut,
            Act::Reconnect,
            Act::Reconnect,
            Act::Reconnect,
            Act::Kill(node),
            Act::ShutDown(node),
            Act::Block(span),
            Act::Throttle(node, span),
            Act::StoreFails(span),
            Act::StoreIsSlow(span),
        ]);
    }
    match random.below(24) {
        0 if ends => Act::ClientEnds,
        1 if ends => Act::AppCloses,
        // A store that came back with an older state may have forgotten it.
        9 if ends && !setup.storing.lies => Act::AppRevokes(random.below(2) as usize),
        2 => Act::ClientPings,
        3 | 4 => Act::Reconnect,
        even if even.is_multiple_of(2) => Act::ClientSends(burst(random)),
        // A store that came back with an older state has again what was forwarded, or has lost it.
        5 | 7 | 9 if !setup.storing.lies => Act::AppForwards(burst(random)),
        _ => Act::AppSends(burst(random)),
    }
}
