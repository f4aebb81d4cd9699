//! What a socket has of typed messages.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use js_sys::{Function, JsString};
use wasm_bindgen::JsValue;

use super::registry::Registry;
use crate::rust::event::Reason;
use crate::rust::inbox::Ends;

/// What a socket has of typed messages.
pub(in crate::rust) struct Typed {
    pub(super) registry: Registry,
    is_listening: Cell<bool>,
    entries: RefCell<BTreeMap<Key, Entry>>,
    last_key: Cell<u32>,
    /// How many messages nobody had waited for.
    unhandled: Cell<f64>,
    /// What is wrong with the message that is being received.
    complaints: RefCell<Vec<Reason>>,
    /// What the registry calls. One that runs when it is dropped is dropped afterwards.
    _closures: [Box<dyn Any>; 4],
}

/// One that waits for messages.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key(pub(super) u32);

pub(super) struct Entry {
    /// What undoes its registration.
    pub(super) undo: Function,
    /// The stream that ends with the socket.
    pub(super) ends: Option<Rc<dyn Ends>>,
    /// What the registry calls. It must not be dropped before it is undone. If it runs then, it is dropped afterwards.
    pub(super) _closure: Box<dyn Any>,
}

/// A message that the registry has received.
pub(in crate::rust) struct Received {
    /// Whether somebody waited for it, or it could not be understood.
    pub(in crate::rust) is_taken: bool,
    pub(in crate::rust) complaints: Vec<Reason>,
}

impl Typed {
    pub(super) fn new(registry: Registry, closures: [Box<dyn Any>; 4]) -> Self {
        Self {
            registry,
            is_listening: Cell::new(false),
            entries: RefCell::new(BTreeMap::new()),
            last_key: Cell::new(0),
            unhandled: Cell::new(0.0),
            complaints: RefCell::new(Vec::new()),
            _closures: closures,
        }
    }

    pub(super) fn set_listening(&self, listens: bool) {
        self.is_listening.set(listens);
    }

    /// Whether anything waits for typed messages.
    pub(in crate::rust) fn listens(&self) -> bool {
        self.is_listening.get()
    }

    pub(in crate::rust) fn receive(&self, text: &JsString) -> Received {
        self.registry.receive(text);
        let unhandled = self.registry.unhandled();
        Received {
            is_taken: self.unhandled.replace(unhandled) == unhandled,
            complaints: mem::take(&mut *self.complaints.borrow_mut()),
        }
    }

    /// Something is wrong with the message that is being received. The listener is told when all handlers were called.
    pub(super) fn complain(&self, reason: Reason) {
        self.complaints.borrow_mut().push(reason);
    }

    /// A handler can't read its data.
    pub(super) fn complain_of_data(&self, message_type: &JsString, error: String) {
        self.complain(Reason::Data { message_type: message_type.into(), error });
    }

    /// The connection was lost, or with a session: the session.
    pub(in crate::rust) fn dropped(&self) {
        self.registry.dropped();
    }

    /// The socket is closed, until the user reconnects.
    pub(in crate::rust) fn closed(&self) {
        self.registry.closed();
        let ending: Vec<Key> =
            self.entries.borrow().iter().filter(|(_, entry)| entry.ends.is_some()).map(|(&key, _)| key).collect();
        for key in ending {
            self.remove(key);
        }
    }

    /// The socket was dropped.
    pub(in crate::rust) fn release(&self) {
        self.registry.closed();
        while let Some(key) = self.first_key() {
            self.remove(key);
        }
    }

    /// Nobody waits for messages there any more.
    pub(super) fn remove(&self, key: Key) {
        let entry = self.entries.borrow_mut().remove(&key);
        if let Some(entry) = entry {
            // It has nothing to throw.
            let _ = entry.undo.call0(&JsValue::UNDEFINED);
            if let Some(ends) = &entry.ends {
                ends.end();
            }
        }
    }

    pub(super) fn insert(&self, key: Key, entry: Entry) {
        self.entries.borrow_mut().insert(key, entry);
    }

    pub(super) fn next_key(&self) -> Key {
        let key = self.last_key.get().wrapping_add(1);
        self.last_key.set(key);
        Key(key)
    }

    fn first_key(&self) -> Option<Key> {
        self.entries.borrow().keys().next().copied()
    }
}
