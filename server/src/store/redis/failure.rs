//! Why Redis does not do what it is asked for, and what its operator can do about it.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use crate::store::{Unavailable, UnavailableCause};

/// How long to wait for a connection, and for an answer of Redis, before it counts as away.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn unavailable(error: RedisError) -> Unavailable {
    match cause(&error) {
        UnavailableCause::Full => full(),
        cause => Unavailable::new(cause, error),
    }
}

pub(super) fn full() -> Unavailable {
    let text =
        "Redis is full (maxmemory): this waits until sessions end, or have their messages committed or acknowledged";
    Unavailable::new(UnavailableCause::Full, text)
}

/// Redis holds something that this store did not write.
pub(super) fn unexpected(answer: &Value) -> Unavailable {
    let text = match answer {
        Value::Array(_) => "the record in Redis was not written by this store",
        _ => "Redis answered something that this store does not know",
    };
    Unavailable::new(UnavailableCause::Other, text)
}

/// What an app is told whose store can't begin: which server it is, what it answers, and what to do.
pub(super) fn explained(server: &str, error: RedisError) -> Unavailable {
    let (cause, advice) = (cause(&error), advice(&error));
    Unavailable::new(cause, format!("Redis at {server}: {error}. {advice}"))
}

/// Whether Redis has no room.
pub(super) fn is_full(error: &RedisError) -> bool {
    // In a script, an older Redis puts its own words in front.
    error.code() == Some("OOM") || error.detail().is_some_and(|detail| detail.contains("OOM command not allowed"))
}

pub(super) fn cause(error: &RedisError) -> UnavailableCause {
    if is_full(error) {
        return UnavailableCause::Full;
    }
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm) => UnavailableCause::Auth,
        ErrorKind::Server(ServerErrorKind::ReadOnly) => UnavailableCause::ReadOnly,
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::TryAgain
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask,
        ) => UnavailableCause::NotReady,
        ErrorKind::Io if error.is_timeout() => UnavailableCause::Timeout,
        ErrorKind::Io if is_of_tls(error) => UnavailableCause::Tls,
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => UnavailableCause::Unreachable,
        _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => UnavailableCause::Auth,
        // In a script, an older Redis puts its own words in front.
        _ if mentions(error, "READONLY ") => UnavailableCause::ReadOnly,
        _ if mentions(error, "NOPERM ") => UnavailableCause::Auth,
        _ => UnavailableCause::Other,
    }
}

/// Whether it is rustls that complains. The crate `redis` does not show its errors, only what they say.
fn is_of_tls(error: &RedisError) -> bool {
    let text = error.to_string();
    ["certificate", "corrupt message", "fatal alert", "dns name"].iter().any(|words| text.contains(words))
}

fn mentions(error: &RedisError, words: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(words))
}

fn advice(error: &RedisError) -> &'static str {
    match cause(error) {
        UnavailableCause::Timeout => {
            "Nothing answered within 2 s: check the address, and whether a firewall lets this server through. With rediss:// in the \
             URL it may be that the port speaks no TLS"
        }
        UnavailableCause::Unreachable if error.is_connection_refusal() => {
            "Nobody listens there: check the address and the port, and whether Redis runs and is bound to that address"
        }
        UnavailableCause::Unreachable if error.is_connection_dropped() => {
            "It closed the connection: a port that speaks TLS wants rediss:// in the URL"
        }
        UnavailableCause::Unreachable => "Check the name and the address",
        UnavailableCause::Tls if error.to_string().contains("corrupt message") => {
            "That port speaks no TLS: it wants redis:// in the URL"
        }
        UnavailableCause::Tls => {
            "With rediss:// its certificate has to be one that this system trusts, for the name in the URL; for a certificate \
             of your own authority, or if Redis wants one from its clients, use RedisStore::from_client"
        }
        UnavailableCause::Auth => {
            "Check the user and the password in the URL, redis://USER:PASSWORD@HOST:PORT/, and that the user may run all \
             commands on the keys and channels of the store's prefix"
        }
        UnavailableCause::ReadOnly => {
            "It is a replica: name the primary, or use RedisStore::sentinel or RedisStore::cluster, which find it"
        }
        UnavailableCause::NotReady => {
            "It is not ready yet, or is a node of a cluster: for that use RedisStore::cluster"
        }
        UnavailableCause::Full => "It is full: raise maxmemory",
        UnavailableCause::Other => match error.kind() {
            ErrorKind::Parse => "What answers there is no Redis: check the port",
            ErrorKind::MasterNameNotFoundBySentinel => {
                "Check the name of the service, and the addresses of the sentinels"
            }
            _ => "It has to be Redis 6.2 or newer",
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn an_error_of_the_network_says_of_which_kind_it_is() {
        let of = |kind, text: &str| cause(&io::Error::new(kind, text.to_owned()).into());
        assert_eq!(of(io::ErrorKind::TimedOut, "timed out"), UnavailableCause::Timeout);
        assert_eq!(of(io::ErrorKind::ConnectionRefused, "refused"), UnavailableCause::Unreachable);
        assert_eq!(of(io::ErrorKind::Other, "failed to lookup address information"), UnavailableCause::Unreachable);
        let untrusted = "invalid peer certificate: UnknownIssuer";
        assert_eq!(of(io::ErrorKind::InvalidData, untrusted), UnavailableCause::Tls);
        let plain = "received corrupt message of type InvalidContentType";
        assert_eq!(of(io::ErrorKind::InvalidData, plain), UnavailableCause::Tls);
    }
}
