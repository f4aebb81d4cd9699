//! Data on its way between Rust's types and JavaScript's values.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use super::registry::is_within;
use crate::rust::error::Error;
use crate::rust::inner::error_text;

/// As many levels as `serde_json` allows. Reading a type that contains itself uses the stack, which the peer could
/// otherwise use up.
const DEEPEST: u32 = 128;

/// Returns what is wrong with the data if no `T` can be read from it.
pub(super) fn read<T: DeserializeOwned>(data: JsValue) -> Result<T, String> {
    if !is_within(&data, DEEPEST) {
        return Err(format!("it is nested deeper than {DEEPEST} levels"));
    }
    serde_wasm_bindgen::from_value(data).map_err(|error| error_text(&error.into()))
}

/// As `serde_json` would write it: maps are objects, nothing is null.
pub(super) fn write(data: &(impl Serialize + ?Sized)) -> Result<JsValue, Error> {
    data.serialize(&Serializer::json_compatible()).map_err(|error| Error::Serialize(error_text(&error.into())))
}
