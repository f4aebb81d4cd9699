//! A world in which a script happens to those who take part: each step is judged, and in the end nothing is left undone.

use std::fmt::Debug;

use undrop_proto::Attempt;

use super::law::{Law, Verdict};
use super::message::Frame;
use super::network::{Network, Way};
use super::random::Random;
use super::twins::Twin;

/// More than this can't happen in any scenario: who still has something to do then is never done.
const ENOUGH: usize = 200_000;

/// How long after the last act all has to be done, in milliseconds.
const END: u64 = 250_000;

/// Those who take part in a world.
pub trait World: Sized {
    /// What stays as it is for a whole scenario.
    type Setup: Copy;
    /// Something of a script.
    type Act: Copy;
    /// What is to happen at a time.
    type Event: Debug;
    /// The record of what happened.
    type Record: Default;
    type Census;
    type Defect: Copy + PartialEq;

    /// The event with which the script goes on.
    const ACT: fn(Self::Act) -> Self::Event;
    /// The event with which the client makes a connection.
    const CONNECT: Self::Event;
    /// The event with which a frame arrives at the end that this way leads to.
    const ARRIVES: fn(Attempt, Way, Frame) -> Self::Event;

    /// Those of a scenario, and the census that begins with it.
    fn new(scenario: &Scenario<Self>, twin: Twin<Self::Defect>) -> (Self, Self::Census);

    fn step(&mut self, shared: &mut Shared<Self>, event: Self::Event) -> Verdict;

    /// Whether nothing is left to be done.
    fn close(&self, shared: &Shared<Self>) -> Verdict;

    /// How long after the last act it is first looked at whether nothing is left to be done, in milliseconds. Without, all that
    /// can happen does.
    fn calm(setup: &Self::Setup) -> Option<u64>;
}

/// What stays as it is, and a script of what happens, and when.
pub struct Scenario<W: World> {
    pub seed: u64,
    pub setup: W::Setup,
    pub script: Vec<(u64, W::Act)>,
}

/// What all who take part have to do with.
pub struct Shared<W: World> {
    pub setup: W::Setup,
    pub net: Network<W::Event>,
    pub record: W::Record,
    pub census: W::Census,
    pub twin: Twin<W::Defect>,
    /// The last act: from then on nothing goes wrong.
    calm_from: u64,
    /// Says all that happens, for a replay.
    tell: bool,
}

impl<W: World> Scenario<W> {
    /// Has it happen, to the real ones or to those with a defect.
    pub fn run(&self, defect: Option<W::Defect>, tell: bool) -> Verdict<W::Census> {
        let twin = Twin::new(defect);
        let (mut world, census) = W::new(self, twin);
        let mut shared = Shared {
            setup: self.setup,
            // What is drawn for the scenario says nothing of what is drawn in it.
            net: Network::new(0, Random::new(self.seed ^ 0x0de5_5702)),
            record: W::Record::default(),
            census,
            twin,
            calm_from: self.script.iter().map(|(at, _)| *at).max().unwrap_or(0),
            tell,
        };
        for (at, act) in &self.script {
            shared.net.at(*at, W::ACT(*act));
        }
        shared.net.at(0, W::CONNECT);
        run_to_end(&mut world, &mut shared).map_err(|violation| violation.at(shared.net.now))?;
        Ok(shared.census)
    }
}

fn run_to_end<W: World>(world: &mut W, shared: &mut Shared<W>) -> Verdict {
    for step in 0..ENOUGH {
        let calm = shared.net.now.saturating_sub(shared.calm_from);
        let is_looked_at = step.is_multiple_of(16) && W::calm(&shared.setup).is_some_and(|from| calm > from);
        if is_looked_at && world.close(shared).is_ok() {
            return Ok(());
        }
        let Some(event) = shared.net.take().filter(|_| calm <= END) else { return world.close(shared) };
        shared.say(|| format!("{event:?}"));
        world.step(shared, event)?;
    }
    Law::I4.broken("there is no end to it")
}

impl<W: World> Shared<W> {
    pub fn is_calm(&self) -> bool {
        self.net.now >= self.calm_from
    }

    pub fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            println!("{:>7} ms {}", self.net.now, what());
        }
    }

    /// A new connection, of this latency at most. Most are fast; what is sent on a slow one can arrive after what was sent later
    /// on another.
    pub fn connect(&mut self, attempt: Attempt, latency: u32) {
        let most = if self.net.random.one_in(4) { latency } else { 1 + latency / 16 };
        let latency = 1 + self.net.random.below(most);
        self.net.connect(attempt, latency);
    }

    pub fn give(&mut self, attempt: Attempt, way: Way, frame: Frame) {
        let latency = self.net.latency(attempt);
        let delay = latency + self.net.random.below(latency.max(1));
        self.net.send(attempt, way, u64::from(delay), W::ARRIVES(attempt, way, frame));
    }

    /// The end that this way comes from leaves the connection; the other hears of it after all that was sent before.
    pub fn leave(&mut self, attempt: Attempt, way: Way) {
        if self.net.has_left(attempt, way) {
            return;
        }
        self.net.leave(attempt, way);
        if !self.net.is_cut(attempt) {
            self.finds_lost(attempt, way, self.net.latency(attempt));
        }
    }

    /// What is under way loses its end; sooner or later both ends notice. Whether the connection was not cut before.
    pub fn cut(&mut self, attempt: Attempt) -> bool {
        if self.net.is_cut(attempt) {
            return false;
        }
        self.net.cut(attempt, true);
        for way in [Way::Up, Way::Down] {
            self.net.lose_some(attempt, way);
        }
        let half_open = self.net.random.one_in(3);
        for (way, late) in [(Way::Down, 10_000), (Way::Up, 60_000)] {
            let notices = if half_open { late } else { 1 + self.net.random.below(3_000) };
            self.finds_lost(attempt, way, notices);
        }
        true
    }

    /// The end that this way leads to finds out that the connection is lost, after so long.
    fn finds_lost(&mut self, attempt: Attempt, way: Way, after: u32) {
        let at = self.net.now + u64::from(after);
        self.net.deliver(attempt, way, at, W::ARRIVES(attempt, way, Frame::Gone));
    }
}
