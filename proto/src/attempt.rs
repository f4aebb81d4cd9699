//! Which attempt something is about.

/// The number of a connection attempt, and of the native socket that it makes. What an older attempt reports changes
/// nothing.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Attempt(pub u32);
