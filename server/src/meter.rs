//! Counts what a connection holds of a message that is not there in whole: a client can begin one and never end it.

use std::sync::Arc;

use crate::budget::Purse;
use crate::turns::Turns;

/// How much room each connection has that does not count.
pub(crate) const FREE: usize = 4 << 10;
/// How many bytes the first message may have. It has 63 bytes, and some more one day.
const GREETING: usize = 256;

/// The room that a connection has for a message which is not there in whole.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// How many bytes the room has.
    room: usize,
    /// How many bytes were taken from the purse for the room.
    taken: u64,
    /// Whose they are. There is none before the handshake is done.
    purse: Option<Arc<Purse>>,
    /// Whether the first message is to come.
    is_greeted: bool,
}

/// Why a connection is not read any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Excess {
    /// The first message is larger than any greeting.
    Greeting,
    /// The client's share of what may be unfinished, or the whole, is used up.
    Budget,
}

impl Meter {
    /// The handshake is done, and the client's first message is to come.
    pub(crate) fn expect_greeting(&mut self, purse: Arc<Purse>) {
        self.is_greeted = false;
        self.purse = Some(purse);
    }

    /// The client may send messages from now on, on account of this purse.
    pub(crate) fn expect_messages(&mut self, purse: Arc<Purse>) {
        self.finish_message();
        self.is_greeted = true;
        self.purse = Some(purse);
    }

    /// The turns of whose the connection is.
    pub(crate) fn turns(&self) -> Option<Arc<Turns>> {
        self.purse.as_ref().map(|purse| purse.turns())
    }

    /// How many bytes the next message may have, if there is another limit than that for all messages.
    pub(crate) fn limit(&self) -> Option<usize> {
        (!self.is_greeted).then_some(GREETING)
    }

    /// Whether what is held of a message counts.
    pub(crate) fn is_counting(&self) -> bool {
        self.taken > 0
    }

    /// The room needs so many more bytes.
    pub(crate) fn count(&mut self, bytes: usize) -> Result<(), Excess> {
        self.room += bytes;
        let more = (self.room.saturating_sub(FREE) as u64).saturating_sub(self.taken);
        if more > 0
            && let Some(purse) = &self.purse
        {
            if !purse.take(more) {
                return Err(Excess::Budget);
            }
            self.taken += more;
        }
        Ok(())
    }

    /// A message is there in whole, or dropped.
    pub(crate) fn finish_message(&mut self) {
        self.room = 0;
        if let Some(purse) = &self.purse {
            purse.give_back(std::mem::take(&mut self.taken));
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.finish_message();
    }
}
