//! What the world drives: the real connection, or a broken twin.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::Deref;

use undrop_proto::{
    Cause, Config, Connection, Decision, Dropped, Event, Limits, MessageId, Millis, Outcome, Policy, Retry, SendError,
    Settled, Signal, State, Stats,
};

use super::input::{Input, bytes_of_text, units_of};
use super::loss::is_final;
use super::silence::LATE;
use super::world::Scenario;
use crate::law::Law;
use crate::twins::{Twin, twins};

twins! {
    Scenario::from_seed {
        a_connection_that_hears_older_attempts: HearsOlderAttempts by I1,
        a_connection_that_hears_what_it_abandoned: HearsTheAbandoned by I1,
        a_connection_that_leaves_the_old_socket_open: LeavesTheOldSocketOpen by I1,
        a_connection_that_connects_after_close: ConnectsAfterClose by I2,
        a_connection_that_connects_when_closed: ConnectsWhenClosed by I2,
        a_connection_that_connects_after_it_has_told: ConnectsLate by I2,
        a_connection_that_counts_a_loss_twice: CountsALossTwice by I3,
        a_connection_that_tells_a_loss_twice: TellsALossTwice by I3,
        a_connection_that_hides_a_loss: HidesALoss by I3,
        a_connection_that_mistakes_the_cause: MistakesTheCause by I3,
        a_connection_that_retries_what_is_final: RetriesWhatIsFinal by I3,
        a_connection_that_never_runs_out_of_retries: NeverRunsOut by I3,
        a_connection_that_takes_anybodys_decision: TakesAnybodysDecision by I3,
        a_connection_that_takes_an_earlier_decision: TakesAnEarlierDecision by I3,
        a_connection_that_forgets_how_often_it_has_tried: ForgetsItsAttempts by I3,
        a_connection_that_swallows_a_timeout: SwallowsATimeout by I4,
        a_connection_that_forgets_its_deadline: ForgetsItsDeadline by I4,
        a_connection_that_waits_for_the_servers_close: WaitsForTheServersClose by I4,
        a_connection_that_loses_a_message: LosesAMessage by I6,
        a_connection_that_sends_before_the_user_has_authenticated: SendsUnauthenticated by I6,
        a_connection_that_forgets_that_it_closed: ForgetsThatItClosed by I6,
        a_connection_that_forgets_that_it_sent: ForgetsThatItSent by I6,
        a_connection_that_settles_twice: SettlesTwice by I6,
        a_connection_that_settles_under_another_number: SettlesUnderAnotherNumber by I6,
        a_connection_that_hides_the_last_cause: HidesTheLastCause by I3,
        a_connection_that_outlives_the_limit: OutlivesTheLimit by I3,
        a_connection_that_waits_for_a_suspect: WaitsForASuspect by I4,
        a_connection_that_closes_too_soon: ClosesTooSoon by I8,
        a_connection_that_waits_for_no_answer: WaitsForNoAnswer by I8,
        a_connection_that_repeats_a_message: RepeatsAMessage by I6,
        a_connection_that_gives_back_another_message: GivesBackAnother by I6,
        a_connection_that_swaps_two_messages: SwapsTwoMessages by I6,
        a_connection_that_sends_what_has_expired: SendsTheExpired by I6,
        a_connection_that_ignores_its_limits: IgnoresTheLimits by I7,
        a_connection_that_refuses_too_early: RefusesTooEarly by I7,
        a_connection_that_never_counts_a_text: NeverCountsAText by I7,
        a_connection_that_believes_the_timer: BelievesTheTimer by I8,
        a_connection_that_believes_the_timer_of_a_probe: BelievesTheTimerOfAProbe by I8,
        a_connection_that_believes_the_timer_of_an_attempt: BelievesTheTimerOfAnAttempt by I8,
        a_connection_that_drops_without_asking: DropsWithoutAsking by I8,
        a_connection_that_ignores_an_answer: IgnoresAnAnswer by I8,
        a_connection_that_connects_on_every_signal: ConnectsOnEverySignal by I9,
        a_connection_that_forgets_its_haste: ForgetsHaste by I9,
        a_connection_that_overrules_the_user: OverrulesTheUser by I9,
        a_connection_that_forgets_to_wait: ForgetsToWait by I9,
        a_connection_that_waits_too_long: WaitsTooLong by I9,
        a_connection_that_tells_after_the_close: TellsAfterTheClose by Events,
        a_connection_that_calls_a_clean_close_an_error: TellsErrorsOfCleanCloses by Events,
        a_connection_that_hides_an_error: HidesAnError by Events,
        a_connection_that_changes_in_secret: ChangesInSecret by Events,
    }
}

#[test]
fn whatever_can_be_left_out_of_a_scenario_that_breaks_a_law_is() {
    let (scenario, defect) = (Scenario::from_seed(1), Some(Defect::RepeatsAMessage));
    let shortest = scenario.shortest(defect, Law::I6);
    assert!(shortest.run(defect, false).is_err_and(|violation| violation.law == Law::I6));
    let (before, after) = (scenario.script.len(), shortest.script.len());
    assert!(5 * after < before, "{after} of {before} acts: {:?}", shortest.script);
}

/// What a connection without a session wants done.
pub type Output = undrop_proto::Output<u64, Infallible>;

#[derive(Clone, Eq)]
pub struct Subject {
    connection: Connection<u64>,
    twin: Twin<Defect>,
    /// To be given out before what the protocol has next.
    next: VecDeque<Output>,
    /// What was counted too often.
    miscounted: u32,
    closed: bool,
    opened: Millis,
    /// The last question that nothing has answered was a probe.
    probing: bool,
    /// The user has said when to attempt.
    said: bool,
    /// The user was asked about a drop that ends the retries.
    last: bool,
}

impl Subject {
    pub fn new(twin: Twin<Defect>, mut config: Config, now: Millis, seed: u64) -> Self {
        let (queue, mut fixed) = (config.queue.as_mut(), Retry::default());
        let retry = match &mut config.policy {
            Policy::Never => &mut fixed,
            Policy::Retry(retry) | Policy::Ask(retry) => retry,
        };
        match (twin.defect(), queue) {
            (Some(Defect::IgnoresTheLimits), Some(limits)) => *limits = Limits::default(),
            (Some(Defect::RefusesTooEarly), Some(limits)) => limits.bytes /= 2,
            // A queue that is never full, so that nothing else shows it first.
            (Some(Defect::SendsTheExpired), Some(limits @ Limits { messages: 65_536, bytes: 0x100_0000, .. })) => {
                limits.time_to_live = None;
            }
            (Some(Defect::NeverRunsOut), _) => retry.limit = u32::MAX,
            (Some(Defect::WaitsTooLong), _) => retry.first *= 2,
            (Some(Defect::ClosesTooSoon), _) => config.close_timeout /= 2,
            _ => {}
        }
        let connection = Connection::new(config, now, seed);
        Self {
            connection,
            twin,
            next: VecDeque::new(),
            miscounted: 0,
            closed: false,
            opened: now,
            probing: false,
            said: false,
            last: false,
        }
    }

    pub fn poll(&mut self) -> Option<Output> {
        if let Some(output) = self.next.pop_front() {
            return Some(output);
        }
        let output = self.connection.poll()?;
        if self.twin.defect().is_some() { self.give(output) } else { Some(output) }
    }

    pub fn is_drained(&self) -> bool {
        self.connection.is_drained() && self.next.is_empty()
    }

    pub fn poll_timeout(&self) -> Option<Millis> {
        let timeout = self.connection.poll_timeout();
        let state = self.connection.state();
        match self.twin.defect() {
            Some(Defect::ForgetsItsDeadline) if state == State::Waiting => None,
            Some(Defect::ForgetsToWait) if state == State::Waiting && self.connection.queued() == 0 => {
                timeout.map(|at| Millis(at.0 - 200))
            }
            Some(Defect::WaitsForTheServersClose) if state == State::Closing => None,
            _ => timeout,
        }
    }

    /// How many bytes are queued, after they were counted.
    pub fn count_queued(&mut self) -> u64 {
        self.connection.count_queued(bytes_of_text);
        self.connection.queued()
    }

    /// The statistics, and what was counted too often.
    pub fn counts(&self) -> Stats {
        let mut stats = *self.connection.stats();
        stats.drops[Cause::Close as usize] += self.miscounted;
        stats
    }

    pub fn withdraw(&mut self, id: MessageId) -> Option<u64> {
        let another = self.twin.has(Defect::GivesBackAnother) && self.connection.queued() > 0;
        self.connection.withdraw(MessageId(id.0 + u64::from(another)))
    }

    pub fn tell(&mut self, now: Millis, input: Input) -> Result<Option<MessageId>, SendError> {
        if self.twin.defect().is_none() {
            return input.tell(&mut self.connection, now);
        }
        let (state, timeout) = (self.connection.state(), self.connection.poll_timeout());
        let answer = match self.before(now, input) {
            Some(Input::SendText(message)) if self.twin.has(Defect::NeverCountsAText) => self
                .connection
                .send_text(|| now, message, units_of(message), |message| 3 * units_of(*message))
                .map(Some),
            Some(input) => input.tell(&mut self.connection, now),
            None => Ok(None),
        };
        self.after(now, input, state, timeout);
        answer
    }

    // What is wrong.

    fn give(&mut self, output: Output) -> Option<Output> {
        match output {
            // What is to be done outside after what is told: a user who closes then is too early.
            Output::Connect(_) if self.twin.has(Defect::ConnectsLate) => match self.connection.poll() {
                Some(told) => {
                    self.next.push_back(output);
                    Some(told)
                }
                None => Some(output),
            },
            Output::Ping if self.twin.has(Defect::DropsWithoutAsking) => self.poll(),
            Output::Abandon(_) if self.twin.strikes(Defect::LeavesTheOldSocketOpen) => self.poll(),
            Output::Transmit(_) if self.twin.strikes(Defect::LosesAMessage) => self.poll(),
            Output::Transmit(message) if self.twin.strikes(Defect::RepeatsAMessage) => {
                self.next.push_back(Output::Transmit(message));
                Some(output)
            }
            Output::Transmit(_) if self.twin.has(Defect::SwapsTwoMessages) => {
                // Between two messages the first is settled.
                let settled = self.connection.poll();
                let second = self.connection.poll();
                if let Some(Output::Transmit(_)) = second {
                    self.next.push_back(output);
                    self.next.extend(settled);
                    return second;
                }
                self.next.extend(settled);
                self.next.extend(second);
                Some(output)
            }
            Output::Settle(Settled { outcome: Outcome::Closed, .. })
                if self.twin.strikes(Defect::ForgetsThatItClosed) =>
            {
                self.poll()
            }
            Output::Settle(Settled { outcome: Outcome::Sent, .. }) if self.twin.strikes(Defect::ForgetsThatItSent) => {
                self.poll()
            }
            Output::Settle(settled) if self.twin.strikes(Defect::SettlesTwice) => {
                self.next.push_back(Output::Settle(settled.clone()));
                Some(Output::Settle(settled))
            }
            Output::Settle(settled) if self.twin.strikes(Defect::SettlesUnderAnotherNumber) => {
                Some(Output::Settle(Settled { id: MessageId(settled.id.0 + 1), ..settled }))
            }
            Output::Decide(_, dropped) => {
                self.last = dropped.last && !is_final(dropped.code);
                Some(output)
            }
            Output::Notify(event) => self.give_event(event),
            other => Some(other),
        }
    }

    fn give_event(&mut self, event: Event) -> Option<Output> {
        match event {
            Event::Drop(_) if self.twin.strikes(Defect::HidesALoss) => return self.poll(),
            Event::Drop(_) if self.twin.strikes(Defect::TellsALossTwice) => {
                self.next.push_back(Output::Notify(event));
            }
            Event::Drop(drop) if self.twin.strikes(Defect::MistakesTheCause) => {
                let cause = if drop.cause == Cause::Wake { Cause::Heartbeat } else { Cause::Wake };
                return Some(Output::Notify(Event::Drop(changed(drop, |drop| drop.cause = cause))));
            }
            Event::Drop(drop) if self.twin.has(Defect::ForgetsItsAttempts) => {
                return Some(Output::Notify(Event::Drop(changed(drop, |drop| drop.attempt = 1))));
            }
            Event::Close(Some(_)) if self.twin.strikes(Defect::HidesTheLastCause) => {
                return Some(Output::Notify(Event::Close(None)));
            }
            Event::Close(_) if self.twin.strikes(Defect::TellsAfterTheClose) => {
                self.next.push_back(Output::Notify(Event::Error));
            }
            Event::Close(_) if self.twin.strikes(Defect::TellsErrorsOfCleanCloses) => {
                self.next.push_back(Output::Notify(event));
                return Some(Output::Notify(Event::Error));
            }
            Event::Error if self.twin.strikes(Defect::HidesAnError) => return self.poll(),
            Event::State if self.twin.strikes(Defect::ChangesInSecret) => return self.poll(),
            _ => {}
        }
        Some(Output::Notify(event))
    }

    /// What goes wrong before the protocol hears of it, or instead. Nothing if it is to hear what there is.
    fn before(&mut self, now: Millis, input: Input) -> Option<Input> {
        let attempt = self.connection.attempt();
        let due = self.connection.poll_timeout().is_some_and(|at| at <= now);
        let state = self.connection.state();
        let waits = matches!(state, State::Waiting | State::Offline);
        // A connection that has held for long holds at any of the times that it could be told.
        let lasted_long = self.connection.poll_timeout().is_some_and(|at| at.since(self.opened) >= 10_000);
        // Nothing expires when it is told a wrong time.
        let waits_alone = waits && self.connection.queued() == 0;
        match (self.twin.defect(), input) {
            (Some(Defect::HearsOlderAttempts), Input::Message(_, bytes)) => Some(Input::Message(attempt, bytes)),
            (Some(Defect::HearsOlderAttempts), Input::Closed(_, code, clean)) => {
                Some(Input::Closed(attempt, code, clean))
            }
            (Some(Defect::HearsTheAbandoned), Input::Message(from, bytes)) if from == attempt && waits => {
                self.connection.handle_sent(bytes);
                Some(input)
            }
            (Some(Defect::OutlivesTheLimit), Input::Decision(_, Decision::Retry | Decision::After(_)))
                if waits && self.last =>
            {
                self.connection.reconnect(now);
                None
            }
            (Some(Defect::WaitsForASuspect), Input::Close) => {
                self.connection.handle_pong(now, attempt);
                Some(input)
            }
            (Some(Defect::WaitsForNoAnswer), Input::Close) if state == State::Open => Some(Input::CloseUnanswered),
            (Some(Defect::TakesAnybodysDecision), Input::Decision(..)) if waits => Some(Input::GiveUp),
            (Some(defect @ Defect::SwallowsATimeout), Input::Timeout) if due && self.twin.strikes(defect) => None,
            (Some(Defect::ConnectsOnEverySignal), Input::Signal(Signal::Hidden | Signal::Offline)) if waits_alone => {
                self.connection.handle_timeout(Millis(now.0 + 60_000));
                Some(input)
            }
            (Some(Defect::ForgetsHaste), Input::Signal(Signal::Online)) if waits_alone => {
                self.connection.handle_timeout(Millis(now.0 + 60_000));
                Some(input)
            }
            (Some(Defect::OverrulesTheUser), Input::Signal(Signal::Online)) if waits_alone && self.said => {
                self.connection.handle_timeout(self.connection.poll_timeout().unwrap_or(now));
                Some(input)
            }
            (Some(Defect::ForgetsToWait), Input::Timeout) if waits_alone => {
                self.connection.handle_timeout(self.connection.poll_timeout().unwrap_or(now));
                None
            }
            (Some(Defect::RetriesWhatIsFinal), Input::Closed(from, code, clean)) if code >= 4_400 => {
                Some(Input::Closed(from, 4_000, clean))
            }
            (Some(Defect::BelievesTheTimer), Input::Timeout) if state == State::Open && lasted_long => {
                while let Some(at) =
                    self.connection.poll_timeout().filter(|at| *at <= now && self.connection.is_writable())
                {
                    self.connection.handle_timeout(at);
                }
                None
            }
            (Some(Defect::BelievesTheTimerOfAProbe), Input::Timeout)
                if state == State::Open && lasted_long && self.probing =>
            {
                self.connection.handle_timeout(self.connection.poll_timeout().unwrap_or(now).min(now));
                None
            }
            (Some(Defect::BelievesTheTimerOfAnAttempt), Input::Timeout) if state == State::Connecting => {
                self.connection.handle_timeout(self.connection.poll_timeout().unwrap_or(now).min(now));
                None
            }
            (Some(Defect::TakesAnEarlierDecision), Input::Decision(_, decision)) => {
                Some(Input::Decision(attempt, decision))
            }
            (Some(Defect::IgnoresAnAnswer), Input::Reply(_)) => None,
            _ => Some(input),
        }
    }

    /// What goes wrong after the protocol has heard it.
    fn after(&mut self, now: Millis, input: Input, state: State, before: Option<Millis>) {
        if matches!(input, Input::Opened(_)) && self.connection.state() != state {
            self.opened = now;
        }
        let late = |at: Millis| now.since(at) > LATE;
        match input {
            Input::Timeout => self.probing |= before.is_some_and(late),
            Input::Signal(_) => self.probing = true,
            Input::Opened(_) | Input::Message(..) | Input::Reply(_) => self.probing = false,
            Input::Decision(_, Decision::After(_)) => self.said = true,
            _ => {}
        }
        self.said &= matches!(self.connection.state(), State::Waiting | State::Offline);
        match self.twin.defect() {
            Some(Defect::SendsUnauthenticated) if self.connection.queued() > 0 => {
                self.connection.handle_authenticated(now, self.connection.attempt());
            }
            Some(Defect::ConnectsAfterClose) => {
                self.closed |= matches!(input, Input::Close | Input::CloseUnanswered);
                self.closed &= !matches!(input, Input::Reconnect);
                if self.closed && matches!(input, Input::Signal(_)) {
                    self.connection.reconnect(now);
                }
            }
            Some(Defect::ConnectsWhenClosed) if state == State::Closed && matches!(input, Input::Signal(_)) => {
                self.connection.reconnect(now);
            }
            Some(Defect::CountsALossTwice)
                if matches!(input, Input::Closed(..)) && self.connection.state() != state =>
            {
                self.miscounted += 1;
            }
            _ => {}
        }
    }
}

fn changed(mut dropped: Dropped, change: impl FnOnce(&mut Dropped)) -> Dropped {
    change(&mut dropped);
    dropped
}

impl Deref for Subject {
    type Target = Connection<u64>;

    fn deref(&self) -> &Connection<u64> {
        &self.connection
    }
}

impl PartialEq for Subject {
    /// What the defect counts for itself is no state.
    fn eq(&self, other: &Self) -> bool {
        self.connection == other.connection && self.next == other.next
    }
}
