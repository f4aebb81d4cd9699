//! What stands where in a typed message.

use alloc::string::String;

/// How typed messages are written: the server's choice.
///
/// A server that names things its own way:
///
/// ```no_run
/// # use undrop::{Envelope, Fields, Options};
/// let envelope = Envelope {
///     fields: Fields::Nested { message_type: "event".into(), data: "payload".into(), id: "ref".into() },
///     reply: "ok".into(),
///     ..Envelope::default()
/// };
/// let options = Options { envelope, ..Options::default() };
/// ```
///
/// One that writes arrays, as Phoenix does:
///
/// ```no_run
/// # use undrop::{Envelope, Fields};
/// let envelope = Envelope { fields: Fields::Array { message_type: 3, data: 4, id: 1 }, ..Envelope::default() };
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// Where type, data and id are. In an object, under these names, unless given.
    pub fields: Fields,
    /// The type of a message that answers a request, `reply` unless given. An answer may as well have no type, or that
    /// of the request: its id says what it answers.
    pub reply: String,
    /// The type of one that says that a request failed. `error` unless given.
    pub error: String,
}

/// Where type, data and id are in a typed message. The id is there in requests and their answers alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fields {
    /// The three are fields of an object: `{ "type": "chat", "data": { "text": "hi" } }`.
    Nested {
        /// The name of the type.
        message_type: String,
        /// The name of the data.
        data: String,
        /// The name of the id.
        id: String,
    },
    /// The message itself is the data, and type and id are fields beside its own: `{ "type": "chat", "text": "hi" }`.
    /// The data has to be a struct or a map.
    Flat {
        /// The name of the type.
        message_type: String,
        /// The name of the id.
        id: String,
    },
    /// The message is an array, with the three at these places, all below 100. What else is in it goes out as null.
    Array {
        /// The place of the type.
        message_type: u8,
        /// The place of the data.
        data: u8,
        /// The place of the id.
        id: u8,
    },
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            fields: Fields::Nested { message_type: "type".into(), data: "data".into(), id: "id".into() },
            reply: "reply".into(),
            error: "error".into(),
        }
    }
}
