//! The terms on which a line passes: what may befall its bytes, and when it is cut.

use std::num::NonZeroU64;
use std::time::Duration;

/// The way that bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// The ways that an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// This one.
    One(Way),
    /// Each of the two.
    Each,
}

impl Ways {
    fn include(self, way: Way) -> bool {
        self == Self::Each || self == Self::One(way)
    }
}

/// The lines that an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that there are.
    Live,
    /// Those that will be.
    New,
    /// Both.
    All,
}

/// One of something for each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Both<T> {
    /// That of the way up.
    pub up: T,
    /// That of the way down.
    pub down: T,
}

impl<T> Both<T> {
    /// That of `way`.
    pub fn of(&self, way: Way) -> &T {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    pub(crate) fn of_mut(&mut self, way: Way) -> &mut T {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}

/// How a line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// TCP is reset on both sides, and what was on its way is lost.
    Reset,
    /// TCP is ended in order on both sides, and what was on its way is lost.
    Fin,
}

/// Cuts a line once so many bytes more have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fuse {
    /// How many may still pass.
    pub left: u64,
    /// What happens then.
    pub cut: Cut,
}

/// What befalls the bytes that go one way of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// How much later each byte arrives, in the order in which they were sent.
    pub latency: Duration,
    /// How many bytes pass in a second at most.
    pub rate: Option<NonZeroU64>,
    /// Whether nothing passes, not even the end. What is sent is taken, kept, and passes when this ends.
    pub hole: bool,
    /// When the line is cut for what has passed.
    pub fuse: Option<Fuse>,
}

/// The terms of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What befalls the bytes.
    pub ways: Both<Passage>,
    /// After how long without a byte, either way, the line is ended in order, as load balancers do.
    pub idle: Option<Duration>,
}

/// A change of the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// See [`Passage::latency`].
    Latency(Ways, Duration),
    /// See [`Passage::rate`].
    Rate(Ways, Option<NonZeroU64>),
    /// See [`Passage::hole`].
    Hole(Ways, bool),
    /// See [`Passage::fuse`]: from now on for a line that there is, from its first byte for a new one.
    Fuse(Way, Option<Fuse>),
    /// See [`Terms::idle`].
    Idle(Option<Duration>),
}

impl Terms {
    pub(crate) fn change(&mut self, change: Change) {
        match change {
            Change::Latency(ways, latency) => self.each(ways, |passage| passage.latency = latency),
            Change::Rate(ways, rate) => self.each(ways, |passage| passage.rate = rate),
            Change::Hole(ways, hole) => self.each(ways, |passage| passage.hole = hole),
            Change::Fuse(way, fuse) => self.ways.of_mut(way).fuse = fuse,
            Change::Idle(idle) => self.idle = idle,
        }
    }

    fn each(&mut self, ways: Ways, change: impl Fn(&mut Passage)) {
        for way in [Way::Up, Way::Down] {
            if ways.include(way) {
                change(self.ways.of_mut(way));
            }
        }
    }
}
