//! An end of a session: the real one, or one that was broken on purpose, by a single breach.

use std::collections::VecDeque;

use undrop::core::outbox::{Fate, Returned, Ticket};
use undrop::core::session::{End, Guest, Heard, Host, Output, Refusal, Session, Violation};
use undrop::core::wire::Control;
use undrop::core::{Epoch, Millis};

use super::mail::Mail;

/// What is wrong with an end, or with its owner.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Breach {
    HearsTheOlderLine,
    ForgetsWhatWasLost,
    RepeatsWhatArrived,
    LosesAMessage,
    DoublesAMessage,
    SwapsTwoMessages,
    CountsControlFrames,
    ForgetsTheEscape,
    AcknowledgesTheFuture,
    AcknowledgesNever,
    AcknowledgesTwice,
    ForgetsTheTimer,
    GreetsBeforeAllIsTaken,
    SpeaksBeforeItIsAnswered,
    NeverGreetsAgain,
    AnswersAnotherPing,
    HidesWhatWasLost,
    ReturnsTwice,
    DeniesThatItLeft,
    WithdrawsWhatHasLeft,
    ExpiresTooEarly,
    DeliversAtOnce,
    IgnoresItsBounds,
    RefusesTooEarly,
    TakesBeforeItIsStored,
    SendsBeforeItIsStored,
    StoresWhatCameBack,
    ForgetsItsFence,
}

pub struct Subject<E> {
    pub core: Session<Mail, E>,
    breach: Option<Breach>,
    /// To be given out before what the core has next.
    next: VecDeque<Output<Mail>>,
    /// How often the breach had its occasion.
    occasions: u32,
    /// What left last, and on which line.
    left: Option<(Epoch, Mail)>,
    /// The next message is one to be forgotten.
    forgets: bool,
    /// All that it was sent.
    sent: Ticket,
}

impl<E: End> Subject<E> {
    pub fn new(core: Session<Mail, E>, breach: Option<Breach>) -> Self {
        let sent = Ticket(core.unacknowledged() as u64);
        let next = VecDeque::new();
        Self { core, breach, next, occasions: 0, left: None, forgets: false, sent }
    }

    pub fn send(&mut self, now: Millis, mail: Mail, time_to_live: Option<u32>) -> Result<Ticket, Refusal> {
        let bytes = match self.breach {
            Some(Breach::IgnoresItsBounds) => 0,
            Some(Breach::RefusesTooEarly) if E::ASKS => 4 * u64::from(mail.bytes),
            _ => u64::from(mail.bytes),
        };
        let sent = self.core.send(now, mail, bytes, time_to_live);
        if let Ok(ticket) = sent {
            self.sent = ticket;
        }
        sent
    }

    pub fn withdraw(&mut self, ticket: Ticket) {
        self.core.withdraw(ticket);
    }

    pub fn take(&mut self, now: Millis, count: u64) {
        self.core.take(now, count);
    }

    pub fn end(&mut self) {
        self.core.end();
    }

    pub fn break_off(&mut self) {
        self.core.break_off();
    }

    pub fn handle_message(&mut self, line: Epoch, bytes: u64) -> Result<Option<u64>, Violation> {
        let line = match self.breach {
            Some(Breach::HearsTheOlderLine) if self.core.is_live() => self.core.line().unwrap_or(line),
            _ => line,
        };
        self.core.handle_message(line, bytes)
    }

    pub fn handle_control(&mut self, now: Millis, line: Epoch, control: Control) -> Result<Heard, Violation> {
        if self.breach == Some(Breach::CountsControlFrames) && self.core.is_live() && self.strikes() {
            self.core.handle_message(line, 0)?;
            self.core.take(now, u64::MAX);
        }
        let heard = self.core.handle_control(now, line, control)?;
        if heard == Heard::Resumed {
            self.resumed();
        }
        Ok(heard)
    }

    pub fn handle_lost(&mut self, line: Epoch) {
        self.core.handle_lost(line);
    }

    pub fn handle_timeout(&mut self, now: Millis) {
        match self.breach {
            Some(Breach::ForgetsTheTimer) => {}
            Some(Breach::ExpiresTooEarly) => self.core.handle_timeout(now + 1_000),
            _ => self.core.handle_timeout(now),
        }
    }

    pub fn delivered(&self) -> Ticket {
        if self.breach == Some(Breach::DeliversAtOnce) { self.sent } else { self.core.delivered() }
    }

    pub fn escapes(&self) -> bool {
        self.breach != Some(Breach::ForgetsTheEscape)
    }

    pub fn poll(&mut self) -> Option<Output<Mail>> {
        if self.breach.is_none() {
            return self.core.poll();
        }
        if let Some(output) = self.next.pop_front() {
            return Some(output);
        }
        let output = self.core.poll()?;
        self.give(output)
    }

    fn give(&mut self, output: Output<Mail>) -> Option<Output<Mail>> {
        let strikes = |this: &mut Self, breach| this.breach == Some(breach) && this.strikes();
        let breach = self.breach;
        match output {
            Output::Transmit(line, mail) => {
                let before = self.left.replace((line, mail));
                if std::mem::take(&mut self.forgets) {
                    return self.poll();
                }
                match before {
                    Some((last, earlier)) if last != line && strikes(self, Breach::RepeatsWhatArrived) => {
                        self.next.push_back(output);
                        return Some(Output::Transmit(line, earlier));
                    }
                    _ => {}
                }
                if strikes(self, Breach::LosesAMessage) {
                    return self.poll();
                }
                if strikes(self, Breach::DoublesAMessage) {
                    self.next.push_back(output.clone());
                }
                if self.breach == Some(Breach::SwapsTwoMessages)
                    && let Some(after) = self.core.poll()
                {
                    self.next.push_back(output);
                    return Some(after);
                }
                if strikes(self, Breach::WithdrawsWhatHasLeft) {
                    let ticket = self.sent;
                    self.next.push_back(Output::Return(Returned { ticket, message: mail, fate: Fate::Withdrawn }));
                }
                Some(output)
            }
            Output::Control(line, Control::Ack { received }) => match breach {
                Some(Breach::AcknowledgesNever) => self.poll(),
                Some(Breach::AcknowledgesTwice) if self.strikes() => {
                    self.next.push_back(output.clone());
                    Some(output)
                }
                Some(Breach::AcknowledgesTheFuture) if self.strikes() => {
                    Some(Output::Control(line, Control::Ack { received: received + 1 }))
                }
                _ => Some(output),
            },
            Output::Control(_, Control::Resume { .. } | Control::Resumed { .. })
                if self.breach == Some(Breach::NeverGreetsAgain) =>
            {
                self.poll()
            }
            Output::Control(line, Control::New | Control::Resume { .. })
                if breach == Some(Breach::SpeaksBeforeItIsAnswered) =>
            {
                self.next.push_back(Output::Control(line, Control::Ping(0)));
                Some(output)
            }
            Output::Control(line, Control::Pong(number)) if breach == Some(Breach::AnswersAnotherPing) => {
                Some(Output::Control(line, Control::Pong(number + 1)))
            }
            Output::Return(returned) => {
                if returned.fate == Fate::Lost && strikes(self, Breach::HidesWhatWasLost) {
                    return self.poll();
                }
                if strikes(self, Breach::ReturnsTwice) {
                    self.next.push_back(Output::Return(returned.clone()));
                }
                if returned.fate == Fate::Lost && self.breach == Some(Breach::DeniesThatItLeft) {
                    return Some(Output::Return(Returned { fate: Fate::Unsent, ..returned }));
                }
                Some(Output::Return(returned))
            }
            output => Some(output),
        }
    }

    fn greets(&mut self) {
        if self.breach == Some(Breach::GreetsBeforeAllIsTaken) {
            self.core.take(Millis(0), u64::MAX);
        }
    }

    fn resumed(&mut self) {
        if self.breach == Some(Breach::ForgetsWhatWasLost) {
            self.forgets = self.core.unacknowledged() > 0;
        }
    }

    /// Every third occasion, so that the breach is not the first thing that happens.
    fn strikes(&mut self) -> bool {
        self.occasions += 1;
        self.occasions.is_multiple_of(3)
    }
}

impl Subject<Guest> {
    pub fn handle_opened(&mut self, line: Epoch) {
        self.core.handle_opened(line);
        self.greets();
    }
}

impl Subject<Host> {
    pub fn handle_resume(&mut self, now: Millis, line: Epoch, received: u64) -> Result<Option<Epoch>, Violation> {
        let older = self.core.handle_resume(now, line, received)?;
        self.resumed();
        self.greets();
        Ok(older)
    }
}
