//! Time, in milliseconds. std's `Instant` does not exist on wasm32.

use core::ops::Add;

/// A point in time, counted from any origin. Whoever drives the core sees to it that it never goes back.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Millis(pub u64);

impl Millis {
    /// How long ago `earlier` was; nothing if it is yet to come.
    pub fn since(self, earlier: Millis) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<u32> for Millis {
    type Output = Millis;

    fn add(self, span: u32) -> Millis {
        Millis(self.0.saturating_add(u64::from(span)))
    }
}

#[cfg(test)]
mod tests;
