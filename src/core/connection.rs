//! One connection, as its user sees it: from the first dial to the last event.
//!
//! The methods are of three kinds:
//!
//! - `handle_*` takes what happened to the line;
//! - [`poll`](Connection::poll) gives what is to be done about it, until it gives nothing more. Its answer can
//!   change after every `handle_*` and after [`close`](Connection::close);
//! - all others are the user's wishes ([`close`](Connection::close)) and plain getters.

use alloc::collections::VecDeque;

/// The number of a dial. Whatever comes from an older one than the last is ignored.
pub type Epoch = u32;

/// What the user may know of the line, in the words and numbers of the standard.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ReadyState {
    /// The line is being dialled.
    Connecting = 0,
    /// Messages flow.
    Open = 1,
    /// The user has closed, the other end has not yet answered.
    Closing = 2,
    /// It is over.
    Closed = 3,
}

/// What the user is to be told.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Event {
    /// The line stands.
    Open,
    /// The line failed; a close follows.
    Error,
    /// It is over. Always the last event.
    Close,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Output {
    /// Open a socket, and report what becomes of it under this number.
    Dial(Epoch),
    /// Tell the user.
    Notify(Event),
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum State {
    Dialing,
    Open,
    Closing,
    Closed,
}

/// See the [module](self).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Connection {
    state: State,
    epoch: Epoch,
    outputs: VecDeque<Output>,
}

impl Connection {
    /// A connection whose first output is its first dial.
    pub fn new() -> Self {
        Self {
            state: State::Dialing,
            epoch: 1,
            outputs: VecDeque::from([Output::Dial(1)]),
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// What the user sees of the line.
    pub fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Dialing => ReadyState::Connecting,
            State::Open => ReadyState::Open,
            State::Closing => ReadyState::Closing,
            State::Closed => ReadyState::Closed,
        }
    }

    /// The handshake of this dial succeeded.
    pub fn handle_opened(&mut self, epoch: Epoch) {
        if epoch == self.epoch && self.state == State::Dialing {
            self.state = State::Open;
            self.outputs.push_back(Output::Notify(Event::Open));
        }
    }

    /// The socket of this dial failed.
    pub fn handle_error(&mut self, epoch: Epoch) {
        if epoch == self.epoch && self.state != State::Closed {
            self.outputs.push_back(Output::Notify(Event::Error));
        }
    }

    /// The socket of this dial closed.
    pub fn handle_closed(&mut self, epoch: Epoch) {
        if epoch == self.epoch && self.state != State::Closed {
            self.state = State::Closed;
            self.outputs.push_back(Output::Notify(Event::Close));
        }
    }

    /// The user wants it to end; its socket has been told.
    pub fn close(&mut self) {
        if self.state != State::Closed {
            self.state = State::Closing;
        }
    }
}
