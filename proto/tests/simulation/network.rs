//! Time, connections, and what is under way. Each direction of a connection keeps its order, and what is lost is the
//! end of what is under way, never a piece out of the middle.

use std::collections::BTreeMap;

use undrop_proto::{Attempt, Millis};

use super::random::Random;

/// The direction of what is under way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Way {
    /// From the client to the server.
    Up,
    Down,
}

/// A network that carries events of this kind.
pub struct Network<E> {
    pub now: u64,
    pub random: Random,
    /// What happens, by its time and by the order in which it was scheduled.
    queue: BTreeMap<(u64, u64), Scheduled<E>>,
    scheduled: u64,
    connections: BTreeMap<u32, Connection>,
}

struct Scheduled<E> {
    event: E,
    /// The connection that carries it, if one does.
    on: Option<(Attempt, Way)>,
}

#[derive(Default)]
struct Connection {
    latency: u32,
    /// Whatever is sent is lost.
    is_cut: bool,
    /// Which of its ends have left it: the client's, the server's.
    left: [bool; 2],
    /// When the last of what is under way arrives, by direction.
    last: [u64; 2],
}

impl<E> Network<E> {
    pub fn new(now: u64, random: Random) -> Self {
        Self { now, random, queue: BTreeMap::new(), scheduled: 0, connections: BTreeMap::new() }
    }

    pub fn millis(&self) -> Millis {
        Millis(self.now)
    }

    // What happens.

    /// Something happens at this time.
    pub fn at(&mut self, at: u64, event: E) {
        self.schedule(at.max(self.now), event, None);
    }

    pub fn after(&mut self, delay: u32, event: E) {
        self.at(self.now + u64::from(delay), event);
    }

    /// When something happens next.
    pub fn next(&self) -> Option<u64> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// What happens next. It is now so late, unless it is later already.
    pub fn take(&mut self) -> Option<E> {
        let ((at, _), scheduled) = self.queue.pop_first()?;
        self.now = self.now.max(at);
        Some(scheduled.event)
    }

    // Connections.

    /// A new connection, on which a frame takes so many milliseconds.
    pub fn connect(&mut self, attempt: Attempt, latency: u32) {
        self.connections.insert(attempt.0, Connection { latency, last: [self.now; 2], ..Connection::default() });
    }

    /// Sends something that is lost if the connection is cut, or if one of the ends has left it.
    pub fn send(&mut self, attempt: Attempt, way: Way, delay: u64, event: E) {
        let lost = |connection: &Connection| connection.is_cut || connection.left != [false; 2];
        if self.connections.get(&attempt.0).is_some_and(|connection| !lost(connection)) {
            self.deliver(attempt, way, self.now + delay, event);
        }
    }

    /// Something arrives at this time, or after all that is under way before it.
    pub fn deliver(&mut self, attempt: Attempt, way: Way, at: u64, event: E) {
        let Some(connection) = self.connections.get_mut(&attempt.0) else { return };
        let last = &mut connection.last[way as usize];
        *last = at.max(*last).max(self.now);
        let at = *last;
        self.schedule(at, event, Some((attempt, way)));
    }

    pub fn latency(&self, attempt: Attempt) -> u32 {
        self.connections.get(&attempt.0).map_or(0, |connection| connection.latency)
    }

    pub fn is_cut(&self, attempt: Attempt) -> bool {
        self.connections.get(&attempt.0).is_none_or(|connection| connection.is_cut)
    }

    /// From now on whatever is sent is lost, or no longer.
    pub fn cut(&mut self, attempt: Attempt, is_cut: bool) {
        if let Some(connection) = self.connections.get_mut(&attempt.0) {
            connection.is_cut = is_cut;
        }
    }

    /// The end that this direction comes from has left the connection.
    pub fn leave(&mut self, attempt: Attempt, way: Way) {
        if let Some(connection) = self.connections.get_mut(&attempt.0) {
            connection.left[way as usize] = true;
        }
    }

    pub fn has_left(&self, attempt: Attempt, way: Way) -> bool {
        self.connections.get(&attempt.0).is_some_and(|connection| connection.left[way as usize])
    }

    /// All connections that there were.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.connections.keys().copied().map(Attempt).collect()
    }

    /// What is under way, with its time of arrival.
    pub fn under_way(&self, attempt: Attempt, way: Way) -> impl Iterator<Item = (u64, &E)> {
        let is_on = move |scheduled: &Scheduled<E>| scheduled.on == Some((attempt, way));
        self.queue.iter().filter(move |(_, it)| is_on(it)).map(|((at, _), scheduled)| (*at, &scheduled.event))
    }

    /// Loses the end of what is under way and not there yet, at any place. How much that was.
    pub fn lose_some(&mut self, attempt: Attempt, way: Way) -> u64 {
        let from = self.now + 1;
        let count = self.under_way(attempt, way).filter(|(at, _)| *at >= from).count();
        let mut kept = self.random.below(count as u32 + 1) as usize;
        let lost = count - kept;
        self.retain(attempt, way, |at, _| {
            let keep = at < from || kept > 0;
            kept = kept.saturating_sub(usize::from(at >= from));
            keep
        });
        lost as u64
    }

    pub fn retain(&mut self, attempt: Attempt, way: Way, mut keep: impl FnMut(u64, &E) -> bool) {
        self.queue.retain(|(at, _), it| it.on != Some((attempt, way)) || keep(*at, &it.event));
    }

    /// Its place in the queue.
    fn schedule(&mut self, at: u64, event: E, on: Option<(Attempt, Way)>) -> (u64, u64) {
        self.scheduled += 1;
        let place = (at, self.scheduled);
        self.queue.insert(place, Scheduled { event, on });
        place
    }
}

/// The timer of an end.
#[derive(Default)]
pub struct Alarm(Option<u64>);

impl Alarm {
    /// It is to ring at this time with this event, late by less than so many milliseconds, unless it rings earlier anyway.
    pub fn set<E>(&mut self, net: &mut Network<E>, at: Option<Millis>, lateness: u32, event: E) {
        if let Some(Millis(at)) = at.filter(|at| self.0.is_none_or(|earlier| at.0 < earlier)) {
            self.0 = Some(at);
            let late = u64::from(net.random.below(lateness));
            net.at(at + late, event);
        }
    }

    pub fn rings(&mut self) {
        self.0 = None;
    }
}

/// A timer of a browser: set again, it no longer fires at the time before.
#[derive(Default)]
pub struct Timer {
    at: Option<u64>,
    place: (u64, u64),
}

impl Timer {
    pub fn set<E>(&mut self, net: &mut Network<E>, at: Option<u64>, event: E) {
        if self.at == at {
            return;
        }
        net.queue.remove(&self.place);
        self.at = at;
        if let Some(at) = at {
            self.place = net.schedule(at.max(net.now), event, None);
        }
    }

    pub fn fires(&mut self) {
        self.at = None;
    }

    /// After a sleep nobody knows what the browser comes to first: the timer or something else that is due.
    pub fn wakes<E>(&mut self, net: &mut Network<E>) {
        let at = net.random.pick(&[0, self.place.0, net.now]);
        if self.at.is_some_and(|due| due <= net.now)
            && let Some(due) = net.queue.remove(&self.place)
        {
            self.place = net.schedule(at, due.event, None);
        }
    }
}
