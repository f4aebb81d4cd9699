//! What is said once about how a server is set up: each client would meet it, and its log line would be one of thousands.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::warn;

use crate::app_words::WORDS;
use crate::handshake::{Foreign, ForeignOrigin};

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    unknown_address: AtomicBool,
    address_exhausted: AtomicBool,
    foreign_origins: [AtomicBool; Foreign::ALL.len()],
}

impl Hints {
    /// Without the client's address its limits are those of all clients together.
    pub(crate) fn unknown_address(&self) {
        if first(&self.unknown_address) {
            warn!(
                "the clients' addresses are not known, so the limits for one address do not hold: {}, or set {}",
                WORDS.knows_addresses, WORDS.proxies
            );
        }
    }

    /// One address has used up this limit. A private one may be that of a proxy, and then of all clients.
    pub(crate) fn address_exhausted(&self, address: IpAddr, limit: &str) {
        if is_private(address) && first(&self.address_exhausted) {
            warn!(
                %address,
                limit,
                "an address of a private network has used up its limit: if it is a proxy's, all clients count as one; set \
                 {} to what the proxy appends to, {}. If it is a client's, raise the limit",
                WORDS.proxies, WORDS.for_proxies
            );
        }
    }

    /// Pages of an origin were refused.
    pub(crate) fn foreign_origin(&self, ForeignOrigin { why, origin, host }: &ForeignOrigin<'_>) {
        if first(&self.foreign_origins[*why as usize]) {
            warn!(
                ?why,
                origin = shortened(origin),
                host = shortened(host.unwrap_or_default()),
                "a page was refused with 403: its origin is not the host that the request names, nor one of {}. \
                 If it is one of your pages, have the proxy pass the host on as it came, with its port (nginx: \
                 proxy_set_header Host $http_host), or name the origin: {}",
                WORDS.origins,
                WORDS.listed_origins
            );
        }
    }
}

/// Whether it was not said before.
fn first(said: &AtomicBool) -> bool {
    !said.swap(true, Ordering::Relaxed)
}

/// Enough of what a client has sent to see what it is.
fn shortened(text: &str) -> &str {
    let end = text.char_indices().nth(200).map_or(text.len(), |(end, _)| end);
    &text[..end]
}

/// Whether an address is none of the Internet: one of this machine, of a private network, of a link, or of a carrier's.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // https://www.rfc-editor.org/rfc/rfc6598
            let is_shared = first == 100 && second & 0b1100_0000 == 64;
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_proxy_next_door_are_private() {
        let is_private = |address: &str| is_private(address.parse().unwrap());
        for address in ["10.0.0.5", "172.31.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1", "::1", "fd00::1", "fe80::1"]
        {
            assert!(is_private(address), "{address}");
        }
        for address in ["192.0.2.1", "172.32.0.1", "100.128.0.1", "2001:db8::1", "::ffff:192.0.2.1"] {
            assert!(!is_private(address), "{address}");
        }
        assert!(is_private("::ffff:10.0.0.5"));
    }
}
