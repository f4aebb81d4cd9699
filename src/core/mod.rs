//! What decides: a connection without any I/O.
//!
//! Nothing in here knows of a browser, a socket or a clock. A [`Connection`] is told what happened and when, and says
//! what is to be done and when to ask it again. It is driven by a browser, a server or a simulation alike, and does
//! the same for the same input: its randomness comes from a seed.
//!
//! | file | concept |
//! |---|---|
//! | `connection` | the state of a line, and the one way to lose it |
//! | `config` | how it behaves |
//! | `output` | what it says |
//! | `loss` | why a line was lost, and what comes of it |
//! | `signal` | what the page says of itself |
//! | `backoff` | how long to wait before the next dial |
//! | `pulse` | whether the other end is still there |
//! | `patience` | until when something is waited for, where timers can be late |
//! | `queue` | what is sent while the line is down |
//! | [`session`] | nothing lost, over any number of lines |
//! | [`outbox`] | what was sent and is not yet known to have arrived |
//! | [`wire`] | how two ends of a session write what they say to each other |
//! | `stats` | what a status page wants to know |
//! | `millis` | time |

mod backoff;
mod config;
mod connection;
mod loss;
mod millis;
pub mod outbox;
mod output;
mod patience;
mod pulse;
mod queue;
pub mod session;
mod signal;
mod stats;
pub mod wire;

pub use backoff::Retry;
pub use config::{Config, Policy};
pub use connection::{Connection, Deed};
pub use loss::{Cause, Drop, Verdict};
pub use millis::Millis;
pub use output::{Epoch, Event, Fate, Output, Refusal, State};
pub use pulse::Heartbeat;
pub use queue::{Full, Limits, Overflow};
pub use signal::Signal;
pub use stats::{RoundTrip, Stats};
