//! What is logged of each connection and each session, with the same fields everywhere: `session`, the id; `principal`, a hash;
//! `address`, the client's; `path`, that of its request, without the query, which may hold a secret.

use std::time::Duration;

use tracing::field::display;
use tracing::{Span, debug, error_span, info};
use undrop_proto::server::Cause;

use crate::metrics::Refusal;
use crate::{Handshake, Principal, SessionId};

/// The target of the lines that each session has when it begins, is resumed and ends.
macro_rules! session_line {
    ($is_on:expr, $($field:tt)*) => {
        if $is_on {
            info!(target: "undrop_server::sessions", $($field)*);
        }
    };
}

/// Where a session begins on this node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// It is new.
    New,
    /// It was in the store.
    Store,
    /// It is a plain connection, and ends with it.
    Plain,
}

/// All that a connection logs which has no session yet. The level is that of errors so that their lines have these fields
/// whatever is filtered.
pub(crate) fn connection_span(handshake: &Handshake) -> Span {
    let Handshake { address, uri, .. } = handshake;
    error_span!(parent: None, "connection", address = address.map(display), path = uri.path())
}

/// All that a session logs.
pub(crate) fn session_span(id: SessionId, principal: &Principal) -> Span {
    error_span!(parent: None, "session", session = %id, principal = principal.log_id())
}

pub(crate) fn refused(handshake: &Handshake, refusal: Refusal) {
    let Handshake { address, uri, .. } = handshake;
    let [cause] = refusal.values();
    debug!(cause, address = address.map(display), path = uri.path(), "handshake refused");
}

pub(crate) fn begins(is_on: bool, origin: Origin, Handshake { address, uri, .. }: &Handshake) {
    let (address, path) = (address.map(display), uri.path());
    match origin {
        Origin::New => session_line!(is_on, address, path, "session begins"),
        Origin::Plain => session_line!(is_on, address, path, plain = true, "session begins"),
        Origin::Store => session_line!(is_on, address, path, from = "store", "session resumes"),
    }
}

pub(crate) fn resumes(is_on: bool, Handshake { address, uri, .. }: &Handshake, away: Option<Duration>) {
    let away = away.map(tracing::field::debug);
    session_line!(is_on, address = address.map(display), path = uri.path(), away, from = "here", "session resumes");
}

pub(crate) fn ends(is_on: bool, cause: Cause) {
    session_line!(is_on, cause = cause.name(), "session ends");
}
