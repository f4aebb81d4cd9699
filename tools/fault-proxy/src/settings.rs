//! The settings of a connection: the faults of its bytes, and when it is cut.

use std::num::NonZeroU64;
use std::time::Duration;

/// The direction in which bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// The directions that an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directions {
    /// Only this one.
    One(Direction),
    /// Both.
    Each,
}

impl Directions {
    fn include(self, direction: Direction) -> bool {
        self == Self::Each || self == Self::One(direction)
    }
}

/// The connections that an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The live ones.
    Live,
    /// Those that are accepted from now on.
    New,
    /// Both.
    All,
}

/// A value for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Both<T> {
    /// From the client to the server.
    pub up: T,
    /// From the server to the client.
    pub down: T,
}

impl<T> Both<T> {
    /// The value of `direction`.
    pub fn of(&self, direction: Direction) -> &T {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    pub(crate) fn of_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}

/// How a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// TCP is reset on both sides, and what was in flight is lost.
    Reset,
    /// TCP is ended in order on both sides, and what was in flight is lost.
    Fin,
}

/// Cuts a connection after a number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteLimit {
    /// How many bytes may still pass.
    pub left: u64,
    /// How the connection is cut then.
    pub cut: Cut,
}

/// The faults of one direction of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectionSettings {
    /// How much later each byte arrives. The order of the bytes stays.
    pub latency: Duration,
    /// How many bytes pass in a second at most.
    pub rate: Option<NonZeroU64>,
    /// Whether nothing passes, not even the end. What is sent is taken, kept, and passes when this ends.
    pub hole: bool,
    /// After how many bytes the connection is cut.
    pub limit: Option<ByteLimit>,
}

/// The settings of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The faults of each direction.
    pub directions: Both<DirectionSettings>,
    /// After how long without a byte in either direction the connection is ended in order, as load balancers do.
    pub idle: Option<Duration>,
}

/// A change of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// See [`DirectionSettings::latency`].
    Latency(Directions, Duration),
    /// See [`DirectionSettings::rate`].
    Rate(Directions, Option<NonZeroU64>),
    /// See [`DirectionSettings::hole`].
    Hole(Directions, bool),
    /// See [`DirectionSettings::limit`]: counted from now on for a live connection, from its first byte for a new one.
    Limit(Direction, Option<ByteLimit>),
    /// See [`Settings::idle`].
    Idle(Option<Duration>),
}

impl Settings {
    pub(crate) fn change(&mut self, change: Change) {
        match change {
            Change::Latency(directions, latency) => self.each(directions, |settings| settings.latency = latency),
            Change::Rate(directions, rate) => self.each(directions, |settings| settings.rate = rate),
            Change::Hole(directions, hole) => self.each(directions, |settings| settings.hole = hole),
            Change::Limit(direction, limit) => self.directions.of_mut(direction).limit = limit,
            Change::Idle(idle) => self.idle = idle,
        }
    }

    fn each(&mut self, directions: Directions, change: impl Fn(&mut DirectionSettings)) {
        for direction in [Direction::Up, Direction::Down] {
            if directions.include(direction) {
                change(self.directions.of_mut(direction));
            }
        }
    }
}
