//! The request that a connection begins with: what it says, and whether it is accepted.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use undrop_proto::wire::PROTOCOL;

use crate::config::{Config, Origins, PlainConnections};
use crate::metrics::Refusal;

/// The request that a connection begins with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Handshake {
    /// Its URI.
    pub uri: Uri,
    /// Its headers: all of them for [`Builder::authenticate`](crate::Builder::authenticate) and
    /// [`SessionUpgrade::handshake`](crate::SessionUpgrade::handshake); for a session those of
    /// [`Config::kept_headers`](crate::Config::kept_headers).
    pub headers: HeaderMap,
    /// The client's address, if it is known: that of its connection, or what [`Config::proxies`](crate::Config::proxies) names.
    pub address: Option<IpAddr>,
    /// The app's own subprotocol that was chosen, if any.
    pub protocol: Option<String>,
}

impl Handshake {
    /// A request with this URI and these headers: for an app that tests what it passes to
    /// [`Builder::authenticate`](crate::Builder::authenticate).
    pub fn new(uri: Uri, headers: HeaderMap) -> Self {
        Self { uri, headers, address: None, protocol: None }
    }

    /// A copy of a request's head that shares no bytes with it: a session keeps the copy, and would otherwise keep all that was
    /// read from the connection with the head.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap, address: Option<IpAddr>) -> Self {
        let mut copies = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_str().as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
                copies.append(name, value);
            }
        }
        let uri = uri.to_string().parse().unwrap_or_default();
        Self { uri, headers: copies, address, protocol: None }
    }

    /// What a session keeps of it: its URI, its address, and the headers that the app wants to keep.
    pub(crate) fn kept(&self, names: &[HeaderName]) -> Self {
        let mut headers = HeaderMap::new();
        for name in names {
            for value in self.headers.get_all(name) {
                headers.append(name.clone(), value.clone());
            }
        }
        Self { headers, uri: self.uri.clone(), address: self.address, protocol: self.protocol.clone() }
    }

    /// A header's value, if there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query()?;
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        pairs
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim().trim_matches('"'))
    }
}

/// What a connection carries, by the subprotocol that was agreed on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ConnectionKind {
    /// A session.
    Session,
    /// The app's messages as they are.
    Plain,
}

/// How long the URI of a handshake may be. A session keeps it.
pub(crate) const MAX_URI: usize = 8 << 10;

/// What was agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Agreed {
    pub(crate) kind: ConnectionKind,
    /// What to answer as `Sec-WebSocket-Protocol`.
    pub(crate) answer: Option<String>,
    /// The app's own part of it.
    pub(crate) protocol: Option<String>,
}

/// The HTTP answer to a handshake that is refused. It is for people and programs: a browser does not show it to a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rejection {
    pub(crate) status: StatusCode,
    pub(crate) text: &'static str,
}

impl Rejection {
    pub(crate) fn of(refusal: Refusal) -> Self {
        let (status, text) = match refusal {
            Refusal::Origin => (StatusCode::FORBIDDEN, "pages of this origin may not open a WebSocket here"),
            Refusal::Rate => (StatusCode::TOO_MANY_REQUESTS, "too many handshakes or connections from this address"),
            Refusal::Connections => (StatusCode::SERVICE_UNAVAILABLE, "too many connections"),
            Refusal::Uri => (StatusCode::URI_TOO_LONG, "the URI is longer than 8 KiB"),
            _ => (StatusCode::BAD_REQUEST, "offer the WebSocket subprotocol undrop.1"),
        };
        Self { status, text }
    }
}

/// In which way an origin is not this server's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Foreign {
    /// Its host is another one.
    Host,
    /// Its host is the same, and its port is not.
    Port,
    /// It is no origin with a host, as that of a sandboxed page.
    Opaque,
}

impl Foreign {
    pub(crate) const ALL: [Self; 3] = [Self::Host, Self::Port, Self::Opaque];
}

/// An origin whose pages may not connect, and what it was compared with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ForeignOrigin<'a> {
    pub(crate) why: Foreign,
    pub(crate) origin: &'a str,
    pub(crate) host: Option<&'a str>,
}

/// Whether pages of the request's origin may connect.
pub(crate) fn check_origin<'a>(
    headers: &'a HeaderMap,
    uri: &'a Uri,
    origins: &Origins,
) -> Result<(), ForeignOrigin<'a>> {
    let Some(origin) = headers.get(header::ORIGIN).filter(|_| *origins != Origins::Any) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    let own = origin.split_once("://").map(|(_, own)| own);
    let foreign = |why| Err(ForeignOrigin { why, origin, host });
    match (own, host, origins) {
        (_, _, Origins::Listed(listed)) if listed.iter().any(|one| one.eq_ignore_ascii_case(origin)) => Ok(()),
        (Some(own), Some(host), _) if own.eq_ignore_ascii_case(host) => Ok(()),
        (None, _, _) => foreign(Foreign::Opaque),
        (Some(own), Some(host), _) if name(own).eq_ignore_ascii_case(name(host)) => foreign(Foreign::Port),
        (Some(_), _, _) => foreign(Foreign::Host),
    }
}

/// The host without its port.
fn name(host: &str) -> &str {
    host.rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(name, _)| name)
}

/// Chooses among the subprotocols that the client offers.
pub(crate) fn agree(headers: &HeaderMap, config: &Config) -> Option<Agreed> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let offered: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let own = |offer: &str| offer.strip_prefix(PROTOCOL)?.strip_prefix('+').map(str::to_owned);
    let offers = |wanted: &str| offered.iter().any(|offer| own(offer).as_deref() == Some(wanted));
    if let Some(protocol) = config.protocols.iter().find(|protocol| offers(protocol)) {
        let answer = format!("{PROTOCOL}+{protocol}");
        return Some(Agreed { kind: ConnectionKind::Session, answer: Some(answer), protocol: Some(protocol.clone()) });
    }
    if offered.contains(&PROTOCOL) {
        return Some(Agreed { kind: ConnectionKind::Session, answer: Some(PROTOCOL.to_owned()), protocol: None });
    }
    if config.plain_connections == PlainConnections::Refuse {
        return None;
    }
    let protocol = config.protocols.iter().find(|protocol| offered.contains(&protocol.as_str())).cloned();
    Some(Agreed { kind: ConnectionKind::Plain, answer: protocol.clone(), protocol })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_has_all_headers_of_the_request_and_shares_none_of_its_bytes() {
        let head = bytes::Bytes::from_static(b"a=1; b=2");
        let mut headers = HeaderMap::new();
        for part in [0..3, 5..8] {
            headers.append(header::COOKIE, HeaderValue::from_maybe_shared(head.slice(part)).unwrap());
        }
        let handshake = Handshake::of(&Uri::from_static("/chat?room=7"), &headers, None);
        assert_eq!((handshake.cookie("a"), handshake.cookie("b")), (Some("1"), Some("2")));
        assert_eq!(handshake.query("room").as_deref(), Some("7"));
        assert!(handshake.headers.values().all(|value| !head.as_ptr_range().contains(&value.as_bytes().as_ptr())));
    }

    fn offering(offer: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offer))])
    }

    fn config(protocols: &[&str]) -> Config {
        Config::default().protocols(protocols.iter().copied())
    }

    fn answer(offer: &'static str, protocols: &[&str]) -> Option<String> {
        agree(&offering(offer), &config(protocols)).and_then(|agreed| agreed.answer)
    }

    #[test]
    fn a_session_is_agreed_on_with_the_subprotocol_that_the_app_prefers() {
        assert_eq!(answer("undrop.1", &[]).as_deref(), Some("undrop.1"));
        assert_eq!(answer("undrop.1+a, undrop.1+b", &["b", "a"]).as_deref(), Some("undrop.1+b"));
        assert_eq!(answer("undrop.1, undrop.1+c", &["b"]).as_deref(), Some("undrop.1"));
        assert_eq!(answer("undrop.1+c", &["b"]), None);
        assert_eq!(answer("undrop.10, undrop.1b", &["b"]), None);
    }

    #[test]
    fn a_client_that_does_not_offer_it_is_served_plainly_if_the_app_wants_that() {
        let config = config(&["chat"]).plain_connections(PlainConnections::Serve);
        let agreed = agree(&offering("other, chat"), &config).unwrap();
        assert_eq!((agreed.kind, agreed.answer.as_deref()), (ConnectionKind::Plain, Some("chat")));
        assert_eq!(agree(&HeaderMap::new(), &config).unwrap().answer, None);
        assert_eq!(agree(&HeaderMap::new(), &Config::default()), None);
    }

    #[test]
    fn a_page_is_accepted_by_its_origin() {
        let refused = |origin: &'static str, origins: &Origins| {
            let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("example.org:81"))]);
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            check_origin(&headers, &Uri::from_static("/"), origins).err().map(|foreign| foreign.why)
        };
        let listed = Origins::Listed(vec!["https://app.example.org".into()]);
        assert_eq!(refused("http://example.org:81", &Origins::Same), None);
        assert_eq!(refused("http://example.org", &Origins::Same), Some(Foreign::Port));
        assert_eq!(refused("null", &Origins::Same), Some(Foreign::Opaque));
        assert_eq!(refused("http://evil.example/?http://example.org:81", &Origins::Same), Some(Foreign::Host));
        assert_eq!(refused("https://app.example.org", &listed), None);
        assert_eq!(refused("http://example.org:81", &listed), None);
        assert_eq!(refused("https://app.example.org.evil.example", &listed), Some(Foreign::Host));
        assert_eq!(refused("null", &Origins::Any), None);
        assert!(check_origin(&HeaderMap::new(), &Uri::from_static("/"), &Origins::Same).is_ok());
    }

    #[test]
    fn an_ipv6_address_is_no_port() {
        assert_eq!([name("[::1]:81"), name("[::1]"), name("a:81"), name("a")], ["[::1]", "[::1]", "a", "a"]);
    }

    #[test]
    fn cookies_and_parameters_are_read_by_their_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; key=\"x=y\""));
        headers.append(header::COOKIE, HeaderValue::from_static("b=2"));
        let uri = Uri::from_static("/echo?k=a%20b&l=");
        let handshake = Handshake::new(uri, headers);
        assert_eq!(handshake.cookie("key"), Some("x=y"));
        assert_eq!((handshake.cookie("b"), handshake.cookie("c")), (Some("2"), None));
        assert_eq!((handshake.query("k").as_deref(), handshake.query("m")), (Some("a b"), None));
    }
}
