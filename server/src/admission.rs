//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::allowance::network;
use crate::metrics::{Count, Gauge, Refusal};

/// The connections that there are.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    most_per_address: usize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    count: Gauge,
}

/// A connection that is counted, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Admitted {
    connections: Arc<Connections>,
    address: Option<IpAddr>,
    _count: Count,
}

impl Connections {
    pub(crate) fn new(most: usize, most_per_address: usize, count: Gauge) -> Arc<Self> {
        Arc::new(Self { most, most_per_address, by_address: Mutex::default(), count })
    }

    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Admitted, Refusal> {
        if self.count.get() >= self.most as u64 {
            return Err(Refusal::Connections);
        }
        let address = address.map(network);
        if let Some(address) = address {
            let mut by_address = self.by_address.lock();
            let count = by_address.entry(address).or_default();
            if *count >= self.most_per_address {
                return Err(Refusal::Rate);
            }
            *count += 1;
        }
        Ok(Admitted { connections: self.clone(), address, _count: self.count.count() })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut by_address = self.connections.by_address.lock();
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_all_together_have_so_many() {
        let connections = Connections::new(3, 2, Gauge::default());
        let [first, second] = [1, 2].map(|last| Some(IpAddr::from([192, 0, 2, last])));
        let held = [first, first].map(|address| connections.admit(address).unwrap());
        assert!(matches!(connections.admit(first), Err(Refusal::Rate)));
        let other = connections.admit(second).unwrap();
        assert!(matches!(connections.admit(second), Err(Refusal::Connections)));
        drop((held, other));
        assert!(connections.by_address.lock().is_empty());
        assert!(connections.admit(first).is_ok());
    }
}
