//! How a connection behaves.

use super::{Heartbeat, Limits, Retry};

/// How a connection behaves. It stays as it is for its whole life.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Config {
    /// What becomes of a lost line.
    pub policy: Policy,
    /// How long a dial may take, in milliseconds. Not applied under [`Policy::Never`].
    pub connect_timeout: u32,
    /// What may wait while the line is down; without, nothing may.
    pub queue: Option<Limits>,
    /// How a silent line is found out; without, only the browser can tell.
    pub heartbeat: Option<Heartbeat>,
}

/// What becomes of a lost line.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Policy {
    /// It stays lost, and the browser's own socket is left to itself, unless a heartbeat shows that its line is dead:
    /// then it is given up without waiting for the browser, and that is the end.
    Never,
    /// It is dialled again, unless its close code is final.
    Retry(Retry),
    /// The same, once the user has been asked: see [`Output::Consult`](super::Output::Consult).
    Ask(Retry),
}
