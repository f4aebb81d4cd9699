//! Sessions, proved: two real ends in a simulated world, in every world that is small enough, and by their vectors.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario` | what happens |
//! | `world` | has it happen |
//! | `network` | time, lines, what is on its way |
//! | `guest`, `server` | the owners of the two ends, as a browser and a server with a store would be |
//! | `mail` | a message, and how it travels |
//! | `book`, `receipts` | the record of what happened, and the judgement |
//! | `law` | what is judged by |
//! | `census` | what was met, so that the simulation can't go blind |
//! | `bulk` | the runs, from seeds |
//! | `subject`, `breaches` | ends that were broken on purpose, each of which must be caught |
//! | `assault`, `assaults` | any bytes, against the decoder and both ends; the fuzz targets use the same |
//! | `exhaustive` | all that can happen in a small world |
//! | `vectors` | the frames and conversations of tests/vectors/undrop.1.json |

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod assault;
mod assaults;
mod book;
mod breaches;
mod bulk;
mod census;
mod exhaustive;
mod guest;
mod law;
mod mail;
mod network;
#[path = "../simulation/random.rs"]
mod random;
mod receipts;
mod scenario;
mod server;
mod subject;
mod vectors;
mod world;
