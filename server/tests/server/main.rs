//! The server, over real connections.
//!
//! | file | what it proves |
//! |---|---|
//! | `conversation` | messages get through, whatever happens to the connection |
//! | `commit` | where "exactly once" ends |
//! | `stores` | what a store promises |
//! | `store_connections` | Redis is found again: at its address, by sentinels, in a cluster |
//! | `store_full` | a full Redis recovers |
//! | `store_losses` | what Redis has lost is noticed |
//! | `store_pages` | no request holds Redis up |
//! | `store_tls` | Redis over TLS, and by a connection that the app has |
//! | `store_settings` | settings that lose are warned of |
//! | `store_start` | a store that can't work says so at start |
//! | `store_format` | what an older version has left is resumed, what a newer one has left is not touched |
//! | `store_apps` | several apps share a Redis |
//! | `store_away` | a store that is away is two lines in the log, and new clients wait for it |
//! | `facade` | the recorder of the crate `metrics` gets what is rendered |
//! | `logs` | what a session logs, and that no secret is in it at any level |
//! | `forwarding` | a message reaches a session by its id, wherever that is |
//! | `handshakes` | which handshakes are accepted, and with which subprotocol |
//! | `tokens` | a token is of no use to anybody else |
//! | `secrets` | and is told to nobody else |
//! | `hostile` | clients that do their worst |
//! | `limits` | a client gets so much of anything, and no more |
//! | `fairness` | nobody takes what is everybody's |
//! | `endings` | how a session and a server end |
//! | `stopping` | a server ends in order, and says before that it is not ready |
//! | `hints` | what is said once of how a server is set up |
//! | `soak` | over a Redis that lies, nothing is lost but what is told |
//! | `nodes` | a session moves between nodes, with a real Redis |

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod commit;
mod conversation;
mod endings;
#[cfg(feature = "metrics")]
mod facade;
mod fairness;
mod forwarding;
mod handshakes;
mod hints;
mod hostile;
mod limits;
mod logs;
#[cfg(feature = "redis")]
mod nodes;
mod secrets;
#[cfg(feature = "redis")]
mod soak;
mod stopping;
#[cfg(feature = "redis")]
mod store_apps;
#[cfg(feature = "redis")]
mod store_away;
#[cfg(feature = "redis")]
mod store_connections;
#[cfg(feature = "redis")]
mod store_format;
#[cfg(feature = "redis")]
mod store_full;
#[cfg(feature = "redis")]
mod store_losses;
#[cfg(feature = "redis")]
mod store_pages;
#[cfg(feature = "redis")]
mod store_settings;
#[cfg(feature = "redis")]
mod store_start;
#[cfg(feature = "tls")]
mod store_tls;
mod stores;
mod support;
mod tokens;
