//! What happens: the weather, and a script of acts at any time.

use undrop::core::outbox::Bounds;

use super::random::Random;

/// What stays as it is for a whole scenario.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// How long a frame takes, at most half of this and half again.
    pub latency: u32,
    /// How late a timer can be.
    pub lateness: u32,
    /// How long the guest's app needs for a message.
    pub taking: u32,
    /// How long the store needs for one; nothing if the server has none.
    pub storing: Option<u32>,
    /// How long a session outlives its line.
    pub time_to_live: u32,
    pub bounds: Bounds,
    /// The largest message.
    pub largest: u32,
}

/// Something happens.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    GuestSends(u32),
    HostSends(u32),
    GuestWithdraws,
    HostWithdraws,
    GuestPings,
    HostPings,
    /// The line that the guest is on is cut.
    Cut,
    /// The guest leaves its line and dials another.
    Redial,
    /// The server is killed, and comes back.
    Kill,
    GuestEnds,
    HostEnds,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub weather: Weather,
    /// What happens, and when.
    pub script: Vec<(u64, Act)>,
}

impl Scenario {
    pub fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let weather = Weather {
            latency: random.pick(&[1, 20, 200, 1_500]),
            lateness: random.pick(&[1, 1, 1_000]),
            taking: random.pick(&[0, 0, 30, 700]),
            storing: random.pick(&[None, Some(1), Some(40), Some(900)]),
            time_to_live: random.pick(&[500, 5_000, 120_000, 120_000]),
            bounds: Bounds {
                messages: random.pick(&[4, 40, 65_536, 65_536]),
                bytes: random.pick(&[100_000, 16 << 20, 16 << 20]),
            },
            largest: random.pick(&[10, 3_000, 30_000]),
        };
        let length = random.pick(&[2_000, 20_000, 20_000]);
        let rough = random.below(12);
        let ends = random.one_in(4);
        let script = (0..8 + random.below(24))
            .map(|_| (u64::from(random.below(length)), Self::act(&mut random, rough, ends)))
            .collect();
        Self { seed, weather, script }
    }

    fn act(random: &mut Random, rough: u32, ends: bool) -> Act {
        let burst = |random: &mut Random| 1 + random.below(8) * random.below(8);
        if random.below(24) < rough {
            return random.pick(&[Act::Cut, Act::Cut, Act::Cut, Act::Redial, Act::Redial, Act::Kill]);
        }
        match random.below(24) {
            0 | 1 => Act::GuestWithdraws,
            2 => Act::HostWithdraws,
            3 if ends => Act::GuestEnds,
            4 if ends => Act::HostEnds,
            5 => Act::GuestPings,
            6 => Act::HostPings,
            even if even.is_multiple_of(2) => Act::GuestSends(burst(random)),
            _ => Act::HostSends(burst(random)),
        }
    }
}
