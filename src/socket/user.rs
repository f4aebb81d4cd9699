//! What a socket tells: the side of a face that the socket sees.

use undrop_proto::session::Reset;
use undrop_proto::{Attempt, Cause, Decision, Dropped, Outcome};
use wasm_bindgen::JsValue;
use web_sys::{CloseEvent, WebSocket};

/// Whoever uses a socket: the class of JavaScript, or the one of Rust.
pub(crate) trait User {
    /// Whether the browser's own `open`, `error`, `close` and `message` events reach the user, through listeners on the
    /// native socket. If not, [`notify`](Self::notify) tells of them all.
    fn hears_native_events(&self) -> bool;

    /// A message arrived, and the user has no listeners on the native socket.
    #[cfg(feature = "rust")]
    fn message(&self, _data: &JsValue) {}

    /// A native socket has taken the place of the last one; or the last one was abandoned, and none has yet.
    fn attach(&self, native: Option<&WebSocket>);

    /// Finds out where to connect, and reports it to [`Driver::found`](super::Driver::found) or
    /// [`Driver::not_found`](super::Driver::not_found).
    fn find(&self, attempt: Attempt);

    /// Authenticates on the native socket of this attempt, and reports it to
    /// [`Driver::authenticated`](super::Driver::authenticated). Called only if the settings ask for it.
    fn authenticate(&self, _attempt: Attempt) {}

    /// Something happened.
    fn notify(&self, notice: Notice<'_>);

    /// The connection dropped and will reconnect; `close` is how. False if the user wants it to be closed instead.
    fn dropped(&self, dropped: &Dropped, close: &CloseEvent) -> bool;

    /// The connection dropped: what is to be done?
    fn decide(&self, dropped: &Dropped, close: &CloseEvent) -> Decision;

    /// This message was not sent, or not delivered.
    fn lost(&self, data: &JsValue, outcome: Outcome);
}

/// What a user is told.
pub(crate) enum Notice<'a> {
    State,
    Open,
    /// The connection is open again, and the session goes on.
    Resume,
    /// The session is over. The `Open` of a new one follows.
    Reset(Reset),
    /// With what the server did wrong, if that is known.
    Error(Option<&'static str>),
    /// With the browser's own event, or with what stands for it. Whether the user hears of it by the browser's own.
    Close(
        &'a CloseEvent,
        Option<Cause>,
        #[cfg_attr(not(feature = "js"), expect(dead_code, reason = "Rust hears of no event of the browser's"))] bool,
    ),
}
