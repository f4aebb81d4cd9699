//! What happens to a connection: what stays as it is, and a script of acts at any time.

use undrop_proto::{Config, Decision, Heartbeat, Lifetime, Limits, Overflow, Policy, Retry, Signal};

use super::input::Input;
use super::world::Scenario;
use crate::random::Random;

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
pub enum Act {
    /// The machine sleeps: nothing has its turn. It may tell when it wakes.
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
    Send(u32, u32),
    /// The user takes back what waits at this place.
    Withdraw(u32),
    /// The user asks how many bytes are queued.
    Count,
    Close,
    /// What the page or the user says at once.
    Tell(Input),
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
        let setup = Setup::draw(&mut random);
        let mut script = Vec::new();
        let (mut at, mut slept) = (0, 0);
        for _ in 0..40 + random.below(260) {
            let pause = match random.below(66) {
                0..=13 => random.below(400),
                14..=19 => random.below(4_000),
                20..=22 => random.below(45_000),
                23 => flap(&mut random, at + u64::from(slept), &mut script),
                kind => {
                    let act = Act::draw(&mut random, kind);
                    script.push((at, act));
                    // What follows it happens before all that is due when the machine wakes.
                    slept += if let Act::Sleep(span, _) = act { span } else { 0 };
                    continue;
                }
            };
            at += u64::from(pause + std::mem::take(&mut slept));
        }
        Self { seed, setup, script }
    }
}

/// The page can't make up its mind: every 100 ms another signal. How long that takes.
fn flap(random: &mut Random, at: u64, script: &mut Vec<(u64, Act)>) -> u32 {
    let pair = random.pick(&[
        [Signal::Offline, Signal::Online],
        [Signal::Hidden, Signal::Visible],
        [Signal::Wake, Signal::Online],
    ]);
    let count = 1 + random.below(30);
    script
        .extend((0..count).map(|turn| (at + 100 * u64::from(turn), Act::Tell(Input::Signal(pair[turn as usize % 2])))));
    100 * count
}

impl Setup {
    fn draw(random: &mut Random) -> Self {
        let retry = Retry {
            limit: random.pick(&[u32::MAX, u32::MAX, u32::MAX, u32::MAX, 5, 3, 1, 0]),
            first: random.pick(&[5_000, 5_000, 1_000, 100, 0]),
            cap: random.pick(&[30_000, 30_000, 3_000]),
            reset_after: random.pick(&[5_000, 5_000, 500, 0]),
        };
        let limits = Limits {
            messages: random.pick(&[65_536, 10, 2, 0]),
            bytes: random.pick(&[16 << 20, 500, 100]),
            time_to_live: random.pick(&[None, Some(10_000), Some(700)]),
            overflow: random.pick(&[Overflow::Refuse, Overflow::DropOldest]),
        };
        let heartbeat =
            Heartbeat { interval: random.pick(&[25_000, 5_000, 1_000]), timeout: random.pick(&[10_000, 3_000, 500]) };
        Self {
            config: Config {
                policy: random.pick(&[
                    Policy::Retry(retry),
                    Policy::Retry(retry),
                    Policy::Ask(retry),
                    Policy::Ask(retry),
                    Policy::Retry(Retry::default()),
                    Policy::Never,
                ]),
                connect_timeout: random.pick(&[10_000, 3_000, 500]),
                close_timeout: random.pick(&[5_000, 1_000, 50]),
                queue: random.pick(&[Some(limits), Some(limits), Some(limits), None]),
                heartbeat: random.pick(&[Some(heartbeat), Some(heartbeat), None]),
                lifetime: match random.below(6) {
                    0 => Lifetime::Connection,
                    _ => Lifetime::Unlimited,
                },
                authenticates: random.pick(&[false, false, true]),
            },
            latency: random.pick(&[10, 0, 80, 700]),
            lateness: random.pick(&[0, 0, 4, 30]),
            acts_in_events: random.pick(&[0, 0, 20, 4]),
            bypasses: random.pick(&[false, true]),
            texts: random.pick(&[false, true]),
        }
    }
}

const SIGNALS: [Signal; 5] = [Signal::Online, Signal::Wake, Signal::Visible, Signal::Offline, Signal::Hidden];

const CODES: [u16; 26] = [
    1006, 1001, 1005, 1006, 1011, 1012, 1013, 1012, 1000, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1014, 1015, 999,
    2999, 3000, 4000, 4400, 4499, 4500, 5000,
];

impl Act {
    fn draw(random: &mut Random, kind: u32) -> Self {
        match kind {
            24 | 25 => Act::Sleep(
                random.pick(&[3_000, 30_000, 900, 8 * 3_600_000]),
                random.pick(&[None, Some(Signal::Wake), Some(Signal::Visible)]),
            ),
            26..=29 => Act::Conditions(Conditions::draw(random)),
            30 => Act::Conditions(Conditions::Fine),
            31..=34 => Act::Cut(random.pick(&CODES), random.one_in(2)),
            35..=37 => Act::Silence,
            38 => Act::Thaw,
            39..=42 => Act::ServerSends(1 + random.below(8)),
            43 => Act::ServerReplies,
            44 => Act::ServerMute(random.one_in(2)),
            45..=49 => Act::Tell(Input::Signal(random.pick(&SIGNALS))),
            50..=55 => Act::Send(1 + random.below(6), random.below(120)),
            56 => Act::Close,
            57 => Act::Tell(Input::Reconnect),
            58 => Act::Tell(Input::GiveUp),
            59 => Act::Decision(draw_decision(random)),
            60 | 61 => Act::Stale(random.below(6)),
            62 => Act::StrayTimer,
            63 => Act::Withdraw(random.below(4)),
            64 => Act::Count,
            _ => Act::Throttle(random.pick(&[1, 1_000, 60_000])),
        }
    }
}

/// What the user makes of a loss.
pub fn draw_decision(random: &mut Random) -> Decision {
    match random.below(6) {
        0..=2 => Decision::Default,
        3 => Decision::Retry,
        4 => {
            let delay = random.below(8_000);
            Decision::After(if delay < 800 { 0 } else { delay })
        }
        _ => Decision::GiveUp,
    }
}

impl Conditions {
    fn draw(random: &mut Random) -> Self {
        match random.below(10) {
            0..=1 => Conditions::Fine,
            2 => Conditions::Slow(random.below(12_000)),
            3..=4 => Conditions::Refusing,
            5 => Conditions::Hanging,
            6 => Conditions::Closing(random.pick(&CODES)),
            7 => Conditions::Silent,
            8 => Conditions::NoUrl,
            _ => Conditions::LateNoUrl(random.below(3_000)),
        }
    }
}
