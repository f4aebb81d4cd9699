//! What the server has to say, for JavaScript.

use std::fmt::{Debug, Write as _};

use js_sys::Function;
use send_wrapper::SendWrapper;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use wasm_bindgen::prelude::*;

/// Has each event of the server told to this function: its level, in lower case, and a line. The first call counts.
#[wasm_bindgen(js_name = setLog)]
pub fn set_log(function: Function) {
    let _ = tracing::subscriber::set_global_default(Log(SendWrapper::new(function)));
}

struct Log(SendWrapper<Function>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // Spans are not enabled.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        let Line { message, fields } = line;
        // What the app's function throws is its own.
        let _ = self.0.call2(&JsValue::UNDEFINED, &level.into(), &format!("{message}{fields}").into());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, and after it the fields.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
