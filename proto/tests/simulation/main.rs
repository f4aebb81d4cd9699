//! The real protocol in a simulated world, in which anything happens at any time; in a small world, in which all that
//! can happen does; and against any bytes.
//!
//! | file | what it holds |
//! |---|---|
//! | `network` | time, connections, what is under way |
//! | `message` | a message, and what a connection of a session carries |
//! | `random` | the only randomness |
//! | `world` | has a script happen to those who take part, and finds the shortest that fails |
//! | `law` | what must hold after every step |
//! | `census` | what was met, so that the simulation can't go blind |
//! | `runs` | 100,000 scenarios, fresh ones, one again |
//! | `twins` | broken twins, each of which must be caught |
//! | `connection` | a connection with a queue |
//! | `session` | the two ends of a session |
//! | `nodes` | the server's side of a session on two nodes, with a store |
//! | `plain` | a plain connection on a server |
//! | `outage` | 100,000 clients at once |
//! | `away` | one client, and a server that is away for a while |
//! | `exhaustive` | all that can happen in a small world |
//! | `vectors` | the frames and conversations of vectors/undrop.1.json |
//! | `attack`, `attacks` | any bytes, against the decoder and both ends; the fuzz targets use the same |

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod attack;
mod attacks;
mod away;
mod census;
mod connection;
mod exhaustive;
mod law;
mod message;
mod network;
mod nodes;
mod outage;
mod plain;
mod random;
mod runs;
mod session;
mod twins;
mod vectors;
mod world;
