//! What stands where in a typed message.

use alloc::string::String;

/// How typed messages are written: the server's choice. The default is
/// `{ "type": "chat", "data": { "text": "hi" }, "id": 7 }`; only requests and their replies have an id.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Envelope {
    fields: Fields,
    reply: String,
    error: String,
}

/// Where type, data and id are in a typed message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fields {
    /// Under these names in an object.
    #[expect(missing_docs, reason = "they are what they are called")]
    Nested { message_type: String, data: String, id: String },
    /// Under these names in an object that is the data as well.
    #[expect(missing_docs, reason = "they are what they are called")]
    Flat { message_type: String, id: String },
    /// At these indices of an array.
    #[expect(missing_docs, reason = "they are what they are called")]
    Array { message_type: u8, data: u8, id: u8 },
}

impl Envelope {
    /// The message is an object, with its type, data and id under these names: `{ "type": "chat", "data": { "text": "hi" }
    /// }`.
    pub fn nested(message_type: impl Into<String>, data: impl Into<String>, id: impl Into<String>) -> Self {
        Self::new(Fields::Nested { message_type: message_type.into(), data: data.into(), id: id.into() })
    }

    /// The message is the data itself, with its type and id under these names beside the data's own:
    /// `{ "type": "chat", "text": "hi" }`. The data has to be a struct or a map.
    pub fn flat(message_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self::new(Fields::Flat { message_type: message_type.into(), id: id.into() })
    }

    /// The message is an array, with its type, data and id at these indices, three different ones below 100. Its other elements
    /// are null.
    pub fn array(message_type: u8, data: u8, id: u8) -> Self {
        Self::new(Fields::Array { message_type, data, id })
    }

    /// Sets the type of a message that answers a request. An answer may as well have no type, or that of the request: its
    /// id says what it answers. Default: `reply`.
    #[must_use]
    pub fn reply(mut self, message_type: impl Into<String>) -> Self {
        self.reply = message_type.into();
        self
    }

    /// Sets the type of a message that says that a request failed. Default: `error`.
    #[must_use]
    pub fn error(mut self, message_type: impl Into<String>) -> Self {
        self.error = message_type.into();
        self
    }

    /// Where type, data and id are.
    #[doc(hidden)]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The type of a message that answers a request.
    #[doc(hidden)]
    pub fn reply_type(&self) -> &str {
        &self.reply
    }

    /// The type of a message that says that a request failed.
    #[doc(hidden)]
    pub fn error_type(&self) -> &str {
        &self.error
    }

    fn new(fields: Fields) -> Self {
        Self { fields, reply: "reply".into(), error: "error".into() }
    }
}

impl Default for Envelope {
    fn default() -> Self {
        Self::nested("type", "data", "id")
    }
}
