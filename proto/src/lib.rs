//! The protocol of undrop, without any I/O.
//!
//! This crate opens no socket and reads no clock. A [`Connection`] takes what happened and when, and gives what is to be
//! done and when to call it again. A browser, a server and a simulation drive the same types, which give the same output
//! for the same input: all randomness comes from a seed.
//!
//! Mutate, then drain: after each call, [`poll`](Connection::poll) until there is nothing left to be done.
//!
//! ```
//! use undrop_proto::{Attempt, Config, Connection, Event, Millis, Outcome, Output, Settled};
//!
//! let mut connection = Connection::<&str>::new(Config::default(), Millis(0), 42);
//!
//! // The first output is the first attempt: the driver makes a native socket.
//! assert_eq!(connection.poll(), Some(Output::Connect(Attempt(1))));
//! assert_eq!(connection.poll(), Some(Output::Notify(Event::State)));
//! assert_eq!(connection.poll(), None);
//!
//! // The connection is not open yet, so the message is queued.
//! let id = connection.send(Millis(10), "hello", 5)?;
//! assert_eq!(connection.poll(), None);
//!
//! // The handshake succeeded. The driver does what comes out: it tells the user, and hands over the message.
//! connection.handle_opened(Millis(80), Attempt(1));
//! let outputs: Vec<_> = std::iter::from_fn(|| connection.poll()).collect();
//! let sent = Settled { id, message: "hello", outcome: Outcome::Sent };
//! let expected = [
//!     Output::Notify(Event::State),
//!     Output::Notify(Event::Open),
//!     Output::Transmit("hello"),
//!     Output::Settle(sent),
//! ];
//! assert_eq!(outputs, expected);
//!
//! // The native socket closed. The next attempt is due within the first window, which is 5 s.
//! connection.handle_closed(Millis(9_000), Attempt(1), 1006, false);
//! while connection.poll().is_some() {}
//! assert!(connection.poll_timeout() <= Some(Millis(14_000)));
//! # Ok::<(), undrop_proto::SendError>(())
//! ```
//!
//! A connection that [keeps a session](Connection::with_session) loses no message when it drops. Both ends of a session
//! are a [`session::Session`]. [The protocol](https://github.com/undrop/undrop/blob/main/docs/protocol.md) has its frames, and
//! [how it is built](https://github.com/undrop/undrop/blob/main/docs/architecture.md) what drives this crate.
//!
//! What a driver has to do ([`Output`], [`server::Action`]) and what it is configured with are exhaustive: a new version with more of
//! them is a new major version, and a driver that does not do all of it does not compile.
//!
//! This crate is for drivers of other transports. In a page one uses [undrop](https://docs.rs/undrop), and on a server
//! [undrop-server](https://docs.rs/undrop-server).
//!
//! | module | concept |
//! |---|---|
//! | `connection` | one connection over any number of native sockets |
//! | `config` | how a connection behaves, with the defaults |
//! | `output` | what a connection wants done, and what the user is told |
//! | `attempt` | which attempt something is about |
//! | `dropped` | why a connection dropped, and what to do about it |
//! | `outcome` | what became of a message |
//! | `signal` | what the page says of itself |
//! | `backoff` | how long to wait before the next attempt |
//! | `heartbeat` | whether the peer is still there |
//! | `deadline` | the deadline of an answer, where timers can be late |
//! | `waiting`, `queue` | messages that have not been sent yet |
//! | [`close`] | close codes and reasons |
//! | [`session`] | messages that arrive exactly once and in order, over any number of connections |
//! | [`outbox`] | messages that were sent and not yet acknowledged |
//! | [`wire`] | how the two ends of a session write their frames |
//! | [`server`] | what a server decides about its sessions and plain connections, and what it asks of their store |
//! | [`envelope`] | where the type, the data and the id of a typed message are |
//! | `stats` | counts for a status page |
//! | `millis` | time |

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod attempt;
mod backoff;
pub mod close;
mod config;
mod connection;
mod deadline;
mod dropped;
pub mod envelope;
mod heartbeat;
mod millis;
pub mod outbox;
mod outcome;
mod output;
mod queue;
pub mod server;
pub mod session;
mod signal;
mod stats;
mod waiting;
pub mod wire;

pub use attempt::Attempt;
pub use backoff::Retry;
pub use config::{Config, Lifetime, Policy};
pub use connection::{Connection, Delivery, QueueOrSession};
pub use dropped::{Cause, Decision, Dropped};
pub use heartbeat::Heartbeat;
pub use millis::Millis;
pub use outcome::{MessageId, Outcome, SendError, Settled};
pub use output::{Event, Output, SessionAction, State};
pub use queue::{Limits, Overflow, Queue};
pub use signal::Signal;
pub use stats::{RoundTrip, Stats};

/// The example of the README is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
