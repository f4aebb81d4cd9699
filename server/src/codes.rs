//! The close codes that this server uses, beside 1002 for what breaks the protocol. docs/protocol.md names them all.

/// The app has ended the session.
pub const NORMAL: u16 = 1000;
/// A text that is not UTF-8.
pub const NOT_UTF8: u16 = 1007;
/// A message that is larger than [`Limits::message_bytes`](crate::Limits::message_bytes). The session is over, since
/// the client would send it again on each of its connections.
pub const TOO_LARGE: u16 = 1009;
/// The app's handler panicked. The session is kept, and its next connection gets a new handler.
pub const FAILED: u16 = 1011;
/// The server shuts down or restarts. Clients spread their reconnects.
pub const RESTART: u16 = 1012;
/// A limit is reached, or the store does not answer.
pub const TRY_LATER: u16 = 1013;
/// Another connection has taken the session over, on this node or on another.
pub const TAKEN_OVER: u16 = 4000;
/// The client did not send its greeting in time.
pub const NO_GREETING: u16 = 4001;
/// The session made room for another one of the same client.
pub const EVICTED: u16 = 4002;
/// The app does not know who this is. The client does not try again.
pub const UNAUTHORIZED: u16 = 4401;

/// The code that a close of the app is sent with: its own if an app may use it, and 1000 otherwise.
pub(crate) fn of_app(code: u16) -> u16 {
    if matches!(code, 1000 | 3000..=4999) { code } else { NORMAL }
}
