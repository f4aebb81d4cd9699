//! A session: what two ends send each other arrives exactly once and in order, over any number of lines.
//!
//! Both ends run the same [`Session`]. The [`Guest`] dials and greets; the [`Host`] answers. Apart from who speaks first
//! there is no difference between them.
//!
//! The methods are of the same kinds as those of a [`Connection`](super::Connection): `handle_*` takes what happened,
//! [`send`](Session::send), [`withdraw`](Session::withdraw), [`take`](Session::take) and [`end`](Session::end) take what
//! the owner wants, [`poll`](Session::poll) gives what is to be done and [`poll_timeout`](Session::poll_timeout) says
//! when to call [`handle_timeout`](Session::handle_timeout); the answers of both can change after any of the others.
//!
//! What the owner sees to, and nobody else can:
//!
//! - Each line has an [`Epoch`] of its own. What comes from an older line than the last is ignored.
//! - What `poll` gives is done in that order. A line that is gone swallows what it is given.
//! - A message that arrived is [taken](Session::take) once it can't be lost any more, and only then: what was taken is
//!   never sent again. Who keeps what arrives in memory takes it at once; who stores it takes it when it is stored.
//! - Who wants a session to survive its own death stores a message *before* it gives it to [`send`](Session::send), and
//!   removes one that comes back *before* it does what `poll` gives next: the messages that a line was given must be there
//!   when the session is [restored](Session::restore), and no others between them. [`accepts`](Session::accepts) says
//!   whether it is worth storing.
//!
//! ```
//! # use undrop::core::session::{Guest, Heard, Host, Output, Session};
//! # use undrop::core::outbox::Bounds;
//! # use undrop::core::wire::{Token, Welcome};
//! # use undrop::core::{Epoch, Millis};
//! let (now, line) = (Millis(0), Epoch(1));
//! let mut guest = Session::<&str, Guest>::new(Bounds::default());
//! guest.send(now, "hello", 5, None)?;
//!
//! // The line stands: the guest greets with `new`, and the server makes a session.
//! guest.handle_opened(line);
//! assert!(matches!(guest.poll(), Some(Output::Control(..))));
//! let welcome = Welcome { token: Token(42), time_to_live: 60_000, spread: 1_000 };
//! let mut host = Session::<&str, Host>::new(Bounds::default(), welcome, line);
//! let Some(Output::Control(_, answer)) = host.poll() else { unreachable!() };
//! assert_eq!(guest.handle_control(now, line, answer), Ok(Heard::Opened));
//!
//! // Now the message leaves, arrives and is taken.
//! assert_eq!(guest.poll(), Some(Output::Transmit(line, "hello")));
//! let number = host.handle_message(line, 5)?;
//! assert_eq!(number, Some(1));
//! host.take(now, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ends;
mod receipts;
mod violation;

use core::error::Error;
use core::fmt;

use super::outbox::{Outbox, Returned, Ticket};
use super::wire::Control;
use super::{Epoch, Full, Millis};
use receipts::Receipts;

pub use ends::{Answer, End, Guest, Host, Stored};
pub use violation::{Request, Violation};

/// What is to be done.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Output<M> {
    /// Give this message to this line.
    Transmit(Epoch, M),
    /// Give this frame to this line.
    Control(Epoch, Control),
    /// Hand this back to the app: it was taken, and is not known to have arrived.
    Return(Returned<M>),
}

/// What a frame of the protocol's own meant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Heard {
    /// Nothing for the owner.
    Nothing,
    /// A fresh session began. If there was one before, it is dead, and what it had not delivered comes back.
    Opened,
    /// The session goes on. [`delivered`](Session::delivered) may have grown.
    Resumed,
    /// [`delivered`](Session::delivered) may have grown.
    Acknowledged,
    /// The answer to a ping that the owner sent.
    Pong(u64),
    /// The other end has ended the session, or agreed to end it. Who asked first closes the line.
    Ended,
}

/// The message was not taken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Refusal {
    /// As much as may be is on its way already.
    Full,
    /// The session is over.
    Over,
}

impl From<Full> for Refusal {
    fn from(Full: Full) -> Self {
        Refusal::Full
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Refusal::Full => "too much is on its way already",
            Refusal::Over => "the session is over",
        })
    }
}

impl Error for Refusal {}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Phase {
    /// There is no line.
    Down,
    /// This end has to speak first, and does when all that has arrived is taken: what it says is how much that is.
    Greeting(Epoch),
    /// The other end has to answer.
    Asking(Epoch),
    /// Messages flow.
    Live(Epoch),
    /// This end wants to end the session, and has to say so, after all that it sent.
    Ending(Epoch),
    /// It has said so, and the other end has to agree.
    Ended(Epoch),
    /// The other end has said so, and this one has to agree.
    Parting(Epoch),
    Over,
}

/// One end of a session.
///
/// Mutate, then drain: after each call [`poll`](Self::poll) until there is nothing left to be done, and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Session<M, E> {
    end: E,
    phase: Phase,
    outbox: Outbox<M>,
    receipts: Receipts,
    /// The last ping that is not answered yet. Who asks faster than it can be told gets the last answer only.
    pong: Option<u64>,
}

impl<M, E: End> Session<M, E> {
    // What is to be done.

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output<M>>
    where
        M: Clone,
    {
        if let Some(returned) = self.outbox.pop_returned() {
            return Some(Output::Return(returned));
        }
        match self.phase {
            Phase::Greeting(line) => {
                let received = self.receipts.settle()?;
                self.phase = if E::ASKS { Phase::Asking(line) } else { Phase::Live(line) };
                Some(Output::Control(line, self.end.greet(received)))
            }
            Phase::Live(line) => self.converse(line),
            Phase::Ending(line) => self.converse(line).or_else(|| self.part(line, Phase::Ended(line))),
            Phase::Parting(line) => self.part(line, Phase::Over),
            Phase::Down | Phase::Asking(_) | Phase::Ended(_) | Phase::Over => None,
        }
    }

    /// Whether there is more to be done.
    pub fn is_drained(&self) -> bool {
        let settled = self.receipts.taken() == self.receipts.arrived();
        let converses = self.pong.is_some() || self.receipts.is_due() || self.outbox.has_more();
        let speaks = match self.phase {
            Phase::Greeting(_) | Phase::Parting(_) => settled,
            Phase::Live(_) => converses,
            Phase::Ending(_) => converses || settled,
            Phase::Down | Phase::Asking(_) | Phase::Ended(_) | Phase::Over => false,
        };
        !speaks && !self.outbox.returns_any()
    }

    /// The next message that came back, ahead of whatever else is to be done.
    pub fn poll_returned(&mut self) -> Option<Returned<M>> {
        self.outbox.pop_returned()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Millis> {
        match (self.outbox.deadline(), self.receipts.deadline()) {
            (Some(outbox), Some(receipts)) => Some(outbox.min(receipts)),
            (outbox, receipts) => outbox.or(receipts),
        }
    }

    // What the owner wants.

    /// Sends a message, now or when there is a line. With a time to live, in milliseconds, it comes back if it has not
    /// left by then.
    pub fn send(&mut self, now: Millis, message: M, bytes: u64, time_to_live: Option<u32>) -> Result<Ticket, Refusal> {
        self.send_by(|| now, message, bytes, time_to_live)
    }

    /// The same where it is dear to know the time: only a message that may expire needs it, or a full outbox.
    pub fn send_by(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        bytes: u64,
        time_to_live: Option<u32>,
    ) -> Result<Ticket, Refusal> {
        if self.is_ending() {
            return Err(Refusal::Over);
        }
        Ok(self.outbox.send_by(now, message, bytes, time_to_live)?)
    }

    /// Whether a message of this size would be taken now.
    pub fn accepts(&mut self, now: Millis, bytes: u64) -> Result<(), Refusal> {
        if self.is_ending() {
            return Err(Refusal::Over);
        }
        Ok(self.outbox.accepts(now, bytes)?)
    }

    /// Has a message come back that has not left yet. Says whether it does.
    pub fn withdraw(&mut self, ticket: Ticket) -> bool {
        self.outbox.withdraw(ticket)
    }

    /// The first so many messages that arrived can't be lost any more, and may be acknowledged. It can't be taken back.
    pub fn take(&mut self, now: Millis, count: u64) {
        self.take_by(|| now, count);
    }

    /// The same where it is dear to know the time: only the first of those that are acknowledged together needs it.
    pub fn take_by(&mut self, now: impl FnOnce() -> Millis, count: u64) {
        let live = matches!(self.phase, Phase::Live(_));
        self.receipts.take(count, live.then_some(now));
    }

    /// The session shall end, here and there. What was sent before still leaves if there is a line; the other end then
    /// says what it has, and agrees. After that, or if there is no line on which anything was said, all the rest comes
    /// back. Who is over at once has the line to close.
    pub fn end(&mut self) {
        match self.phase {
            Phase::Down | Phase::Greeting(_) => self.break_off(),
            Phase::Asking(line) => {
                // What has not left can't: the other end has yet to say what it lacks.
                self.outbox.clear_waiting();
                self.phase = Phase::Ending(line);
            }
            Phase::Live(line) => self.phase = Phase::Ending(line),
            Phase::Ending(_) | Phase::Ended(_) | Phase::Parting(_) | Phase::Over => {}
        }
    }

    /// The session is over at once, without a word to the other end. All that is not known to have arrived comes back.
    pub fn break_off(&mut self) {
        self.phase = Phase::Over;
        self.outbox.reset();
        self.receipts.pause();
    }

    // What happened.

    /// A message arrived. What number it is, or nothing if it is none of this session's any more.
    pub fn handle_message(&mut self, line: Epoch, bytes: u64) -> Result<Option<u64>, Violation> {
        if self.line() != Some(line) {
            return Ok(None);
        }
        match self.phase {
            Phase::Live(_) => Ok(Some(self.receipts.arrive(bytes))),
            Phase::Greeting(_) | Phase::Asking(_) => self.object(Violation::Early),
            _ => Ok(None),
        }
    }

    /// A frame of the protocol's own arrived. One that breaks the protocol breaks the session off: close the line with
    /// [`Violation::CODE`] and [`Violation::reason`].
    pub fn handle_control(&mut self, now: Millis, line: Epoch, control: Control) -> Result<Heard, Violation> {
        if self.line() != Some(line) {
            return Ok(Heard::Nothing);
        }
        match self.hear(now, line, control) {
            Ok(heard) => Ok(heard),
            Err(violation) => self.object(violation),
        }
    }

    /// The line is gone.
    pub fn handle_lost(&mut self, line: Epoch) {
        if self.line() != Some(line) {
            return;
        }
        if self.is_ending() {
            return self.break_off();
        }
        self.phase = Phase::Down;
        self.outbox.detach();
        self.receipts.pause();
        self.pong = None;
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come, or may have.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.outbox.expire(now);
        self.receipts.handle_timeout(now);
    }

    // Getters.

    /// The line that it is on.
    pub fn line(&self) -> Option<Epoch> {
        match self.phase {
            Phase::Greeting(line)
            | Phase::Asking(line)
            | Phase::Live(line)
            | Phase::Ending(line)
            | Phase::Ended(line)
            | Phase::Parting(line) => Some(line),
            Phase::Down | Phase::Over => None,
        }
    }

    /// Whether messages flow.
    pub fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live(_))
    }

    /// Whether a message that is sent now is what [`poll`](Self::poll) gives next.
    pub fn is_writable(&self) -> bool {
        self.is_live() && self.outbox.is_drained() && self.pong.is_none() && !self.receipts.is_due()
    }

    /// Whether it is over, or about to be: it takes no messages, and can't be resumed.
    pub fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending(_) | Phase::Ended(_) | Phase::Parting(_) | Phase::Over)
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The last message that the other end has taken. Those before it have all ended, too.
    pub fn delivered(&self) -> Ticket {
        self.outbox.delivered()
    }

    /// How many messages the other end has taken.
    pub fn acknowledged(&self) -> u64 {
        self.outbox.acknowledged()
    }

    /// How many messages have arrived.
    pub fn arrived(&self) -> u64 {
        self.receipts.arrived()
    }

    /// How many of those were taken.
    pub fn taken(&self) -> u64 {
        self.receipts.taken()
    }

    /// How many messages were sent and are not known to have been taken.
    pub fn unacknowledged(&self) -> usize {
        self.outbox.messages()
    }

    /// How many bytes those have.
    pub fn unacknowledged_bytes(&self) -> u64 {
        self.outbox.bytes()
    }

    // How it is done.

    fn hear(&mut self, now: Millis, line: Epoch, control: Control) -> Result<Heard, Violation> {
        match (self.phase, control) {
            (Phase::Asking(_), answer) => match self.end.hear_answer(answer)? {
                Answer::Fresh { reset } => {
                    if reset {
                        self.outbox.reset();
                        self.receipts = Receipts::default();
                    }
                    self.go_live(now, line);
                    Ok(Heard::Opened)
                }
                Answer::Resumed { received } => {
                    self.outbox.resume(received).map_err(Violation::of_resume)?;
                    self.go_live(now, line);
                    Ok(Heard::Resumed)
                }
            },
            (Phase::Live(_) | Phase::Ending(_) | Phase::Ended(_), Control::Ack { received }) => {
                self.outbox.acknowledge(received).map_err(Violation::of_ack)?;
                Ok(Heard::Acknowledged)
            }
            (Phase::Live(_), Control::Ping(number)) => {
                self.pong = Some(number);
                Ok(Heard::Nothing)
            }
            (Phase::Live(_), Control::Pong(number)) => Ok(Heard::Pong(number)),
            (Phase::Live(_) | Phase::Ending(_), Control::End) => {
                self.phase = Phase::Parting(line);
                Ok(Heard::Ended)
            }
            // A guest need not wait for the answer to its greeting.
            (Phase::Greeting(_), Control::End) if !E::ASKS => {
                self.phase = Phase::Parting(line);
                Ok(Heard::Ended)
            }
            (Phase::Ended(_), Control::End) => {
                self.break_off();
                Ok(Heard::Ended)
            }
            // It was on its way before the other end knew.
            (Phase::Ending(_) | Phase::Ended(_) | Phase::Parting(_), _) => Ok(Heard::Nothing),
            _ => Err(Violation::Unexpected),
        }
    }

    fn go_live(&mut self, now: Millis, line: Epoch) {
        self.outbox.expire(now);
        self.phase = Phase::Live(line);
    }

    fn object<T>(&mut self, violation: Violation) -> Result<T, Violation> {
        self.break_off();
        Err(violation)
    }

    fn converse(&mut self, line: Epoch) -> Option<Output<M>>
    where
        M: Clone,
    {
        if let Some(number) = self.pong.take() {
            return Some(Output::Control(line, Control::Pong(number)));
        }
        if self.receipts.is_due() {
            return Some(Output::Control(line, Control::Ack { received: self.receipts.tell() }));
        }
        self.outbox.transmit().map(|message| Output::Transmit(line, message))
    }

    /// The last words: what is taken, then that it is over.
    fn part(&mut self, line: Epoch, next: Phase) -> Option<Output<M>> {
        let told = self.receipts.told();
        let received = self.receipts.settle()?;
        if told < received {
            return Some(Output::Control(line, Control::Ack { received }));
        }
        if next == Phase::Over {
            self.break_off()
        } else {
            self.phase = next
        }
        Some(Output::Control(line, Control::End))
    }
}

#[cfg(test)]
mod tests;
