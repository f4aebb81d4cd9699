//! Values on their way between JavaScript and Rust.

use bytes::Bytes;
use js_sys::{Array, JsString, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::message::Utf8Bytes;
use crate::{Message, SessionId};

/// An error that JavaScript throws.
pub(super) fn error(message: &str) -> JsValue {
    js_sys::Error::new(&format!("Undrop: {message}")).into()
}

pub(super) fn type_error(message: &str) -> JsValue {
    js_sys::TypeError::new(&format!("Undrop: {message}")).into()
}

/// A message of the app: a string, an `ArrayBuffer` or a view of one.
pub(super) fn message_of(value: &JsValue) -> Result<Message, JsValue> {
    if let Some(text) = value.as_string() {
        return Ok(Message::text(text));
    }
    let bytes = if value.has_type::<js_sys::ArrayBuffer>() {
        Uint8Array::new(value)
    } else if js_sys::ArrayBuffer::is_view(value) {
        let view: &Uint8Array = value.unchecked_ref();
        Uint8Array::new_with_byte_offset_and_length(&view.buffer(), view.byte_offset(), view.byte_length())
    } else {
        return Err(type_error("a message is a string, an ArrayBuffer, or a view of one such as Uint8Array or Buffer"));
    };
    Ok(Message::binary(bytes.to_vec()))
}

/// Messages of the app: one, or an array of them.
pub(super) fn messages_of(value: &JsValue) -> Result<Vec<Message>, JsValue> {
    match value.dyn_ref::<Array>() {
        Some(several) => several.iter().map(|one| message_of(&one)).collect(),
        None if value.is_undefined() => Ok(Vec::new()),
        None => Ok(vec![message_of(value)?]),
    }
}

/// A message for the app: a string or a `Uint8Array` of its own.
pub(super) fn value_of(message: &Message) -> JsValue {
    match message {
        Message::Text(text) => JsString::from(&**text).into(),
        Message::Binary(bytes) => Uint8Array::from(&bytes[..]).into(),
    }
}

/// What a client has sent, which is text if it is UTF-8.
pub(super) fn text_of(bytes: Vec<u8>) -> Option<Utf8Bytes> {
    Utf8Bytes::try_from(Bytes::from(bytes)).ok()
}

pub(super) fn session_id_of(id: &str) -> Result<SessionId, JsValue> {
    let digits = id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let id = SessionId::parse(id.as_bytes()).filter(|_| digits);
    id.ok_or_else(|| type_error("the id of a session has 32 hexadecimal digits"))
}

/// An error that the app can tell by its code.
pub(super) fn coded(message: &str, code: &str) -> JsValue {
    let thrown = error(message);
    // It does not fail for an error that was just made.
    let _ = js_sys::Reflect::set(&thrown, &"code".into(), &code.into());
    thrown
}
