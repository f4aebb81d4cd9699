//! What goes to and fro.

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::WebSocket;

/// What is sent, or was.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Message {
    /// Goes as a text frame.
    Text(String),
    /// Goes as a binary frame.
    Binary(Vec<u8>),
}

impl Message {
    /// A copy of what the browser received.
    pub(super) fn received(data: &JsValue) -> Self {
        match data.as_string() {
            Some(text) => Message::Text(text),
            None => Message::Binary(Uint8Array::new(data).to_vec()),
        }
    }

    /// Hands it to the browser, which throws while it dials alone.
    pub(super) fn transmit(&self, native: &WebSocket) -> Result<(), JsValue> {
        match self {
            Message::Text(text) => native.send_with_str(text),
            Message::Binary(bytes) => native.send_with_u8_array(bytes),
        }
    }

    /// How much it counts: its bytes, and for text those of its UTF-8.
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
