//! What a connection wants done, and what the user is told.

use super::session::Reset;
use super::wire::Control;
use super::{Attempt, Cause, Dropped, Settled};

/// What is to be done.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Output<M, A = SessionAction> {
    /// Make a native socket, and report what happens to it with this number.
    Connect(Attempt),
    /// Detach the native socket of this attempt and close it, without waiting for anything from it.
    Abandon(Attempt),
    /// The native socket of this attempt is open: have the user authenticate on it, and report what comes of it to
    /// [`handle_authenticated`](super::Connection::handle_authenticated) or
    /// [`handle_unauthenticated`](super::Connection::handle_unauthenticated).
    Authenticate(Attempt),
    /// Hand this message to the native socket.
    Transmit(M),
    /// Send the heartbeat's message, without a session.
    Ping,
    /// Ask the user for a decision about the connection of this attempt, which dropped, and report it to
    /// [`handle_decision`](super::Connection::handle_decision).
    Decide(Attempt, Dropped),
    /// Tell the user.
    Notify(Event),
    /// Tell the sender of the message what became of it.
    Settle(Settled<M>),
    /// Do this for the session.
    Session(A),
}

/// What is to be done for the session.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SessionAction {
    /// Send this frame.
    Send(Control),
    /// Close the native socket, with the code and the reason of the user.
    Close,
    /// The server broke the protocol: detach the native socket and close it with a protocol error and this reason.
    Fail(&'static str),
}

/// What the user is told.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Event {
    /// [`Connection::state`](super::Connection::state) has changed.
    State,
    /// The session is over for this reason, and its messages have come to their end. The [`Event::Open`] of a new one
    /// follows.
    Reset(Reset),
    /// The connection is open. With a session, a new session began.
    Open,
    /// The connection did not end cleanly. A close follows.
    Error,
    /// The server chose the subprotocol of sessions and did not answer in time, and never has: [it may not speak
    /// it](super::wire::NOT_SPOKEN). Told once; a drop follows.
    Unanswered,
    /// The connection is closed. The last event, unless the user reconnects. With the cause of the drop that ended it;
    /// without if the user closed it, or the server ended the session.
    Close(Option<Cause>),
    /// The connection is open again, with the session that it had.
    Resume,
    /// The connection dropped, and reconnects after the delay.
    Drop(Dropped),
}

/// The state of a connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// An attempt is under way.
    Connecting,
    /// Messages flow.
    Open,
    /// The connection dropped, and waits for the next attempt.
    Waiting,
    /// The same, and the browser says that there is no network.
    Offline,
    /// The user, or the server of a session, has closed it, and its native socket is not closed yet.
    Closing,
    /// It is closed, until the user reconnects.
    Closed,
}

impl State {
    /// All of them.
    pub const ALL: [State; 6] =
        [State::Connecting, State::Open, State::Waiting, State::Offline, State::Closing, State::Closed];

    /// Its name in JavaScript, the docs and the logs.
    pub const fn name(self) -> &'static str {
        match self {
            State::Connecting => "connecting",
            State::Open => "open",
            State::Waiting => "waiting",
            State::Offline => "offline",
            State::Closing => "closing",
            State::Closed => "closed",
        }
    }

    /// The state that a `readyState` stands for where nothing reconnects.
    pub(crate) const fn of_ready_state(ready_state: u16) -> Self {
        match ready_state {
            0 => State::Connecting,
            1 => State::Open,
            2 => State::Closing,
            _ => State::Closed,
        }
    }

    /// Its `readyState`. <https://websockets.spec.whatwg.org/#dom-websocket-readystate>
    pub const fn ready_state(self) -> u16 {
        match self {
            State::Connecting | State::Waiting | State::Offline => 0,
            State::Open => 1,
            State::Closing => 2,
            State::Closed => 3,
        }
    }
}

#[cfg(test)]
mod tests;
