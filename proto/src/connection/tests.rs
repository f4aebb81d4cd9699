//! Grouped by the state that they start in. Time starts at 0; a message is a number, and has as many bytes.

use alloc::vec::Vec;
use core::convert::Infallible;

use super::*;
use crate::SessionAction;
use crate::{Dropped, Heartbeat, Limits, MessageId, Outcome, Overflow, SendError};

mod authenticating;
mod closed;
mod closing;
mod connecting;
mod deciding;
mod open;
mod queueing;
mod session;
mod waiting;

const RETRY: Retry = Retry { limit: u32::MAX, first: 5_000, cap: 30_000, reset_after: 5_000 };

const CONFIG: Config = Config {
    policy: Policy::Retry(RETRY),
    lifetime: Lifetime::Unlimited,
    connect_timeout: 10_000,
    close_timeout: 5_000,
    queue: Some(Limits { messages: 3, bytes: 100, time_to_live: Some(60_000), overflow: Overflow::Refuse }),
    authenticates: false,
    heartbeat: Some(Heartbeat { interval: 25_000, timeout: 10_000 }),
};

const NEVER: Config = Config { policy: Policy::Never, ..CONFIG };
/// It closes with its native socket.
const ONCE: Config = Config { lifetime: Lifetime::Connection, ..CONFIG };
/// It closes with its session.
const WITH_SESSION: Config = Config { lifetime: Lifetime::Session, ..CONFIG };
const AUTHENTICATES: Config = Config { authenticates: true, ..CONFIG };
const ASK: Config = Config { policy: Policy::Ask(RETRY), ..CONFIG };

/// A connection, and the time. What it gave out before it reached the state that was asked for is forgotten.
#[derive(Clone)]
struct Fixture<D: Delivery<u64> = Queue<u64>> {
    connection: Connection<u64, D>,
    now: Millis,
}

impl Fixture {
    fn connecting(config: Config) -> Self {
        let mut fixture = Self { connection: Connection::new(config, Millis(0), 1), now: Millis(0) };
        fixture.drain();
        fixture
    }

    fn open(config: Config) -> Self {
        let mut fixture = Self::connecting(config);
        fixture.opened();
        fixture.drain();
        fixture
    }

    /// Dropped after it had lasted.
    fn waiting(config: Config) -> Self {
        let mut fixture = Self::open(config);
        fixture.pass(6_000).lose(1006, false);
        fixture.drain();
        fixture
    }

    fn closing(config: Config) -> Self {
        let mut fixture = Self::open(config);
        fixture.connection.close(fixture.now);
        fixture.drain();
        fixture
    }

    fn closed(config: Config) -> Self {
        let mut fixture = Self::closing(config);
        fixture.lose(1000, true);
        fixture.drain();
        fixture
    }

    fn send(&mut self, message: u64) -> Result<MessageId, SendError> {
        self.connection.send(self.now, message, message)
    }
}

impl<D: Delivery<u64> + Clone + PartialEq> Fixture<D> {
    /// Time passes, and no timer fires.
    fn pass(&mut self, span: u32) -> &mut Self {
        self.now = self.now + span;
        self
    }

    /// A timer fires, whether it was asked for or not.
    fn tick(&mut self) {
        self.connection.handle_timeout(self.now);
    }

    /// Time passes until the timer fires that it has asked for.
    fn pass_to_timeout(&mut self) -> &mut Self {
        self.now = self.connection.poll_timeout().unwrap_or(self.now);
        self.tick();
        self
    }

    /// The native socket of the last attempt closes.
    fn lose(&mut self, code: u16, clean: bool) {
        self.connection.handle_closed(self.now, self.connection.attempt(), code, clean);
    }

    fn fail(&mut self) {
        self.lose(1006, false);
    }

    fn opened(&mut self) {
        self.connection.handle_opened(self.now, self.connection.attempt());
    }

    fn reconnect(&mut self) {
        self.connection.reconnect(self.now);
    }

    /// The user decides about the last attempt.
    fn answer(&mut self, decision: Decision) {
        self.connection.handle_decision(self.now, self.connection.attempt(), decision);
    }

    fn signal(&mut self, signal: Signal) {
        self.connection.handle_signal(self.now, signal);
    }

    /// All that is to be done.
    fn drain(&mut self) -> Vec<Output<u64, D::Action>> {
        let outputs = core::iter::from_fn(|| self.connection.poll()).collect();
        assert!(self.connection.is_drained());
        outputs
    }

    /// What the user is told of a drop, among all that is to be done.
    fn drain_drop(&mut self) -> Option<Dropped> {
        self.drain().into_iter().find_map(|output| match output {
            Output::Decide(_, drop) | Output::Notify(Event::Drop(drop)) => Some(drop),
            _ => None,
        })
    }

    fn state(&self) -> State {
        self.connection.state()
    }

    fn drops(&self, cause: Cause) -> u32 {
        self.connection.stats().drops.get(cause as usize).copied().unwrap_or_default()
    }

    /// Whether it is as it was after this.
    fn ignores(&mut self, what: impl FnOnce(&mut Self)) -> bool {
        let before = self.connection.clone();
        what(self);
        self.connection == before
    }
}

const CONNECT: fn(u32) -> Output<u64, Infallible> = |attempt| Output::Connect(Attempt(attempt));
const STATE: Output<u64, Infallible> = Output::Notify(Event::State);
const OPEN: Output<u64, Infallible> = Output::Notify(Event::Open);
const ERROR: Output<u64, Infallible> = Output::Notify(Event::Error);
const CLOSE: Output<u64, Infallible> = Output::Notify(Event::Close(None));
const CLOSE_AFTER: fn(Cause) -> Output<u64, Infallible> = |cause| Output::Notify(Event::Close(Some(cause)));

fn settle<A>(id: u64, message: u64, outcome: Outcome) -> Output<u64, A> {
    Output::Settle(Settled { id: MessageId(id), message, outcome })
}
