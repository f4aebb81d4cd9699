//! The close codes that this server uses, beside 1002 for what breaks the protocol. docs/protocol.md names them all.

pub use undrop_proto::close::NORMAL;
/// The server shuts down or restarts. Clients spread their reconnects.
pub use undrop_proto::close::RESTART;
/// A limit is reached, or the store does not answer.
pub use undrop_proto::close::TRY_AGAIN_LATER as TRY_LATER;
pub use undrop_proto::server::codes::{EVICTED, FAILED, NO_GREETING, REVOKED, TAKEN_OVER};

/// What showed whose the client is has expired. The client comes back with another, and its session is kept meanwhile.
pub use undrop_proto::close::CREDENTIALS_EXPIRED;

/// A text that is not UTF-8.
pub const NOT_UTF8: u16 = 1007;
/// A message that is larger than [`Limits::message_bytes`](crate::Limits::message_bytes). The session is over, since
/// the client would send it again on each of its connections.
pub const TOO_LARGE: u16 = 1009;
/// The app does not know who this is. The client does not try again.
pub const UNAUTHORIZED: u16 = 4401;
