//! The labels of the metrics, and the values that they have.

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

/// Declares an enum whose variants are the values of one label.
macro_rules! label {
    ($(#[$meta:meta])* $name:ident($label:literal) { $($(#[$of:meta])* $variant:ident = $value:expr,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum $name { $($(#[$of])* $variant),* }

        impl $name {
            /// Its name in the metrics and in the log.
            pub(crate) const fn name(self) -> &'static str {
                match self { $($name::$variant => $value),* }
            }
        }

        impl Label for $name {
            const ALL: &'static [Self] = &[$($name::$variant),*];

            fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
                [($label, self.name())].into_iter()
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

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
        Connected = "connected",
        Waiting = "waiting",
    }
}

label! {
    /// Why a handshake or a connection was refused.
    Refusal("cause") {
        Origin = "origin",
        Rate = "rate",
        Subprotocol = "subprotocol",
        Unauthorized = "unauthorized",
        Greeting = "greeting",
        Sessions = "sessions",
        Store = "store",
        Failing = "failing",
        Connections = "connections",
        Uri = "uri",
    }
}

label! {
    /// How a connection ended that neither end has closed, or that was of no use any more.
    Loss("cause") {
        /// TCP ended, or was reset, without a close frame.
        Broken = "broken",
        /// The client did not answer a ping.
        Silent = "silent",
        /// Another connection took the session over while this one was still there.
        TakenOver = "taken_over",
    }
}

label! {
    /// What the store is asked for.
    StoreRequest("request") {
        Create = "create",
        Claim = "claim",
        Write = "write",
        Forward = "forward",
        ReadForwarded = "read_forwarded",
        Check = "check",
        SessionsOf = "sessions_of",
        Revoke = "revoke",
        Remove = "remove",
    }
}

label! {
    /// Why no connection could be accepted.
    AcceptError("cause") {
        /// The process, or the machine, has as many files open as it may.
        Files = "files",
        Other = "other",
    }
}

label! {
    /// Which version this is.
    Build("version") {
        This = env!("CARGO_PKG_VERSION"),
    }
}

/// What became of a connection that asked for a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resume {
    /// It has the session, which was on this node.
    Here,
    /// It has the session, which was in the store.
    Restored,
    /// It got a new session: there is none of this token.
    Unknown,
    /// It got a new session: the one of this token is another principal's.
    Foreign,
    /// It got a new session: the store has lost a part of the old one.
    Lost,
    /// It got a new session: the handler of the old one has panicked too often.
    Failed,
    /// It was closed: a later connection of the client has the session.
    Late,
    /// It was closed: what its client knows can't be.
    Past,
    /// It was closed: the store did not answer.
    Store,
    /// It was closed: there are too many sessions, or the server ends, or the session's handler has just panicked.
    NoSlot,
}

impl Resume {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Resume::Here => ("resumed", "here"),
            Resume::Restored => ("resumed", "restored"),
            Resume::Unknown => ("renewed", "unknown"),
            Resume::Foreign => ("renewed", "foreign"),
            Resume::Lost => ("renewed", "lost"),
            Resume::Failed => ("renewed", "failed"),
            Resume::Late => ("refused", "late"),
            Resume::Past => ("refused", "violation"),
            Resume::Store => ("refused", "store"),
            Resume::NoSlot => ("refused", "no_slot"),
        }
    }
}

impl Label for Resume {
    const ALL: &'static [Self] = &[
        Resume::Here,
        Resume::Restored,
        Resume::Unknown,
        Resume::Foreign,
        Resume::Lost,
        Resume::Failed,
        Resume::Late,
        Resume::Past,
        Resume::Store,
        Resume::NoSlot,
    ];

    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let (outcome, cause) = self.names();
        [("outcome", outcome), ("cause", cause)].into_iter()
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl Label for Cause {
    const ALL: &'static [Self] = &Cause::ALL;

    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [("cause", self.name())].into_iter()
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl Label for UnavailableCause {
    const ALL: &'static [Self] = &UnavailableCause::ALL;

    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [("cause", self.name())].into_iter()
    }

    fn index(self) -> usize {
        self as usize
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
    code: usize,
}

/// The codes that are told apart, and how they are written.
const CODES: [(u16, &str); 21] = [
    (close::NORMAL, "1000"),
    (1001, "1001"),
    (close::PROTOCOL_ERROR, "1002"),
    (1003, "1003"),
    // A close frame without a code: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
    (1005, "1005"),
    (codes::NOT_UTF8, "1007"),
    (1008, "1008"),
    (codes::TOO_LARGE, "1009"),
    (1010, "1010"),
    (codes::FAILED, "1011"),
    (codes::RESTART, "1012"),
    (codes::TRY_LATER, "1013"),
    (codes::TAKEN_OVER, "4000"),
    (codes::NO_GREETING, "4001"),
    (codes::EVICTED, "4002"),
    (codes::CREDENTIALS_EXPIRED, "4003"),
    (codes::UNAUTHORIZED, "4401"),
    (close::PROTOCOL_ERROR_OF_A_PAGE, "4402"),
    (codes::REVOKED, "4403"),
    // Any that is an app's.
    (3000, "app"),
    (0, "other"),
];

impl Close {
    pub(crate) fn new(by: Closer, code: u16) -> Self {
        let known = CODES.iter().position(|(known, _)| *known == code);
        let last = CODES.len() - 1;
        let code = known.unwrap_or(if matches!(code, 3000..=4999) { last - 1 } else { last });
        Self { by, code }
    }
}

impl Label for Close {
    const ALL: &'static [Self] = &{
        let mut all = [Close { by: Closer::Server, code: 0 }; 2 * CODES.len()];
        let mut at = 0;
        while at < CODES.len() {
            all[at].code = at;
            all[CODES.len() + at] = Close { by: Closer::Client, code: at };
            at += 1;
        }
        all
    };

    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let by = match self.by {
            Closer::Server => "server",
            Closer::Client => "client",
        };
        [("by", by), ("code", CODES[self.code].1)].into_iter()
    }

    fn index(self) -> usize {
        let first = match self.by {
            Closer::Server => 0,
            Closer::Client => CODES.len(),
        };
        first + self.code
    }
}
