//! The server's end of [undrop](https://docs.rs/undrop): sessions that outlive their WebSockets, for axum and for
//! tokio-tungstenite.
//!
//! A client with a session loses its line, dials again, and goes on where it was: no message is lost, none comes twice, and
//! all come in order, both ways. The app sees one [`Session`] from the first line to the last:
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, response::Response, routing::any};
//! use undrop_server::{Config, SessionUpgrade, Sessions};
//!
//! async fn chat(upgrade: SessionUpgrade) -> Response {
//!     upgrade.on_session(|mut session| async move {
//!         while let Some(received) = session.recv().await {
//!             let answer = format!("this was number {}", received.number);
//!             if received.commit_with([answer]).await.is_err() {
//!                 break;
//!             }
//!         }
//!     })
//! }
//!
//! let app: Router = Router::new().route("/chat", any(chat)).with_state(Sessions::new(Config::default()));
//! # }
//! ```
//!
//! # Where "exactly once" ends
//!
//! The store takes a message and its count in one atomic step before it is acknowledged, and the client keeps it until then;
//! the app receives each message with its session and number and commits through the store. So what a handler has received
//! and not committed, because it was killed half-way or another node has the session, is received again by the one that comes
//! after it, under the same number; and nothing else is.
//!
//! So between the client's `send` and the [commit](Received::commit), and between the app's [`send`](Session::send) and
//! the client's taking it, each message counts once, whatever becomes of lines, handlers and nodes. What a handler does
//! *beside* that ends where the commit ends:
//!
//! - What it sends in answer belongs into the commit: [`Received::commit_with`] is one atomic step. What it
//!   [sends](Session::send) before a commit may have left when it dies, and is sent again, as another message, by the
//!   handler that comes after it.
//! - What it writes elsewhere, into a database say, can be written twice if it dies between that and the commit. If the
//!   database remembers [`Received::session`] and [`Received::number`] in the same transaction, it is written once there too.
//! - [`Session::send`] returns before the store has the message. [`Session::deliver`] and
//!   [`commit_with`](Received::commit_with) return after.
//! - A session that is over is over: what its client had sent is still received and can be committed, but a handler that
//!   is killed then has no successor.
//! - It is as durable as its store: [`MemoryStore`](store::MemoryStore), the default, outlives a handler that panics and
//!   ends with the process; [`RedisStore`](store::RedisStore) outlives the node, and Redis' own settings say what
//!   outlives Redis.
//!
//! # What it defends against
//!
//! All of it has limits, with defaults that are stated: [`Limits`]. A [`Principal`] binds each session to who made it:
//! [`Builder::authenticate`]. Pages of other origins are refused: [`Origins`]. A token is 128 random bits, is in no log and
//! in no store (they have the [`SessionId`], from which it can't be found), and to anybody but its owner the session does not
//! exist.
//!
//! A foreign page, too many handshakes and a client that does not offer the protocol are refused in HTTP, with 403,
//! 429 and 400. Who is refused by the app is let in and closed with 4401 instead of an answer of 401, since a browser tells a
//! page nothing of an answer, and it would dial again for ever.
//!
//! # Features
//!
//! `axum` (default): [`SessionUpgrade`]. `tungstenite` (default): [`Sessions::accept`]. `redis`:
//! [`RedisStore`](store::RedisStore).

#![cfg_attr(test, allow(clippy::unwrap_used))]
// The documentation names what is behind features.
#![cfg_attr(
    not(all(feature = "axum", feature = "tungstenite", feature = "redis")),
    allow(rustdoc::broken_intra_doc_links)
)]
// Without a way in there is nobody to call it.
#![cfg_attr(not(any(feature = "axum", feature = "tungstenite")), allow(dead_code))]
#![warn(unreachable_pub)]

mod allowance;
#[cfg(feature = "axum")]
mod axum;
pub mod codes;
mod config;
mod driver;
mod handshake;
mod house;
mod id;
mod line;
mod mailbox;
mod message;
mod metrics;
mod plain;
mod principal;
mod session;
mod sessions;
pub mod store;
#[cfg(feature = "tungstenite")]
mod tungstenite;
mod visit;

#[cfg(feature = "axum")]
pub use axum::SessionUpgrade;
pub use config::{Config, Limits, Origins, Spread, Strangers};
pub use handshake::Handshake;
pub use id::SessionId;
pub use message::Message;
pub use metrics::Metrics;
pub use principal::{Principal, Refused};
pub use session::{Cause, Ending, NotCommitted, Received, SendError, Sender, Session};
pub use sessions::{Builder, Sessions};
pub use undrop::core::outbox::Bounds;
