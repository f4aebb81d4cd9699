//! The JavaScript that typed messages are made of: `src/messages/registry.js`, and what goes to and fro.

use alloc::string::String;

use js_sys::{Function, JSON, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::browser::socket::envelope::{Envelope, Fields};
use crate::browser::socket::error::Error;
use crate::browser::socket::event::Reason;

#[wasm_bindgen(module = "/src/messages/registry.js")]
extern "C" {
    /// Finds the handlers of what arrives, and puts into an envelope what leaves.
    pub(super) type Registry;

    #[wasm_bindgen(constructor, catch)]
    pub(super) fn new(options: &JsValue, face: &JsValue) -> Result<Registry, JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn receive(this: &Registry, data: &JsValue);

    #[wasm_bindgen(method)]
    pub(super) fn dropped(this: &Registry);

    #[wasm_bindgen(method)]
    pub(super) fn closed(this: &Registry);

    /// Returns what undoes it.
    #[wasm_bindgen(method)]
    pub(super) fn on(this: &Registry, message_type: &str, handler: &JsValue) -> Function;

    /// Returns what undoes it.
    #[wasm_bindgen(method, catch)]
    pub(super) fn handle(this: &Registry, message_type: &str, answer: &JsValue) -> Result<Function, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn emit(this: &Registry, message_type: &str, data: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn request(this: &Registry, message_type: &str, data: &JsValue, options: &JsValue) -> Promise;

    #[wasm_bindgen(method, getter)]
    pub(super) fn unhandled(this: &Registry) -> f64;

    #[wasm_bindgen(js_name = isWithin)]
    pub(super) fn is_within(data: &JsValue, levels: u32) -> bool;
}

/// What `Registry` takes.
pub(super) fn options(Envelope { fields, reply, error }: &Envelope) -> JsValue {
    let (message_type, data, id): (JsValue, JsValue, JsValue) = match fields {
        Fields::Nested { message_type, data, id } => (message_type.into(), data.into(), id.into()),
        Fields::Flat { message_type, id } => (message_type.into(), false.into(), id.into()),
        &Fields::Array { message_type, data, id } => (message_type.into(), data.into(), id.into()),
    };
    let envelope =
        object([("type", message_type), ("data", data), ("id", id), ("reply", reply.into()), ("error", error.into())]);
    object([("envelope", envelope)])
}

thread_local! {
    /// One for all sockets.
    static DESCRIBE: JsValue = Closure::<dyn Fn(String) -> String>::new(|outcome: String| describe(&outcome)).into_js_value();
}

/// What became of a message that was not sent.
fn describe(outcome: &str) -> String {
    String::from(match outcome {
        "expired" => "it waited longer than it was to live",
        "overflow" => "it made room for a newer one",
        "unsent" => "its session ended before it left",
        "unconfirmed" => "its session ended before the server said that it has it; it may have arrived",
        _ => "it is over",
    })
}

/// What `Registry` needs of a socket.
pub(super) fn face(post: &JsValue, invalid: &JsValue, listen: &JsValue) -> JsValue {
    let describe = DESCRIBE.with(JsValue::clone);
    object([("post", post.clone()), ("invalid", invalid.clone()), ("listen", listen.clone()), ("describe", describe)])
}

/// What is wrong with a message, as `Registry` says it.
pub(super) fn reason(complaint: &JsValue) -> Reason {
    let issues = Reflect::get(complaint, &"issues".into()).unwrap_or_default();
    let words = Reflect::get_u32(&issues, 0).map(|issue| text(&issue, "message")).unwrap_or_default();
    // The others are about schemas, of which Rust has none.
    if text(complaint, "reason") == "parse" { Reason::Parse(words) } else { Reason::Envelope(words) }
}

/// What `request` takes.
pub(super) fn request_options(timeout: Option<u32>, signal: AbortSignal) -> JsValue {
    object([("timeout", timeout.map_or(JsValue::UNDEFINED, JsValue::from)), ("signal", signal.into())])
}

fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        // A fresh object takes any property.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// Our error on its way through JavaScript, and back.
pub(super) fn thrown(error: &Error) -> JsValue {
    let thrown = js_sys::Error::new(&alloc::format!("{error}"));
    thrown.set_name(match error {
        Error::NotOpen => "NotOpen",
        Error::Full => "Full",
        _ => "Over",
    });
    thrown.into()
}

/// What was thrown, or what a promise was rejected with.
pub(super) fn caught(thrown: &JsValue) -> Error {
    match text(thrown, "name").as_str() {
        "NotOpen" => Error::NotOpen,
        "Full" => Error::Full,
        "Over" | "InvalidStateError" => Error::Over,
        "TimeoutError" => Error::Timeout,
        "NetworkError" => Error::Dropped,
        "QuotaExceededError" => Error::Displaced,
        "ReplyError" => Error::Reply(json(thrown)),
        _ => Error::Serialize(text(thrown, "message")),
    }
}

/// What the other end says of a request that failed.
fn json(reply: &JsValue) -> String {
    let data = Reflect::get(reply, &"data".into()).unwrap_or_default();
    // It throws for what is nested too deep, and answers nothing for nothing.
    JSON::stringify(&data).ok().and_then(|json| JsValue::from(json).as_string()).unwrap_or_default()
}

fn text(thrown: &JsValue, name: &str) -> String {
    Reflect::get(thrown, &name.into()).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
