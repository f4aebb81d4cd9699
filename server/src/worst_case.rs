//! How much memory clients can make a server take.

use crate::config::{Config, Limits};
use crate::connection::MOST_BUFFERED;
use crate::handshake::MAX_URI;
use crate::meter::FREE;

/// What a session takes beside its messages: its task with its timer and its place in the table, its principal, and its part of
/// the store in memory. `npm run server:memory` finds 2 KiB.
const SESSION: u64 = 4 << 10;
/// What a connection takes beside its buffers: its task, its WebSocket and its HTTP connection. `npm run server:memory` finds 3.6 KiB.
const CONNECTION: u64 = 4 << 10;
/// What a connection that is no WebSocket yet takes beside its head: its task, its HTTP connection and the answer.
#[cfg(feature = "axum")]
const REQUEST: u64 = 8 << 10;
/// What an address takes in the table of allowances.
const ADDRESSES: u64 = 16_384 * 128;

/// The most memory that a configuration lets clients take, in bytes. What the app itself holds, and what a store elsewhere does, is
/// not in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct WorstCase {
    /// The connections, with their buffers.
    pub connections: u64,
    /// The sessions, without their messages.
    pub sessions: u64,
    /// What was sent and not acknowledged.
    pub outboxes: u64,
    /// What has come and is not committed.
    pub inboxes: u64,
    /// What is remembered of addresses.
    pub addresses: u64,
    /// The most that the clients of one address can take of all that, or one user on one address.
    pub per_address: u64,
}

impl WorstCase {
    /// All of it together.
    pub fn total(&self) -> u64 {
        let Self { connections, sessions, outboxes, inboxes, addresses, per_address: _ } = self;
        connections + sessions + outboxes + inboxes + addresses
    }
}

impl Config {
    /// The most memory that clients can make a server with this configuration take.
    ///
    /// ```
    /// # use undrop_server::{Config, Limits};
    /// let limits = Limits { sessions: 1_000, connections: 1_200, outboxes: 64 << 20, inboxes: 32 << 20, ..Limits::default() };
    /// let config = Config { limits, ..Config::default() };
    /// assert!(config.worst_case().total() < 512 << 20);
    /// ```
    pub fn worst_case(&self) -> WorstCase {
        let Limits { connections, sessions, outboxes, inboxes, .. } = self.limits;
        WorstCase {
            connections: connections as u64 * self.connection(),
            sessions: sessions as u64 * self.session(),
            outboxes: outboxes as u64,
            inboxes: inboxes as u64,
            addresses: ADDRESSES,
            per_address: self.of_one_address(),
        }
    }

    fn of_one_address(&self) -> u64 {
        let limits = &self.limits;
        let sessions = limits.sessions_per_address.min(limits.sessions) as u64;
        let outboxes = limits.outboxes_per_owner.min(limits.outboxes) as u64;
        let inboxes = limits.inboxes_per_owner.min(limits.inboxes) as u64;
        limits.connections_per_address.min(limits.connections) as u64 * self.connection()
            + sessions * self.session()
            + outboxes
            + inboxes
    }

    /// A connection with its buffers as large as they get, its part of a message that does not count, and the URI of one that has no session yet.
    fn connection(&self) -> u64 {
        CONNECTION + self.limits.read_buffer as u64 + (FREE + MOST_BUFFERED + MAX_URI) as u64
    }

    fn session(&self) -> u64 {
        let kept_headers: u64 = if self.kept_headers.is_empty() { 0 } else { 16 << 10 };
        SESSION + MAX_URI as u64 + kept_headers
    }
}

#[cfg(feature = "axum")]
impl crate::ServeOptions {
    /// The most memory that connections take which are no WebSockets yet, in bytes.
    pub fn worst_case(&self) -> u64 {
        self.connections as u64 * self.connection()
    }

    /// The most that those of one address take.
    pub fn worst_case_per_address(&self) -> u64 {
        self.connections_per_address.min(self.connections) as u64 * self.connection()
    }

    /// Its head is there twice: as it was read, and as the handshake that the app sees.
    fn connection(&self) -> u64 {
        REQUEST + 2 * self.header_bytes.max(8 << 10) as u64
    }
}
