//! Grouped by the state that they start in. Time starts at 0; a message is a number, and has as many bytes.

use alloc::vec::Vec;

use super::*;
use crate::core::{Drop, Fate, Heartbeat, Limits, Overflow, Refusal};

mod asked;
mod closed;
mod closing;
mod dialing;
mod open;
#[cfg(feature = "session")]
mod resuming;
mod waiting;

const RETRY: Retry = Retry { limit: u32::MAX, first: 5_000, cap: 30_000, reset_after: 5_000 };

const CONFIG: Config = Config {
    policy: Policy::Retry(RETRY),
    connect_timeout: 10_000,
    queue: Some(Limits { messages: 3, bytes: 100, time_to_live: Some(60_000), overflow: Overflow::Refuse }),
    heartbeat: Some(Heartbeat { interval: 25_000, timeout: 10_000 }),
};

const NEVER: Config = Config { policy: Policy::Never, ..CONFIG };
const ASK: Config = Config { policy: Policy::Ask(RETRY), ..CONFIG };

/// A connection, and the time. Whatever it gave out before it is in the state asked for is forgotten.
#[derive(Clone)]
struct Line {
    core: Connection<u64>,
    now: Millis,
}

impl Line {
    fn dialing(config: Config) -> Self {
        let mut line = Self { core: Connection::new(config, Millis(0), 1), now: Millis(0) };
        line.drain();
        line
    }

    fn open(config: Config) -> Self {
        let mut line = Self::dialing(config);
        line.core.handle_opened(line.now, line.core.epoch());
        line.drain();
        line
    }

    /// Lost after it had held.
    fn waiting(config: Config) -> Self {
        let mut line = Self::open(config);
        line.pass(6_000).lose(1006, false);
        line.drain();
        line
    }

    fn closing(config: Config) -> Self {
        let mut line = Self::open(config);
        line.core.close(line.now);
        line.drain();
        line
    }

    fn closed(config: Config) -> Self {
        let mut line = Self::closing(config);
        line.lose(1000, true);
        line.drain();
        line
    }

    /// Time passes, and no timer fires.
    fn pass(&mut self, span: u32) -> &mut Self {
        self.now = self.now + span;
        self
    }

    /// A timer fires, whether it was asked for or not.
    fn tick(&mut self) {
        self.core.handle_timeout(self.now);
    }

    /// Time passes until the timer fires that it has asked for.
    fn pass_to_timeout(&mut self) -> &mut Self {
        self.now = self.core.poll_timeout().unwrap_or(self.now);
        self.tick();
        self
    }

    /// The socket of the last dial closes.
    fn lose(&mut self, code: u16, clean: bool) {
        self.core.handle_closed(self.now, self.core.epoch(), code, clean);
    }

    fn fail(&mut self) {
        self.lose(1006, false);
    }

    fn opened(&mut self) {
        self.core.handle_opened(self.now, self.core.epoch());
    }

    fn reconnect(&mut self) {
        self.core.reconnect(self.now);
    }

    /// The user answers what was asked of the last dial.
    fn answer(&mut self, verdict: Verdict) {
        self.core.handle_verdict(self.now, self.core.epoch(), verdict);
    }

    fn signal(&mut self, signal: Signal) {
        self.core.handle_signal(self.now, signal);
    }

    fn send(&mut self, message: u64) -> Result<(), Refusal> {
        self.core.send(self.now, message, message)
    }

    /// All that is to be done.
    fn drain(&mut self) -> Vec<Output<u64>> {
        core::iter::from_fn(|| self.core.poll()).collect()
    }

    /// What the user is told of a loss, among all that is to be done.
    fn drain_drop(&mut self) -> Option<Drop> {
        self.drain().into_iter().find_map(|output| match output {
            Output::Consult(_, drop) | Output::Notify(Event::Drop(drop)) => Some(drop),
            _ => None,
        })
    }

    fn state(&self) -> State {
        self.core.state()
    }

    fn drops(&self, cause: Cause) -> u32 {
        self.core.stats().drops.get(cause as usize).copied().unwrap_or_default()
    }

    /// Whether it is as it was after this.
    fn ignores(&mut self, what: impl FnOnce(&mut Self)) -> bool {
        let before = self.core.clone();
        what(self);
        self.core == before
    }
}

/// What a dial that follows is told as.
const DIALS: fn(u32) -> Output<u64> = |epoch| Output::Dial(Epoch(epoch));
const STATE: Output<u64> = Output::Notify(Event::State);
const OPEN: Output<u64> = Output::Notify(Event::Open);
const ERROR: Output<u64> = Output::Notify(Event::Error);
const CLOSE: Output<u64> = Output::Notify(Event::Close);
