//! Cores that were broken on purpose: each is the real one but for a single breach, and each must be caught by the law
//! that it breaks. A simulation that lets one pass proves nothing.

use undrop::core::{
    Cause, Config, Connection, Drop, Epoch, Event, Fate, Limits, Millis, Output, Policy, Refusal, Retry, Signal, State,
    Stats, Verdict,
};

use super::law::{Crime, Law};
use super::scenario::Scenario;
use super::silence::LATE;
use super::subject::{Input, Subject};
use super::world::World;

macro_rules! each_is_caught {
    ($($name:ident: $breach:ident by $law:ident,)*) => {
        $(
            #[test]
            fn $name() {
                let (seed, crime) = first_crime(Breach::$breach);
                println!("{:<26} caught in scenario {seed:>4}: {crime}", stringify!($breach));
                assert_eq!(crime.law, Law::$law, "{crime}");
            }
        )*
    };
}

each_is_caught! {
    a_core_that_listens_to_the_dead: ListensToTheDead by I1,
    a_core_that_hears_what_it_hung_up: HearsTheHungUp by I1,
    a_core_that_leaves_the_old_socket_open: LeavesTheOldSocketOpen by I1,
    a_core_that_dials_after_close: DialsAfterClose by I2,
    a_core_that_dials_after_the_end: DialsAfterTheEnd by I2,
    a_core_that_dials_after_it_has_told: DialsLate by I2,
    a_core_that_counts_a_loss_twice: CountsALossTwice by I3,
    a_core_that_tells_a_loss_twice: TellsALossTwice by I3,
    a_core_that_hides_a_loss: HidesALoss by I3,
    a_core_that_mistakes_the_cause: MistakesTheCause by I3,
    a_core_that_retries_what_is_final: RetriesWhatIsFinal by I3,
    a_core_that_never_runs_out_of_retries: NeverRunsOut by I3,
    a_core_that_takes_anybodys_verdict: AnswersAnybody by I3,
    a_core_that_takes_an_earlier_verdict: MistakesTheQuestion by I3,
    a_core_that_forgets_how_often_it_has_tried: ForgetsItsAttempts by I3,
    a_core_that_swallows_a_timeout: SwallowsATimeout by I4,
    a_core_that_forgets_its_deadline: ForgetsItsDeadline by I4,
    a_core_that_waits_for_the_servers_goodbye: WaitsForTheServersGoodbye by I4,
    a_core_that_loses_a_message: LosesAMessage by I6,
    a_core_that_loses_a_returned_message: LosesAReturnedMessage by I6,
    a_core_that_repeats_a_message: RepeatsAMessage by I6,
    a_core_that_gives_back_another_message: GivesBackAnother by I6,
    a_core_that_swaps_two_messages: SwapsTwoMessages by I6,
    a_core_that_sends_what_has_expired: SendsTheExpired by I6,
    a_core_that_ignores_its_limits: IgnoresTheLimits by I7,
    a_core_that_refuses_too_early: RefusesTooEarly by I7,
    a_core_that_believes_the_timer: BelievesTheTimer by I8,
    a_core_that_believes_the_timer_of_a_probe: BelievesTheTimerOfAProbe by I8,
    a_core_that_believes_the_timer_of_a_dial: BelievesTheTimerOfADial by I8,
    a_core_that_kills_without_asking: KillsWithoutAsking by I8,
    a_core_that_ignores_an_answer: IgnoresAnAnswer by I8,
    a_core_that_dials_on_every_signal: DialsOnEverySignal by I9,
    a_core_that_forgets_its_haste: ForgetsHaste by I9,
    a_core_that_knows_better_than_the_user: HastensTheUser by I9,
    a_core_that_forgets_to_wait: ForgetsToWait by I9,
    a_core_that_waits_too_long: WaitsTooLong by I9,
    a_core_that_tells_after_the_end: TellsAfterTheEnd by Story,
    a_core_that_calls_a_clean_end_an_error: TellsErrorsOfCleanEnds by Story,
    a_core_that_hides_an_error: HidesAnError by Story,
    a_core_that_changes_in_secret: ChangesInSecret by Story,
}

/// The first scenario that finds it out, and how.
fn first_crime(breach: Breach) -> (u64, Crime) {
    let found = (0..20_000).find_map(|seed| {
        let start = |config, now, seed| Broken::new(breach, config, now, seed);
        let crime = World::run(&Scenario::from_seed(seed), start).err()?;
        Some((seed, crime))
    });
    found.unwrap_or_else(|| panic!("{breach:?} was not noticed"))
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Breach {
    ListensToTheDead,
    HearsTheHungUp,
    LeavesTheOldSocketOpen,
    DialsAfterClose,
    DialsAfterTheEnd,
    DialsLate,
    CountsALossTwice,
    TellsALossTwice,
    HidesALoss,
    MistakesTheCause,
    RetriesWhatIsFinal,
    NeverRunsOut,
    AnswersAnybody,
    MistakesTheQuestion,
    ForgetsItsAttempts,
    SwallowsATimeout,
    ForgetsItsDeadline,
    WaitsForTheServersGoodbye,
    LosesAMessage,
    LosesAReturnedMessage,
    RepeatsAMessage,
    GivesBackAnother,
    SwapsTwoMessages,
    SendsTheExpired,
    IgnoresTheLimits,
    RefusesTooEarly,
    BelievesTheTimer,
    BelievesTheTimerOfAProbe,
    BelievesTheTimerOfADial,
    KillsWithoutAsking,
    IgnoresAnAnswer,
    DialsOnEverySignal,
    ForgetsHaste,
    HastensTheUser,
    ForgetsToWait,
    WaitsTooLong,
    TellsAfterTheEnd,
    TellsErrorsOfCleanEnds,
    HidesAnError,
    ChangesInSecret,
}

#[derive(Clone, Eq)]
struct Broken {
    core: Connection<u64>,
    breach: Breach,
    /// To be given out before what the core has next.
    next: Option<Output<u64>>,
    /// How often the breach had its occasion.
    occasions: u32,
    /// What was counted too often.
    miscounted: u32,
    closed: bool,
    opened: Millis,
    /// The last question that nothing has answered was a probe.
    probing: bool,
    /// The user has said when to dial.
    said: bool,
}

impl Broken {
    fn new(breach: Breach, mut config: Config, now: Millis, seed: u64) -> Self {
        let change = |policy: Policy, change: fn(&mut Retry)| match policy {
            Policy::Never => Policy::Never,
            Policy::Retry(mut retry) => {
                change(&mut retry);
                Policy::Retry(retry)
            }
            Policy::Ask(mut retry) => {
                change(&mut retry);
                Policy::Ask(retry)
            }
        };
        match breach {
            Breach::IgnoresTheLimits => config.queue = config.queue.map(|_| Limits::default()),
            Breach::RefusesTooEarly => {
                config.queue = config.queue.map(|limits| Limits { bytes: limits.bytes / 2, ..limits });
            }
            Breach::NeverRunsOut => config.policy = change(config.policy, |retry| retry.limit = u32::MAX),
            Breach::SendsTheExpired => {
                config.queue = config.queue.map(|limits| match limits.messages {
                    // A queue that is never full, so that nothing else shows it first.
                    65_536 => Limits { time_to_live: None, ..limits },
                    _ => limits,
                });
            }
            Breach::WaitsTooLong => config.policy = change(config.policy, |retry| retry.first *= 2),
            _ => {}
        }
        let core = Connection::new(config, now, seed);
        Self {
            core,
            breach,
            next: None,
            occasions: 0,
            miscounted: 0,
            closed: false,
            opened: now,
            probing: false,
            said: false,
        }
    }

    /// Every third occasion, so that the breach is not the first thing that happens.
    fn strikes(&mut self) -> bool {
        self.occasions += 1;
        self.occasions.is_multiple_of(3)
    }

    fn give(&mut self, output: Output<u64>) -> Option<Output<u64>> {
        let strikes = |this: &mut Self, breach| this.breach == breach && this.strikes();
        match output {
            // What is to be done outside after what is told: a user who closes then is too early.
            Output::Dial(_) if self.breach == Breach::DialsLate => match self.core.poll() {
                Some(told) => {
                    self.next = Some(output);
                    Some(told)
                }
                None => Some(output),
            },
            Output::Ping if self.breach == Breach::KillsWithoutAsking => self.poll(),
            Output::HangUp(_) if strikes(self, Breach::LeavesTheOldSocketOpen) => self.poll(),
            Output::Transmit(_) if strikes(self, Breach::LosesAMessage) => self.poll(),
            Output::Transmit(message) if strikes(self, Breach::RepeatsAMessage) => {
                self.next = Some(Output::Transmit(message));
                Some(output)
            }
            Output::Transmit(_) if self.breach == Breach::SwapsTwoMessages => {
                // A message that has nothing behind it is where it belongs.
                match self.core.poll() {
                    Some(Output::Transmit(second)) => {
                        self.next = Some(output);
                        Some(Output::Transmit(second))
                    }
                    other => {
                        self.next = other;
                        Some(output)
                    }
                }
            }
            Output::Return(_, Fate::Closed) if strikes(self, Breach::LosesAReturnedMessage) => self.poll(),
            Output::Notify(event) => self.give_event(event),
            other => Some(other),
        }
    }

    fn give_event(&mut self, event: Event) -> Option<Output<u64>> {
        let strikes = |this: &mut Self, breach| this.breach == breach && this.strikes();
        match event {
            Event::Drop(_) if strikes(self, Breach::HidesALoss) => return self.poll(),
            Event::Drop(_) if strikes(self, Breach::TellsALossTwice) => {
                self.next = Some(Output::Notify(event));
            }
            Event::Drop(drop) if strikes(self, Breach::MistakesTheCause) => {
                let cause = if drop.cause == Cause::Wake { Cause::Heartbeat } else { Cause::Wake };
                return Some(Output::Notify(Event::Drop(Drop { cause, ..drop })));
            }
            Event::Drop(drop) if self.breach == Breach::ForgetsItsAttempts => {
                return Some(Output::Notify(Event::Drop(Drop { attempt: 1, ..drop })));
            }
            Event::Close if strikes(self, Breach::TellsAfterTheEnd) => {
                self.next = Some(Output::Notify(Event::Error));
            }
            Event::Close if strikes(self, Breach::TellsErrorsOfCleanEnds) => {
                self.next = Some(Output::Notify(event));
                return Some(Output::Notify(Event::Error));
            }
            Event::Error if strikes(self, Breach::HidesAnError) => return self.poll(),
            Event::State if strikes(self, Breach::ChangesInSecret) => return self.poll(),
            _ => {}
        }
        Some(Output::Notify(event))
    }

    /// What goes wrong before the core hears of it, or instead. Nothing if it is to hear what there is.
    fn mishear(&mut self, now: Millis, input: Input) -> Option<Input> {
        let epoch = self.core.epoch();
        let due = self.core.poll_timeout().is_some_and(|at| at <= now);
        let state = self.core.state();
        let waits = matches!(state, State::Waiting | State::Offline);
        // A line that has held for long holds at any of the times that it could be told.
        let held_long = self.core.poll_timeout().is_some_and(|at| at.since(self.opened) >= 10_000);
        // Nothing expires when it is told a wrong time.
        let waits_alone = waits && self.core.queued() == 0;
        match (self.breach, input) {
            (Breach::ListensToTheDead, Input::Message(_, bytes)) => Some(Input::Message(epoch, bytes)),
            (Breach::ListensToTheDead, Input::Closed(_, code, clean)) => Some(Input::Closed(epoch, code, clean)),
            (Breach::HearsTheHungUp, Input::Message(from, bytes)) if from == epoch && waits => {
                self.core.handle_sent(bytes);
                Some(input)
            }
            (Breach::AnswersAnybody, Input::Verdict(..)) if waits => Some(Input::GiveUp),
            (Breach::SwallowsATimeout, Input::Timeout) if due && self.strikes() => None,
            (Breach::DialsOnEverySignal, Input::Signal(Signal::Hidden | Signal::Offline)) if waits_alone => {
                self.core.handle_timeout(Millis(now.0 + 60_000));
                Some(input)
            }
            (Breach::ForgetsHaste, Input::Signal(Signal::Online)) if waits_alone => {
                self.core.handle_timeout(Millis(now.0 + 60_000));
                Some(input)
            }
            (Breach::HastensTheUser, Input::Signal(Signal::Online)) if waits_alone && self.said => {
                self.core.handle_timeout(self.core.poll_timeout().unwrap_or(now));
                Some(input)
            }
            (Breach::ForgetsToWait, Input::Timeout) if waits_alone => {
                self.core.handle_timeout(self.core.poll_timeout().unwrap_or(now));
                None
            }
            (Breach::RetriesWhatIsFinal, Input::Closed(from, code, clean)) if code >= 4_400 => {
                Some(Input::Closed(from, 4_000, clean))
            }
            (Breach::BelievesTheTimer, Input::Timeout) if state == State::Open && held_long => {
                while let Some(at) = self.core.poll_timeout().filter(|at| *at <= now && self.core.is_writable()) {
                    self.core.handle_timeout(at);
                }
                None
            }
            (Breach::BelievesTheTimerOfAProbe, Input::Timeout) if state == State::Open && held_long && self.probing => {
                self.core.handle_timeout(self.core.poll_timeout().unwrap_or(now).min(now));
                None
            }
            (Breach::BelievesTheTimerOfADial, Input::Timeout) if state == State::Connecting => {
                self.core.handle_timeout(self.core.poll_timeout().unwrap_or(now).min(now));
                None
            }
            (Breach::MistakesTheQuestion, Input::Verdict(_, verdict)) => Some(Input::Verdict(epoch, verdict)),
            (Breach::IgnoresAnAnswer, Input::Reply(_)) => None,
            _ => Some(input),
        }
    }

    /// What goes wrong after the core has heard it.
    fn overdo(&mut self, now: Millis, input: Input, state: State, before: Option<Millis>) {
        if matches!(input, Input::Opened(_)) && self.core.state() != state {
            self.opened = now;
        }
        let late = |at: Millis| now.since(at) > LATE;
        match input {
            Input::Timeout => self.probing |= before.is_some_and(late),
            Input::Signal(_) => self.probing = true,
            Input::Opened(_) | Input::Message(..) | Input::Reply(_) => self.probing = false,
            Input::Verdict(_, Verdict::After(_)) => self.said = true,
            _ => {}
        }
        self.said &= matches!(self.core.state(), State::Waiting | State::Offline);
        match self.breach {
            Breach::DialsAfterClose => {
                self.closed |= matches!(input, Input::Close | Input::CloseUnanswered);
                self.closed &= !matches!(input, Input::Reconnect);
                if self.closed && matches!(input, Input::Signal(_)) {
                    self.core.reconnect(now);
                }
            }
            Breach::DialsAfterTheEnd if state == State::Closed && matches!(input, Input::Signal(_)) => {
                self.core.reconnect(now);
            }
            Breach::CountsALossTwice if matches!(input, Input::Closed(..)) && self.core.state() != state => {
                self.miscounted += 1;
            }
            _ => {}
        }
    }
}

impl PartialEq for Broken {
    /// What the breach counts for itself is no state.
    fn eq(&self, other: &Self) -> bool {
        self.core == other.core && self.next == other.next
    }
}

impl Subject for Broken {
    fn poll(&mut self) -> Option<Output<u64>> {
        if let Some(output) = self.next.take() {
            return Some(output);
        }
        let output = self.core.poll()?;
        self.give(output)
    }

    fn is_drained(&self) -> bool {
        self.core.is_drained() && self.next.is_none()
    }

    fn poll_timeout(&self) -> Option<Millis> {
        let timeout = self.core.poll_timeout();
        let state = self.core.state();
        match self.breach {
            Breach::ForgetsItsDeadline if state == State::Waiting => None,
            Breach::ForgetsToWait if state == State::Waiting && self.core.queued() == 0 => {
                timeout.map(|at| Millis(at.0 - 200))
            }
            Breach::WaitsForTheServersGoodbye if state == State::Closing => None,
            _ => timeout,
        }
    }

    fn is_writable(&self) -> bool {
        self.core.is_writable()
    }

    fn state(&self) -> State {
        self.core.state()
    }

    fn epoch(&self) -> Epoch {
        self.core.epoch()
    }

    fn queued(&self) -> u64 {
        self.core.queued()
    }

    fn stats(&self) -> Stats {
        let mut stats = *self.core.stats();
        stats.drops[Cause::Close as usize] += self.miscounted;
        stats
    }

    fn withdraw(&mut self, index: usize) -> Option<u64> {
        let another = self.breach == Breach::GivesBackAnother && self.core.queued() > 0;
        self.core.withdraw(index + usize::from(another))
    }

    fn tell(&mut self, now: Millis, input: Input) -> Result<(), Refusal> {
        let (state, timeout) = (self.core.state(), self.core.poll_timeout());
        let answer = match self.mishear(now, input) {
            Some(input) => Subject::tell(&mut self.core, now, input),
            None => Ok(()),
        };
        self.overdo(now, input, state, timeout);
        answer
    }
}
