//! What the user of a socket wants of it, and what it says of itself.

use std::rc::Rc;

#[cfg(feature = "session")]
use undrop_proto::close::CloseFrame;
use undrop_proto::{Connection, MessageId, Outcome, SendError, Settled, State, Stats};
use web_sys::WebSocket;

use super::{Driver, Size};
use crate::socket::clock::now;
use crate::socket::message::{self, Message};
#[cfg(feature = "session")]
use crate::socket::native;
use crate::socket::page;
use crate::socket::user::User;

impl Driver {
    /// Whether a message of so many bytes may go straight to the native socket, whose `readyState` this is. Then it
    /// counts as sent.
    pub(crate) fn admits(&self, ready_state: u16, bytes: f64) -> bool {
        let mut connection = self.connection.borrow_mut();
        // The browser knows first when the peer closes.
        if ready_state > WebSocket::OPEN {
            let attempt = connection.attempt();
            connection.handle_ending(attempt);
        }
        let admits = connection.is_writable();
        if admits && ready_state == WebSocket::OPEN {
            connection.handle_sent(bytes as u64);
        }
        admits
    }

    /// Sends a message that could not go straight to the native socket.
    pub(crate) fn send(&self, message: Message, size: Size) -> Result<MessageId, SendError> {
        #[cfg(feature = "session")]
        if self.keeps_session() {
            return self.deliver(message, size, None);
        }
        let message = Rc::new(message);
        let sent = message.clone();
        let accepted = {
            let mut connection = self.connection.borrow_mut();
            match size {
                Size::Text { units, .. } => connection.send_text(now, sent, units.into(), message::bytes),
                Size::Bytes(bytes) => connection.send(now(), sent, bytes as u64),
            }
        };
        self.drain(None);
        if accepted == Err(SendError::Closed) {
            self.discarded.set(self.discarded.get().saturating_add(message::bytes(&message)));
        }
        accepted
    }

    /// Takes a message back that was not sent yet, and tells its outcome. Nothing else comes of it now: within a
    /// listener of `open` the queue must not be sent before the listener has returned.
    pub(crate) fn withdraw(&self, id: MessageId) -> bool {
        let withdrawn = self.connection.borrow_mut().withdraw(id);
        if let Some(message) = &withdrawn {
            self.settle(&Settled { id, message: message.clone(), outcome: Outcome::Withdrawn });
        }
        withdrawn.is_some()
    }

    /// Closes the connection. The first close frame counts.
    #[cfg(feature = "session")]
    pub(crate) fn close(&self, frame: CloseFrame) {
        if self.keeps_session() {
            self.close_frame.set(self.close_frame.take().or(Some(frame)));
            // The protocol says when to close the native socket.
            self.close_connection();
            return;
        }
        if let Some(native) = self.native() {
            native::close(&native, frame.code(), frame.reason());
        }
        self.close_connection();
    }

    /// Closes the connection, whose native socket was closed already, unless it keeps a session.
    pub(crate) fn close_connection(&self) {
        let is_attached = self.is_attached.get();
        self.update(|connection, now| {
            if is_attached {
                connection.close(now);
            } else {
                connection.close_unanswered(now);
            }
        });
    }

    /// Connects now, also if it is closed. The user may have been let go of meanwhile.
    pub(crate) fn reconnect(&self, user: Rc<dyn User>) {
        self.user.replace(Some(user));
        // Nothing was heard of the page while it was closed.
        let condition = page::condition();
        self.update(|connection, now| {
            if connection.state() == State::Closed {
                for signal in condition {
                    connection.handle_signal(now, signal);
                }
            }
            connection.reconnect(now);
        });
    }

    // Getters.

    pub(crate) fn state(&self) -> State {
        let native = self.native_ready_state();
        self.read(|connection| connection.visible_state(native))
    }

    /// The `readyState` that the user sees.
    #[cfg(feature = "js")]
    pub(crate) fn ready_state(&self) -> u16 {
        let native = self.native_ready_state();
        self.read(|connection| connection.ready_state(native))
    }

    /// That of the native socket of the present attempt.
    fn native_ready_state(&self) -> Option<u16> {
        self.native().filter(|_| self.is_attached.get()).map(|native| native.ready_state())
    }

    pub(crate) fn stats(&self) -> Stats {
        self.read(|connection| *connection.stats())
    }

    /// The number of the attempt that is under way, comes next or came last.
    pub(crate) fn tries(&self) -> u32 {
        self.read(Connection::tries)
    }

    /// How many milliseconds there are until the next attempt, while the connection waits for it.
    #[cfg(feature = "rust")]
    pub(crate) fn retry_in(&self) -> Option<u64> {
        Some(self.read(Connection::next_attempt)?.since(now()))
    }

    /// When the next attempt begins, as `Date.now()` counts. It is computed once for each, so that whoever compares it
    /// with what it was does not see the two clocks drift.
    #[cfg(feature = "js")]
    pub(crate) fn retry_at(&self) -> Option<f64> {
        let at = self.read(Connection::next_attempt)?;
        let (_, date) = self
            .retry_at
            .get()
            .filter(|(known, _)| *known == at)
            .unwrap_or_else(|| (at, js_sys::Date::now() + at.since(now()) as f64));
        self.retry_at.set(Some((at, date)));
        Some(date)
    }

    /// The bytes that wait for the connection, or that were sent after the end, and those that the last native socket has
    /// not sent, which are so many: they are not on their way any more while the connection is down.
    pub(crate) fn buffered(&self, native: f64) -> f64 {
        let ready_state = self.native_ready_state();
        let mut connection = self.connection.borrow_mut();
        connection.count_queued(message::bytes);
        let on_their_way = if connection.is_down(ready_state) { 0.0 } else { native };
        (connection.queued() + self.discarded.get()) as f64 + on_their_way
    }
}
