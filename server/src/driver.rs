//! The task of a session: it owns the protocol's state, the handler and the current connection, and does what the protocol
//! says.
//!
//! All of them are polled in one task, so that a message on its way from the connection through the store to the handler
//! and back wakes no other task. Nothing waits for anything else: while the store writes, the connection is read and the
//! handler runs.
//!
//! | file | what it is for |
//! |---|---|
//! | `state` | what the task holds |
//! | `task` | the loop |
//! | `commands` | what the app and the session manager want, and the handler's turn |
//! | `connection` | what is read from the connection and written to it, and how it is lost |
//! | `persistence` | how changes get into the store; `retry` has the requests |
//! | `resumes` | connections that ask for the session |
//! | `end` | how the session ends on this node |
//! | `deadlines` | what it waits for, by its `clock` |

mod clock;
mod commands;
mod connection;
mod deadlines;
mod end;
mod persistence;
mod resumes;
mod retry;
mod state;
mod task;

pub(crate) use state::{Beginning, Driver};
