//! Time, in milliseconds. std's `Instant` does not exist on wasm32.

use core::ops::Add;

/// A point in time, counted from any origin. The driver sees to it that time never goes back.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Millis(pub u64);

impl Millis {
    /// How many milliseconds ago `earlier` was; 0 if it is in the future.
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
