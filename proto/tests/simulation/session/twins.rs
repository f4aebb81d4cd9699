//! An end of a session: the real one, or a broken twin.

use std::collections::VecDeque;

use undrop_proto::session::{Client, Heard, NotResumed, Output, Role, Server, Session, Violation};
use undrop_proto::wire::Known;
use undrop_proto::wire::{Control, Terms, Welcome};
use undrop_proto::{Attempt, MessageId, Millis, Outcome, SendError, Settled};

use super::world::Scenario;
use crate::law::Law;
use crate::message::Message;
use crate::twins::{Twin, twins};

twins! {
    Scenario::bare {
        an_end_that_hears_the_older_connection: HearsTheOlderConnection by I5,
        an_end_that_forgets_what_was_lost: ForgetsWhatWasLost by I5,
        an_end_that_repeats_what_arrived: RepeatsWhatArrived by I5 | I6,
        an_end_that_loses_a_message: LosesAMessage by I5,
        an_end_that_doubles_a_message: DoublesAMessage by I5,
        an_end_that_swaps_two_messages: SwapsTwoMessages by I5,
        an_end_that_counts_control_frames: CountsControlFrames by Acknowledgements,
        an_end_that_forgets_the_escape: ForgetsTheEscape by Protocol,
        an_end_that_acknowledges_the_future: AcknowledgesTheFuture by Acknowledgements,
        an_end_that_acknowledges_never: AcknowledgesNever by Acknowledgements,
        an_end_that_acknowledges_twice: AcknowledgesTwice by Acknowledgements,
        an_end_that_forgets_the_timer: ForgetsTheTimer by I4,
        an_end_that_greets_before_all_is_taken: GreetsBeforeAllIsTaken by Acknowledgements,
        an_end_that_speaks_before_it_is_answered: SpeaksBeforeItIsAnswered by Protocol,
        an_end_that_never_greets_again: NeverGreetsAgain by I4,
        an_end_that_answers_another_ping: AnswersAnotherPing by Protocol,
        an_end_that_hides_what_was_lost: HidesWhatWasLost by I6,
        an_end_that_settles_twice: SettlesTwice by I6,
        an_end_that_denies_that_a_message_left: DeniesThatItLeft by I6,
        an_end_that_withdraws_what_left: WithdrawsWhatLeft by I6,
        an_end_that_expires_too_early: ExpiresTooEarly by I6,
        an_end_that_says_delivered_at_once: DeliversAtOnce by I6,
        an_end_that_ignores_its_bounds: IgnoresItsBounds by I7,
        an_end_that_refuses_too_early: RefusesTooEarly by I7,
        a_server_that_takes_before_it_has_stored: TakesBeforeItIsStored by I6,
        a_server_that_sends_before_it_has_stored: SendsBeforeItIsStored by I5 | I6 | Protocol,
        a_server_that_stores_what_ended: StoresWhatEnded by I5 | I6,
        a_store_that_forgets_its_fence: ForgetsItsFence by I5,
        a_client_that_ignores_that_a_part_was_lost: IgnoresLost by Events,
        a_client_that_takes_a_resumed_that_is_too_small: TakesASmallResumed by I5 | I6,
        a_server_that_takes_a_session_away_before_it_compares: TakesOverBeforeItCompares by Protocol,
        a_client_that_ignores_the_largest_message: IgnoresTheLargest by I7,
    }
    Scenario::whole {
        a_connection_that_does_not_count_a_success: CountsNoSuccess by I9,
    }
}

pub struct End<R> {
    pub session: Session<Message, R>,
    twin: Twin<Defect>,
    /// To be given out before what the protocol has next.
    next: VecDeque<Output<Message>>,
    /// What left last, and on which connection.
    left: Option<(Attempt, Message)>,
    /// The next message is to be forgotten if it left before.
    forgets: bool,
    /// The message that was sent last.
    sent: MessageId,
}

impl<R: Role> End<R> {
    pub fn new(session: Session<Message, R>, twin: Twin<Defect>) -> Self {
        let sent = MessageId(session.unacknowledged() as u64);
        let next = VecDeque::new();
        Self { session, twin, next, left: None, forgets: false, sent }
    }

    pub fn send(&mut self, now: Millis, message: Message, time_to_live: Option<u32>) -> Result<MessageId, SendError> {
        let bytes = match self.twin.defect() {
            Some(Defect::IgnoresItsBounds) => 0,
            Some(Defect::RefusesTooEarly) if R::CONNECTS => 4 * u64::from(message.bytes),
            _ => u64::from(message.bytes),
        };
        let sent = self.session.send(now, message, bytes, time_to_live);
        if let Ok(id) = sent {
            self.sent = id;
        }
        sent
    }

    pub fn withdraw(&mut self, id: MessageId) -> Option<Message> {
        let left = self.left.filter(|_| self.twin.has(Defect::WithdrawsWhatLeft));
        self.session.withdraw(id).or(left.map(|(_, message)| message))
    }

    pub fn handle_message(&mut self, attempt: Attempt, bytes: u64) -> Result<Option<u64>, Violation> {
        let attempt = match self.twin.defect() {
            Some(Defect::HearsTheOlderConnection) if self.session.is_live() => {
                self.session.attempt().unwrap_or(attempt)
            }
            _ => attempt,
        };
        self.session.handle_message(attempt, bytes)
    }

    pub fn handle_control(&mut self, now: Millis, attempt: Attempt, mut control: Control) -> Result<Heard, Violation> {
        match (self.twin.defect(), &mut control) {
            (Some(Defect::IgnoresLost), Control::Welcome(Welcome { lost, .. })) => *lost = false,
            (Some(Defect::TakesASmallResumed), Control::Resumed { received, .. }) => {
                *received = self.session.acknowledged().max(*received);
            }
            (
                Some(Defect::IgnoresTheLargest),
                Control::Welcome(Welcome { terms, .. }) | Control::Resumed { terms, .. },
            ) => {
                terms.largest = u32::MAX;
            }
            _ => {}
        }
        if self.session.is_live() && self.twin.strikes(Defect::CountsControlFrames) {
            self.session.handle_message(attempt, 0)?;
            self.session.take(now, u64::MAX);
        }
        let heard = self.session.handle_control(now, attempt, control)?;
        if heard == Heard::Resumed {
            self.resumed();
        }
        Ok(heard)
    }

    pub fn handle_timeout(&mut self, now: Millis) {
        match self.twin.defect() {
            Some(Defect::ForgetsTheTimer) => {}
            Some(Defect::ExpiresTooEarly) => self.session.handle_timeout(now + 1_000),
            _ => self.session.handle_timeout(now),
        }
    }

    pub fn escapes(&self) -> bool {
        !self.twin.has(Defect::ForgetsTheEscape)
    }

    pub fn poll(&mut self) -> Option<Output<Message>> {
        if self.twin.defect().is_none() {
            return self.session.poll();
        }
        if let Some(output) = self.next.pop_front() {
            return Some(output);
        }
        let output = self.session.poll()?;
        self.give(output)
    }

    fn give(&mut self, output: Output<Message>) -> Option<Output<Message>> {
        match output {
            Output::Transmit(attempt, message) => {
                let before = self.left.replace((attempt, message));
                let left_before = before.is_some_and(|(_, last)| message.number <= last.number);
                if std::mem::take(&mut self.forgets) && left_before {
                    return self.poll();
                }
                match before {
                    Some((last, earlier)) if last != attempt && self.twin.strikes(Defect::RepeatsWhatArrived) => {
                        self.next.push_back(output);
                        return Some(Output::Transmit(attempt, earlier));
                    }
                    _ => {}
                }
                if self.twin.strikes(Defect::LosesAMessage) {
                    return self.poll();
                }
                if self.twin.strikes(Defect::DoublesAMessage) {
                    self.next.push_back(output.clone());
                }
                if self.twin.has(Defect::SwapsTwoMessages)
                    && let Some(after) = self.session.poll()
                {
                    self.next.push_back(output);
                    return Some(after);
                }
                if self.twin.has(Defect::DeliversAtOnce) {
                    let id = self.sent;
                    self.next.push_back(Output::Settle(Settled { id, message, outcome: Outcome::Delivered }));
                }
                Some(output)
            }
            Output::Control(_, Control::Ack { .. }) if self.twin.has(Defect::AcknowledgesNever) => self.poll(),
            Output::Control(_, Control::Ack { .. }) if self.twin.strikes(Defect::AcknowledgesTwice) => {
                self.next.push_back(output.clone());
                Some(output)
            }
            Output::Control(attempt, Control::Ack { received }) if self.twin.strikes(Defect::AcknowledgesTheFuture) => {
                Some(Output::Control(attempt, Control::Ack { received: received + 1 }))
            }
            Output::Control(_, Control::Resume { .. } | Control::Resumed { .. })
                if self.twin.has(Defect::NeverGreetsAgain) =>
            {
                self.poll()
            }
            Output::Control(attempt, Control::New | Control::Resume { .. })
                if self.twin.has(Defect::SpeaksBeforeItIsAnswered) =>
            {
                self.next.push_back(Output::Control(attempt, Control::Ping(0)));
                Some(output)
            }
            Output::Control(attempt, Control::Pong(number)) if self.twin.has(Defect::AnswersAnotherPing) => {
                Some(Output::Control(attempt, Control::Pong(number + 1)))
            }
            Output::Settle(settled) => {
                if settled.outcome == Outcome::Unconfirmed && self.twin.strikes(Defect::HidesWhatWasLost) {
                    return self.poll();
                }
                if self.twin.strikes(Defect::SettlesTwice) {
                    self.next.push_back(Output::Settle(settled.clone()));
                }
                if settled.outcome == Outcome::Unconfirmed && self.twin.has(Defect::DeniesThatItLeft) {
                    return Some(Output::Settle(Settled { outcome: Outcome::Unsent, ..settled }));
                }
                Some(Output::Settle(settled))
            }
            output => Some(output),
        }
    }

    fn greets(&mut self) {
        if self.twin.has(Defect::GreetsBeforeAllIsTaken) {
            self.session.take(Millis(0), u64::MAX);
        }
    }

    fn resumed(&mut self) {
        if self.twin.has(Defect::ForgetsWhatWasLost) {
            self.forgets = self.session.unacknowledged() > 0;
        }
    }
}

impl End<Client> {
    pub fn handle_opened(&mut self, attempt: Attempt) {
        self.session.handle_opened(attempt);
        self.greets();
    }
}

impl End<Server> {
    pub fn handle_resume(
        &mut self,
        now: Millis,
        attempt: Attempt,
        known: Known,
        terms: Terms,
    ) -> Result<Option<Attempt>, NotResumed> {
        if self.twin.has(Defect::TakesOverBeforeItCompares)
            && let Some(older) = self.session.attempt()
        {
            self.session.handle_lost(older);
        }
        let older = self.session.handle_resume(now, attempt, known, terms)?;
        self.resumed();
        self.greets();
        Ok(older)
    }
}
