//! What JavaScript sees. The class that a page uses is the shell in `npm/`, which holds one of these.

mod letter;
mod line;
mod runtime;
#[cfg(feature = "session")]
mod session;
