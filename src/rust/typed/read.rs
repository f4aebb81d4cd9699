//! Reads types of Rust from what JavaScript has parsed, as `serde_json` would from its text.
//!
//! serde-wasm-bindgen would give an integer that `JSON.parse` has rounded to whatever takes any number, such as
//! `serde_json::Value`.

use std::fmt::{self, Display};

use js_sys::{Array, JsString, Number, Object, Reflect};
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use wasm_bindgen::{JsCast as _, JsValue};

/// As many levels as `serde_json` allows. Reading a type that contains itself uses the stack, which the peer could
/// otherwise use up.
const DEEPEST: u32 = 128;

/// No integer of Rust's is larger, also when it was rounded: such a number can only be meant as a float.
const LARGEST_INTEGER: f64 = u128::MAX as f64;

/// Returns what is wrong with the data if no `T` can be read from it.
pub(super) fn read<T: DeserializeOwned>(data: JsValue) -> Result<T, String> {
    T::deserialize(Json { value: data, levels: DEEPEST }).map_err(|Error(text)| text)
}

/// A value that `JSON.parse` has returned, or a part of it. Nothing at all reads as null.
struct Json {
    value: JsValue,
    /// How many levels of lists and objects may be in it.
    levels: u32,
}

/// What a value is.
enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Array),
    Object(Object),
}

impl Json {
    fn kind(self) -> Kind {
        let value = self.value;
        if let Some(number) = value.as_f64() {
            Kind::Number(number)
        } else if let Some(text) = value.as_string() {
            Kind::Text(text)
        } else if let Some(truth) = value.as_bool() {
            Kind::Bool(truth)
        } else if value.is_null() || value.is_undefined() {
            Kind::Null
        } else if Array::is_array(&value) {
            Kind::List(value.unchecked_into())
        } else {
            Kind::Object(value.unchecked_into())
        }
    }
}

impl<'de> Deserializer<'de> for Json {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let levels = self.levels;
        match self.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(truth) => visitor.visit_bool(truth),
            Kind::Number(number) => visit_number(number, visitor),
            Kind::Text(text) => visitor.visit_string(text),
            Kind::List(list) => {
                let mut parts = SeqDeserializer::new(parts(list, one_less(levels)?));
                let read = visitor.visit_seq(&mut parts)?;
                parts.end()?;
                Ok(read)
            }
            Kind::Object(object) => {
                let mut properties = MapDeserializer::new(properties(object, one_less(levels)?));
                let read = visitor.visit_map(&mut properties)?;
                properties.end()?;
                Ok(read)
            }
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value.as_f64() {
            Some(number) => visitor.visit_f64(number),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() || self.value.is_undefined() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// The name of a variant, or an object with the variant's content under its name.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let levels = self.levels;
        match self.kind() {
            Kind::Text(variant) => visitor.visit_enum(variant.into_deserializer()),
            Kind::Object(object) if Object::keys(&object).length() == 1 => {
                let content = MapDeserializer::new(properties(object, one_less(levels)?));
                visitor.visit_enum(MapAccessDeserializer::new(content))
            }
            _ => Err(de::Error::custom("an enum is the name of a variant, or an object with that as its one key")),
        }
    }

    /// What nobody reads may be anything.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

impl IntoDeserializer<'_, Error> for Json {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Gives a number to what takes integers, or any number.
fn visit_number<'de, V: Visitor<'de>>(number: f64, visitor: V) -> Result<V::Value, Error> {
    if Number::is_safe_integer(&number.into()) {
        visitor.visit_i64(number as i64)
    } else if number.fract() != 0.0 || number.abs() > LARGEST_INTEGER {
        visitor.visit_f64(number)
    } else {
        Err(de::Error::custom(format_args!(
            "{number} is beyond 2^53, where JavaScript rounds integers: it has to be sent as text, or be read as an f64"
        )))
    }
}

fn parts(list: Array, levels: u32) -> impl Iterator<Item = Json> {
    list.into_iter().map(move |value| Json { value, levels })
}

fn properties(object: Object, levels: u32) -> impl Iterator<Item = (String, Json)> {
    Object::keys(&object).into_iter().map(move |name| {
        // An object that was parsed has no getters that could throw.
        let value = Reflect::get(&object, &name).unwrap_or_default();
        (String::from(name.unchecked_into::<JsString>()), Json { value, levels })
    })
}

fn one_less(levels: u32) -> Result<u32, Error> {
    levels.checked_sub(1).ok_or_else(|| de::Error::custom(format_args!("it is nested deeper than {DEEPEST} levels")))
}

/// What is wrong with the data.
#[derive(Debug)]
struct Error(String);

impl de::Error for Error {
    fn custom<T: Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

impl Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
