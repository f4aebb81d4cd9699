//! All that a connection can be told.

use undrop_proto::{Attempt, Connection, Decision, MessageId, Millis, SendError, Signal};

#[derive(Clone, Copy, Debug)]
pub enum Input {
    Opened(Attempt),
    Message(Attempt, u64),
    Reply(Attempt),
    Ending(Attempt),
    Error(Attempt),
    Closed(Attempt, u16, bool),
    NoUrl(Attempt),
    Authenticated(Attempt),
    Unauthenticated(Attempt),
    Signal(Signal),
    Timeout,
    Send(u64),
    SendText(u64),
    Sent(u64),
    Close,
    CloseUnanswered,
    Reconnect,
    GiveUp,
    Decision(Attempt, Decision),
}

impl Input {
    /// The attempt that it comes from, if it comes from one.
    pub fn attempt(self) -> Option<Attempt> {
        match self {
            Input::Opened(attempt)
            | Input::Message(attempt, _)
            | Input::Reply(attempt)
            | Input::Ending(attempt)
            | Input::Error(attempt)
            | Input::Closed(attempt, ..)
            | Input::NoUrl(attempt)
            | Input::Authenticated(attempt)
            | Input::Unauthenticated(attempt) => Some(attempt),
            _ => None,
        }
    }

    /// Tells it. The number of the message, if it was one that was accepted.
    pub fn tell(self, connection: &mut Connection<u64>, now: Millis) -> Result<Option<MessageId>, SendError> {
        match self {
            Input::Opened(attempt) => connection.handle_opened(now, attempt),
            Input::Message(attempt, bytes) => connection.handle_message(attempt, bytes),
            Input::Reply(attempt) => connection.handle_pong(now, attempt),
            Input::Ending(attempt) => connection.handle_ending(attempt),
            Input::Error(attempt) => connection.handle_error(attempt),
            Input::Closed(attempt, code, clean) => connection.handle_closed(now, attempt, code, clean),
            Input::NoUrl(attempt) => connection.handle_no_url(now, attempt),
            Input::Authenticated(attempt) => connection.handle_authenticated(now, attempt),
            Input::Unauthenticated(attempt) => connection.handle_unauthenticated(now, attempt),
            Input::Signal(signal) => connection.handle_signal(now, signal),
            Input::Timeout => connection.handle_timeout(now),
            Input::Send(message) => return connection.send(now, message, units_of(message)).map(Some),
            Input::SendText(message) => {
                return connection.send_text(|| now, message, units_of(message), bytes_of_text).map(Some);
            }
            Input::Sent(bytes) => connection.handle_sent(bytes),
            Input::Close => connection.close(now),
            Input::CloseUnanswered => connection.close_unanswered(now),
            Input::Reconnect => connection.reconnect(now),
            Input::GiveUp => connection.give_up(),
            Input::Decision(attempt, decision) => connection.handle_decision(now, attempt, decision),
        }
        Ok(None)
    }
}

/// The message of this number and of this size.
pub fn message(number: u64, size: u64) -> u64 {
    1_000 * number + size
}

/// The bytes of a message, or its UTF-16 code units if it is a text.
pub fn units_of(message: u64) -> u64 {
    message % 1_000
}

/// The bytes of a message that is a text: each of its code units has one to three.
pub fn bytes_of_text(message: &u64) -> u64 {
    units_of(*message) * (1 + message / 1_000 % 3)
}
