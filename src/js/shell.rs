//! The object in `npm/` that stands for a socket in JavaScript.

use undrop_proto::{Attempt, Decision, Dropped, Outcome};
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, WebSocket};

use crate::socket::{Notice, User};

#[wasm_bindgen]
extern "C" {
    /// The shell of a socket: see `npm/shell.ts`. Its methods throw nothing: they report what the page's code throws.
    pub type Shell;

    #[wasm_bindgen(method)]
    fn attach(this: &Shell, native: Option<&WebSocket>);

    #[wasm_bindgen(method)]
    fn find(this: &Shell, attempt: u32);

    #[wasm_bindgen(method)]
    fn authenticate(this: &Shell, attempt: u32);

    /// Fires an event, with this message if there is one.
    #[wasm_bindgen(method)]
    fn notify(this: &Shell, event: &str, message: Option<&str>);

    /// Fires `close`, or adds to the browser's own event.
    #[wasm_bindgen(method)]
    fn closed(this: &Shell, close: &CloseEvent, cause: Option<&str>, is_heard: bool);

    /// Fires `drop`. False if a listener has prevented its default.
    #[wasm_bindgen(method)]
    fn dropped(this: &Shell, close: &CloseEvent, cause: &str, attempt: u32, delay: u32) -> bool;

    /// Undefined if the page's function throws.
    #[wasm_bindgen(method)]
    fn decide(this: &Shell, close: &CloseEvent, cause: &str, attempt: u32, delay: u32) -> JsValue;

    #[wasm_bindgen(method)]
    fn lost(this: &Shell, data: &JsValue, cause: &str);
}

/// A shell as the user of its socket.
pub(super) struct ShellUser(Shell);

impl ShellUser {
    pub(super) fn new(shell: Shell) -> Self {
        Self(shell)
    }
}

impl User for ShellUser {
    fn hears_native_events(&self) -> bool {
        true
    }

    fn attach(&self, native: Option<&WebSocket>) {
        self.0.attach(native);
    }

    fn find(&self, Attempt(attempt): Attempt) {
        self.0.find(attempt);
    }

    fn authenticate(&self, Attempt(attempt): Attempt) {
        self.0.authenticate(attempt);
    }

    fn notify(&self, notice: Notice<'_>) {
        let (event, message) = match notice {
            Notice::State => ("statechange", None),
            Notice::Open => ("open", None),
            Notice::Resume => ("resume", None),
            Notice::Reset(reason) => ("reset", Some(reason.name())),
            Notice::Error(reason) => ("error", reason),
            Notice::Close(close, cause, is_heard) => {
                return self.0.closed(close, cause.map(|cause| cause.name()), is_heard);
            }
        };
        self.0.notify(event, message);
    }

    fn dropped(&self, dropped: &Dropped, close: &CloseEvent) -> bool {
        let &Dropped { cause, attempt, delay, .. } = dropped;
        self.0.dropped(close, cause.name(), attempt, delay)
    }

    fn decide(&self, dropped: &Dropped, close: &CloseEvent) -> Decision {
        let &Dropped { cause, attempt, delay, .. } = dropped;
        let decision = self.0.decide(close, cause.name(), attempt, delay);
        match (decision.as_bool(), decision.as_f64()) {
            (Some(false), _) => Decision::GiveUp,
            (Some(true), _) => Decision::Retry,
            (None, Some(delay)) if delay >= 0.0 => Decision::After(delay as u32),
            _ => Decision::Default,
        }
    }

    fn lost(&self, data: &JsValue, outcome: Outcome) {
        self.0.lost(data, outcome.name());
    }
}
