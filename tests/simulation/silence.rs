//! I8: what must have gone before a line may be given up for its silence.

use undrop::core::{Cause, Heartbeat, Millis};

use super::census::Census;
use super::law::{Law, Outcome};

pub struct Silence {
    heartbeat: Option<Heartbeat>,
    asked: Option<Asked>,
}

struct Asked {
    at: u64,
    /// Out of turn.
    probe: bool,
    heard: bool,
}

const PROBE: u64 = 2_000;
pub const LATE: u64 = 1_000;

impl Silence {
    pub fn new(heartbeat: Option<Heartbeat>) -> Self {
        Self { heartbeat, asked: None }
    }

    pub fn opened(&mut self) {
        self.asked = None;
    }

    pub fn asked(&mut self, now: u64, probe: bool, census: &mut Census) {
        census.pings += 1;
        census.probes += u64::from(probe);
        self.asked = Some(Asked { at: now, probe, heard: false });
    }

    pub fn heard(&mut self, census: &mut Census) {
        if let Some(asked) = &mut self.asked {
            census.saved += u64::from(asked.probe && !asked.heard);
            asked.heard = true;
        }
    }

    /// A line was given up at `now`, when its timer had been set for `timer`, if that is known.
    pub fn judge(&self, now: u64, cause: Cause, timer: Option<Millis>) -> Outcome {
        let Some(asked) = &self.asked else {
            return Law::I8.broken("it gave up a line that it had not asked");
        };
        Law::I8.holds(!asked.heard, || "it gave up a line that had answered".to_owned())?;
        let waited = now - asked.at;
        let late = timer.is_some_and(|timer| now - timer.0 > LATE);
        let heartbeat = self.heartbeat.map_or(0, |heartbeat| u64::from(heartbeat.timeout));
        let (time, in_time) = match cause {
            Cause::Heartbeat => (heartbeat, !late),
            _ => (PROBE, asked.probe),
        };
        Law::I8.holds(waited >= time, || format!("it gave a line {waited} ms to answer instead of {time}"))?;
        Law::I8.holds(in_time, || "it gave up a line when its timer was late, without a probe".to_owned())
    }
}
