//! What this end knows of a client beside its place in the room, whatever it comes over.

use std::collections::VecDeque;
use std::time::Instant;

use axum::body::Bytes;

use crate::allowance::Allowance;
use crate::house::Seat;
use crate::piece::Download;
use crate::protocol::{Count, Refusal, Request};

/// A frame above this ends the line: what is in it is never even read.
pub const LARGEST_FRAME: usize = 1 << 20;
/// A text frame above this is answered with an error.
const LARGEST_MESSAGE: usize = 64 << 10;
/// So many bytes of a binary frame cost as much as one small message. What was sent behind a file, as a heartbeat, must not
/// wait for long.
const BYTES_A_UNIT: usize = 64 << 10;
/// As many files may be on their way to one client.
const DOWNLOADS: usize = 16;

pub struct Client {
    pub allowance: Allowance,
    downloads: VecDeque<Download>,
    /// Whether it wants to be told numbers.
    pub counts: bool,
}

impl Client {
    pub fn new() -> Self {
        Self { allowance: Allowance::full(Instant::now()), downloads: VecDeque::new(), counts: false }
    }

    /// Hands a text frame to the room, or tells the client why not.
    pub fn take_text(&mut self, seat: &Seat, frame: &str) {
        let now = Instant::now();
        if frame.len() > LARGEST_MESSAGE {
            self.allowance.spend(now, 10);
            seat.hear(None, Err(Refusal::new("text-long", "a message has at most 64 KiB")));
            return;
        }
        let (question, mut request) = Request::parse(frame);
        self.allowance.spend(now, request.as_ref().map_or(5, Request::cost));
        if let Ok(Request::Score(count)) = request {
            self.counts = matches!(count, Count::Run(_));
        }
        if matches!(request, Ok(Request::Fetch { .. })) && self.downloads.len() == DOWNLOADS {
            request = Err(Refusal::new("busy", "16 files are on their way already"));
        }
        self.downloads.extend(seat.hear(question, request));
    }

    /// The same for a binary frame.
    pub fn take_binary(&mut self, seat: &Seat, frame: &[u8]) {
        let units = 1 + frame.len() / BYTES_A_UNIT;
        self.allowance.spend(Instant::now(), u32::try_from(units).unwrap_or(u32::MAX));
        seat.receive(frame);
    }

    pub fn has_piece(&self) -> bool {
        !self.downloads.is_empty()
    }

    /// A piece of the file that is on its way.
    pub fn next_piece(&mut self) -> Option<Bytes> {
        let frame = self.downloads.front_mut()?.next();
        if frame.is_none() {
            self.downloads.pop_front();
        }
        frame
    }
}
