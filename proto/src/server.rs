//! The server's side of a session, its store included, without any I/O.
//!
//! A [`Slot`] is a session as one node has it: the protocol's state, the handler's commands, and what the store has of both.
//! A [`PlainSlot`] is a connection without a session, with the same methods. [`Slots`] is the table of a node's sessions: it
//! decides who may have one more.
//!
//! The methods are of the same kinds as those of a [`Connection`](crate::Connection): `handle_*` takes what happened,
//! [`poll`](Serve::poll) gives what is to be done, [`poll_frame`](Serve::poll_frame) gives the next frame when the
//! connection takes one, and [`poll_timeout`](Serve::poll_timeout) says when to call
//! [`handle_timeout`](Serve::handle_timeout).
//!
//! The duties of the driver:
//!
//! - The actions are done in their order. A request to the store replaces the one before, which need not be answered any more.
//! - The answer of the store comes with the number of its request. It may come late or twice.
//! - A session that the store keeps is restored by the node that has claimed it, and by no other.
//!
//! What holds, whatever the store, the client and the handler do:
//!
//! - What was acknowledged to the client is in the store.
//! - What the handler was told is committed never comes again.
//! - A node that lost the session to another writes nothing, and tells its handler so: [`NotCommitted::Moved`].
//!
//! Each of them ends where the store loses what it has said is written. A client that knows of more than the store does is told
//! ([`Claim::Lost`]), and a node that does writes it again ([`StoreError::Behind`]).

mod action;
mod amount;
mod cause;
mod commands;
mod deadlines;
mod ending;
mod forwarded;
mod persistence;
mod plain;
mod record;
mod request;
mod slot;
mod slots;
mod socket;
mod store;

use core::time::Duration;

use crate::outbox::Bounds;
pub use crate::wire::Known;
use crate::wire::Terms;
use crate::{Attempt, Millis};
pub use action::{Action, Disconnect, Frame, Inbound, Report};
pub use amount::Amount;
pub use cause::{Cause, NotCommitted};
pub use plain::PlainSlot;
pub use record::{Change, Claim, Fence, Forwarded, Kept, Numbered, Rest};
pub use request::{StoreError, StoreRequest, Work};
pub use slot::{Beginning, Slot};
pub use slots::{Full, Share, SlotId, Slots, Taken};

/// The close codes of a server, beside those of [`close`](crate::close). docs/protocol.md names them all.
pub mod codes {
    use crate::close;

    /// The app's handler panicked. The session is kept, and its next connection gets a new handler.
    pub const FAILED: u16 = 1011;
    /// Another connection has taken the session over, on this node or on another.
    pub const TAKEN_OVER: u16 = 4000;
    /// The client did not send its greeting in time.
    pub const NO_GREETING: u16 = 4001;
    /// The session made room for another one of the same client.
    pub const EVICTED: u16 = 4002;
    /// The app has ended all sessions of this user. The client does not try again.
    pub const REVOKED: u16 = 4403;

    /// The code that a close of the app is sent with: its own if a close frame may have it or it stands for none, and 1000
    /// otherwise.
    pub const fn of_app(code: u16) -> u16 {
        if close::is_sendable(code) || code == close::NO_CODE { code } else { close::NORMAL }
    }
}

/// The types of what a driver hands in, and gets back unseen.
pub trait DriverTypes {
    /// A message of the app or of its client. It is cloned, so a clone should share its bytes.
    type Message: Clone;
    /// A call of the app that waits for a commit.
    type Commit;
    /// A call of the app that waits until its message has arrived.
    type Delivery;
    /// A connection that asks for a session.
    type Request;

    /// How many bytes a message has.
    fn bytes(message: &Self::Message) -> u64;
}

/// How a node serves its sessions. All times are in milliseconds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Config {
    /// How long a client may be silent before it is sent a ping.
    pub idle: u32,
    /// How long a client has to answer the ping. Then its connection is dropped.
    pub probe: u32,
    /// How long the store has to answer while a client waits for it.
    pub greeting: u32,
    /// How long a client has to answer an `end`, and the store to remove a session. Then it is not waited for any more.
    pub close_timeout: u32,
    /// How long a handler has to finish when the session leaves this node.
    pub grace: u32,
    /// How much may have been received that the handler has not committed. While there is as much, the connection is not read.
    pub inbox: Bounds,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            idle: 30_000,
            probe: 10_000,
            greeting: 10_000,
            close_timeout: 5_000,
            grace: 10_000,
            inbox: Bounds { messages: 1_024, bytes: 4 << 20 },
        }
    }
}

/// What a driver asks of a [`Slot`] or a [`PlainSlot`].
///
/// Mutate, then drain: after each call [`poll`](Self::poll) until there is nothing left to be done, then
/// [`poll_frame`](Self::poll_frame) as long as the connection takes a frame.
pub trait Serve<D: DriverTypes> {
    // What is to be done.

    /// What is to be done next.
    fn poll(&mut self) -> Option<Action<D>>;
    /// The next frame for the connection. Called when the connection takes one, or when there is none; what comes out of
    /// [`poll`](Self::poll) may have changed then.
    fn poll_frame(&mut self, now: Millis) -> Option<Frame<D::Message>>;
    /// Whether [`poll_frame`](Self::poll_frame) may have something.
    fn has_frames(&self) -> bool;
    /// When to call [`handle_timeout`](Self::handle_timeout).
    fn poll_timeout(&self) -> Option<Millis>;

    /// Has the store write what is unpersisted. Called when the handler has had its turn, so that a message and what it is
    /// answered with at once are one change.
    fn persist(&mut self, now: Millis);

    // What the app wants.

    /// The app sends a message, and may wait until it has arrived.
    fn send(&mut self, message: D::Message, delivery: Option<D::Delivery>);
    /// The app has received the messages up to this number.
    fn handle_read(&mut self, number: u64);
    /// The app commits the messages up to this number, and sends these replies in the same step.
    fn commit(&mut self, number: u64, replies: impl IntoIterator<Item = D::Message>, commit: D::Commit);
    /// The app ends the session once all that it has sent is delivered, and the connection is closed like this.
    fn close(&mut self, now: Millis, code: u16, reason: alloc::string::String);
    /// The handler has returned, or panicked.
    fn handle_handler_done(&mut self, now: Millis, panicked: bool);

    // What the node wants.

    /// A connection asks for the session. Its client is told these terms.
    fn request_resume(&mut self, now: Millis, request: D::Request, known: Known, terms: Terms);
    /// The session makes room for another one.
    fn evict(&mut self, now: Millis);
    /// The app has ended all sessions of this user.
    fn revoke(&mut self, now: Millis);
    /// A message was forwarded to the session, or may have been.
    fn look_for_forwarded(&mut self);
    /// All sessions together, or those of this owner, have received so much that the connection is not to be read for a while.
    fn throttle(&mut self, is_throttled: bool);
    /// The server shuts down.
    fn shut_down(&mut self, now: Millis);

    // What happened.

    /// Something arrived on the connection of this number.
    fn handle_inbound(&mut self, now: Millis, attempt: Attempt, inbound: Inbound<D::Message>);
    /// The connection of this number was lost, or closed by the client.
    fn handle_lost(&mut self, now: Millis, attempt: Attempt);
    /// The client sent on the connection of this number what can't be read, and would send it again on its next connection.
    fn handle_unreadable(&mut self, now: Millis, attempt: Attempt, disconnect: Disconnect);
    /// The store has answered.
    fn handle_stored(&mut self, now: Millis, number: u64, answer: Result<(), StoreError>);
    /// The store has answered with forwarded messages, as many as the outbox has room for.
    fn handle_forwarded(&mut self, now: Millis, number: u64, answer: Result<Forwarded<D::Message>, StoreError>);
    /// The time of [`poll_timeout`](Self::poll_timeout) has come, or may have.
    fn handle_timeout(&mut self, now: Millis);

    // Getters.

    /// Whether the connection may be read: whether the handler keeps up with what is received.
    fn has_room(&self) -> bool;
    /// How much has come that the app is not done with.
    fn uncommitted(&self) -> Amount;
    /// How much of what the app has sent is not acknowledged.
    fn unacknowledged(&self) -> Amount;
    /// Since when there has been no connection, if there is none.
    fn detached_since(&self) -> Option<Millis>;
    /// Whether all is done, but for a handler that has not returned.
    fn is_over(&self) -> bool;
}

/// A duration in milliseconds, at most some 49 days.
pub fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
