//! An amount of messages, as limits bound it.

use core::iter::Sum;
use core::ops::{Add, AddAssign, SubAssign};

use crate::outbox::Bounds;

/// A number of messages and of their bytes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Amount {
    /// How many messages.
    pub messages: usize,
    /// How many bytes they have.
    pub bytes: u64,
}

impl Amount {
    /// One message of so many bytes.
    pub const fn one(bytes: u64) -> Self {
        Self { messages: 1, bytes }
    }

    /// Whether there is room for one more message.
    pub const fn is_within(self, bounds: Bounds) -> bool {
        self.messages < bounds.messages as usize && self.bytes < bounds.bytes
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self { messages: self.messages + more.messages, bytes: self.bytes + more.bytes }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, more: Self) {
        *self = *self + more;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, less: Self) {
        *self = Self { messages: self.messages - less.messages, bytes: self.bytes - less.bytes };
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_added_and_subtracted_messages_and_bytes_apart() {
        let mut amount: Amount = [Amount::one(2), Amount::one(5)].into_iter().sum();
        assert_eq!(amount, Amount { messages: 2, bytes: 7 });
        amount -= Amount::one(5);
        assert_eq!(amount, Amount::one(2));
    }

    #[test]
    fn there_is_room_until_one_of_the_bounds_is_reached() {
        let bounds = Bounds { messages: 3, bytes: 10 };
        assert!(Amount { messages: 2, bytes: 9 }.is_within(bounds));
        assert!(!Amount { messages: 3, bytes: 9 }.is_within(bounds));
        assert!(!Amount { messages: 2, bytes: 10 }.is_within(bounds));
    }
}
