//! What is attacked, and for how long.

use std::time::Duration;

use serde_json::{Value, json};
use undrop_server::{Bounds, Config, Limits, Origins, ServeOptions};

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

/// A small configuration: its limits are within reach of 1,000 connections, and its times within that of a short run.
pub(crate) fn small() -> Config {
    let limits = Limits {
        sessions: 1_500,
        sessions_per_address: 200,
        outbox: Bounds { messages: 1_024, bytes: 1 << 20 },
        outboxes: 32 << 20,
        outboxes_per_owner: 4 << 20,
        inbox: Bounds { messages: 128, bytes: 256 << 10 },
        inboxes: 16 << 20,
        inboxes_per_owner: 2 << 20,
        connections: 1_500,
        connections_per_address: 300,
        message_bytes: 64 << 10,
        handshake_burst: 300,
        handshakes_per_second: 50,
        ..Limits::default()
    };
    Config {
        time_to_live: Duration::from_secs(10),
        idle: Duration::from_secs(3),
        probe: Duration::from_secs(1),
        greeting: Duration::from_secs(2),
        close_timeout: Duration::from_secs(1),
        // The hostile clients are no browsers.
        origins: Origins::Any,
        limits,
        ..Config::default()
    }
}

/// How the small configuration is served.
pub(crate) fn small_serve_options() -> ServeOptions {
    let mut options = ServeOptions::default();
    options.header_timeout = Duration::from_secs(2);
    options.connections = 500;
    options.connections_per_address = 100;
    options
}

/// The same for `undrop/server`: the options of its `Sessions`, and those of `serve` that Node's HTTP server has.
pub(crate) fn small_for_javascript() -> Value {
    let (Config { limits, time_to_live, idle, probe, greeting, close_timeout, .. }, serve) =
        (small(), small_serve_options());
    let bounds = |bounds: Bounds| json!({ "messages": bounds.messages, "bytes": bounds.bytes });
    json!({
        "sessions": {
            "origins": "any",
            "timeToLive": millis(time_to_live),
            "idle": millis(idle),
            "probe": millis(probe),
            "greeting": millis(greeting),
            "closeTimeout": millis(close_timeout),
            "limits": {
                "sessions": limits.sessions,
                "sessionsPerAddress": limits.sessions_per_address,
                "outbox": bounds(limits.outbox),
                "outboxes": limits.outboxes,
                "outboxesPerOwner": limits.outboxes_per_owner,
                "inbox": bounds(limits.inbox),
                "inboxes": limits.inboxes,
                "inboxesPerOwner": limits.inboxes_per_owner,
                "connections": limits.connections,
                "connectionsPerAddress": limits.connections_per_address,
                "messageBytes": limits.message_bytes,
                "handshakeBurst": limits.handshake_burst,
                "handshakesPerSecond": limits.handshakes_per_second,
            },
        },
        "headerTimeout": millis(serve.header_timeout),
        "headerBytes": serve.header_bytes,
        "connections": serve.connections,
    })
}

fn millis(span: Duration) -> u64 {
    span.as_millis() as u64
}
