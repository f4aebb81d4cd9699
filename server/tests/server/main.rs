//! The server, over real connections.
//!
//! | file | what it proves |
//! |---|---|
//! | `conversation` | messages get through, whatever happens to the connection |
//! | `commit` | where "exactly once" ends |
//! | `stores` | what a store promises |
//! | `handshakes` | which handshakes are accepted, and with which subprotocol |
//! | `tokens` | a token is of no use to anybody else |
//! | `secrets` | and is told to nobody else |
//! | `hostile` | clients that do their worst |
//! | `limits` | a client gets so much of anything, and no more |
//! | `fairness` | nobody takes what is everybody's |
//! | `endings` | how a session and a server end |
//! | `nodes` | a session moves between nodes, with a real Redis |

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod commit;
mod conversation;
mod endings;
mod fairness;
mod handshakes;
mod hostile;
mod limits;
#[cfg(feature = "redis")]
mod nodes;
mod secrets;
mod stores;
mod support;
mod tokens;
