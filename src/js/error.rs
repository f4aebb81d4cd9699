//! What the class throws. JavaScript joins the parts, and writes the numbers: Rust's formatting would cost kilobytes.

use undrop_proto::SendError;
#[cfg(feature = "session")]
use undrop_proto::close::CloseError;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/socket/native.js")]
extern "C" {
    /// A `DOMException` of this name. The first value stands at the beginning of its message, the second one at the end.
    fn exception(name: &str, message: &str, first: Option<f64>, last: Option<f64>) -> JsValue;
}

/// The error about a message that was not accepted.
pub(super) fn send_error(error: SendError) -> JsValue {
    let (name, first, last) = match error {
        SendError::NotOpen | SendError::Closed => ("InvalidStateError", None, None),
        SendError::Full => ("QuotaExceededError", None, None),
        SendError::TooLarge { bytes, largest } => ("DataError", Some(bytes as f64), Some(largest as f64)),
    };
    exception(name, error.describe(), first, last)
}

/// The error about a close frame that can't be sent.
#[cfg(feature = "session")]
pub(super) fn close_error(error: CloseError) -> JsValue {
    let name = match error {
        CloseError::Code(_) => "InvalidAccessError",
        _ => "SyntaxError",
    };
    exception(name, error.describe(), Some(error.value().into()), None)
}
