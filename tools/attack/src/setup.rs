//! What is attacked, and for how long.

use std::time::Duration;

/// The servers that can be attacked.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum ServerKind {
    /// `undrop-server`.
    Rust,
    /// `undrop/server` on Node: `tools/attack/server.mjs`.
    Node,
}

/// How long a run is, and how large.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    /// How many hostile connections there are at once.
    pub(crate) hostile: usize,
    /// For how long the well-behaved are measured without them.
    pub(crate) alone: Duration,
    /// For how long they attack.
    pub(crate) attack: Duration,
    /// Whether each kind comes from many addresses too. If not, only those do that fill what all share.
    pub(crate) from_many: bool,
    /// Whether another server is attacked too, for comparison.
    pub(crate) has_control: bool,
}

pub(crate) const FULL: Run = Run {
    hostile: 1_000,
    alone: Duration::from_secs(3),
    attack: Duration::from_secs(8),
    from_many: true,
    has_control: true,
};

/// Memory and correctness alone.
pub(crate) const SHORT: Run = Run {
    hostile: 200,
    alone: Duration::from_millis(100),
    attack: Duration::from_millis(700),
    from_many: false,
    has_control: false,
};

/// From how many addresses the hostile connections come, where they do not come from one.
pub(crate) const ADDRESSES: usize = 10;
