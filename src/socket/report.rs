//! What the browser reports.

use undrop_proto::Signal;
use wasm_bindgen::prelude::*;

/// What the browser reports: the events of a native socket, and the signals of `page.js`.
#[wasm_bindgen]
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Report {
    Open = "open",
    Error = "error",
    Close = "close",
    Message = "message",
    Online = "online",
    Offline = "offline",
    Visible = "visible",
    Hidden = "hidden",
    Wake = "wake",
}

impl Report {
    /// What it says of the page, unless it is of a native socket.
    pub(super) fn signal(self) -> Option<Signal> {
        match self {
            Report::Online => Some(Signal::Online),
            Report::Offline => Some(Signal::Offline),
            Report::Visible => Some(Signal::Visible),
            Report::Hidden => Some(Signal::Hidden),
            Report::Wake => Some(Signal::Wake),
            _ => None,
        }
    }
}
