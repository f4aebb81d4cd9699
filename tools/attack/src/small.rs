//! A small configuration, of a server in Rust and of one in JavaScript: its limits are within reach of 1,000 connections, and its
//! times within that of a short run.

use std::time::Duration;

use serde_json::{Value, json};
use undrop_server::{Config, Limits, Origins, ServeOptions};

const TIME_TO_LIVE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(3);
const PROBE: Duration = Duration::from_secs(1);
const GREETING: Duration = Duration::from_secs(2);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

const SESSIONS: usize = 1_500;
const SESSIONS_PER_ADDRESS: usize = 200;
const OUTBOX_MESSAGES: u32 = 1_024;
const OUTBOX_BYTES: u64 = 1 << 20;
const OUTBOXES: usize = 32 << 20;
const OUTBOXES_PER_OWNER: usize = 4 << 20;
const INBOX_MESSAGES: u32 = 128;
const INBOX_BYTES: u64 = 256 << 10;
const INBOXES: usize = 16 << 20;
const INBOXES_PER_OWNER: usize = 2 << 20;
const CONNECTIONS: usize = 1_500;
const CONNECTIONS_PER_ADDRESS: usize = 300;
pub(crate) const MESSAGE_BYTES: usize = 64 << 10;
const HANDSHAKE_BURST: u32 = 300;
const HANDSHAKES_PER_SECOND: u32 = 50;

const HEADER_TIMEOUT: Duration = Duration::from_secs(2);
const HEADER_BYTES: usize = 16 << 10;
const REQUESTS: usize = 500;
const REQUESTS_PER_ADDRESS: usize = 100;

pub(crate) fn config() -> Config {
    let limits = Limits::default()
        .sessions(SESSIONS)
        .sessions_per_address(SESSIONS_PER_ADDRESS)
        .outbox_messages(OUTBOX_MESSAGES)
        .outbox_bytes(OUTBOX_BYTES)
        .outboxes(OUTBOXES)
        .outboxes_per_owner(OUTBOXES_PER_OWNER)
        .inbox_messages(INBOX_MESSAGES)
        .inbox_bytes(INBOX_BYTES)
        .inboxes(INBOXES)
        .inboxes_per_owner(INBOXES_PER_OWNER)
        .connections(CONNECTIONS)
        .connections_per_address(CONNECTIONS_PER_ADDRESS)
        .message_bytes(MESSAGE_BYTES)
        .handshake_burst(HANDSHAKE_BURST)
        .handshakes_per_second(HANDSHAKES_PER_SECOND);
    Config::default()
        .time_to_live(TIME_TO_LIVE)
        .idle(IDLE)
        .probe(PROBE)
        .greeting(GREETING)
        .close_timeout(CLOSE_TIMEOUT)
        // The hostile clients are no browsers.
        .origins(Origins::Any)
        .limits(limits)
}

/// How it is served.
pub(crate) fn serve_options() -> ServeOptions {
    ServeOptions::default()
        .header_timeout(HEADER_TIMEOUT)
        .header_bytes(HEADER_BYTES)
        .connections(REQUESTS)
        .connections_per_address(REQUESTS_PER_ADDRESS)
}

/// The same for `undrop/server`: the options of its `Sessions`, and those of `serve` that Node's HTTP server has.
pub(crate) fn for_javascript() -> Value {
    json!({
        "sessions": {
            "origins": "any",
            "timeToLive": millis(TIME_TO_LIVE),
            "idle": millis(IDLE),
            "probe": millis(PROBE),
            "greeting": millis(GREETING),
            "closeTimeout": millis(CLOSE_TIMEOUT),
            "limits": {
                "sessions": SESSIONS,
                "sessionsPerAddress": SESSIONS_PER_ADDRESS,
                "outbox": { "messages": OUTBOX_MESSAGES, "bytes": OUTBOX_BYTES },
                "outboxes": OUTBOXES,
                "outboxesPerOwner": OUTBOXES_PER_OWNER,
                "inbox": { "messages": INBOX_MESSAGES, "bytes": INBOX_BYTES },
                "inboxes": INBOXES,
                "inboxesPerOwner": INBOXES_PER_OWNER,
                "connections": CONNECTIONS,
                "connectionsPerAddress": CONNECTIONS_PER_ADDRESS,
                "messageBytes": MESSAGE_BYTES,
                "handshakeBurst": HANDSHAKE_BURST,
                "handshakesPerSecond": HANDSHAKES_PER_SECOND,
            },
        },
        "headerTimeout": millis(HEADER_TIMEOUT),
        "headerBytes": HEADER_BYTES,
        "connections": REQUESTS,
    })
}

fn millis(span: Duration) -> u64 {
    span.as_millis() as u64
}
