//! The names by which the site is served. A page of another site whose name was made to lead here (DNS rebinding) says its own
//! name in `Host`, and is refused.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// The names of this machine for itself, and those by which a proxy in front serves the site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hosts {
    public: BTreeSet<String>,
}

impl Hosts {
    /// Adds a name by which a proxy in front serves the site.
    pub fn add(&mut self, name: &str) {
        self.public.insert(name.to_ascii_lowercase());
    }

    fn is_public(&self, authority: &str) -> bool {
        self.public.contains(&host(authority))
    }

    fn serves(&self, authority: &str) -> bool {
        let host = host(authority);
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host);
        let is_loopback = host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        is_loopback || self.public.contains(&host)
    }

    /// Whether a page of this origin may connect. A browser sends the origin of the page; a client that is no browser sends none.
    fn serves_origin(&self, origin: &str, authority: &str) -> bool {
        let from = origin.split_once("://").map(|(_, from)| from);
        // A proxy need not pass on the name by which it was called.
        from.is_some_and(|from| from.eq_ignore_ascii_case(authority) || self.is_public(from))
    }
}

/// Refuses a request that names a host which is not this one, or that comes from a page of another site.
pub async fn check(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(authority) = text(headers, &header::HOST).filter(|authority| hosts.serves(authority)) else {
        return (StatusCode::MISDIRECTED_REQUEST, "this server does not serve that host: see --host").into_response();
    };
    if headers.contains_key(header::ORIGIN)
        && !text(headers, &header::ORIGIN).is_some_and(|origin| hosts.serves_origin(origin, authority))
    {
        return (StatusCode::FORBIDDEN, "this site is for its own page").into_response();
    }
    next.run(request).await
}

/// The value of a header that is there once.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok())?
}

/// The host of an authority, without the port, in lower case.
fn host(authority: &str) -> String {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let has_port = port.chars().all(|digit| digit.is_ascii_digit());
    if has_port { host } else { authority }.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let mut hosts = Hosts::default();
        hosts.add("Chat.example");
        hosts
    }

    #[test]
    fn a_host_is_one_of_this_machine_or_one_that_was_named() {
        for good in
            ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.1.2.3", "[::1]:80", "[::1]", "chat.EXAMPLE:443"]
        {
            assert!(hosts().serves(good), "{good}");
        }
        for bad in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "192.0.2.1",
            "evil.example:80:80",
            "chat.example@evil.example",
            "chat.example.",
        ] {
            assert!(!hosts().serves(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_that_of_the_host_or_one_that_was_named() {
        let serves = |origin| hosts().serves_origin(origin, "127.0.0.1:8080");
        assert!(serves("http://127.0.0.1:8080") && serves("https://chat.example"));
        // Another server on this machine is another site.
        for bad in ["http://127.0.0.1:8081", "http://localhost:8080", "https://evil.example", "null", ""] {
            assert!(!serves(bad), "{bad}");
        }
    }
}
