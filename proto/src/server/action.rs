//! What goes into a slot and what comes out of it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::DriverTypes;
use super::cause::{Cause, NotCommitted};
use super::request::StoreRequest;
use crate::Attempt;
use crate::session::Violation;
use crate::wire::{Control, Malformed};

/// What is to be done.
pub enum Action<D: DriverTypes> {
    /// Ask the store, and report its answer to [`handle_stored`](super::Serve::handle_stored). A request that is not answered
    /// yet is replaced by this one.
    Ask(StoreRequest<D::Message>),
    /// Give this message to the handler.
    Receive(u64, D::Message),
    /// The connection that makes this request is the session's from now on, under this number.
    Attach(Attempt, D::Request),
    /// The session's connection ends like this.
    Disconnect(Disconnect),
    /// The connection that makes this request ends like this.
    Refuse(D::Request, Disconnect),
    /// The client that makes this request knows of more than the session has: the server has lost state. It gets a new
    /// session, and is told why.
    Renew(D::Request),
    /// The session is not here any more: look for it again, in the store.
    Readmit(D::Request),
    /// Answer this commit.
    Committed(D::Commit, Result<(), NotCommitted>),
    /// The message of this call has arrived, or it is not known whether it has, since the session is over.
    Delivered(D::Delivery, bool),
    /// The handler's session has ended. With what the app sent and the client has not acknowledged, if no other handler goes on.
    End(Cause, Vec<D::Message>),
    /// The slot is free: the node does not have the session any more.
    Release,
    /// Stop the handler, which has not finished in time.
    StopHandler,
    /// Count, or log.
    Report(Report),
}

/// What is worth counting.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Report {
    /// A connection has resumed the session.
    Resumed,
    /// A connection has taken the session over from another.
    TakenOver,
    /// The client broke the protocol.
    Violation(Violation),
    /// The client sent what can't be read.
    Unreadable,
    /// The client has not answered a ping.
    Silent,
    /// The session is not this node's any more.
    Fenced,
    /// The store has lost what it was told, and was told again.
    Repaired,
    /// A connection waited for the store in vain.
    StoreTimeout,
    /// The handler panicked.
    Panicked {
        /// Whether it had committed anything before.
        progressed: bool,
    },
}

/// What arrived on a connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Inbound<M> {
    /// A message.
    Message(M),
    /// A control frame.
    Control(Control),
    /// What should have been a control frame.
    Malformed(Malformed),
    /// Anything that only shows that the client is there.
    Alive,
}

/// What is sent on a connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Frame<M> {
    /// A message.
    Message(M),
    /// A control frame.
    Control(Control),
    /// A WebSocket ping, to a client without a session.
    Ping,
}

/// How a connection ends.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Disconnect {
    /// The client has closed it or lost it.
    Gone,
    /// The client did not answer a ping, and will not answer a close frame either.
    Silent,
    /// The server closes it, with this code and reason.
    Close(u16, Cow<'static, str>),
}

impl Disconnect {
    /// The server closes it.
    pub const fn close(code: u16, reason: &'static str) -> Self {
        Disconnect::Close(code, Cow::Borrowed(reason))
    }
}

impl From<Violation> for Disconnect {
    fn from(violation: Violation) -> Self {
        Disconnect::close(Violation::CODE, violation.reason())
    }
}
