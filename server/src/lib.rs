#![cfg_attr(feature = "axum", doc = include_str!("../README.md"))]
//!
//! # Where "exactly once" ends
//!
//! The store takes a message and its count in one atomic step before the server acknowledges it, and the client keeps it until
//! then; the app receives each message with its session and number and commits through the store. What a handler has received
//! and not committed, because it was killed half-way or another node has the session, the next handler of the session receives
//! again, under the same number; and nothing else.
//!
//! So between the client's `send` and the [commit](Received::commit), and between the app's [`send`](Session::send) and
//! the client's receiving it, each message counts once, whatever happens to connections, handlers and nodes. That is not so for
//! what a handler does *beside* its commits:
//!
//! - Its answers belong into the commit: [`Received::commit_with`] is one atomic step. An answer that it
//!   [sends](Session::send) before the commit may have left when the handler dies, and the next handler sends it again, as
//!   another message.
//! - What it writes elsewhere, into a database say, can be written twice if the handler dies between that and the commit. If
//!   the database remembers [`Received::session`] and [`Received::number`] in the same transaction, it is written once there too.
//! - [`Session::send`] returns before the store has the message. [`Session::deliver`] and
//!   [`commit_with`](Received::commit_with) return when the store has it.
//! - When a session is over, its handler still receives what the client had sent, and can commit it, but if the handler is
//!   killed then, no other handler comes after it.
//! - A session is as durable as its store: [`MemoryStore`](store::MemoryStore), the default, outlives a handler that panics and
//!   ends with the process; [`RedisStore`](store::RedisStore) outlives the node, and the settings of Redis say what outlives
//!   Redis.
//!
//! # What it defends against
//!
//! Everything a client can make the server hold has a limit: [`Limits`]. A [`Principal`] binds each session to the user who
//! made it: [`Builder::authenticate`]. Pages of other origins are refused: [`Origins`]. A token is 128 random bits, is in no log and
//! in no store (they have the [`SessionId`], from which it can't be found), and to anybody but its owner the session does not
//! exist.
//!
//! A page of another origin, too many handshakes and a client that does not offer the protocol are refused in HTTP, with 403,
//! 429 and 400. A client that the app refuses gets its connection, and a close frame with 4401, instead of an answer of 401: a
//! browser tells a page nothing of an answer, and the page would connect again for ever.
//!
//! # Where to begin
//!
//! [`SessionUpgrade`] is an axum extractor, [`Server`] serves an axum app and ends in order; [`Sessions::accept`] serves any stream of
//! bytes.
//! [`Session`] is what a handler gets, [`Received`] a message that it commits, [`Sender`] sends from elsewhere on the same node, and
//! [`Sessions::send_to`] from any node. [`Config`] has all options, [`store`] what keeps the sessions, [`Typed`] the messages of the
//! client's `emit` and `request`.
//!
//! # Features
//!
//! `axum` (default): [`SessionUpgrade`], [`Server`]. `tungstenite` (default): [`Sessions::accept`]. `serde` (default): [`Typed`]. `redis`:
//! [`RedisStore`](store::RedisStore). `metrics`: the recorder of the crate `metrics` gets what [`Metrics`] renders. `tls`: `rediss://` for it, by rustls, whose cryptography is ring's unless the app has
//! installed another.

#![cfg_attr(test, allow(clippy::unwrap_used))]
// The documentation names what is behind features.
#![cfg_attr(
    not(all(feature = "axum", feature = "serde", feature = "tungstenite", feature = "redis")),
    allow(rustdoc::broken_intra_doc_links)
)]
// Without a way in there is nobody to call it.
#![cfg_attr(not(any(feature = "axum", feature = "tungstenite")), allow(dead_code))]
#![warn(unreachable_pub)]

mod admission;
mod allowance;
mod app_words;
#[cfg(feature = "axum")]
mod axum;
mod budget;
mod channel;
pub mod codes;
mod config;
mod connection;
mod driver;
mod ending;
mod handshake;
mod health;
mod hints;
mod id;
mod incoming;
#[cfg(all(feature = "js", target_arch = "wasm32"))]
mod js;
mod log;
mod manager;
mod message;
mod meter;
mod metrics;
mod principal;
mod proxies;
mod reminder;
mod requests;
mod runtime;
#[cfg(feature = "axum")]
mod serve;
#[cfg(feature = "axum")]
mod server;
mod session;
mod sessions;
mod shared;
#[cfg(not(target_arch = "wasm32"))]
mod signal;
mod slots;
pub mod store;
#[cfg(feature = "tungstenite")]
mod tungstenite;
mod turns;
#[cfg(feature = "serde")]
mod typed;
#[cfg(any(feature = "axum", feature = "tungstenite"))]
mod websocket;
mod worst_case;

#[cfg(feature = "axum")]
pub use axum::SessionUpgrade;
pub use config::{Config, Limits, Origins, PlainConnections, Spread};
pub use ending::{Cause, CloseFrame, Ending, NotCommitted, SendError};
pub use handshake::Handshake;
pub use health::NotReady;
pub use id::SessionId;
pub use message::Message;
pub use metrics::Metrics;
pub use principal::{Principal, Refused};
pub use proxies::Proxies;
#[cfg(feature = "redis")]
pub use redis;
#[cfg(feature = "axum")]
pub use serve::{ServeOptions, serve, serve_stream};
#[cfg(feature = "axum")]
pub use server::Server;
pub use session::{Received, Sender, Session};
pub use sessions::{Builder, Sessions};
#[cfg(not(target_arch = "wasm32"))]
pub use signal::until_signal;
#[cfg(feature = "serde")]
pub use typed::{Typed, TypedError};
#[cfg(feature = "serde")]
pub use undrop_proto::envelope::Envelope;
pub use worst_case::WorstCase;
