//! What is sent, until it is out of this end's hands: a queue lets go of a message when the line has it, a session when
//! the other end does.

#[cfg(feature = "session")]
use crate::core::Refusal;
#[cfg(feature = "session")]
use crate::core::outbox::{self, Returned};
use crate::core::queue::Queue;
#[cfg(feature = "session")]
use crate::core::session::{self, Guest, Session};
#[cfg(feature = "session")]
use crate::core::wire::Control;
use crate::core::{Epoch, Fate, Limits, Millis, Output, Retry};

/// What is to be done for the session, if there is one.
#[cfg(feature = "session")]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Deed {
    /// Send this frame.
    Say(Control),
    /// The other end has so many more of the messages that it was sent, the oldest.
    Delivered(u64),
    /// Close the socket in order, as the user wanted it closed.
    Part,
    /// Forget the socket and close it: the other end broke the protocol, in this way.
    Reject(&'static str),
}

/// Without the feature `session` there is none.
#[cfg(not(feature = "session"))]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Deed {}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "session", allow(clippy::large_enum_variant, reason = "a connection has one, for its whole life"))]
pub(super) enum Mail<M> {
    Queue(Queue<M>),
    #[cfg(feature = "session")]
    Session {
        session: Session<M, Guest>,
        /// The number of its last ping.
        asked: u64,
    },
}

/// What a user who closes has to wait for before the socket is closed.
#[cfg_attr(not(feature = "session"), expect(dead_code, reason = "a queue has nobody to say goodbye to"))]
pub(super) enum Goodbye {
    /// Nothing: it was closed before anything was said here.
    Said,
    /// The other end has to agree.
    Awaited,
    /// Nothing, but it has to be closed.
    Due(Deed),
}

/// What of a message is to be done next.
#[repr(u8)]
pub(super) enum Next<M> {
    /// It leaves the queue. It has so many bytes.
    Leaves(M, u64),
    #[cfg(feature = "session")]
    Output(Output<M>),
}

/// A wider spread than this is no wish but a mistake: nobody waits for longer.
#[cfg(feature = "session")]
const WIDEST_SPREAD: u32 = 300_000;

impl<M: Clone> Mail<M> {
    pub(super) fn queue(limits: Option<Limits>) -> Self {
        Self::Queue(Queue::new(limits.unwrap_or_default()))
    }

    pub(super) fn as_queue(&mut self) -> Option<&mut Queue<M>> {
        match self {
            Self::Queue(queue) => Some(queue),
            #[cfg(feature = "session")]
            Self::Session { .. } => None,
        }
    }

    /// What is next while the line takes messages, or does not.
    pub(super) fn next(&mut self, is_open: bool) -> Option<Next<M>> {
        match self {
            Self::Queue(queue) if is_open => queue.pop_sized().map(|(message, bytes)| Next::Leaves(message, bytes)),
            Self::Queue(_) => None,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => session.poll().map(|output| Next::Output(translate(output))),
        }
    }

    pub(super) fn is_drained(&self, is_open: bool) -> bool {
        match self {
            Self::Queue(queue) => !is_open || !queue.holds_any(),
            #[cfg(feature = "session")]
            Self::Session { session, .. } => session.is_drained(),
        }
    }

    /// The next message that comes back.
    pub(super) fn next_returned(&mut self) -> Option<(M, Fate)> {
        match self {
            Self::Queue(_) => None,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => {
                session.poll_returned().map(|returned| (returned.message, fate(returned.fate)))
            }
        }
    }

    /// The same once it is over.
    pub(super) fn empty(&mut self) -> Option<(M, Fate)> {
        match self {
            Self::Queue(queue) => queue.pop().map(|message| (message, Fate::Closed)),
            #[cfg(feature = "session")]
            Self::Session { session, .. } => {
                if !session.is_over() {
                    session.break_off();
                }
                self.next_returned()
            }
        }
    }

    /// What has waited for too long.
    pub(super) fn next_expired(&mut self, now: Millis) -> Option<(M, Fate)> {
        match self {
            Self::Queue(queue) => queue.pop_expired(now).map(|message| (message, Fate::Expired)),
            #[cfg(feature = "session")]
            Self::Session { session, .. } => {
                session.handle_timeout(now);
                self.next_returned()
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        match self {
            Self::Queue(queue) => queue.deadline(),
            #[cfg(feature = "session")]
            Self::Session { session, .. } => session.poll_timeout(),
        }
    }

    /// How many bytes wait for the line to come back.
    pub(super) fn queued(&self) -> u64 {
        match self {
            Self::Queue(queue) => queue.bytes(),
            #[cfg(feature = "session")]
            Self::Session { session, .. } if session.is_live() => 0,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => session.unacknowledged_bytes(),
        }
    }

    /// How to dial again: a server that has spoken knows better than the user how many clients it has.
    pub(super) fn retry(&self, retry: Retry) -> Retry {
        match self {
            Self::Queue(_) => retry,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => session.welcome().map_or(retry, |welcome| {
                let first = welcome.spread.min(WIDEST_SPREAD);
                Retry { first, cap: retry.cap.max(first), ..retry }
            }),
        }
    }

    /// Whether the server has said over how many milliseconds its clients shall spread.
    pub(super) fn is_spread(&self) -> bool {
        match self {
            Self::Queue(_) => false,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => session.welcome().is_some(),
        }
    }

    /// Whether a message may go to the socket past it.
    pub(super) fn can_be_passed(&self) -> bool {
        match self {
            Self::Queue(_) => true,
            #[cfg(feature = "session")]
            Self::Session { .. } => false,
        }
    }

    /// There is going to be another line.
    pub(super) fn begin(&mut self) {
        match self {
            Self::Queue(_) => {}
            #[cfg(feature = "session")]
            Self::Session { session, .. } => {
                if session.is_over() {
                    session.renew();
                }
            }
        }
    }

    /// The handshake of this line succeeded. Whether there is more to be said before it stands.
    pub(super) fn greets(&mut self, line: Epoch) -> bool {
        let _ = line;
        match self {
            Self::Queue(_) => false,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => {
                session.handle_opened(line);
                true
            }
        }
    }

    /// This line is gone.
    pub(super) fn lose(&mut self, line: Epoch) {
        let _ = line;
        match self {
            Self::Queue(_) => {}
            #[cfg(feature = "session")]
            Self::Session { session, .. } => session.handle_lost(line),
        }
    }

    /// The user closes.
    pub(super) fn end(&mut self) -> Goodbye {
        match self {
            Self::Queue(_) => Goodbye::Said,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => {
                session.end();
                if session.is_over() { Goodbye::Due(Deed::Part) } else { Goodbye::Awaited }
            }
        }
    }

    /// The other end has had its time to agree. What is to be done now, if that was what was waited for.
    pub(super) fn end_at_last(&mut self) -> Option<Deed> {
        match self {
            Self::Queue(_) => None,
            #[cfg(feature = "session")]
            Self::Session { session, .. } if session.is_over() => None,
            #[cfg(feature = "session")]
            Self::Session { session, .. } => {
                session.break_off();
                Some(Deed::Part)
            }
        }
    }

    /// The question whether the other end is still there.
    pub(super) fn ping(&mut self) -> Output<M> {
        match self {
            Self::Queue(_) => Output::Ping,
            #[cfg(feature = "session")]
            Self::Session { asked, .. } => {
                *asked += 1;
                Output::Session(Deed::Say(Control::Ping(*asked)))
            }
        }
    }
}

#[cfg(feature = "session")]
impl From<session::Refusal> for Refusal {
    fn from(refusal: session::Refusal) -> Self {
        match refusal {
            session::Refusal::Full => Refusal::Full,
            session::Refusal::Over => Refusal::Closed,
        }
    }
}

#[cfg(feature = "session")]
fn translate<M>(output: session::Output<M>) -> Output<M> {
    match output {
        session::Output::Transmit(_, message) => Output::Transmit(message),
        session::Output::Control(_, control) => Output::Session(Deed::Say(control)),
        session::Output::Return(Returned { message, fate: why, .. }) => Output::Return(message, fate(why)),
    }
}

#[cfg(feature = "session")]
fn fate(fate: outbox::Fate) -> Fate {
    match fate {
        outbox::Fate::Expired => Fate::Expired,
        outbox::Fate::Withdrawn => Fate::Withdrawn,
        outbox::Fate::Unsent => Fate::Unsent,
        outbox::Fate::Lost => Fate::Unconfirmed,
    }
}
