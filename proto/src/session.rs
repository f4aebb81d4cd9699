//! A session: the messages of its two ends arrive exactly once and in order, over any number of connections.
//!
//! Both ends run the same [`Session`]. The [`Client`] connects and sends the first frame; the [`Server`] answers it. There
//! is no other difference between them.
//!
//! The methods are of the same kinds as those of a [`Connection`](super::Connection): `handle_*` takes what happened,
//! [`send`](Session::send), [`withdraw`](Session::withdraw), [`take`](Session::take) and [`end`](Session::end) take what
//! the owner wants, [`poll`](Session::poll) gives what is to be done and [`poll_timeout`](Session::poll_timeout) says
//! when to call [`handle_timeout`](Session::handle_timeout); the answers of both can change after any of the others.
//!
//! The duties of the owner:
//!
//! - Each connection has an [`Attempt`] number of its own. Input of any but the last connection is ignored. A client's numbers
//!   only grow: its server tells by them which connection is the last.
//! - The outputs of `poll` are done in their order. Those for a connection that dropped meanwhile are discarded.
//! - A message that arrived is [taken](Session::take) once it can't be lost any more, and only then: the peer never sends
//!   it again. An owner that keeps messages in memory takes them at once; one that stores them takes a message when it is
//!   stored.
//! - An owner whose sessions survive a restart stores a message *before* it gives the message to
//!   [`send`](Session::send), and removes one that has come to its end *before* it does what `poll` gives next: all
//!   messages that a connection was given, and none between them that it was not given, must be there when the session is
//!   [restored](Session::restore). [`accepts`](Session::accepts) says whether `send` would accept a message.
//!
//! ```
//! # use undrop_proto::session::{Client, Heard, Output, Server, Session};
//! # use undrop_proto::outbox::Bounds;
//! # use undrop_proto::wire::{Terms, Token, Welcome};
//! # use undrop_proto::{Attempt, Millis};
//! let (now, attempt) = (Millis(0), Attempt(1));
//! let mut client = Session::<&str, Client>::new(Bounds::default());
//! client.send(now, "hello", 5, None)?;
//!
//! // The connection is open: the client asks for a new session, and the server makes one.
//! client.handle_opened(attempt);
//! assert!(matches!(client.poll(), Some(Output::Control(..))));
//! let terms = Terms { spread: 1_000, largest: 1 << 20 };
//! let welcome = Welcome { token: Token(42), time_to_live: 60_000, terms, lost: false };
//! let mut server = Session::<&str, Server>::new(Bounds::default(), welcome, attempt);
//! let Some(Output::Control(_, answer)) = server.poll() else { unreachable!() };
//! assert_eq!(client.handle_control(now, attempt, answer), Ok(Heard::Opened(None)));
//!
//! // Now the message is sent, arrives and is taken.
//! assert_eq!(client.poll(), Some(Output::Transmit(attempt, "hello")));
//! let number = server.handle_message(attempt, 5)?;
//! assert_eq!(number, Some(1));
//! server.take(now, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ends;
mod receipts;
mod roles;
mod violation;

use super::outbox::{Impossible, Outbox};
use super::waiting::Size;
use super::wire::Control;
use super::{Attempt, MessageId, Millis, SendError, Settled};
use receipts::Receipts;

pub use roles::{Answer, Client, Reset, Role, Server, Stored};
pub use violation::{NotResumed, Request, Violation};

/// What is to be done.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Output<M> {
    /// Send this message on this connection.
    Transmit(Attempt, M),
    /// Send this frame on this connection.
    Control(Attempt, Control),
    /// Tell the sender of the message what became of it.
    Settle(Settled<M>),
}

/// What a control frame meant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Heard {
    /// Nothing for the owner.
    Nothing,
    /// A new session began. If there was one before, it has ended for this reason, and its messages have come to their
    /// end.
    Opened(Option<Reset>),
    /// The server has lost a part of the session, which is over. The owner leaves the connection; on the next one the
    /// client asks for a new session, and once there is one the messages of this one have come to their end.
    Lost,
    /// The session goes on. [`delivered`](Session::delivered) may have grown.
    Resumed,
    /// [`delivered`](Session::delivered) may have grown.
    Acknowledged,
    /// The answer to a ping that the owner sent.
    Pong(u64),
    /// The peer has ended the session, or agreed to end it. The end that ended it first closes the connection.
    Ended,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Phase {
    /// There is no connection.
    Detached,
    /// This end has to send its first frame, once all messages that have arrived are taken: the frame has their number.
    Greeting(Attempt),
    /// The client has sent its first frame, and the server has to answer.
    Greeted(Attempt),
    /// Messages flow.
    Live(Attempt),
    /// This end ends the session, and has to send `end`, after all messages that it accepted.
    Ending(Attempt),
    /// This end has sent `end`, and the peer has to agree.
    Ended(Attempt),
    /// The client has ended the session before it was answered: the server has to answer, and then to agree.
    AnsweringEnd(Attempt),
    /// The peer has ended the session, and this end has to agree.
    Agreeing(Attempt),
    Over,
}

/// One end of a session.
///
/// Mutate, then drain: after each call [`poll`](Self::poll) until there is nothing left to be done, and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Session<M, R> {
    role: R,
    phase: Phase,
    outbox: Outbox<M>,
    receipts: Receipts,
    /// The last ping that is not answered yet. Of several pings, only the last is answered.
    pong: Option<u64>,
}

impl<M, R: Role> Session<M, R> {
    // What is to be done.

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output<M>>
    where
        M: Clone,
    {
        if let Some(settled) = self.outbox.pop_settled() {
            return Some(Output::Settle(settled));
        }
        match self.phase {
            Phase::Greeting(attempt) | Phase::AnsweringEnd(attempt) => {
                // The frame with which a session begins has no count of what has arrived behind its request.
                let received = if self.role.begins() { 0 } else { self.receipts.acknowledge_all()? };
                self.phase = match self.phase {
                    Phase::AnsweringEnd(_) => Phase::Agreeing(attempt),
                    _ if R::CONNECTS => Phase::Greeted(attempt),
                    _ => Phase::Live(attempt),
                };
                Some(Output::Control(attempt, self.role.greet(attempt, received, self.outbox.acknowledged())))
            }
            Phase::Live(attempt) => self.converse(attempt),
            Phase::Ending(attempt) => self.converse(attempt).or_else(|| self.finish(attempt, Phase::Ended(attempt))),
            Phase::Agreeing(attempt) => self.finish(attempt, Phase::Over),
            Phase::Detached | Phase::Greeted(_) | Phase::Ended(_) | Phase::Over => None,
        }
    }

    /// Whether there is nothing to be done.
    pub fn is_drained(&self) -> bool {
        let all_taken = self.receipts.taken() == self.receipts.arrived();
        let converses = self.pong.is_some() || self.receipts.is_due() || self.outbox.has_more();
        let speaks = match self.phase {
            Phase::Greeting(_) | Phase::AnsweringEnd(_) => all_taken || self.role.begins(),
            Phase::Agreeing(_) => all_taken,
            Phase::Live(_) => converses,
            Phase::Ending(_) => converses || all_taken,
            Phase::Detached | Phase::Greeted(_) | Phase::Ended(_) | Phase::Over => false,
        };
        !speaks && !self.outbox.has_settled()
    }

    /// The next message that has come to its end. [`poll`](Self::poll) gives these first, too.
    pub fn pop_settled(&mut self) -> Option<Settled<M>> {
        self.outbox.pop_settled()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Millis> {
        match (self.outbox.deadline(), self.receipts.deadline()) {
            (Some(outbox), Some(receipts)) => Some(outbox.min(receipts)),
            (outbox, receipts) => outbox.or(receipts),
        }
    }

    // What the owner wants.

    /// Sends a message, now or when there is a connection. With a time to live, in milliseconds, it expires if it was not
    /// sent by then.
    pub fn send(
        &mut self,
        now: Millis,
        message: M,
        bytes: u64,
        time_to_live: Option<u32>,
    ) -> Result<MessageId, SendError> {
        self.send_by(|| now, message, bytes, time_to_live)
    }

    /// [`send`](Self::send), where reading the clock is expensive: it is only read for a message that may expire, or when
    /// the outbox is full.
    pub fn send_by(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        bytes: u64,
        time_to_live: Option<u32>,
    ) -> Result<MessageId, SendError> {
        self.send_sized(&now, message, Size::bytes(bytes), time_to_live)
    }

    /// [`send_by`](Self::send_by) where a text has so many UTF-16 code units, which count as bytes for the bounds, and
    /// anything else so many bytes. `count` counts the bytes of a message, with which the peer compares; it is not called
    /// for one that is sent now and is small enough in any case.
    pub fn send_counted_by(
        &mut self,
        now: impl Fn() -> Millis,
        message: M,
        units: u64,
        time_to_live: Option<u32>,
        count: impl FnOnce(&M) -> u64,
    ) -> Result<MessageId, SendError> {
        let text = Size::text(units);
        let fits = self.is_live() && text.at_most <= self.role.largest();
        let size = if fits { text } else { Size::counted(units, count(&message)) };
        self.send_sized(&now, message, size, time_to_live)
    }

    fn send_sized(
        &mut self,
        now: &dyn Fn() -> Millis,
        message: M,
        size: Size,
        time_to_live: Option<u32>,
    ) -> Result<MessageId, SendError> {
        self.may_send(size.at_most)?;
        self.outbox.send_sized(now, message, size, time_to_live)
    }

    /// Whether a message of this size would be accepted now.
    pub fn accepts(&mut self, now: Millis, bytes: u64) -> Result<(), SendError> {
        self.may_send(bytes)?;
        self.outbox.accepts(now, bytes)
    }

    fn may_send(&self, bytes: u64) -> Result<(), SendError> {
        let largest = self.role.largest();
        if self.is_ending() {
            Err(SendError::Closed)
        } else if bytes > largest {
            Err(SendError::TooLarge { bytes, largest })
        } else {
            Ok(())
        }
    }

    /// Takes back a message that was not sent yet, and returns it.
    pub fn withdraw(&mut self, id: MessageId) -> Option<M> {
        self.outbox.withdraw(id)
    }

    /// The first `count` messages that arrived can't be lost any more, and may be acknowledged.
    pub fn take(&mut self, now: Millis, count: u64) {
        self.take_by(|| now, count);
    }

    /// [`take`](Self::take), where reading the clock is expensive: it is only read for the first of the messages that are
    /// acknowledged together.
    pub fn take_by(&mut self, now: impl FnOnce() -> Millis, count: u64) {
        self.receipts.take(count, self.listens().then_some(now));
    }

    /// Ends the session, at both ends. If messages flow, all that were accepted are still transmitted; the peer then
    /// acknowledges those that it has taken, and agrees. Then, or at once if this end has sent nothing on a connection yet,
    /// the session is over, and all messages that are not acknowledged come to their end. If it is
    /// [over](Self::is_over) at once, the owner has to close the connection.
    pub fn end(&mut self) {
        match self.phase {
            Phase::Detached | Phase::Greeting(_) => self.break_off(),
            Phase::Greeted(attempt) => {
                // What was not sent yet can't be: the peer has yet to say what it lacks.
                self.outbox.clear_waiting();
                self.phase = Phase::Ending(attempt);
            }
            Phase::Live(attempt) => self.phase = Phase::Ending(attempt),
            Phase::Ending(_) | Phase::Ended(_) | Phase::AnsweringEnd(_) | Phase::Agreeing(_) | Phase::Over => {}
        }
    }

    /// Ends the session without a frame to the peer. All messages that are not acknowledged come to their end.
    pub fn break_off(&mut self) {
        self.phase = Phase::Over;
        self.outbox.reset();
        self.receipts.pause();
    }

    // What happened.

    /// A message arrived. Returns its number, or nothing if the message is not to be taken: it came over an older
    /// connection, or after the end.
    pub fn handle_message(&mut self, attempt: Attempt, bytes: u64) -> Result<Option<u64>, Violation> {
        if self.attempt() != Some(attempt) {
            return Ok(None);
        }
        match self.phase {
            _ if self.listens() => Ok(Some(self.receipts.arrive(bytes))),
            Phase::Greeting(_) | Phase::Greeted(_) => self.object(Violation::Early),
            _ => Ok(None),
        }
    }

    /// A control frame arrived. One that breaks the protocol breaks the session off: close the connection with
    /// [`Violation::CODE`] and [`Violation::reason`].
    pub fn handle_control(&mut self, now: Millis, attempt: Attempt, control: Control) -> Result<Heard, Violation> {
        if self.attempt() != Some(attempt) {
            return Ok(Heard::Nothing);
        }
        match self.hear(now, attempt, control) {
            Ok(heard) => Ok(heard),
            Err(violation) => self.object(violation),
        }
    }

    /// The connection dropped.
    pub fn handle_lost(&mut self, attempt: Attempt) {
        if self.attempt() != Some(attempt) {
            return;
        }
        if self.is_ending() {
            return self.break_off();
        }
        self.detach();
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come, or may have.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.outbox.expire(now);
        self.receipts.handle_timeout(now);
    }

    // Getters.

    /// The connection that the session is on, if there is one.
    pub fn attempt(&self) -> Option<Attempt> {
        match self.phase {
            Phase::Greeting(attempt)
            | Phase::Greeted(attempt)
            | Phase::Live(attempt)
            | Phase::Ending(attempt)
            | Phase::Ended(attempt)
            | Phase::AnsweringEnd(attempt)
            | Phase::Agreeing(attempt) => Some(attempt),
            Phase::Detached | Phase::Over => None,
        }
    }

    /// Whether messages flow.
    pub fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live(_))
    }

    /// Whether a message that is sent now would be the next output of [`poll`](Self::poll).
    pub fn is_writable(&self) -> bool {
        self.is_live() && self.outbox.is_drained() && self.pong.is_none() && !self.receipts.is_due()
    }

    /// Whether it is over, or about to be: it accepts no messages, and can't be resumed.
    pub fn is_ending(&self) -> bool {
        matches!(
            self.phase,
            Phase::Ending(_) | Phase::Ended(_) | Phase::AnsweringEnd(_) | Phase::Agreeing(_) | Phase::Over
        )
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The last message that the peer has acknowledged. All before it have come to their end, too.
    pub fn delivered(&self) -> MessageId {
        self.outbox.delivered()
    }

    /// How many messages the peer has acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.outbox.acknowledged()
    }

    /// How many messages have arrived.
    pub fn arrived(&self) -> u64 {
        self.receipts.arrived()
    }

    /// How many of the messages that have arrived were taken.
    pub fn taken(&self) -> u64 {
        self.receipts.taken()
    }

    /// How many messages are not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.outbox.messages()
    }

    /// The messages that are not acknowledged, in order.
    pub fn unacknowledged_messages(&self) -> impl Iterator<Item = &M> {
        self.outbox.iter()
    }

    /// How many bytes the messages have that are not acknowledged.
    pub fn unacknowledged_bytes(&self) -> u64 {
        self.outbox.bytes()
    }

    fn hear(&mut self, now: Millis, attempt: Attempt, control: Control) -> Result<Heard, Violation> {
        let phase = match self.phase {
            // A client need not wait for the answer to its first frame before it ends the session.
            Phase::Greeting(_) if !R::CONNECTS && control == Control::End => {
                self.phase = Phase::AnsweringEnd(attempt);
                return Ok(Heard::Ended);
            }
            // This end's first frame goes before whatever it answers.
            _ if self.listens() => Phase::Live(attempt),
            phase => phase,
        };
        match (phase, control) {
            (Phase::Greeted(_), answer) => match self.role.hear_answer(attempt, answer)? {
                Answer::Fresh { reset } => {
                    if reset.is_some() {
                        self.outbox.reset();
                        self.receipts = Receipts::default();
                    }
                    self.go_live(now, attempt);
                    Ok(Heard::Opened(reset))
                }
                Answer::Resumed { received } => match self.outbox.resume(received) {
                    Ok(()) => {
                        self.go_live(now, attempt);
                        Ok(Heard::Resumed)
                    }
                    Err(Impossible::Past) => {
                        self.role.reset(Reset::StoreLost);
                        self.detach();
                        Ok(Heard::Lost)
                    }
                    Err(Impossible::Future) => Err(Violation::ResumeOfTheFuture),
                },
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
                self.phase = Phase::Agreeing(attempt);
                Ok(Heard::Ended)
            }
            (Phase::Ended(_), Control::End) => {
                self.break_off();
                Ok(Heard::Ended)
            }
            // The peer sent it before the end arrived there.
            (Phase::Ending(_) | Phase::Ended(_) | Phase::AnsweringEnd(_) | Phase::Agreeing(_), _) => Ok(Heard::Nothing),
            _ => Err(Violation::Unexpected),
        }
    }

    /// Whether it takes what the peer sends: messages flow, or the peer has asked for a new session and did not wait for the
    /// answer.
    fn listens(&self) -> bool {
        match self.phase {
            Phase::Live(_) => true,
            Phase::Greeting(_) => self.role.begins(),
            _ => false,
        }
    }

    fn detach(&mut self) {
        self.phase = Phase::Detached;
        self.outbox.detach();
        self.receipts.pause();
        self.pong = None;
    }

    fn go_live(&mut self, now: Millis, attempt: Attempt) {
        self.outbox.expire(now);
        self.phase = Phase::Live(attempt);
    }

    fn object<T>(&mut self, violation: Violation) -> Result<T, Violation> {
        self.break_off();
        Err(violation)
    }

    fn converse(&mut self, attempt: Attempt) -> Option<Output<M>>
    where
        M: Clone,
    {
        if let Some(number) = self.pong.take() {
            return Some(Output::Control(attempt, Control::Pong(number)));
        }
        if self.receipts.is_due() {
            return Some(Output::Control(attempt, Control::Ack { received: self.receipts.acknowledge() }));
        }
        let message = self.outbox.transmit(self.role.largest());
        // There may be nothing left but messages that are too large.
        message
            .map(|message| Output::Transmit(attempt, message))
            .or_else(|| self.outbox.pop_settled().map(Output::Settle))
    }

    /// The last frames: an acknowledgement of what is not acknowledged yet, then `end`.
    fn finish(&mut self, attempt: Attempt, next: Phase) -> Option<Output<M>> {
        let acknowledged = self.receipts.acknowledged();
        let received = self.receipts.acknowledge_all()?;
        if acknowledged < received {
            return Some(Output::Control(attempt, Control::Ack { received }));
        }
        if next == Phase::Over {
            self.break_off()
        } else {
            self.phase = next
        }
        Some(Output::Control(attempt, Control::End))
    }
}

#[cfg(test)]
mod tests;
