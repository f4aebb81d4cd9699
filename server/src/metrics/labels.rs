//! The labels of the metrics, and the values that they have.

use std::ops::RangeInclusive;

use undrop_proto::close;
use undrop_proto::server::Cause;

use crate::codes;
use crate::store::UnavailableCause;

/// A set of values of the labels of a metric.
pub(crate) trait Label: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The labels, with their values.
    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)>;

    /// Its place in [`ALL`](Self::ALL).
    fn index(self) -> usize;
}

/// Declares an enum whose variants are the values of these labels.
macro_rules! label {
    ($(#[$meta:meta])* $name:ident($($label:literal),+) { $($(#[$of:meta])* $variant:ident = [$($value:expr),+],)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum $name { $($(#[$of])* $variant),* }

        impl $name {
            const LABELS: &'static [&'static str] = &[$($label),+];

            /// The values, as they are named in the metrics and in the log.
            pub(crate) const fn values(self) -> [&'static str; Self::LABELS.len()] {
                match self { $($name::$variant => [$($value),+]),* }
            }
        }

        impl Label for $name {
            const ALL: &'static [Self] = &[$($name::$variant),*];

            fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
                Self::LABELS.iter().copied().zip(self.values())
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

/// Has the variants of an enum, which knows their names, be the values of a label.
macro_rules! named {
    ($name:ident($label:literal)) => {
        impl Label for $name {
            const ALL: &'static [Self] = &$name::ALL;

            fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
                [($label, self.name())].into_iter()
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

named! { Cause("cause") }
named! { UnavailableCause("cause") }

/// No label.
#[derive(Clone, Copy)]
pub(crate) struct Unlabelled;

impl Label for Unlabelled {
    const ALL: &'static [Self] = &[Unlabelled];

    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [].into_iter()
    }

    fn index(self) -> usize {
        0
    }
}

label! {
    /// Whether a session has a connection.
    SessionState("state") {
        Connected = ["connected"],
        Waiting = ["waiting"],
    }
}

label! {
    /// Why a handshake or a connection was refused.
    Refusal("cause") {
        Origin = ["origin"],
        Rate = ["rate"],
        Subprotocol = ["subprotocol"],
        Unauthorized = ["unauthorized"],
        Greeting = ["greeting"],
        Sessions = ["sessions"],
        Store = ["store"],
        Failing = ["failing"],
        Connections = ["connections"],
        Uri = ["uri"],
    }
}

label! {
    /// How a connection ended that neither end has closed, or that was of no use any more.
    Loss("cause") {
        /// TCP ended, or was reset, without a close frame.
        Broken = ["broken"],
        /// The client did not answer a ping.
        Silent = ["silent"],
        /// Another connection took the session over while this one was still there.
        TakenOver = ["taken_over"],
    }
}

label! {
    /// What the store is asked for.
    StoreRequest("request") {
        Create = ["create"],
        Claim = ["claim"],
        Write = ["write"],
        Forward = ["forward"],
        ReadForwarded = ["read_forwarded"],
        Check = ["check"],
        SessionsOf = ["sessions_of"],
        Revoke = ["revoke"],
        Remove = ["remove"],
    }
}

label! {
    /// Why no connection could be accepted.
    AcceptError("cause") {
        /// The process, or the machine, has as many files open as it may.
        Files = ["files"],
        Other = ["other"],
    }
}

label! {
    /// Which version this is.
    Build("version") {
        This = [env!("CARGO_PKG_VERSION")],
    }
}

label! {
    /// What became of a connection that asked for a session.
    Resume("outcome", "cause") {
        /// It has the session, which was on this node.
        Here = ["resumed", "here"],
        /// It has the session, which was in the store.
        Restored = ["resumed", "restored"],
        /// It got a new session: there is none of this token.
        Unknown = ["renewed", "unknown"],
        /// It got a new session: the one of this token is another principal's.
        Foreign = ["renewed", "foreign"],
        /// It got a new session: the store has lost a part of the old one.
        Lost = ["renewed", "lost"],
        /// It got a new session: the handler of the old one has panicked too often.
        Failed = ["renewed", "failed"],
        /// It was closed: a later connection of the client has the session.
        Late = ["refused", "late"],
        /// It was closed: what its client knows can't be.
        Past = ["refused", "violation"],
        /// It was closed: the store did not answer.
        Store = ["refused", "store"],
        /// It was closed: there are too many sessions, or the server ends, or the session's handler has just panicked.
        NoSlot = ["refused", "no_slot"],
    }
}

/// Who sends a close frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Closer {
    Server,
    Client,
}

/// A close frame: who sends it, and with which code. A client may send any code, so those that nobody knows are one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Close {
    by: Closer,
    /// Its row in [`CODES`].
    row: usize,
}

/// The codes that are told apart, and how they are written. The first row that has a code is its row.
const CODES: [(RangeInclusive<u16>, &str); 21] = [
    (only(close::NORMAL), "1000"),
    (only(1001), "1001"),
    (only(close::PROTOCOL_ERROR), "1002"),
    (only(1003), "1003"),
    // A close frame without a code: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
    (only(1005), "1005"),
    (only(codes::NOT_UTF8), "1007"),
    (only(1008), "1008"),
    (only(codes::TOO_LARGE), "1009"),
    (only(1010), "1010"),
    (only(codes::FAILED), "1011"),
    (only(codes::RESTART), "1012"),
    (only(codes::TRY_LATER), "1013"),
    (only(codes::TAKEN_OVER), "4000"),
    (only(codes::NO_GREETING), "4001"),
    (only(codes::EVICTED), "4002"),
    (only(codes::CREDENTIALS_EXPIRED), "4003"),
    (only(codes::UNAUTHORIZED), "4401"),
    (only(close::PROTOCOL_ERROR_OF_A_PAGE), "4402"),
    (only(codes::REVOKED), "4403"),
    (3000..=4999, "app"),
    (0..=u16::MAX, "other"),
];

const fn only(code: u16) -> RangeInclusive<u16> {
    code..=code
}

impl Close {
    pub(crate) fn new(by: Closer, code: u16) -> Self {
        let row = CODES.iter().position(|(codes, _)| codes.contains(&code));
        Self { by, row: row.unwrap_or(CODES.len() - 1) }
    }
}

impl Label for Close {
    const ALL: &'static [Self] = &{
        let mut all = [Close { by: Closer::Server, row: 0 }; 2 * CODES.len()];
        let mut at = 0;
        while at < CODES.len() {
            all[at].row = at;
            all[CODES.len() + at] = Close { by: Closer::Client, row: at };
            at += 1;
        }
        all
    };

    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let by = match self.by {
            Closer::Server => "server",
            Closer::Client => "client",
        };
        [("by", by), ("code", CODES[self.row].1)].into_iter()
    }

    fn index(self) -> usize {
        let first = match self.by {
            Closer::Server => 0,
            Closer::Client => CODES.len(),
        };
        first + self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_code_is_written_as_it_is() {
        let single = CODES.iter().filter(|(codes, _)| codes.start() == codes.end());
        let written: Vec<_> = single.map(|(codes, text)| (codes.start().to_string(), *text)).collect();
        assert_eq!(written.len(), CODES.len() - 2);
        assert!(written.iter().all(|(code, text)| code == text), "{written:?}");
    }
}
