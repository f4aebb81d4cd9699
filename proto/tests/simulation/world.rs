//! A world in which a script happens to those who take part: each step is judged, and in the end nothing is left undone.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::ops::Range;

use undrop_proto::{Attempt, Millis};

use super::census::Census;
use super::law::{Law, Verdict, Violation};
use super::message::Frame;
use super::network::{Network, Way};
use super::random::Random;
use super::twins::Twin;

/// More than this can't happen in any scenario: who still has something to do then is never done.
const ENOUGH: usize = 200_000;

/// By when after the script all has to be done, in milliseconds.
pub const END: u64 = 250_000;

/// Those who take part in a world.
pub trait World: Sized {
    /// What stays as it is for a whole scenario.
    type Setup: Copy + Debug;
    /// Something of a script.
    type Act: Copy + Debug;
    /// What is to happen at a time.
    type Event: Debug;
    /// The record of what happened.
    type Record;
    type Census: Census;
    type Defect: Copy + Debug + PartialEq;

    /// Those of a scenario that begins now, its record and its census.
    fn new(scenario: &Scenario<Self>, twin: Twin<Self::Defect>, now: Millis) -> (Self, Self::Record, Self::Census);

    /// Before all else.
    fn begin(&mut self, _: &mut Shared<Self>) -> Verdict {
        Ok(())
    }

    fn act(&mut self, shared: &mut Shared<Self>, act: Self::Act) -> Verdict;

    fn step(&mut self, shared: &mut Shared<Self>, event: Self::Event) -> Verdict;

    /// After each act and each step.
    fn rest(&mut self, _: &mut Shared<Self>) -> Verdict {
        Ok(())
    }

    /// The script is over, and from now on nothing goes wrong.
    fn calm_down(&mut self, _: &mut Shared<Self>) {}

    /// Whether nothing is left to be done.
    fn close(&self, shared: &Shared<Self>) -> Verdict;

    /// From when on after the script it is looked at whether nothing is left to be done, and by when that has to be so, in
    /// milliseconds. Without, all that can happen does.
    fn calm(_: &Self::Setup) -> Range<u64> {
        END..END
    }
}

/// A world whose connections carry the frames of a session.
pub trait Frames: World {
    /// The event with which a frame arrives at the end that this way leads to.
    const ARRIVES: fn(Attempt, Way, Frame) -> Self::Event;
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
    /// The acts to come.
    script: VecDeque<(u64, W::Act)>,
    /// When the script was over: from then on nothing goes wrong.
    calm_from: Option<u64>,
    /// Says all that happens, for a replay.
    tell: bool,
}

impl<W: World> Scenario<W> {
    /// Has it happen, to the real ones or to those with a defect.
    pub fn run(&self, defect: Option<W::Defect>, tell: bool) -> Verdict<W::Census> {
        let twin = Twin::new(defect);
        // What is drawn for the scenario says nothing of what is drawn in it.
        let mut random = Random::new(self.seed ^ 0x0de5_5702);
        let start = u64::from(random.below(1_000_000));
        let (mut world, record, census) = W::new(self, twin, Millis(start));
        let net = Network::new(start, random);
        let mut script: Vec<_> = self.script.iter().map(|(at, act)| (start + at, *act)).collect();
        script.sort_by_key(|(at, _)| *at);
        let mut shared =
            Shared { setup: self.setup, net, record, census, twin, script: script.into(), calm_from: None, tell };
        run_to_end(&mut world, &mut shared).map_err(|violation| violation.at(shared.net.now))?;
        Ok(shared.census)
    }

    /// The same with as few acts as possible, so that this law is still broken: whatever can be left out is.
    pub fn shortest(&self, defect: Option<W::Defect>, law: Law) -> Self {
        let with = |script| Self { seed: self.seed, setup: self.setup, script };
        let mut shortest = with(self.script.clone());
        let mut index = 0;
        while index < shortest.script.len() {
            let mut fewer = with(shortest.script.clone());
            fewer.script.remove(index);
            if fewer.run(defect, false).is_err_and(|violation| violation.law == law) {
                // What could not be left out before may be now.
                (shortest, index) = (fewer, 0);
            } else {
                index += 1;
            }
        }
        shortest
    }
}

/// Has these scenarios happen to the real ones, and tells all that happens or does not. If one breaks a law, the shortest script
/// that does is part of the violation.
pub fn judge<W: World>(scenarios: impl IntoIterator<Item = Scenario<W>>, tell: bool) -> Verdict<W::Census> {
    let mut census = W::Census::default();
    for scenario in scenarios {
        census.add(&scenario.run(None, tell).map_err(|violation| {
            let Scenario { setup, script, .. } = scenario.shortest(None, violation.law);
            let what = format!("{}\nthe shortest script that does, for {setup:?}:\n{script:#?}", violation.what);
            Violation { what, ..violation }
        })?);
    }
    Ok(census)
}

fn run_to_end<W: World>(world: &mut W, shared: &mut Shared<W>) -> Verdict {
    let calm = W::calm(&shared.setup);
    world.begin(shared)?;
    for step in 0..ENOUGH {
        let calm_for = shared.calm_from.map(|from| shared.net.now - from);
        let is_looked_at = step.is_multiple_of(16) && calm_for.is_some_and(|span| span > calm.start);
        if is_looked_at && world.close(shared).is_ok() {
            return Ok(());
        }
        if let Some(act) = shared.next_act() {
            shared.say(|| format!("{act:?}"));
            world.act(shared, act)?;
        } else {
            let end = shared.calm_from.map_or(u64::MAX, |from| from + calm.end);
            let is_in_time = shared.net.next().is_some_and(|at| at <= end);
            let Some(event) = shared.net.take().filter(|_| is_in_time) else { return world.close(shared) };
            shared.say(|| format!("{event:?}"));
            world.step(shared, event)?;
        }
        if shared.script.is_empty() && shared.calm_from.is_none() {
            shared.calm_from = Some(shared.net.now);
            world.calm_down(shared);
        }
        world.rest(shared)?;
    }
    Law::I4.broken("there is no end to it")
}

impl<W: World> Shared<W> {
    /// The next act of the script, if it is its turn: before all else that happens then.
    fn next_act(&mut self) -> Option<W::Act> {
        let (at, act) = *self.script.front()?;
        if self.net.next().is_some_and(|next| next < at) {
            return None;
        }
        self.script.pop_front();
        self.net.now = self.net.now.max(at);
        Some(act)
    }

    pub fn is_calm(&self) -> bool {
        self.calm_from.is_some()
    }

    pub fn say(&self, what: impl FnOnce() -> String) {
        if self.tell {
            println!("{:>7} ms {}", self.net.now, what());
        }
    }
}

impl<W: Frames> Shared<W> {
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
