//! How many handshakes an address may make.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;

use crate::runtime::Instant;

/// How many addresses are remembered before those that have their whole allowance back are forgotten.
const REMEMBERED: usize = 16_384;

#[derive(Debug)]
pub(crate) struct Allowances {
    burst: f64,
    per_second: f64,
    addresses: Mutex<HashMap<IpAddr, Allowance>>,
}

#[derive(Clone, Copy, Debug)]
struct Allowance {
    left: f64,
    at: Instant,
}

impl Allowances {
    pub(crate) fn new(burst: u32, per_second: u32) -> Self {
        Self { burst: burst.into(), per_second: per_second.into(), addresses: Mutex::default() }
    }

    /// Spends one handshake of this address's allowance, if it has any left.
    pub(crate) fn spend(&self, address: IpAddr, now: Instant) -> bool {
        let mut addresses = self.addresses.lock();
        if addresses.len() >= REMEMBERED {
            addresses.retain(|_, allowance| self.left(*allowance, now) < self.burst);
            // There are more addresses than any number, and forgetting this one matters least.
            let most = addresses
                .iter()
                .max_by(|(_, one), (_, other)| self.left(**one, now).total_cmp(&self.left(**other, now)));
            if let Some(address) = most.map(|(address, _)| *address).filter(|_| addresses.len() >= REMEMBERED) {
                addresses.remove(&address);
            }
        }
        let allowance = addresses.entry(network(address)).or_insert(Allowance { left: self.burst, at: now });
        let left = self.left(*allowance, now);
        let allowed = left >= 1.0;
        *allowance = Allowance { left: if allowed { left - 1.0 } else { left }, at: now };
        allowed
    }

    fn left(&self, allowance: Allowance, now: Instant) -> f64 {
        let since = now.saturating_duration_since(allowance.at).as_secs_f64();
        self.burst.min(allowance.left + since * self.per_second)
    }
}

/// The network that an allowance is for: an IPv6 customer is given a /64, and has as many addresses as they like.
/// <https://www.rfc-editor.org/rfc/rfc6177>
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_allowance_is_spent_at_once_and_comes_back_with_time() {
        let (allowances, now) = (Allowances::new(3, 2), Instant::now());
        let address = IpAddr::from([192, 0, 2, 1]);
        let spent = |at: Instant| (0..9).filter(|_| allowances.spend(address, at)).count();
        assert_eq!(spent(now), 3);
        assert_eq!(spent(now + Duration::from_millis(500)), 1);
        assert_eq!(spent(now + Duration::from_secs(60)), 3);
        assert!(allowances.spend(IpAddr::from([192, 0, 2, 2]), now));
    }

    #[test]
    fn no_more_addresses_are_remembered_than_there_is_room_for() {
        let (allowances, now) = (Allowances::new(3, 0), Instant::now());
        let spent = |number: u32| (0..3).filter(|_| allowances.spend(IpAddr::from(number.to_be_bytes()), now)).count();
        assert_eq!(spent(0), 3);
        for number in 1..=REMEMBERED as u32 {
            assert!(allowances.spend(IpAddr::from(number.to_be_bytes()), now));
        }
        assert_eq!(allowances.addresses.lock().len(), REMEMBERED);
        assert_eq!(spent(0), 0);
    }

    #[test]
    fn the_addresses_of_one_network_share_theirs() {
        let address = |text: &str| network(text.parse().unwrap());
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }
}
