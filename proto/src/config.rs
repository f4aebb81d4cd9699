//! How a connection behaves, with the defaults.

use super::{Heartbeat, Limits, Retry};

/// How a connection behaves.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Config {
    /// What happens when the connection drops. Without effect under [`Lifetime::Connection`].
    pub policy: Policy,
    /// What ends the connection, if not its user.
    pub lifetime: Lifetime,
    /// How long a handshake may take, in milliseconds. Under [`Policy::Never`] only applied with
    /// [`Lifetime::Connection`].
    pub connect_timeout: u32,
    /// How long the peer may take to answer a close, in milliseconds: to agree to the end of the session, and then to
    /// close the native socket. A connection whose ping is unanswered is not waited for. Under [`Policy::Never`] only
    /// applied to a session and with [`Lifetime::Connection`].
    pub close_timeout: u32,
    /// What may be queued while the connection is not open; nothing without limits. Not applied to a session, which has
    /// [`Bounds`](super::outbox::Bounds).
    pub queue: Option<Limits>,
    /// Whether the user has to [authenticate](super::Output::Authenticate) on each native socket before anything else is
    /// sent. It may take as long as a handshake. Not applied to a session, which begins with frames of its own.
    pub authenticates: bool,
    /// How often the connection is checked; without, only the browser finds that it is dead.
    pub heartbeat: Option<Heartbeat>,
}

impl Default for Config {
    /// Reconnects, 10 s to connect, 5 s to close, a queue, no authentication, no heartbeat.
    fn default() -> Self {
        Self {
            policy: Policy::Retry(Retry::default()),
            lifetime: Lifetime::Unlimited,
            connect_timeout: 10_000,
            close_timeout: 5_000,
            queue: Some(Limits::default()),
            authenticates: false,
            heartbeat: None,
        }
    }
}

/// What ends a connection besides its user, its [`Policy`] and the peer's close code. Something above it, which is told
/// that it is closed, begins again with another one.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Lifetime {
    /// Nothing.
    #[default]
    Unlimited,
    /// Its native socket: it closes when that drops, is not open or not closed in time, or is found dead.
    Connection,
    /// Its session: it closes when that can't be resumed, and is open in between. Like [`Unlimited`](Self::Unlimited) for a
    /// connection that keeps none.
    Session,
}

/// What happens when the connection drops.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Policy {
    /// The connection is closed. No timeout applies to the native socket; only a heartbeat that is not answered abandons
    /// it.
    Never,
    /// The connection reconnects, unless its close code [is final](super::close::is_final).
    Retry(Retry),
    /// The same, unless the user decides otherwise: see [`Output::Decide`](super::Output::Decide).
    Ask(Retry),
}
