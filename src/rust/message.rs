//! A message of the app.

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};

/// A message that is sent, or that arrived.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
}

impl Message {
    /// A copy of what JavaScript has.
    pub(super) fn from_js(data: &JsValue) -> Self {
        match data.as_string() {
            Some(text) => Message::Text(text),
            // A `Uint8Array` that was sent, or the `ArrayBuffer` that the browser received.
            None => Message::Binary(match data.dyn_ref::<Uint8Array>() {
                Some(bytes) => bytes.to_vec(),
                None => Uint8Array::new(data).to_vec(),
            }),
        }
    }

    /// A copy outside of wasm memory, which never shrinks.
    pub(super) fn to_js(&self) -> JsValue {
        match self {
            Message::Text(text) => JsString::from(text.as_str()).into(),
            Message::Binary(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        }
    }

    /// Its bytes; for text those of its UTF-8.
    pub(super) fn len(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Message::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Message::Text(text)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Message::Binary(bytes.into())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Message::Binary(bytes)
    }
}
