//! What a connection says: what is to be done, and what it tells of itself.

use super::queue::Full;
use super::{Deed, Drop};

/// The number of a dial. Whatever comes from an older one than the last is ignored.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Epoch(pub u32);

/// What is to be done.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Output<M> {
    /// Open a socket, and report what becomes of it under this number.
    Dial(Epoch),
    /// Forget the socket of this dial and close it, without waiting for anything from it.
    HangUp(Epoch),
    /// Hand this to the socket.
    Transmit(M),
    /// Send a heartbeat.
    Ping,
    /// Ask the user what to make of this loss of the line of this dial, and say so to
    /// [`handle_verdict`](super::Connection::handle_verdict).
    Consult(Epoch, Drop),
    /// Tell the user.
    Notify(Event),
    /// Hand this back to the user: it was taken, and will not be sent, or not again.
    Return(M, Fate),
    /// Do this for the session.
    Session(Deed),
}

/// Why a message that was taken came back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fate {
    /// It is over.
    Closed,
    /// A newer one needed its place.
    Overflow,
    // From here on in the order of the fates that a session knows.
    /// It waited for longer than it was to live.
    Expired,
    /// It was withdrawn before it left.
    Withdrawn,
    /// Its session ended before it left.
    Unsent,
    /// Its session ended before the other end said that it has it. It may.
    Unconfirmed,
}

/// The message was not taken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Refusal {
    /// The line is not open and nothing may wait.
    NotOpen,
    /// Too much waits already.
    Full,
    /// It is over.
    Closed,
}

impl From<Full> for Refusal {
    fn from(Full: Full) -> Self {
        Refusal::Full
    }
}

// Which it is stands apart from what it holds, for that is asked more often, and is less code to ask.
/// What the user is to be told.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Event {
    /// [`Connection::state`](super::Connection::state) has changed.
    State,
    /// The line stands, and with a session: a fresh one.
    Open,
    /// The line was not closed in order; a close follows.
    Error,
    /// It is over. Always the last event.
    Close,
    /// The line stands again, and the session goes on.
    Resume,
    /// The line was lost and will be dialled again.
    Drop(Drop),
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum State {
    /// The line is being dialled.
    Connecting,
    /// Messages flow.
    Open,
    /// The line was lost; the next dial has its time.
    Waiting,
    /// The same, and the page says that there is no network.
    Offline,
    /// The user has closed, the other end has not yet answered.
    Closing,
    /// It is over, until the user asks for a new line.
    Closed,
}
