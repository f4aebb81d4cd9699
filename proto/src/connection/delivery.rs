//! How a connection keeps messages until they come to their end: a queue keeps a message until the native socket has it,
//! a session until the peer has acknowledged it.

use core::convert::Infallible;
use core::fmt::Debug;
use core::hash::Hash;

use crate::outbox::Bounds;
use crate::queue::Queue;
use crate::session::{Client, Output as SessionOutput, Session};
use crate::waiting::Entry;
use crate::wire::{Control, Token};
use crate::{Attempt, MessageId, Millis, Outcome, Output, SessionAction, Settled};

/// How a connection keeps messages until they come to their end: a [`Queue`], or a [`QueueOrSession`]. A program whose
/// connections only have queues does not contain the code for sessions. Nothing else can implement it.
pub trait Delivery<M>: Keep<M> {}

impl<M, D: Keep<M>> Delivery<M> for D {}

/// What closing the native socket waits for when the user closes.
pub enum Close<A> {
    /// Nothing: the driver has closed it already.
    Begun,
    /// The peer has to agree to the end of the session.
    AwaitsPeer,
    /// Nothing: this closes it.
    Socket(A),
}

/// What a connection sends next.
pub enum Next<M, A> {
    /// This message from the queue, of so many bytes.
    Queued(MessageId, M, u64),
    /// Something from the session.
    Output(Output<M, A>),
}

/// The methods of [`Delivery`], which only a connection calls.
pub trait Keep<M>: Sized {
    /// What is to be done for a session.
    type Action: Clone + Debug + Eq + Hash;

    /// The queue, where there is no session.
    fn queue(&mut self) -> Option<&mut Queue<M>>;
    /// What a connection sends next, which is open or not.
    fn next(&mut self, is_open: bool) -> Option<Next<M, Self::Action>>;
    /// Whether there is nothing to send or to report.
    fn is_drained(&self, is_open: bool) -> bool;
    /// The next message that has come to its end.
    fn pop_settled(&mut self) -> Option<Settled<M>>;
    /// All messages come to their end.
    fn close(&mut self);
    /// Takes back a message that was not sent yet.
    fn withdraw(&mut self, id: MessageId) -> Option<M>;
    /// Messages whose time to live is over come to their end.
    fn expire(&mut self, now: Millis);
    /// When to call [`expire`](Self::expire).
    fn deadline(&self) -> Option<Millis>;
    /// How many bytes wait for the connection to open.
    fn queued(&self) -> u64;
    /// The heartbeat's message.
    fn ping(&mut self) -> Output<M, Self::Action>;

    /// Over how many milliseconds the clients of the server should spread, if it has said so.
    fn spread(&self) -> Option<u32> {
        None
    }
    /// Whether the present connection has resumed a session and has brought it on: the peer acknowledged more, or messages
    /// arrived.
    fn has_progressed(&self) -> bool {
        false
    }
    /// Whether the server of a session was greeted on the present connection, and has never yet answered on any.
    fn is_unanswered(&self) -> bool {
        false
    }
    /// Whether it has a session that may go on.
    fn has_session(&self) -> bool {
        false
    }
    /// Whether a message may go straight to the native socket.
    fn can_bypass(&self) -> bool {
        true
    }
    /// An attempt begins.
    fn begin(&mut self) {}
    /// The handshake of this attempt succeeded. Returns whether the server has to answer before the connection is open.
    fn greets(&mut self, _: Attempt) -> bool {
        false
    }
    /// The connection of this attempt dropped.
    fn detach(&mut self, _: Attempt) {}
    /// The user closes.
    fn end(&mut self) -> Close<Self::Action> {
        Close::Begun
    }
    /// The peer did not answer in time. If it had to agree to the end of the session, returns what closes the native
    /// socket.
    fn end_without_answer(&mut self) -> Option<Self::Action> {
        None
    }
}

fn queued<M, A>(entry: Entry<M>) -> Next<M, A> {
    Next::Queued(entry.id, entry.message, entry.size.nominal)
}

impl<M> Keep<M> for Queue<M> {
    type Action = Infallible;

    fn queue(&mut self) -> Option<&mut Queue<M>> {
        Some(self)
    }

    fn next(&mut self, is_open: bool) -> Option<Next<M, Infallible>> {
        if is_open { self.pop().map(queued) } else { None }
    }

    fn is_drained(&self, is_open: bool) -> bool {
        !is_open || self.is_empty()
    }

    fn pop_settled(&mut self) -> Option<Settled<M>> {
        Queue::pop_settled(self)
    }

    fn close(&mut self) {
        self.clear(Outcome::Closed);
    }

    fn withdraw(&mut self, id: MessageId) -> Option<M> {
        Queue::withdraw(self, id)
    }

    fn expire(&mut self, now: Millis) {
        Queue::expire(self, now);
    }

    fn deadline(&self) -> Option<Millis> {
        Queue::deadline(self)
    }

    fn queued(&self) -> u64 {
        self.bytes()
    }

    fn ping(&mut self) -> Output<M, Infallible> {
        Output::Ping
    }
}

/// A queue, or a session.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a connection has one, for its whole life")]
pub enum QueueOrSession<M> {
    /// The connection has a queue, and no session.
    Queue(Queue<M>),
    /// The connection keeps this session.
    Session {
        /// The client's end.
        session: Session<M, Client>,
        /// The number of the last ping.
        pings: u64,
        /// What the present connection began with, if it asked for a session that there was.
        began: Option<Progress>,
    },
}

/// How far a session has come: its token, how many messages were acknowledged, and how many have arrived.
type Progress = (Token, u64, u64);

fn progress<M>(session: &Session<M, Client>) -> Option<Progress> {
    Some((session.token()?, session.acknowledged(), session.arrived()))
}

impl<M> QueueOrSession<M> {
    pub(super) fn session(bounds: Bounds) -> Self {
        Self::Session { session: Session::<M, Client>::new(bounds), pings: 0, began: None }
    }
}

impl<M: Clone> Keep<M> for QueueOrSession<M> {
    type Action = SessionAction;

    fn queue(&mut self) -> Option<&mut Queue<M>> {
        match self {
            Self::Queue(queue) => Some(queue),
            Self::Session { .. } => None,
        }
    }

    fn next(&mut self, is_open: bool) -> Option<Next<M, SessionAction>> {
        match self {
            Self::Queue(queue) if is_open => queue.pop().map(queued),
            Self::Queue(_) => None,
            Self::Session { session, .. } => session.poll().map(|output| {
                Next::Output(match output {
                    SessionOutput::Transmit(_, message) => Output::Transmit(message),
                    SessionOutput::Control(_, control) => Output::Session(SessionAction::Send(control)),
                    SessionOutput::Settle(settled) => Output::Settle(settled),
                })
            }),
        }
    }

    fn is_drained(&self, is_open: bool) -> bool {
        match self {
            Self::Queue(queue) => queue.is_drained(is_open),
            Self::Session { session, .. } => session.is_drained(),
        }
    }

    fn pop_settled(&mut self) -> Option<Settled<M>> {
        match self {
            Self::Queue(queue) => queue.pop_settled(),
            Self::Session { session, .. } => session.pop_settled(),
        }
    }

    fn close(&mut self) {
        match self {
            Self::Queue(queue) => queue.close(),
            Self::Session { session, .. } if session.is_over() => {}
            Self::Session { session, .. } => session.break_off(),
        }
    }

    fn withdraw(&mut self, id: MessageId) -> Option<M> {
        match self {
            Self::Queue(queue) => queue.withdraw(id),
            Self::Session { session, .. } => session.withdraw(id),
        }
    }

    fn expire(&mut self, now: Millis) {
        match self {
            Self::Queue(queue) => queue.expire(now),
            Self::Session { session, .. } => session.handle_timeout(now),
        }
    }

    fn deadline(&self) -> Option<Millis> {
        match self {
            Self::Queue(queue) => queue.deadline(),
            Self::Session { session, .. } => session.poll_timeout(),
        }
    }

    fn queued(&self) -> u64 {
        match self {
            Self::Queue(queue) => queue.bytes(),
            Self::Session { session, .. } if session.is_live() => 0,
            Self::Session { session, .. } => session.unacknowledged_bytes(),
        }
    }

    fn ping(&mut self) -> Output<M, SessionAction> {
        match self {
            Self::Queue(_) => Output::Ping,
            Self::Session { pings, .. } => {
                *pings += 1;
                Output::Session(SessionAction::Send(Control::Ping(*pings)))
            }
        }
    }

    fn spread(&self) -> Option<u32> {
        match self {
            Self::Queue(_) => None,
            Self::Session { session, .. } => session.terms().map(|terms| terms.spread),
        }
    }

    fn has_progressed(&self) -> bool {
        match self {
            Self::Queue(_) => false,
            Self::Session { session, .. } if session.is_over() => false,
            Self::Session { session, began, .. } => match (began, progress(session)) {
                // Of another session nothing says that the next connection will not begin another one again.
                (Some(before), Some(now)) => before.0 == now.0 && *before != now,
                _ => false,
            },
        }
    }

    fn is_unanswered(&self) -> bool {
        matches!(self, Self::Session { session, .. } if session.attempt().is_some() && session.terms().is_none())
    }

    fn has_session(&self) -> bool {
        matches!(self, Self::Session { session, .. } if session.token().is_some() && !session.is_over())
    }

    fn can_bypass(&self) -> bool {
        matches!(self, Self::Queue(_))
    }

    fn begin(&mut self) {
        if let Self::Session { session, .. } = self
            && session.is_over()
        {
            session.renew();
        }
    }

    fn greets(&mut self, attempt: Attempt) -> bool {
        match self {
            Self::Queue(_) => false,
            Self::Session { session, began, .. } => {
                *began = progress(session);
                session.handle_opened(attempt);
                true
            }
        }
    }

    fn detach(&mut self, attempt: Attempt) {
        if let Self::Session { session, .. } = self {
            session.handle_lost(attempt);
        }
    }

    fn end(&mut self) -> Close<SessionAction> {
        match self {
            Self::Queue(_) => Close::Begun,
            Self::Session { session, .. } => {
                session.end();
                if session.is_over() { Close::Socket(SessionAction::Close) } else { Close::AwaitsPeer }
            }
        }
    }

    fn end_without_answer(&mut self) -> Option<SessionAction> {
        match self {
            Self::Session { session, .. } if !session.is_over() => {
                session.break_off();
                Some(SessionAction::Close)
            }
            _ => None,
        }
    }
}
