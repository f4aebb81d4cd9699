//! The store as the server asks it: how long it takes is measured, and that it fails is counted and logged.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tracing::{info, warn};

use super::interface::{AnyStore, Failure, NotForwarded};
use super::record::{Change, Claim, Claimant, Fence, Forward, Forwarded, Fresh, Written};
use super::unavailable::{Unavailable, UnavailableCause};
use super::wake::Wake;
use crate::metrics::{Metrics, StoreRequest};
use crate::reminder::Reminder;
use crate::runtime::{Instant, sleep, spawn};
use crate::{Principal, SessionId};

/// How long the store has to answer without a failure until it counts as back. A session asks a store that fails once a second
/// at least, so that one which fails for some requests only (a full one, say) does not count as back between two of them.
const SETTLED: Duration = Duration::from_secs(2);

/// A store that is observed.
pub(crate) struct ObservedStore {
    store: Box<dyn AnyStore>,
    health: Arc<Health>,
}

/// Whether the store answers, and what was logged of it.
pub(crate) struct Health {
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    Up,
    Down(Outage),
}

/// A time in which the store fails.
#[derive(Clone, Copy)]
struct Outage {
    since: Instant,
    /// How many requests have failed.
    failures: u64,
    reminder: Reminder,
    /// Why the last one did.
    cause: UnavailableCause,
    /// Since when the store has answered, if no request has failed after that.
    answers_since: Option<Instant>,
}

impl ObservedStore {
    pub(crate) fn new(store: Box<dyn AnyStore>, metrics: Arc<Metrics>) -> Self {
        Self { store, health: Arc::new(Health { metrics, state: Mutex::new(State::Up) }) }
    }

    /// Why the store does not answer. Where it has only not answered yet, this is the reason as well.
    pub(crate) fn cause(&self) -> UnavailableCause {
        match &*self.health.state.lock() {
            State::Up => UnavailableCause::Timeout,
            State::Down(outage) => outage.cause,
        }
    }

    /// A request was given up, since whoever has made it waits no longer.
    pub(crate) fn gave_up(&self) {
        self.health.fails(&Unavailable::new(UnavailableCause::Timeout, "no answer in time"));
    }

    pub(crate) async fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Result<(), Unavailable> {
        self.observe(StoreRequest::Create, self.store.create(id, fence, fresh)).await
    }

    pub(crate) async fn claim(&self, id: SessionId, claimant: &Claimant) -> Result<Claim, Unavailable> {
        self.observe(StoreRequest::Claim, self.store.claim(id, claimant)).await
    }

    pub(crate) async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<Written, Failure> {
        self.observe(StoreRequest::Write, self.store.write(id, fence, change)).await
    }

    pub(crate) async fn forward(&self, id: SessionId, forward: &Forward) -> Result<(), NotForwarded> {
        self.observe(StoreRequest::Forward, self.store.forward(id, forward)).await
    }

    pub(crate) async fn forwarded(&self, id: SessionId, fence: Fence) -> Result<Forwarded, Failure> {
        self.observe(StoreRequest::ReadForwarded, self.store.forwarded(id, fence)).await
    }

    pub(crate) fn watch(&self, wake: Wake) {
        self.store.watch(wake);
    }

    pub(crate) async fn sessions_of(&self, principal: &Principal) -> Result<Vec<SessionId>, Unavailable> {
        self.observe(StoreRequest::SessionsOf, self.store.sessions_of(principal)).await
    }

    pub(crate) async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        self.observe(StoreRequest::Revoke, self.store.revoke(principal)).await
    }

    pub(crate) async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        self.observe(StoreRequest::Remove, self.store.remove(id, fence)).await
    }

    pub(crate) async fn check(&self) -> Result<(), Unavailable> {
        self.observe(StoreRequest::Check, self.store.check()).await
    }

    async fn observe<T, E: MayBeUnavailable>(
        &self,
        request: StoreRequest,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let asked = Instant::now();
        let answer = answer.await;
        self.health.metrics.store_requests.of(request).observe(asked.elapsed());
        match answer.as_ref().err().and_then(E::unavailable) {
            Some(unavailable) => self.health.fails(unavailable),
            None => self.health.answers(),
        }
        answer
    }
}

/// An error that may be that the store does not answer.
trait MayBeUnavailable {
    fn unavailable(&self) -> Option<&Unavailable>;
}

impl MayBeUnavailable for Unavailable {
    fn unavailable(&self) -> Option<&Unavailable> {
        Some(self)
    }
}

impl MayBeUnavailable for Failure {
    fn unavailable(&self) -> Option<&Unavailable> {
        if let Failure::Unavailable(unavailable) = self { Some(unavailable) } else { None }
    }
}

impl MayBeUnavailable for NotForwarded {
    fn unavailable(&self) -> Option<&Unavailable> {
        if let NotForwarded::Unavailable(unavailable) = self { Some(unavailable) } else { None }
    }
}

impl Health {
    /// Logs the first failure, and then once a minute how many there were.
    fn fails(&self, unavailable: &Unavailable) {
        let (cause, now) = (unavailable.cause(), Instant::now());
        self.metrics.store_failures.of(cause).count();
        let mut state = self.state.lock();
        match &mut *state {
            State::Up => {
                self.metrics.store_up.subtract(1);
                let mut reminder = Reminder::default();
                reminder.note(now);
                *state = State::Down(Outage { since: now, failures: 1, reminder, cause, answers_since: None });
                warn!(
                    target: "undrop_server::store",
                    sessions = self.metrics.name(),
                    %cause,
                    error = %unavailable.error(),
                    "the store fails"
                );
            }
            State::Down(outage) => {
                outage.failures += 1;
                outage.cause = cause;
                outage.answers_since = None;
                if let Some(failures) = outage.reminder.note(now) {
                    warn!(
                        target: "undrop_server::store",
                        sessions = self.metrics.name(),
                        %cause,
                        error = %unavailable.error(),
                        failures,
                        away = ?rounded(now - outage.since),
                        "the store still fails"
                    );
                }
            }
        }
    }

    /// Has it logged that the store is back, once it has answered for a while.
    fn answers(self: &Arc<Self>) {
        // While all is well, sessions do not wait for each other here.
        if self.metrics.store_up.get() > 0 {
            return;
        }
        let mut state = self.state.lock();
        let State::Down(outage) = &mut *state else { return };
        if outage.answers_since.is_some() {
            return;
        }
        let now = Instant::now();
        outage.answers_since = Some(now);
        let health = Arc::clone(self);
        spawn(async move {
            sleep(SETTLED).await;
            health.is_back(now);
        });
    }

    fn is_back(&self, answers_since: Instant) {
        let mut state = self.state.lock();
        let State::Down(outage) = *state else { return };
        if outage.answers_since != Some(answers_since) {
            return;
        }
        *state = State::Up;
        self.metrics.store_up.add(1);
        info!(
            target: "undrop_server::store",
            sessions = self.metrics.name(),
            failures = outage.failures,
            away = ?rounded(answers_since - outage.since),
            "the store is back"
        );
    }
}

/// In milliseconds, for the log.
fn rounded(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io;
    use std::sync::Mutex as StdMutex;

    use tokio::time::advance;

    use super::*;

    /// What is logged.
    #[derive(Clone, Default)]
    struct Lines(Arc<StdMutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn start() -> (Self, tracing::subscriber::DefaultGuard) {
            let lines = Self::default();
            let writer = lines.clone();
            let subscriber = tracing_subscriber::fmt().without_time().with_ansi(false).with_target(false);
            (lines, tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish()))
        }

        /// The lines since the last call.
        fn take(&self) -> Vec<String> {
            let bytes = std::mem::take(&mut *self.0.lock().unwrap());
            String::from_utf8(bytes).unwrap().lines().map(|line| line.trim().to_owned()).collect()
        }
    }

    fn health() -> Arc<Health> {
        Arc::new(Health { metrics: Arc::new(Metrics::new("chat".into())), state: Mutex::new(State::Up) })
    }

    fn unavailable(cause: UnavailableCause) -> Unavailable {
        Unavailable::new(cause, "broken pipe")
    }

    /// The time passes, and whoever waited for it has run.
    async fn pass(time: Duration) {
        advance(time).await;
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_a_line_at_first_one_a_minute_with_a_count_and_one_at_its_end() {
        let (lines, _logging) = Lines::start();
        let health = health();
        let failure = unavailable(UnavailableCause::Unreachable);
        // Each second for 150, as 50 sessions ask at most.
        for _ in 0..150 {
            for _ in 0..50 {
                health.fails(&failure);
            }
            pass(Duration::from_secs(1)).await;
        }
        let cause = "cause=unreachable error=broken pipe";
        let still = |failures, away| {
            format!("WARN the store still fails sessions=\"chat\" {cause} failures={failures} away={away}s")
        };
        let first = format!("WARN the store fails sessions=\"chat\" {cause}");
        assert_eq!(lines.take(), [first, still(3_000, 60), still(3_000, 120)]);
        assert_eq!(health.metrics.store_up.get(), 0);
        health.answers();
        pass(Duration::ZERO).await;
        assert_eq!(lines.take(), [""; 0], "it may fail again in a moment");
        pass(SETTLED).await;
        assert_eq!(lines.take(), ["INFO the store is back sessions=\"chat\" failures=7500 away=150s"]);
        assert_eq!(health.metrics.store_up.get(), 1);
        health.answers();
        pass(SETTLED * 2).await;
        assert_eq!(lines.take(), [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_for_some_requests_only_is_not_back_between_two_of_them() {
        let (lines, _logging) = Lines::start();
        let health = health();
        for _ in 0..90 {
            health.fails(&unavailable(UnavailableCause::Full));
            health.answers();
            pass(Duration::from_secs(1)).await;
            health.answers();
        }
        let lines = lines.take();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].contains("the store still fails") && lines[1].contains("failures=60"), "{lines:?}");
    }
}
