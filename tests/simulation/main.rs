//! The real core in a simulated world: a network, a server, a page and a user, each of which does anything at any
//! time. After every step the design's invariants are asserted.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario` | what happens |
//! | `world` | has it happen |
//! | `driver` | tells the core, and does what it says |
//! | `network` | sockets, what is on its way, the server |
//! | `book`, `hanging`, `loss`, `mail`, `permit`, `silence` | the record of what happened, and the judgement |
//! | `law` | what is judged by |
//! | `census` | what was met, so that the simulation can't go blind |
//! | `bulk`, `shrinking` | the runs: from seeds, and with shrinking |
//! | `breaches` | cores that were broken on purpose, each of which must be caught |
//! | `resuming` | the same with a session, against the real other end |
//! | `storm` | 100,000 clients at once |

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod book;
mod breaches;
mod bulk;
mod census;
mod driver;
mod hanging;
mod law;
mod loss;
mod mail;
mod network;
mod permit;
mod random;
#[cfg(feature = "session")]
mod resuming;
mod scenario;
mod shrinking;
mod silence;
mod storm;
mod subject;
mod world;
