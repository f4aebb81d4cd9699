//! A drop-in `WebSocket` for the browser.
//!
//! The crate has three rooms, and a room knows only the ones before it:
//!
//! - [`core`] decides. Plain Rust without clock, network or browser, the same on every target.
//! - `browser` acts. It carries out what the core decides, through the browser's own `WebSocket`. Its face for Rust is
//!   `Socket`, behind the feature `socket`, which is on by default.
//! - `export` is what JavaScript sees: the class that the npm package `undrop` is built around.
//!
//! The last two exist on `wasm32` alone.
//!
//! A Rust front end begins with `Socket::connect`, hears of everything as an `Event`, and holds on to the `Socket`. With
//! the feature `serde`, also on by default, a socket has typed messages too: `Socket::on`, `on_any`, `emit`, `request`,
//! `handle` and `messages`. Futures, streams and sinks are those of the futures crates, and whatever runs futures on the
//! page runs them, `wasm_bindgen_futures::spawn_local` for one. The example `chat` shows it all in plain web-sys.
//!
//! With `Options::resume` a socket keeps a session with a server that speaks `undrop.1`, and nothing is lost: `Resume` says
//! how, `Event::Resume`, `Event::Reset` and `Event::Lost` tell of it, and `Socket::deliver` says when a message has arrived.
//! Typed messages go over a session like any others, and a request outlives the line that it left on.
//!
//! | feature | what it adds |
//! |---|---|
//! | `socket` | `Socket` and what belongs to it. On by default, and includes `session` |
//! | `serde` | Its typed messages. On by default, and includes `socket` |
//! | `session` | Sessions, of which the core can do without |
//! | `npm` | Exports to JavaScript, for the npm package alone |

#![cfg_attr(feature = "npm", no_std)]
#![warn(unreachable_pub)]

extern crate alloc;

pub mod core;

#[cfg(all(target_arch = "wasm32", any(feature = "socket", feature = "npm")))]
mod browser;
#[cfg(all(target_arch = "wasm32", feature = "npm"))]
mod export;

#[cfg(all(target_arch = "wasm32", feature = "socket"))]
pub use browser::{Delivery, Error, Event, Fault, Heartbeat, Message, Options, Reason, Resume, Socket, Writable};
#[cfg(all(target_arch = "wasm32", feature = "serde"))]
pub use browser::{Envelope, Fields, Messages, Request, Subscription};

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
