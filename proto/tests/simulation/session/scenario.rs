//! What happens to the two ends of a session: what stays as it is, and a script of acts at any time.

use undrop_proto::outbox::Bounds;
use undrop_proto::{Config, Heartbeat, Lifetime, Policy, Retry, Signal};

use super::world::Scenario;
use crate::random::Random;

/// What stays as it is for a whole scenario.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How the connection of the client behaves; without, the client is a bare session end.
    pub connection: Option<Config>,
    /// How long a frame takes, at most half of this and half again.
    pub latency: u32,
    /// How late a timer can be.
    pub lateness: u32,
    /// How long the client's app needs for a message, if its client is a bare session end.
    pub taking: u32,
    /// How long the store needs for one; nothing if the server has none.
    pub storing: Option<u32>,
    /// How long a session outlives its connection.
    pub time_to_live: u32,
    /// Over how many milliseconds the server's clients should spread.
    pub spread: u32,
    pub bounds: Bounds,
    /// The largest message.
    pub largest: u32,
    /// The largest that the server accepts.
    pub accepts: u32,
    /// When the server is killed, its store may go back to an earlier state.
    pub loses: bool,
    /// The server compares what the client says of its own messages with what it has; if not, the client has to.
    pub compares: bool,
}

/// Something happens.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    ClientSends(u32),
    ServerSends(u32),
    ClientWithdraws,
    ServerWithdraws,
    ClientPings,
    ServerPings,
    /// The connection that the client is on is cut.
    Cut,
    /// The client leaves its connection and makes another.
    Reconnect,
    /// The server is killed, and comes back.
    Kill,
    ClientEnds,
    ServerEnds,
    /// The client's page says something of itself.
    Signal(Signal),
    /// The server sends what breaks the protocol.
    ServerErrs,
    /// Somebody resumes a session of the server with counts that can't be.
    Forge,
}

impl Scenario {
    /// One with a bare session end as the client.
    pub fn bare(seed: u64) -> Self {
        Self::from_seed(seed, false)
    }

    /// One with a whole connection as the client.
    pub fn whole(seed: u64) -> Self {
        Self::from_seed(seed, true)
    }

    fn from_seed(seed: u64, whole: bool) -> Self {
        let mut random = Random::new(seed);
        let setup = Setup {
            connection: whole.then(|| connection(&mut random)),
            latency: random.pick(&[1, 20, 200, 1_500]),
            lateness: random.pick(&[1, 1, 1_000]),
            taking: random.pick(&[0, 0, 30, 700]),
            storing: random.pick(&[None, Some(1), Some(40), Some(900)]),
            time_to_live: random.pick(&[500, 5_000, 120_000, 120_000]),
            spread: random.pick(&[0, 50, 2_000]),
            bounds: Bounds {
                messages: random.pick(&[4, 40, 65_536, 65_536]),
                bytes: random.pick(&[100_000, 16 << 20, 16 << 20]),
            },
            largest: random.pick(&[10, 3_000, 30_000]),
            accepts: random.pick(&[u32::MAX, u32::MAX, 1 << 20, 2_000]),
            loses: random.one_in(3),
            compares: !random.one_in(3),
        };
        let length = random.pick(&[2_000, 20_000, 20_000]);
        let rough = random.below(12);
        let ends = random.one_in(4);
        let script = (0..8 + random.below(24))
            .map(|_| (u64::from(random.below(length)), act(&mut random, rough, ends, whole)))
            .collect();
        Self { seed, setup, script }
    }
}

fn connection(random: &mut Random) -> Config {
    let retry = Retry {
        limit: u32::MAX,
        first: random.pick(&[5_000, 100]),
        cap: random.pick(&[30_000, 500]),
        reset_after: random.pick(&[5_000, 0]),
    };
    Config {
        policy: random.pick(&[Policy::Retry(retry), Policy::Ask(retry)]),
        lifetime: Lifetime::Unlimited,
        connect_timeout: random.pick(&[10_000, 1_500]),
        close_timeout: random.pick(&[5_000, 500]),
        queue: None,
        authenticates: false,
        heartbeat: random.pick(&[None, Some(Heartbeat { interval: 2_000, timeout: 1_000 })]),
    }
}

fn act(random: &mut Random, rough: u32, ends: bool, whole: bool) -> Act {
    let burst = |random: &mut Random| 1 + random.below(8) * random.below(8);
    if random.below(24) < rough {
        return random.pick(&[Act::Cut, Act::Cut, Act::Cut, Act::Reconnect, Act::Reconnect, Act::Kill]);
    }
    match random.below(24) {
        0 | 1 => Act::ClientWithdraws,
        2 => Act::ServerWithdraws,
        3 if ends => Act::ClientEnds,
        4 if ends => Act::ServerEnds,
        5 => Act::ClientPings,
        6 => Act::ServerPings,
        7 if whole => Act::Signal(random.pick(&[Signal::Online, Signal::Wake, Signal::Offline, Signal::Visible])),
        8 if whole && random.one_in(4) => Act::ServerErrs,
        9 if random.one_in(4) => Act::Forge,
        even if even.is_multiple_of(2) => Act::ClientSends(burst(random)),
        _ => Act::ServerSends(burst(random)),
    }
}
