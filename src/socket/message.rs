//! A message that a socket keeps.

use std::rc::Rc;

#[cfg(any(feature = "js", feature = "serde"))]
use js_sys::Function;
#[cfg(feature = "session")]
use js_sys::JsString;
use wasm_bindgen::prelude::*;

use super::native::byte_length;

/// A message that a socket keeps until it comes to its end.
pub(crate) struct Message {
    /// A string, an `ArrayBuffer`, a view or a `Blob`, as it is sent. It stays outside of wasm memory, which never
    /// shrinks.
    pub(super) data: JsValue,
    /// The data is text behind an escape of the session's.
    #[cfg(feature = "session")]
    pub(super) is_escaped: bool,
    pub(super) waiter: Waiter,
}

impl Message {
    pub(crate) fn new(data: JsValue, waiter: Waiter) -> Self {
        Self {
            data,
            #[cfg(feature = "session")]
            is_escaped: false,
            waiter,
        }
    }

    /// The data as the user sent it.
    pub(super) fn user_data(&self) -> JsValue {
        #[cfg(feature = "session")]
        if self.is_escaped
            && let Some(text) = self.data.dyn_ref::<JsString>()
        {
            return text.slice(1, text.length()).into();
        }
        self.data.clone()
    }
}

/// Who is told the outcome of a message.
pub(crate) enum Waiter {
    /// The user, if the message was not sent or delivered.
    User,
    /// This function of JavaScript, with the name of the outcome.
    #[cfg(any(feature = "js", feature = "serde"))]
    Function(Function),
    /// This function of Rust. It returns false if nobody waits any more; then the user is told.
    #[cfg(feature = "rust")]
    Callback(Box<dyn Fn(undrop_proto::Outcome) -> bool>),
}

/// A message is in the queue or the outbox and on its way to the native socket at once.
pub(crate) type Kept = Rc<Message>;

/// The bytes of a message.
pub(crate) fn bytes(message: &Kept) -> u64 {
    byte_length(&message.data) as u64
}
