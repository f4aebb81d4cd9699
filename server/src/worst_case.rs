//! How much memory clients can make a server take.

use undrop_proto::outbox::Bounds;

use crate::config::{Config, Limits};
use crate::handshake::MAX_URI;
use crate::meter::FREE;

/// What the server takes where it is Rust alone.
#[cfg(not(all(feature = "js", target_arch = "wasm32")))]
mod costs {
    use crate::config::Limits;
    use crate::connection::MOST_BUFFERED;

    /// What a session takes beside its messages: its task with its timer and its place in the table, its principal, and its part
    /// of the store in memory. `npm run server:memory` finds 2.6 KiB.
    pub(super) const SESSION: u64 = 4 << 10;
    /// What a connection takes beside its buffers: its task, its WebSocket and its HTTP connection. `npm run server:memory` finds
    /// 3.5 KiB.
    pub(super) const CONNECTION: u64 = 4 << 10;
    /// How often a message is there that was sent: a WebSocket shares it with the outbox.
    pub(super) const COPIES: u64 = 1;

    /// The buffers of a connection, as large as they get.
    pub(super) fn buffers(limits: &Limits) -> u64 {
        (limits.read_buffer + MOST_BUFFERED) as u64
    }
}

/// The same on Node, with the package ws. On Bun and Deno there is no limit to what is read and not yet taken.
#[cfg(all(feature = "js", target_arch = "wasm32"))]
mod costs {
    use crate::config::Limits;
    use crate::js::MOST_WAITING;

    /// With what JavaScript has of it.
    pub(super) const SESSION: u64 = 12 << 10;
    /// With its streams, and what HTTP and ws have of it. `npm run attack -- --server node` finds 30 KiB.
    pub(super) const CONNECTION: u64 = 40 << 10;
    /// A stream has a copy of what it writes.
    pub(super) const COPIES: u64 = 2;
    /// How many bytes Node reads at once.
    const READ: usize = 64 << 10;
    /// How many such parts a stream of Node holds, paused or not: one before it and one behind it.
    const READS: usize = 2;
    /// A stream is full from here on, or sooner.
    const WRITTEN: usize = 64 << 10;

    pub(super) fn buffers(_: &Limits) -> u64 {
        (READS * READ + MOST_WAITING + WRITTEN) as u64
    }
}

use self::costs::{CONNECTION, COPIES, SESSION, buffers};
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
    /// let limits = Limits::default().sessions(1_000).connections(1_200).outboxes(64 << 20).inboxes(32 << 20);
    /// let config = Config::default().limits(limits);
    /// assert!(config.worst_case().total() < 512 << 20);
    /// ```
    pub fn worst_case(&self) -> WorstCase {
        let Limits { connections, sessions, outboxes, inboxes, .. } = self.limits;
        WorstCase {
            connections: connections as u64 * self.connection(),
            sessions: sessions as u64 * self.session(),
            outboxes: outboxes as u64 * COPIES,
            inboxes: inboxes as u64,
            addresses: ADDRESSES,
            per_address: self.of_one_address(),
        }
    }

    fn of_one_address(&self) -> u64 {
        let limits = &self.limits;
        let sessions = limits.sessions_per_address.min(limits.sessions) as u64;
        let outboxes = limits.outboxes_per_owner.min(limits.outboxes) as u64 * COPIES;
        let inboxes = limits.inboxes_per_owner.min(limits.inboxes) as u64;
        limits.connections_per_address.min(limits.connections) as u64 * self.connection()
            + sessions * self.session()
            + outboxes
            + inboxes
    }

    /// A connection with its buffers as large as they get, its part of a message that does not count, and the URI of one that has no session yet.
    fn connection(&self) -> u64 {
        CONNECTION + buffers(&self.limits) + (FREE + MAX_URI) as u64
    }

    fn session(&self) -> u64 {
        let kept_headers: u64 = if self.kept_headers.is_empty() { 0 } else { 16 << 10 };
        SESSION + MAX_URI as u64 + kept_headers
    }
}

/// What the default limits are for.
const DEFAULT_MEMORY: u64 = 8 << 30;

/// The part of an amount for [`DEFAULT_MEMORY`] that belongs to so much memory.
fn part(amount: usize, memory: u64) -> usize {
    let memory = u128::from(memory.saturating_sub(ADDRESSES));
    usize::try_from(amount as u128 * memory / u128::from(DEFAULT_MEMORY)).unwrap_or(usize::MAX)
}

impl Limits {
    /// The limits for a server whose clients may make it take so much memory, in bytes: those of the default, which are for
    /// 8 GiB, in proportion. What one session or one address may have is never more than by default.
    ///
    /// [`Config::worst_case`] and [`ServeOptions::worst_case`](crate::ServeOptions::worst_case) of the same memory are not more
    /// than that together, from 32 MiB on. Leave a quarter of what the process may have to the app itself, the allocator and the
    /// kernel's buffers: 384 MiB in a container of 512.
    ///
    /// ```
    /// # use undrop_server::{Config, Limits, ServeOptions};
    /// let memory = 384 << 20;
    /// let config = Config::default().limits(Limits::for_memory(memory));
    /// let options = ServeOptions::for_memory(memory);
    /// assert!(config.worst_case().total() + options.worst_case() <= memory);
    /// ```
    pub fn for_memory(bytes: u64) -> Self {
        let all = Self::default();
        let part = |amount| part(amount, bytes);
        let (sessions, connections) = (part(all.sessions), part(all.connections));
        let inboxes_per_owner = part(all.inboxes_per_owner);
        let bounds = |of: Bounds, least: u32| Bounds {
            messages: (part(of.messages as usize) as u32).clamp(least, of.messages),
            bytes: (part(of.bytes as usize) as u64).clamp(64 << 10, of.bytes),
        };
        Self {
            sessions,
            sessions_per_address: all.sessions_per_address.min(sessions / 8).max(1),
            outbox: bounds(all.outbox, 256),
            outboxes: part(all.outboxes),
            outboxes_per_owner: part(all.outboxes_per_owner),
            inbox: bounds(all.inbox, 128),
            inboxes: part(all.inboxes),
            inboxes_per_owner,
            connections,
            connections_per_address: all.connections_per_address.min(connections / 8).max(1),
            message_bytes: all.message_bytes.min(inboxes_per_owner / 2),
            ..all
        }
    }
}

#[cfg(feature = "axum")]
impl crate::ServeOptions {
    /// The options that go with [`Limits::for_memory`].
    pub fn for_memory(bytes: u64) -> Self {
        let all = Self::default();
        let connections = part(all.connections, bytes).max(8);
        Self { connections, connections_per_address: all.connections_per_address.min(connections / 8), ..all }
    }

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

#[cfg(all(test, feature = "axum"))]
mod tests {
    use super::*;
    use crate::ServeOptions;

    fn worst_case(bytes: u64) -> u64 {
        let config = Config::default().limits(Limits::for_memory(bytes));
        config.within_reason().worst_case().total() + ServeOptions::for_memory(bytes).worst_case()
    }

    #[test]
    fn limits_for_some_memory_are_within_it() {
        for mebibytes in [32, 64, 100, 256, 384, 512, 1_000, 4_096, 8_192, 65_536] {
            let worst_case = worst_case(mebibytes << 20) >> 20;
            assert!(worst_case <= mebibytes && worst_case > mebibytes * 7 / 8, "{mebibytes} MiB: {worst_case}");
        }
    }

    #[test]
    fn the_table_of_the_docs_says_what_the_limits_are() {
        let page = include_str!("../../docs/in-production.md");
        for (container, of_it) in
            [("256 MiB", 192), ("512 MiB", 384), ("1 GiB", 768), ("2 GiB", 1_536), ("8 GiB", 6_144)]
        {
            let limits = Limits::for_memory(of_it << 20);
            let row = format!(
                "| {container} | {of_it} MiB | {} | {} | {} MiB | {} MiB | {} KiB |",
                limits.sessions,
                limits.connections,
                limits.outboxes >> 20,
                limits.inboxes >> 20,
                limits.message_bytes >> 10,
            );
            assert!(page.contains(&row), "docs/in-production.md lacks: {row}");
        }
    }
}
