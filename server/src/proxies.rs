//! How the client's address is known behind proxies.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, header};

/// Which proxies stand between the clients and this server. Each of them adds the address that its connection came from to a
/// header; what stands before those additions, the client may have written.
///
/// ```
/// # use undrop_server::{Config, Proxies};
/// // One proxy, which appends to X-Forwarded-For.
/// let config = Config::default().proxies(Proxies::XForwardedFor(1));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Proxies {
    /// None, or such as pass the client's address in another way. No header is believed.
    #[default]
    None,
    /// So many that append to `X-Forwarded-For`.
    XForwardedFor(usize),
    /// So many that append to `Forwarded`. <https://www.rfc-editor.org/rfc/rfc7239>
    Forwarded(usize),
}

impl Proxies {
    /// The address of the client: that of the connection, or the one that the outermost of the proxies has named. None if a
    /// proxy has not named it.
    pub(crate) fn client(self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        match self {
            Proxies::None | Proxies::XForwardedFor(0) | Proxies::Forwarded(0) => peer,
            Proxies::XForwardedFor(hops) => nth_from_the_end(headers, "x-forwarded-for", hops).and_then(address),
            Proxies::Forwarded(hops) => {
                let element = nth_from_the_end(headers, header::FORWARDED.as_str(), hops)?;
                let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
                let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
                named.next().and_then(|(_, value)| address(value))
            }
        }
    }
}

fn nth_from_the_end<'a>(headers: &'a HeaderMap, name: &str, nth: usize) -> Option<&'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let elements: Vec<_> = values.flat_map(|value| value.split(',')).collect();
    elements.len().checked_sub(nth).map(|at| elements[at])
}

/// An address, with or without quotes, brackets and a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: Proxies, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        proxies.client(Some(IpAddr::from([127, 0, 0, 1])), &headers).map(|address| address.to_string())
    }

    #[test]
    fn no_header_is_believed_unless_a_proxy_is_there_that_sets_it() {
        let forged = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(client(Proxies::None, &forged).as_deref(), Some("127.0.0.1"));
        assert_eq!(client(Proxies::XForwardedFor(0), &forged).as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn only_what_the_proxies_have_added_is_believed() {
        let headers = [("x-forwarded-for", "192.0.2.66, 192.0.2.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client(Proxies::XForwardedFor(1), &headers).as_deref(), Some("198.51.100.7"));
        assert_eq!(client(Proxies::XForwardedFor(2), &headers).as_deref(), Some("192.0.2.1"));
        assert_eq!(client(Proxies::XForwardedFor(4), &headers), None);
        assert_eq!(client(Proxies::XForwardedFor(1), &[]), None);
    }

    #[test]
    fn an_address_may_have_a_port_brackets_and_quotes() {
        for (value, address) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            ("for=192.0.2.43:80", "192.0.2.43"),
        ] {
            assert_eq!(client(Proxies::Forwarded(1), &[("forwarded", value)]).as_deref(), Some(address));
        }
        assert_eq!(client(Proxies::Forwarded(1), &[("forwarded", "for=unknown")]), None);
    }
}
