//! An amount of messages, as limits bound it.

use std::iter::Sum;
use std::ops::{Add, AddAssign, SubAssign};

use undrop_proto::outbox::Bounds;

use crate::Message;

/// A number of messages and of their bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Amount {
    pub(crate) messages: usize,
    pub(crate) bytes: u64,
}

impl Amount {
    pub(crate) fn of(message: &Message) -> Self {
        Self { messages: 1, bytes: message.len() as u64 }
    }

    /// Whether there is room for one more message.
    pub(crate) fn is_within(self, bounds: Bounds) -> bool {
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
