//! What happens in a scenario, decoded from plain numbers, so that a seed and a shrinking proptest strategy make the
//! same scenarios. The smaller a number, the tamer what it stands for.

use undrop_proto::{Config, Decision, Heartbeat, Lifetime, Limits, Overflow, Policy, Retry, Signal};

use crate::random::Random;

#[derive(Clone, Debug)]
pub struct Scenario {
    /// Of the world's own randomness, and of the protocol's.
    pub seed: u64,
    pub setup: Setup,
    pub actions: Vec<Action>,
}

/// What stays as it is throughout.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub config: Config,
    /// One way, in milliseconds.
    pub latency: u32,
    /// How late every timer is.
    pub lateness: u32,
    /// The user acts in one of so many events; never if 0.
    pub acts_in_events: u32,
    /// Messages go past the protocol while the connection is open.
    pub bypasses: bool,
    /// Messages are texts, whose bytes are only counted when that matters.
    pub texts: bool,
}

/// What an attempt meets.
#[derive(Clone, Copy, Debug)]
pub enum Conditions {
    Fine,
    Slow(u32),
    Refusing,
    Hanging,
    /// Accepts, then closes with this code.
    Closing(u16),
    /// Accepts, then never says anything.
    Silent,
    /// The URL provider throws.
    NoUrl,
    /// The URL provider rejects, after a while.
    LateNoUrl(u32),
}

#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Time passes and everything has its turn.
    Pass(u32),
    /// Time passes and nothing has its turn: the machine sleeps. It may tell when it wakes.
    Sleep(u32, Option<Signal>),
    Conditions(Conditions),
    /// The connection ends, and with it a part of what was under way.
    Cut(u16, bool),
    /// From now on nothing gets through, and nobody says so.
    Silence,
    /// What is silent speaks again.
    Thaw,
    ServerSends(u32),
    /// A reply that nobody asked for.
    ServerReplies,
    /// The server stops answering heartbeats, or starts again.
    ServerMute(bool),
    Signal(Signal),
    /// The page can't make up its mind: every 100 ms another signal.
    Flap(u32),
    Send(u32, u32),
    /// The user takes back what waits at this place.
    Withdraw(u32),
    /// The user asks how many bytes are queued.
    Count,
    Close,
    Reconnect,
    GiveUp,
    /// A decision that nobody asked for.
    Decision(Decision),
    /// A socket that was abandoned says something after all.
    Stale(u32),
    /// A timer fires that has long been of no interest.
    StrayTimer,
    /// From now on timers fire at multiples of this, as those of hidden pages do.
    Throttle(u32),
}

impl Scenario {
    pub fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let length = 40 + random.below(260);
        let setup = random.draw();
        let actions: Vec<u64> = (0..length).map(|_| random.draw()).collect();
        Self::decode(seed, setup, &actions)
    }

    pub fn decode(seed: u64, setup: u64, actions: &[u64]) -> Self {
        Self { seed, setup: Setup::decode(setup), actions: actions.iter().copied().map(Action::decode).collect() }
    }
}

/// Takes one number apart into several small ones.
struct Digits(u64);

impl Digits {
    fn below(&mut self, limit: u32) -> u32 {
        let digit = self.0 % u64::from(limit);
        self.0 /= u64::from(limit);
        digit as u32
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }
}

impl Setup {
    fn decode(number: u64) -> Self {
        let mut digits = Digits(number);
        let retry = Retry {
            limit: digits.pick(&[u32::MAX, u32::MAX, u32::MAX, u32::MAX, 5, 3, 1, 0]),
            first: digits.pick(&[5_000, 5_000, 1_000, 100, 0]),
            cap: digits.pick(&[30_000, 30_000, 3_000]),
            reset_after: digits.pick(&[5_000, 5_000, 500, 0]),
        };
        let limits = Limits {
            messages: digits.pick(&[65_536, 10, 2, 0]),
            bytes: digits.pick(&[16 << 20, 500, 100]),
            time_to_live: digits.pick(&[None, Some(10_000), Some(700)]),
            overflow: digits.pick(&[Overflow::Refuse, Overflow::DropOldest]),
        };
        let heartbeat =
            Heartbeat { interval: digits.pick(&[25_000, 5_000, 1_000]), timeout: digits.pick(&[10_000, 3_000, 500]) };
        let setup = Self {
            config: Config {
                policy: digits.pick(&[
                    Policy::Retry(retry),
                    Policy::Retry(retry),
                    Policy::Ask(retry),
                    Policy::Ask(retry),
                    Policy::Retry(Retry::default()),
                    Policy::Never,
                ]),
                connect_timeout: digits.pick(&[10_000, 3_000, 500]),
                close_timeout: digits.pick(&[5_000, 1_000, 50]),
                queue: digits.pick(&[Some(limits), Some(limits), Some(limits), None]),
                heartbeat: digits.pick(&[Some(heartbeat), Some(heartbeat), None]),
                lifetime: match digits.below(6) {
                    0 => Lifetime::Connection,
                    _ => Lifetime::Unlimited,
                },
                authenticates: false,
            },
            latency: digits.pick(&[10, 0, 80, 700]),
            lateness: digits.pick(&[0, 0, 4, 30]),
            acts_in_events: digits.pick(&[0, 0, 20, 4]),
            bypasses: digits.pick(&[false, true]),
            texts: digits.pick(&[false, true]),
        };
        let authenticates = digits.pick(&[false, false, true]);
        Self { config: Config { authenticates, ..setup.config }, ..setup }
    }
}

const SIGNALS: [Signal; 5] = [Signal::Online, Signal::Wake, Signal::Visible, Signal::Offline, Signal::Hidden];

const CODES: [u16; 26] = [
    1006, 1001, 1005, 1006, 1011, 1012, 1013, 1012, 1000, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1014, 1015, 999,
    2999, 3000, 4000, 4400, 4499, 4500, 5000,
];

impl Action {
    fn decode(number: u64) -> Self {
        let mut digits = Digits(number);
        match digits.below(66) {
            0..=13 => Action::Pass(digits.below(400)),
            14..=19 => Action::Pass(digits.below(4_000)),
            20..=22 => Action::Pass(digits.below(45_000)),
            23..=24 => Action::Sleep(
                digits.pick(&[3_000, 30_000, 900, 8 * 3_600_000]),
                digits.pick(&[None, Some(Signal::Wake), Some(Signal::Visible)]),
            ),
            25..=28 => Action::Conditions(Conditions::decode(&mut digits)),
            29 => Action::Conditions(Conditions::Fine),
            30..=33 => Action::Cut(digits.pick(&CODES), digits.below(2) == 1),
            34..=36 => Action::Silence,
            37 => Action::Thaw,
            38..=41 => Action::ServerSends(1 + digits.below(8)),
            42 => Action::ServerReplies,
            43 => Action::ServerMute(digits.below(2) == 0),
            44..=48 => Action::Signal(digits.pick(&SIGNALS)),
            49 => Action::Flap(1 + digits.below(30)),
            50..=55 => Action::Send(1 + digits.below(6), digits.below(120)),
            56 => Action::Close,
            57 => Action::Reconnect,
            58 => Action::GiveUp,
            59 => Action::Decision(Self::decision(digits.below(6), digits.below(8_000))),
            60..=61 => Action::Stale(digits.below(6)),
            62 => Action::StrayTimer,
            63 => Action::Withdraw(digits.below(4)),
            64 => Action::Count,
            _ => Action::Throttle(digits.pick(&[1, 1_000, 60_000])),
        }
    }

    pub fn decision(kind: u32, delay: u32) -> Decision {
        match kind {
            0..=2 => Decision::Default,
            3 => Decision::Retry,
            4 => Decision::After(if delay < 800 { 0 } else { delay }),
            _ => Decision::GiveUp,
        }
    }
}

impl Conditions {
    fn decode(digits: &mut Digits) -> Self {
        match digits.below(10) {
            0..=1 => Conditions::Fine,
            2 => Conditions::Slow(digits.below(12_000)),
            3..=4 => Conditions::Refusing,
            5 => Conditions::Hanging,
            6 => Conditions::Closing(digits.pick(&CODES)),
            7 => Conditions::Silent,
            8 => Conditions::NoUrl,
            _ => Conditions::LateNoUrl(digits.below(3_000)),
        }
    }
}
