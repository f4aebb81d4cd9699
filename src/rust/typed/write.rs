//! Makes JavaScript's values of types of Rust.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::rust::error::Error;
use crate::rust::inner::error_text;

/// As `serde_json` would write it: maps are objects, nothing is null. An integer that JavaScript would round is an error.
pub(super) fn write(data: &(impl Serialize + ?Sized)) -> Result<JsValue, Error> {
    data.serialize(&Serializer::json_compatible()).map_err(|error| Error::Serialize(error_text(&error.into())))
}
