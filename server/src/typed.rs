//! Typed messages: JSON with a type, data, and in requests and their replies an id, as the client has them.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use undrop_proto::envelope::{Envelope, Fields};

use crate::Message;

/// The largest integer that a client in JavaScript can tell from its neighbours.
const LARGEST: u64 = (1 << 53) - 1;

/// Reads and writes typed messages, with the feature `serde`, which is on by default: JSON with a type, data, and in requests
/// and their replies an id, where the [`Envelope`] has them. The client's counterparts are `emit`, `on`, `request` and `handle`.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use undrop_server::{Envelope, Message, Session, Typed, TypedError};
///
/// #[derive(Deserialize, Serialize)]
/// struct Say {
///     text: String,
/// }
///
/// async fn chat(mut session: Session) {
///     let envelope = Envelope::default();
///     let mut lines = Vec::new();
///     while let Some(received) = session.recv().await {
///         // A message that can't be understood is committed, so that it does not come again.
///         let replies = answers(&envelope, &received.message, &mut lines).unwrap_or_default();
///         if received.commit_with(replies).await.is_err() {
///             break;
///         }
///     }
/// }
///
/// fn answers(envelope: &Envelope, message: &Message, lines: &mut Vec<String>) -> Result<Vec<Message>, TypedError> {
///     let message = Typed::read(envelope, message)?;
///     Ok(match message.message_type() {
///         "say" => {
///             let say: Say = message.data()?;
///             lines.push(say.text.clone());
///             vec![Typed::write(envelope, "said", &say)?]
///         }
///         "history" => vec![message.reply(&lines)?],
///         _ if message.is_request() => vec![message.error("there is no such request")?],
///         _ => Vec::new(),
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Typed<'e> {
    envelope: &'e Envelope,
    message_type: Option<String>,
    id: Value,
    data: Value,
}

impl<'e> Typed<'e> {
    /// A message of this type, with this data.
    ///
    /// # Errors
    ///
    /// The data can't be JSON, has an integer beyond 2^53, which a client would read as another number, or does not fit a flat
    /// envelope.
    pub fn write(
        envelope: &Envelope,
        message_type: &str,
        data: &(impl Serialize + ?Sized),
    ) -> Result<Message, TypedError> {
        in_envelope(envelope, message_type, data, None)
    }

    /// A request of this type to the client. Its reply has the same id: see [`answers`](Self::answers). Ids are the app's own, and
    /// those of the client's requests are apart from them.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn request(
        envelope: &Envelope,
        message_type: &str,
        id: u64,
        data: &(impl Serialize + ?Sized),
    ) -> Result<Message, TypedError> {
        in_envelope(envelope, message_type, data, Some(&id.into()))
    }

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// It is binary, no JSON, or has no type where the envelope has it.
    pub fn read(envelope: &'e Envelope, message: &Message) -> Result<Self, TypedError> {
        let text = message.as_text().ok_or(TypedError::Binary)?;
        let mut message: Value = serde_json::from_str(text).map_err(TypedError::Json)?;
        let mut take = |at: &Field<'_>| match (at, &mut message) {
            (Field::Name(name), Value::Object(fields)) => fields.get_mut(*name).map(Value::take).unwrap_or_default(),
            (Field::Index(index), Value::Array(fields)) => fields.get_mut(*index).map(Value::take).unwrap_or_default(),
            _ => Value::Null,
        };
        let (message_type, id, data) = match envelope.fields() {
            Fields::Nested { message_type, data, id } => {
                (take(&Field::Name(message_type)), take(&Field::Name(id)), take(&Field::Name(data)))
            }
            Fields::Array { message_type, data, id } => {
                (take(&Field::index(*message_type)), take(&Field::index(*id)), take(&Field::index(*data)))
            }
            // The message is the data, with its type and id.
            Fields::Flat { message_type, id } => {
                let get = |name: &str| message.get(name).cloned().unwrap_or_default();
                (get(message_type), get(id), message)
            }
        };
        let message_type = match message_type {
            Value::String(message_type) => Some(message_type),
            Value::Null if !id.is_null() => None,
            _ => return Err(TypedError::Envelope),
        };
        Ok(Self { envelope, message_type, id, data })
    }

    /// The message's type; empty for a reply that has none.
    pub fn message_type(&self) -> &str {
        self.message_type.as_deref().unwrap_or_default()
    }

    /// The message's data. What has none is `()`, or a `None`.
    ///
    /// # Errors
    ///
    /// It is no `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, TypedError> {
        T::deserialize(&self.data)
            .map_err(|error| TypedError::Data { message_type: self.message_type().to_owned(), error })
    }

    /// Whether the client waits for a [`reply`](Self::reply) or an [`error`](Self::error).
    pub fn is_request(&self) -> bool {
        !self.id.is_null() && self.answers().is_none()
    }

    /// The id of the [`request`](Self::request) that this is a reply to, or an error.
    pub fn answers(&self) -> Option<u64> {
        let is_answer = match &self.message_type {
            None => true,
            Some(message_type) => [self.envelope.reply_type(), self.envelope.error_type()].contains(&&**message_type),
        };
        self.id.as_u64().filter(|_| is_answer)
    }

    /// Whether this says that a request failed. What the client says of it is [`data`](Self::data): `{ "message": … }`.
    pub fn is_error(&self) -> bool {
        self.answers().is_some() && self.message_type() == self.envelope.error_type()
    }

    /// The reply to this request: what the client's `request` returns. To be sent with the commit of the request, so that it is
    /// answered once.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn reply(&self, data: &(impl Serialize + ?Sized)) -> Result<Message, TypedError> {
        in_envelope(self.envelope, self.envelope.reply_type(), data, Some(&self.id))
    }

    /// Says that this request failed, with `{ "message": … }`: the client's `request` fails with a `ReplyError`.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn error(&self, message: impl fmt::Display) -> Result<Message, TypedError> {
        let data = json!({ "message": message.to_string() });
        in_envelope(self.envelope, self.envelope.error_type(), &data, Some(&self.id))
    }
}

/// Where a part of a message is.
enum Field<'e> {
    Name(&'e str),
    Index(usize),
}

impl Field<'_> {
    fn index(index: u8) -> Self {
        Field::Index(index.into())
    }
}

fn in_envelope(
    envelope: &Envelope,
    type_of_message: &str,
    data: &(impl Serialize + ?Sized),
    id_of_message: Option<&Value>,
) -> Result<Message, TypedError> {
    let value = serde_json::to_value(data).map_err(TypedError::Json)?;
    if let Some(number) = beyond_reach(&value) {
        return Err(TypedError::Number(number));
    }
    let message = match envelope.fields() {
        Fields::Nested { message_type, data, id } => {
            let mut fields = Map::new();
            if !value.is_null() {
                fields.insert(data.clone(), value);
            }
            complete(fields, (message_type, type_of_message), (id, id_of_message))
        }
        Fields::Flat { message_type, id } => {
            let fields = match value {
                Value::Object(fields) => fields,
                Value::Null => Map::new(),
                _ => return Err(TypedError::Flat),
            };
            complete(fields, (message_type, type_of_message), (id, id_of_message))
        }
        Fields::Array { message_type, data, id } => {
            let [message_type, data, id] = [*message_type, *data, *id].map(usize::from);
            let mut fields = vec![Value::Null; message_type.max(data).max(id) + 1];
            fields[data] = value;
            fields[message_type] = type_of_message.into();
            fields[id] = id_of_message.cloned().unwrap_or_default();
            fields.into()
        }
    };
    Ok(Message::text(message.to_string()))
}

fn complete(mut fields: Map<String, Value>, message_type: (&str, &str), id: (&str, Option<&Value>)) -> Value {
    fields.insert(message_type.0.to_owned(), message_type.1.into());
    if let Some(value) = id.1 {
        fields.insert(id.0.to_owned(), value.clone());
    }
    fields.into()
}

/// An integer that JavaScript would read as another one.
fn beyond_reach(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            size.filter(|size| *size > LARGEST).map(|_| number.to_string())
        }
        Value::Array(values) => values.iter().find_map(beyond_reach),
        Value::Object(fields) => fields.values().find_map(beyond_reach),
        _ => None,
    }
}

/// Why a message could not be read or written as a typed one.
#[derive(Debug)]
#[non_exhaustive]
pub enum TypedError {
    /// It is binary.
    Binary,
    /// It is no JSON, or can't be.
    Json(serde_json::Error),
    /// It is not what the envelope says: it has no string as its type.
    Envelope,
    /// Its data is not what was asked for.
    #[expect(missing_docs, reason = "they are what they are called")]
    Data { message_type: String, error: serde_json::Error },
    /// This integer is beyond 2^53.
    Number(String),
    /// In a flat envelope the data has to be a struct or a map.
    Flat,
}

impl fmt::Display for TypedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypedError::Binary => formatter.write_str("the message is binary, and typed messages are text"),
            TypedError::Json(error) => write!(formatter, "not JSON: {error}"),
            TypedError::Envelope => {
                formatter.write_str("the message has no string as its type where the envelope has it")
            }
            TypedError::Data { message_type, error } => write!(formatter, "the data of {message_type:?}: {error}"),
            TypedError::Number(number) => {
                write!(formatter, "{number} is beyond 2^53, and JavaScript would read another number")
            }
            TypedError::Flat => formatter.write_str("in a flat envelope the data has to be a struct or a map"),
        }
    }
}

impl Error for TypedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            TypedError::Json(error) | TypedError::Data { error, .. } => Some(error),
            TypedError::Binary | TypedError::Envelope | TypedError::Number(_) | TypedError::Flat => None,
        }
    }
}

#[cfg(test)]
mod tests;
