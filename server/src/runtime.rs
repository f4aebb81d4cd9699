//! What the server runs on: tasks, timers and a clock. tokio's, or those of a JavaScript runtime when it is compiled to WebAssembly
//! for one.

#[cfg(not(target_arch = "wasm32"))]
mod tokio;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::tokio::*;

#[cfg(target_arch = "wasm32")]
mod javascript;
#[cfg(target_arch = "wasm32")]
pub(crate) use self::javascript::*;
