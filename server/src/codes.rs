//! The close codes that this server uses, beside 1002 for what breaks the protocol. docs/protocol.md names them all.

/// The app has nothing more to say.
pub const NORMAL: u16 = 1000;
/// A text that is not UTF-8.
pub const NOT_UTF8: u16 = 1007;
/// A message that is larger than [`Limits::message_bytes`](crate::Limits::message_bytes). The session is over, since
/// the client would send it again on each of its lines.
pub const TOO_LARGE: u16 = 1009;
/// The app's handler panicked. The session is kept, and its next line gets a new handler.
pub const FAILED: u16 = 1011;
/// The server ends, or begins anew. Clients spread out.
pub const RESTART: u16 = 1012;
/// A limit is reached, or the store does not answer.
pub const TRY_LATER: u16 = 1013;
/// Another line has taken the session over, on this node or on another.
pub const TAKEN_OVER: u16 = 4000;
/// The line did not greet in time.
pub const NO_GREETING: u16 = 4001;
/// The session had to make room for another of the same client's.
pub const EVICTED: u16 = 4002;
/// The app does not know who this is. Not to be tried again.
pub const UNAUTHORIZED: u16 = 4401;
