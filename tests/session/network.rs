//! Time, lines, and what is on its way. Each direction of a line keeps its order; a cut loses the end of what is on its
//! way, never a piece out of the middle.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use undrop::core::{Epoch, Millis};

use super::mail::Frame;
use super::random::Random;
use super::scenario::Weather;

/// What is to happen at a time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Event {
    /// The script goes on with this act.
    Act(usize),
    Dial,
    /// The handshake of this line succeeded.
    Opened(usize),
    /// The next frame of this line is there.
    Arrives(usize, Way),
    /// The end that this way leads to finds out that the line is gone.
    Noticed(usize, Way),
    /// The guest's patience with this line ends.
    Patience(usize),
    /// The guest has said goodbye on this line, and waits no longer for an answer.
    Goodbye(usize),
    GuestTimer,
    /// The guest's app is done with so many messages of its session of this age.
    GuestTook(u32, u64),
    HostTimer(usize),
    /// So many messages of this session are to be stored, for the server that was started so many times.
    Stored(usize, u32, u64),
    /// This session was without a line from a time on.
    Evict(usize, u64),
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// From the guest to the host.
    Up,
    Down,
}

#[derive(Debug, Default)]
struct Pipe {
    frames: VecDeque<(Frame, u32)>,
    /// When the last of them is there.
    last: u64,
}

#[derive(Debug)]
pub struct Line {
    up: Pipe,
    down: Pipe,
    latency: u32,
    /// Whatever it is given is lost.
    cut: bool,
    pub guest_left: bool,
    pub host_left: bool,
    /// Which session is on it.
    pub session: Option<usize>,
}

pub struct Network {
    pub now: u64,
    pub random: Random,
    pub weather: Weather,
    pub lines: Vec<Line>,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    count: u64,
}

impl Network {
    pub fn new(weather: Weather, seed: u64) -> Self {
        let events = BinaryHeap::new();
        Self { now: 0, random: Random::new(seed), weather, lines: Vec::new(), events, count: 0 }
    }

    pub fn millis(&self) -> Millis {
        Millis(self.now)
    }

    pub fn at(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.push(Reverse((at.max(self.now), self.count, event)));
    }

    pub fn after(&mut self, delay: u32, event: Event) {
        self.at(self.now + u64::from(delay), event);
    }

    pub fn next(&mut self) -> Option<Event> {
        let Reverse((at, _, event)) = self.events.pop()?;
        self.now = at;
        Some(event)
    }

    pub fn open(&mut self) -> usize {
        // Most lines are fast; what is said on a slow one can arrive after what was said later on another.
        let most = if self.random.one_in(4) { self.weather.latency } else { 1 + self.weather.latency / 16 };
        let latency = 1 + self.random.below(most);
        let (up, down) = (Pipe::default(), Pipe::default());
        self.lines.push(Line { up, down, latency, cut: false, guest_left: false, host_left: false, session: None });
        self.lines.len() - 1
    }

    pub fn give(&mut self, line: usize, way: Way, frame: Frame, bytes: u32) {
        let Some(given) = self.lines.get_mut(line) else { return };
        if given.cut || given.guest_left || given.host_left {
            return;
        }
        let latency = given.latency + self.random.below(given.latency);
        let pipe = given.pipe(way);
        pipe.last = pipe.last.max(self.now + u64::from(latency));
        pipe.frames.push_back((frame, bytes));
        let at = pipe.last;
        self.at(at, Event::Arrives(line, way));
    }

    pub fn take(&mut self, line: usize, way: Way) -> Option<(Frame, u32)> {
        self.lines.get_mut(line)?.pipe(way).frames.pop_front()
    }

    /// What is on its way loses its end; sooner or later the guest notices, and the host perhaps never.
    pub fn cut(&mut self, line: usize) -> bool {
        let Some(cut) = self.lines.get_mut(line).filter(|line| !line.cut) else { return false };
        cut.cut = true;
        for way in [Way::Up, Way::Down] {
            let pipe = cut.pipe(way);
            let kept = self.random.below(pipe.frames.len() as u32 + 1);
            pipe.frames.truncate(kept as usize);
        }
        let half_open = self.random.one_in(3);
        let notices = if half_open { 10_000 } else { 1 + self.random.below(3_000) };
        self.after(notices, Event::Noticed(line, Way::Down));
        let notices = if half_open { 60_000 } else { self.random.below(3_000) };
        self.after(notices, Event::Noticed(line, Way::Up));
        true
    }

    /// The end that this way comes from leaves the line; the other hears of it after all that was sent before.
    pub fn leave(&mut self, line: usize, way: Way) {
        let Some(left) = self.lines.get_mut(line) else { return };
        match way {
            Way::Up => left.guest_left = true,
            Way::Down => left.host_left = true,
        }
        if !left.cut {
            let at = left.pipe(way).last.max(self.now + u64::from(left.latency));
            self.at(at, Event::Noticed(line, way));
        }
    }
}

impl Line {
    fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}

/// Each line has an epoch of its own.
pub fn epoch(line: usize) -> Epoch {
    Epoch(line as u32 + 1)
}

/// The line of an epoch.
pub fn line_of(epoch: Epoch) -> usize {
    epoch.0 as usize - 1
}
