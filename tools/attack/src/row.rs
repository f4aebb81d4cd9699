//! What came of an attack.

use std::collections::BTreeMap;

use crate::hostile::Kind;

/// One kind from so many addresses.
pub(crate) struct Row {
    pub(crate) kind: &'static Kind,
    pub(crate) addresses: usize,
    /// What became of the hostile connections.
    pub(crate) tally: BTreeMap<String, u64>,
    /// The resident memory of the server before anybody came.
    pub(crate) empty: u64,
    /// The same with the well-behaved alone.
    pub(crate) alone: u64,
    /// The same at its peak.
    pub(crate) peak: u64,
    /// What the server lets clients take: those of all addresses, or those of one.
    pub(crate) promised: u64,
    /// What the server's runtime takes beside that.
    pub(crate) of_runtime: u64,
    /// What the well-behaved saw alone.
    pub(crate) before: Neighbours,
    /// What they saw while another server was attacked.
    pub(crate) elsewhere: Option<Neighbours>,
    /// What they saw while theirs was attacked.
    pub(crate) beside: Neighbours,
    pub(crate) ended: u64,
    pub(crate) lost: u64,
}

/// The round trips of the well-behaved, in microseconds.
pub(crate) struct Neighbours {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}

impl Row {
    pub(crate) fn broken_promises(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let name = format!("{} from {} addresses", self.kind.name, self.addresses);
        let (taken, promised) = (self.taken(), self.promised + self.of_runtime);
        if taken > promised {
            broken.push(format!("{name}: {} taken, {} promised", mebibytes(taken), mebibytes(promised)));
        }
        if self.ended > 0 {
            broken.push(format!("{name}: {} well-behaved sessions ended", self.ended));
        }
        if self.lost > 0 {
            broken.push(format!("{name}: {} messages of the well-behaved lost", self.lost));
        }
        broken
    }

    /// What the hostile clients, or all of them, have made the server take.
    pub(crate) fn taken(&self) -> u64 {
        self.peak - if self.addresses == 1 { self.alone } else { self.empty }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
