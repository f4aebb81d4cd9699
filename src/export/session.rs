//! The session of a line. The protocol's own frames are text and cross unit by unit: they are short and rare.

#![expect(unreachable_pub, reason = "what wasm-bindgen exports has to be `pub`")]

use core::iter::from_fn;

use wasm_bindgen::prelude::*;

use super::letter::Letter;
use super::line::{Carrier, at};
use crate::browser::now;
use crate::core::outbox::Ticket;
use crate::core::wire::Control;
use crate::core::{Deed, Refusal};

/// What a carrier is asked to do, as in `npm/carrier.ts`.
mod acts {
    /// The detail is the next byte of what follows.
    pub(super) const WRITE: i32 = 18;
    /// Send what was written.
    pub(super) const SAY: i32 = 19;
    /// The detail is how many.
    pub(super) const DELIVERED: i32 = 20;
    pub(super) const PART: i32 = 21;
    /// For the reason that was written.
    pub(super) const REJECT: i32 = 22;
    /// The detail is the index of a unit of the frame that arrived. The answer is negative if there is none.
    pub(super) const READ: i32 = 23;
}

/// Does this for the session.
pub(super) fn serve(carrier: Carrier, deed: Deed) {
    let write = |byte: u8| {
        carrier.act(acts::WRITE, byte.into());
    };
    match deed {
        Deed::Say(control) => {
            control.encode(write);
            carrier.act(acts::SAY, 0.0);
        }
        Deed::Delivered(count) => {
            carrier.act(acts::DELIVERED, count as f64);
        }
        Deed::Part => {
            carrier.act(acts::PART, 0.0);
        }
        Deed::Reject(reason) => {
            reason.bytes().for_each(write);
            carrier.act(acts::REJECT, 0.0);
        }
    }
}

/// Takes a message of this number, and of so many bytes, for so many milliseconds, or for ever if negative. Its ticket;
/// 0 or less, and the negative of what `send` says, if it is not taken.
#[wasm_bindgen]
pub fn post(line: usize, number: f64, bytes: f64, time_to_live: f64) -> f64 {
    let time_to_live = (time_to_live >= 0.0).then_some(time_to_live as u32);
    match at(line).ask(|connection| connection.post(now, Letter(number), bytes as u64, time_to_live)) {
        Ok(Ticket(ticket)) => ticket as f64,
        Err(Refusal::NotOpen) => -1.0,
        Err(Refusal::Full) => -2.0,
        Err(Refusal::Closed) => -3.0,
    }
}

/// Has the message of this ticket come back if it has not left.
#[wasm_bindgen]
pub fn recall(line: usize, ticket: f64) {
    at(line).ask(|connection| connection.recall(Ticket(ticket as u64)));
}

/// A message of so many bytes arrived. False if it is not the user's.
#[wasm_bindgen]
pub fn arrived(line: usize, bytes: f64) -> bool {
    at(line).ask(|connection| connection.handle_arrival(now, connection.epoch(), bytes as u64))
}

/// A frame of the protocol's own arrived, and the carrier has it.
#[wasm_bindgen]
pub fn control(line: usize, carrier: i32) {
    let now = now();
    let mut index = 0.0;
    let units = from_fn(|| {
        let unit = Carrier(carrier).act(acts::READ, index);
        index += 1.0;
        (unit >= 0.0).then_some(unit as u16)
    });
    let control = Control::decode(units);
    at(line).ask(|connection| connection.handle_control(now, connection.epoch(), control));
}

/// The socket is open, but the server does not speak the protocol.
#[wasm_bindgen]
pub fn stranger(line: usize) {
    let now = now();
    at(line).ask(|connection| connection.handle_stranger(now, connection.epoch()));
}

/// How many messages were sent and are not known to have arrived.
#[wasm_bindgen]
pub fn unacknowledged(line: usize) -> f64 {
    at(line).with(|connection| connection.unacknowledged() as f64)
}
