//! The state of a client that does not depend on its room: its rate limit and its downloads. It is the same with a session
//! and without one.

use std::collections::VecDeque;
use std::time::Instant;

use axum::body::Bytes;

use crate::piece::Download;
use crate::protocol::{Count, Request};
use crate::rate_limit::RateLimit;
use crate::refusal::Refusal;

/// A larger frame is not read: it closes the connection.
pub const LARGEST_FRAME: usize = 1 << 20;
/// A larger text frame is answered with an error.
const LARGEST_MESSAGE: usize = 64 << 10;
/// So many bytes of a binary frame cost as much as one small message. A message that is sent behind a file, such as a
/// heartbeat, must not wait for long.
const BYTES_A_UNIT: usize = 64 << 10;
/// The most files that are sent to one client at once.
const DOWNLOADS: usize = 16;

pub struct Client {
    pub rate_limit: RateLimit,
    downloads: VecDeque<Download>,
    /// Whether the client takes part in a delivery test and is to be sent numbers.
    pub counts: bool,
}

impl Client {
    pub fn new() -> Self {
        Self { rate_limit: RateLimit::full(Instant::now()), downloads: VecDeque::new(), counts: false }
    }

    /// Parses a text frame and charges its cost. Returns the id of the request, if it has one, and the request.
    pub fn parse_text(&mut self, frame: &str) -> (Option<u64>, Result<Request, Refusal>) {
        let now = Instant::now();
        if frame.len() > LARGEST_MESSAGE {
            self.rate_limit.spend(now, 10);
            return (None, Err(Refusal::new("text-long", "a message has at most 64 KiB")));
        }
        let (id, request) = Request::parse(frame);
        self.rate_limit.spend(now, request.as_ref().map_or(5, Request::cost));
        if let Ok(Request::Score(count)) = request {
            self.counts = matches!(count, Count::Run(_));
        }
        if matches!(request, Ok(Request::Fetch { .. })) && self.downloads.len() == DOWNLOADS {
            return (id, Err(Refusal::new("busy", "16 files are on their way already")));
        }
        (id, request)
    }

    /// Charges the cost of a binary frame.
    pub fn charge_binary(&mut self, frame: &[u8]) {
        let units = 1 + frame.len() / BYTES_A_UNIT;
        self.rate_limit.spend(Instant::now(), u32::try_from(units).unwrap_or(u32::MAX));
    }

    pub fn add_download(&mut self, download: Download) {
        self.downloads.push_back(download);
    }

    pub fn has_piece(&self) -> bool {
        !self.downloads.is_empty()
    }

    /// Returns the frame with the next piece of the oldest download. Without a piece that download is complete.
    pub fn next_piece(&mut self) -> Option<Bytes> {
        let frame = self.downloads.front_mut()?.next();
        if frame.is_none() {
            self.downloads.pop_front();
        }
        frame
    }
}
