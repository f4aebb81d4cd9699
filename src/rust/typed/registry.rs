//! The registry of typed messages, `src/messages/registry.js`, and what is passed to and from it.

use js_sys::{Function, JSON, JsString, Object, Promise, Reflect};
use undrop_proto::Outcome;
use undrop_proto::envelope::{Envelope, Fields};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::rust::error::Error;
use crate::rust::event::Reason;

#[wasm_bindgen(module = "/src/messages/registry.js")]
extern "C" {
    /// Finds the handlers of what arrives, and puts into an envelope what leaves.
    pub(super) type Registry;

    #[wasm_bindgen(constructor, catch)]
    pub(super) fn new(options: &JsValue, socket: &JsValue) -> Result<Registry, JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn receive(this: &Registry, text: &JsString);

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
}

/// What `Registry` takes.
pub(super) fn options(envelope: &Envelope, request_timeout: Option<u32>) -> JsValue {
    let (message_type, data, id): (JsValue, JsValue, JsValue) = match envelope.fields() {
        Fields::Nested { message_type, data, id } => (message_type.into(), data.into(), id.into()),
        Fields::Flat { message_type, id } => (message_type.into(), false.into(), id.into()),
        &Fields::Array { message_type, data, id } => (message_type.into(), data.into(), id.into()),
    };
    let envelope = object([
        ("type", message_type),
        ("data", data),
        ("id", id),
        ("reply", envelope.reply_type().into()),
        ("error", envelope.error_type().into()),
    ]);
    object([("envelope", envelope), ("requestTimeout", request_timeout.into())])
}

#[wasm_bindgen(module = "/src/socket/native.js")]
extern "C" {
    /// Makes the errors of the registry.
    #[wasm_bindgen(thread_local_v2, js_name = exception)]
    static EXCEPTION: JsValue;
}

thread_local! {
    /// One serves all sockets.
    static DESCRIBE: JsValue = Closure::<dyn Fn(String) -> String>::new(|outcome: String| describe(&outcome)).into_js_value();
}

fn describe(outcome: &str) -> String {
    let outcome = Outcome::ALL.into_iter().find(|one| one.name() == outcome);
    outcome.map_or_else(String::new, |outcome| outcome.describe().into())
}

/// What `Registry` needs of its socket.
pub(super) fn socket(post: &JsValue, invalid: &JsValue, listen: &JsValue) -> JsValue {
    let describe = DESCRIBE.with(JsValue::clone);
    let exception = EXCEPTION.with(JsValue::clone);
    object([
        ("post", post.clone()),
        ("invalid", invalid.clone()),
        ("listen", listen.clone()),
        ("describe", describe),
        ("exception", exception),
    ])
}

/// What is wrong with a message, as `Registry` says it.
pub(super) fn reason(complaint: &JsValue) -> Reason {
    let issues = Reflect::get(complaint, &"issues".into()).unwrap_or_default();
    let error = Reflect::get_u32(&issues, 0).map(|issue| text(&issue, "message")).unwrap_or_default();
    // The others are about schemas, of which Rust has none.
    if text(complaint, "reason") == "parse" { Reason::Parse(error) } else { Reason::Envelope(error) }
}

/// What `request` takes.
pub(super) fn request_options(timeout: Option<u32>, signal: AbortSignal) -> JsValue {
    object([("timeout", timeout.map_or(JsValue::UNDEFINED, JsValue::from)), ("signal", signal.into())])
}

fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        // A new object takes any property.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// Our error on its way through JavaScript, and back.
pub(super) fn thrown(error: &Error) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    thrown.set_name(match error {
        Error::NotOpen => "NotOpen",
        Error::Full => "Full",
        Error::TooLarge { .. } => "TooLarge",
        _ => "Closed",
    });
    if let Error::TooLarge { bytes, largest } = error {
        thrown.set_cause(&object([("bytes", (*bytes as f64).into()), ("largest", (*largest as f64).into())]));
    }
    thrown.into()
}

/// What was thrown, or what a promise was rejected with.
pub(super) fn caught(thrown: &JsValue) -> Error {
    match text(thrown, "name").as_str() {
        "NotOpen" => Error::NotOpen,
        "Full" => Error::Full,
        "TooLarge" => {
            let cause = Reflect::get(thrown, &"cause".into()).unwrap_or_default();
            let size =
                |name: &str| Reflect::get(&cause, &name.into()).ok().and_then(|size| size.as_f64()).unwrap_or_default();
            Error::TooLarge { bytes: size("bytes") as u64, largest: size("largest") as u64 }
        }
        "Closed" | "InvalidStateError" => Error::Closed,
        "TimeoutError" => Error::Timeout,
        "NetworkError" => Error::Dropped,
        "QuotaExceededError" => Error::Overflow,
        "ReplyError" => Error::Reply(json(thrown)),
        _ => Error::Serialize(text(thrown, "message")),
    }
}

/// The peer's error about a request.
fn json(reply: &JsValue) -> String {
    let data = Reflect::get(reply, &"data".into()).unwrap_or_default();
    // It throws for what is nested too deep, and returns undefined for undefined.
    JSON::stringify(&data).ok().and_then(|json| JsValue::from(json).as_string()).unwrap_or_default()
}

fn text(thrown: &JsValue, name: &str) -> String {
    Reflect::get(thrown, &name.into()).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
