//! What acts: carries out in the browser what the core decides.

mod driver;
mod lent;
mod native;

pub(crate) use driver::{Driver, Face, now};
pub(crate) use native::Native;
