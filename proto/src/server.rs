//! The server's side of a session, its store included, without any I/O.

mod record;

pub use record::{Change, Claim, Fence, Kept, Known, Numbered};
