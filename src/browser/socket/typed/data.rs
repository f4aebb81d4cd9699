//! Data on its way between Rust's types and JavaScript's values.

use alloc::string::String;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use super::registry::is_within;
use crate::browser::socket::error::Error;
use crate::browser::socket::line::words;

/// As many as `serde_json` allows. What reads a type that holds itself uses the stack, which the other end could
/// otherwise use up.
const DEEPEST: u32 = 128;

/// In words what is wrong with it, if it can't be one.
pub(super) fn read<T: DeserializeOwned>(data: JsValue) -> Result<T, String> {
    if !is_within(&data, DEEPEST) {
        return Err(alloc::format!("it is nested deeper than {DEEPEST} levels"));
    }
    serde_wasm_bindgen::from_value(data).map_err(|error| words(&error.into()))
}

/// As `serde_json` would write it: maps are objects, nothing is null.
pub(super) fn write(data: &(impl Serialize + ?Sized)) -> Result<JsValue, Error> {
    data.serialize(&Serializer::json_compatible()).map_err(|error| Error::Serialize(words(&error.into())))
}
