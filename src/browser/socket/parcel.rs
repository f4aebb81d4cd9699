//! A message that was taken, and the order in which such messages wait.

use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell, RefCell};

use js_sys::{Function, JsString, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::delivery::Receipt;
use super::event::Event;
use super::message::Message;
use crate::core::outbox;
use crate::core::{Fate, wire};

/// A message that was taken, until it is out of this end's hands: a queue lets go of it when the line has it, a session
/// when the other end does.
pub(super) struct Parcel {
    pub(super) ticket: Ticket,
    content: Content,
    told: Told,
    /// What the session calls it.
    pub(super) name: OnceCell<outbox::Ticket>,
}

/// What is in it.
pub(super) enum Content {
    /// Waits for the line in wasm memory.
    Message(Message),
    /// Text that JavaScript has, as it travels. It need not be copied for the browser to send it, once more if need be.
    Frame(JsString),
    /// The same for bytes.
    Bytes(Uint8Array),
}

/// Who hears what becomes of it.
pub(super) enum Told {
    /// If it comes back, as [`Event::Lost`].
    Listener,
    /// Who typed it.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "typed messages alone are made there"))]
    Registry(Function),
    /// Who waits for its delivery; the listener, if nobody does any more.
    Receipt(Weak<Receipt>),
}

impl Content {
    /// What a session keeps of a message until it is acknowledged.
    pub(super) fn kept(message: &Message) -> Self {
        match message {
            Message::Text(text) => Self::kept_text(text),
            Message::Binary(bytes) => Self::kept_bytes(bytes),
        }
    }

    /// The same for text, outside of wasm memory, which would never shrink again.
    pub(super) fn kept_text(text: &str) -> Self {
        Content::Frame(JsString::from(&*wire::escape(text)))
    }

    /// The same for bytes.
    pub(super) fn kept_bytes(bytes: &[u8]) -> Self {
        Content::Bytes(Uint8Array::from(bytes))
    }
}

impl Parcel {
    pub(super) fn transmit(&self, native: &WebSocket) {
        // This socket is open.
        let _ = match &self.content {
            Content::Message(message) => message.transmit(native),
            Content::Frame(frame) => send_kept(native, frame),
            Content::Bytes(bytes) => send_kept(native, bytes),
        };
    }

    /// It is out of this end's hands, and where it belongs.
    pub(super) fn arrive(&self) {
        match &self.told {
            Told::Listener => {}
            Told::Registry(told) => tell(told, "sent"),
            Told::Receipt(receipt) => {
                if let Some(receipt) = receipt.upgrade() {
                    receipt.settle(Ok(()));
                }
            }
        }
    }

    /// What the listener is told when it comes back, if anything.
    pub(super) fn come_back(&self, fate: Fate) -> Option<Event> {
        // Who took it back knows.
        if fate == Fate::Withdrawn {
            return None;
        }
        match &self.told {
            Told::Registry(told) => {
                tell(told, word(fate));
                return None;
            }
            Told::Receipt(receipt) => {
                if let Some(receipt) = receipt.upgrade() {
                    receipt.settle(Err(fate));
                    return None;
                }
            }
            Told::Listener => {}
        }
        Some(Event::Lost(self.message(), fate))
    }

    fn message(&self) -> Message {
        match &self.content {
            Content::Message(message) => message.clone(),
            Content::Frame(frame) => {
                let frame = String::from(frame);
                Message::Text(wire::unescape(&frame).map(String::from).unwrap_or(frame))
            }
            Content::Bytes(bytes) => Message::Binary(bytes.to_vec()),
        }
    }
}

/// As `messages.js` knows it.
fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Expired => "expired",
        Fate::Overflow => "overflow",
        Fate::Unsent => "unsent",
        Fate::Unconfirmed => "unconfirmed",
        Fate::Closed | Fate::Withdrawn => "closed",
    }
}

fn tell(told: &Function, fate: &str) {
    // It settles a promise, and has nothing to throw.
    let _ = told.call1(&JsValue::UNDEFINED, &fate.into());
}

/// Sends what is JavaScript's already.
pub(super) fn send_kept(native: &WebSocket, content: &JsValue) -> Result<(), JsValue> {
    native.unchecked_ref::<Sender>().send(content)
}

#[wasm_bindgen]
extern "C" {
    type Sender;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Sender, content: &JsValue) -> Result<(), JsValue>;
}

/// Says which of the messages that were taken is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ticket(pub(super) u32);

/// All messages that were taken, the oldest first: the core knows those of a queue by their place alone, and says of a
/// session's how many of the oldest have arrived.
#[derive(Default)]
pub(super) struct Places {
    last: Cell<u32>,
    parcels: RefCell<VecDeque<Rc<Parcel>>>,
}

impl Places {
    /// One more.
    pub(super) fn join(&self, content: Content, told: Told) -> Rc<Parcel> {
        let ticket = Ticket(self.last.get().wrapping_add(1));
        self.last.set(ticket.0);
        let parcel = Rc::new(Parcel { ticket, content, told, name: OnceCell::new() });
        self.parcels.borrow_mut().push_back(parcel.clone());
        parcel
    }

    /// It waits no longer. The place that it had.
    pub(super) fn leave(&self, ticket: Ticket) -> Option<usize> {
        let place = self.parcels.borrow().iter().position(|one| one.ticket == ticket)?;
        self.parcels.borrow_mut().remove(place);
        Some(place)
    }

    /// What the session calls it, while it is there.
    pub(super) fn name(&self, ticket: Ticket) -> Option<outbox::Ticket> {
        let parcels = self.parcels.borrow();
        parcels.iter().find(|one| one.ticket == ticket)?.name.get().copied()
    }

    /// The oldest so many wait no longer.
    pub(super) fn leave_first(&self, count: usize) -> Vec<Rc<Parcel>> {
        let mut parcels = self.parcels.borrow_mut();
        let count = count.min(parcels.len());
        parcels.drain(..count).collect()
    }
}
