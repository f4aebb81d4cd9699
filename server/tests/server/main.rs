//! The server, over real lines.
//!
//! | file | what it proves |
//! |---|---|
//! | `conversation` | messages get through, whatever becomes of the line |
//! | `commit` | where "exactly once" ends |
//! | `stores` | what a store promises |
//! | `strangers` | who is let in, and what is spoken |
//! | `thieves` | a token is of no use to anybody else |
//! | `secrets` | and is told to nobody else |
//! | `hostile` | clients that do their worst |
//! | `limits` | a client gets so much of anything, and no more |
//! | `endings` | how a session and a server end |
//! | `nodes` | a session moves between nodes, with a real Redis |

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod commit;
mod conversation;
mod endings;
mod hostile;
mod limits;
#[cfg(feature = "redis")]
mod nodes;
mod secrets;
mod stores;
mod strangers;
mod support;
mod thieves;
