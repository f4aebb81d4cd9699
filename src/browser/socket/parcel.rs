//! A message that waits for the line, and the order in which such messages wait.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::cell::{Cell, RefCell};

use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::event::Event;
use super::message::Message;
use crate::core::Fate;

/// A message that waits for the line.
#[derive(Clone)]
pub(super) struct Parcel {
    pub(super) ticket: Ticket,
    pub(super) content: Content,
    /// Hears what becomes of it, in place of the listener.
    pub(super) told: Option<Function>,
}

/// What is in it.
#[derive(Clone)]
pub(super) enum Content {
    Message(Message),
    /// Text that JavaScript made, and that need not be copied for the browser to send it.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "typed messages alone are made there"))]
    Frame(JsString),
}

impl Parcel {
    pub(super) fn transmit(self, native: &WebSocket) {
        // This socket is open.
        let _ = match &self.content {
            Content::Message(message) => message.transmit(native),
            Content::Frame(frame) => send_frame(native, frame),
        };
        self.tell("sent");
    }

    /// What the listener is told when it comes back, if anything.
    pub(super) fn come_back(self, fate: Fate) -> Option<Event> {
        if self.told.is_some() {
            self.tell(match fate {
                Fate::Expired => "expired",
                Fate::Overflow => "overflow",
                // The last three are a session's, of which this face keeps none.
                Fate::Closed | Fate::Withdrawn | Fate::Unsent | Fate::Unconfirmed => "closed",
            });
            return None;
        }
        let message = match self.content {
            Content::Message(message) => message,
            Content::Frame(frame) => Message::Text(String::from(&frame)),
        };
        Some(Event::Lost(message, fate))
    }

    fn tell(&self, fate: &str) {
        if let Some(told) = &self.told {
            // It settles a promise, and has nothing to throw.
            let _ = told.call1(&JsValue::UNDEFINED, &fate.into());
        }
    }
}

/// Sends text that is JavaScript's already.
pub(super) fn send_frame(native: &WebSocket, frame: &JsString) -> Result<(), JsValue> {
    native.unchecked_ref::<Sender>().send(frame)
}

#[wasm_bindgen]
extern "C" {
    type Sender;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Sender, frame: &JsString) -> Result<(), JsValue>;
}

/// Says which of the messages that wait is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ticket(pub(super) u32);

/// The tickets of all messages that wait, the oldest first: the core knows them by their place alone.
#[derive(Default)]
pub(super) struct Places {
    last: Cell<u32>,
    tickets: RefCell<VecDeque<Ticket>>,
}

impl Places {
    /// A ticket for one more.
    pub(super) fn join(&self) -> Ticket {
        let ticket = Ticket(self.last.get().wrapping_add(1));
        self.last.set(ticket.0);
        self.tickets.borrow_mut().push_back(ticket);
        ticket
    }

    /// It waits no longer. The place that it had.
    pub(super) fn leave(&self, ticket: Ticket) -> Option<usize> {
        let mut tickets = self.tickets.borrow_mut();
        let place = tickets.iter().position(|&one| one == ticket)?;
        tickets.remove(place);
        Some(place)
    }
}
